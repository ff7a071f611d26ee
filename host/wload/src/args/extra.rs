//! Flags that wload does not have: a scenario may declare them (Locust: `init_command_line_parser`).
//!
//! Upstream: the command line, where clap stumbled over them. Downstream: `resolve/claims.rs`, once the scenario has said
//! which flags it has. Invariant: no word is lost: what a flag does not take is a user class.

use std::ffi::OsString;

use clap::Error;
use clap::error::{ContextKind, ContextValue, ErrorKind};

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
