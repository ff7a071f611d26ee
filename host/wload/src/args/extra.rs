//! Flags that wload does not have: a scenario may declare them (Locust: `init_command_line_parser`).
//!
//! Upstream: the command line, where clap stumbled over them. Downstream: `resolve/claims.rs`, once the scenario has said
//! which flags it has. Invariant: no word is lost: what a flag does not take is a user class.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use wload_core::user_class::{OptionKind, OptionSpec as Declared};

use crate::options::{Key, is_own_flag};

/// How many there may be: each is one more attempt to read the command line.
const EXTRA_MAX: usize = 200;

/// A flag, and the words up to the next flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Extra {
    /// With its dashes.
    pub(crate) flag: String,
    /// What stands behind `=`.
    pub(crate) inline: Option<String>,
    pub(crate) words: Vec<String>,
}

/// Reads the command line again and again, each time without the flag that was not known.
///
/// # Errors
/// clap's, when it is about something else.
pub(super) fn without_extras<T>(
    args: &[OsString],
    read: impl Fn(&[OsString]) -> Result<T, Error>,
) -> Result<(T, Vec<Extra>), Error> {
    let mut kept = args.to_vec();
    let mut extras = Vec::new();
    loop {
        let error = match read(&kept) {
            Ok(typed) => return Ok((typed, extras)),
            Err(error) => error,
        };
        let is_scenarios = args.get(1).is_some_and(|word| word == "run" || word == "check");
        if !is_scenarios || error.kind() != ErrorKind::UnknownArgument || extras.len() >= EXTRA_MAX
        {
            return Err(error);
        }
        match take(&mut kept, &error) {
            Some(extra) => extras.push(extra),
            None => return Err(error),
        }
    }
}

/// Takes out what clap did not know.
fn take(args: &mut Vec<OsString>, error: &Error) -> Option<Extra> {
    let Some(ContextValue::String(named)) = error.get(ContextKind::InvalidArg) else { return None };
    if is_own_flag(named) || !named.starts_with('-') {
        // An option of `run` that `check` does not have, or a word too many: no scenario's.
        return None;
    }
    let is_it = |word: &OsString| {
        let word = word.to_str().unwrap_or_default();
        word.split_once('=').map_or(word, |(flag, _)| flag) == named.as_str()
    };
    let place = args.iter().position(is_it)?;
    let typed = args.remove(place).into_string().ok()?;
    let (flag, inline) = match typed.split_once('=') {
        Some((flag, value)) => (flag.to_owned(), Some(value.to_owned())),
        None => (typed, None),
    };
    let mut words = Vec::new();
    while inline.is_none() && args.get(place).is_some_and(is_value) {
        words.push(args.remove(place).into_string().ok()?);
    }
    Some(Extra { flag, inline, words })
}

/// A word that is no flag; a negative number is none.
fn is_value(word: &OsString) -> bool {
    word.to_str().is_some_and(|word| !word.starts_with('-') || word.parse::<f64>().is_ok())
}

/// The command line without flags that the scenario has, and these: with as many words as they take. So a flag that
/// wload has as well is the scenario's.
pub(super) fn apart(args: &[OsString], options: &[Declared]) -> (Vec<OsString>, Vec<Extra>) {
    let (mut kept, mut extras) = (Vec::new(), Vec::new());
    let mut words = args.iter().peekable();
    while let Some(word) = words.next() {
        let Some((declared, flag, inline)) = word.to_str().and_then(|word| find(word, options))
        else {
            kept.push(word.clone());
            continue;
        };
        let words_max = if inline.is_some() { 0 } else { most_words(declared.kind) };
        let mut taken = Vec::new();
        while taken.len() < words_max
            && let Some(word) = words.next_if(|word| is_value(word))
        {
            taken.extend(word.to_str().map(str::to_owned));
        }
        extras.push(Extra { flag, inline, words: taken });
    }
    (kept, extras)
}

fn most_words(kind: OptionKind) -> usize {
    match kind {
        OptionKind::Flag | OptionKind::InverseFlag => 0,
        OptionKind::Text | OptionKind::Integer | OptionKind::Number => 1,
        OptionKind::Several => usize::MAX,
    }
}

/// The option that a word gives, its flag, and the value that is in the same word: `--flag=5`, `-f5`.
fn find<'a>(word: &str, options: &'a [Declared]) -> Option<(&'a Declared, String, Option<String>)> {
    let (name, inline) = match word.split_once('=') {
        Some((name, value)) => (name, Some(value.to_owned())),
        None => (word, None),
    };
    let has = |flag: &str| options.iter().find(|option| option.flags.iter().any(|own| own == flag));
    if let Some(option) = has(name) {
        return Some((option, name.to_owned(), inline));
    }
    let is_short = word.starts_with('-') && !word.starts_with("--");
    let (short, value) = word.split_at_checked(2).filter(|_| is_short)?;
    let option = has(short).filter(|option| most_words(option.kind) > 0)?;
    Some((option, short.to_owned(), Some(value.to_owned())))
}

/// The flag of wload's own that was meant, when one is like it.
pub(crate) fn meant(flag: &str) -> Option<String> {
    let known = crate::options::TABLE.iter().filter(|spec| spec.key != Key::UserClasses);
    crate::config::closest(flag.trim_start_matches('-'), known.map(|spec| spec.long))
        .map(|long| format!("--{long}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::run;

    fn read(line: &str) -> Result<Vec<Extra>, Error> {
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let command = || clap::Command::new("wload").subcommand(run::command());
        without_extras(&args, |args| command().try_get_matches_from(args)).map(|read| read.1)
    }

    fn extra(flag: &str, inline: Option<&str>, words: &[&str]) -> Extra {
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        Extra { flag: flag.to_owned(), inline: inline.map(str::to_owned), words }
    }

    #[test]
    fn flags_of_the_scenario_take_their_words_and_leave_the_others() {
        let option = |flags: &[&str], kind| Declared {
            flags: flags.iter().map(|flag| (*flag).to_owned()).collect(),
            kind,
            ..Declared::default()
        };
        let options = [
            option(&["-i", "--iterations"], OptionKind::Integer),
            option(&["--insecure"], OptionKind::Flag),
            option(&["--seed"], OptionKind::Several),
        ];
        let line =
            "wload run -i 5 a.py --insecure Shopper --iterations=-2 -u 3 --seed 1 x -i7 --host h";
        let args: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
        let (kept, extras) = apart(&args, &options);
        assert_eq!(kept, ["wload", "run", "a.py", "Shopper", "-u", "3", "--host", "h"]);
        let expected = [
            extra("-i", None, &["5"]),
            extra("--insecure", None, &[]),
            extra("--iterations", Some("-2"), &[]),
            extra("--seed", None, &["1", "x"]),
            extra("-i", Some("7"), &[]),
        ];
        assert_eq!(extras, expected);
    }

    #[test]
    fn unknown_flags_are_kept_with_their_words_and_known_ones_are_read() {
        let found = read("wload run a.py --my-arg x --users 3 --other=y --yes -2 Shopper").unwrap();
        let expected = [
            extra("--my-arg", None, &["x"]),
            extra("--other", Some("y"), &[]),
            extra("--yes", None, &["-2", "Shopper"]),
        ];
        assert_eq!(found, expected);
    }
}
