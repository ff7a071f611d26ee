//! What may be typed after `wload run` and `wload check`: flags made of the option table.
//!
//! Control. Upstream: `options.rs`, `refused.rs`. Downstream: `resolve.rs`. Values stay texts: what
//! they mean, and whether they are right, is for `resolve.rs`, which reports all mistakes together.

use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::args::extra::Extra;
use crate::config::{Mistakes, Origin, PartialOptions, Sourced};
use crate::options::{Key, Kind, OptionSpec, TABLE};
use crate::refused::REFUSED;

/// Name of the positional words for clap; not an option's name.
const WORDS: &str = "words";

/// What was typed.
#[derive(Debug)]
pub(crate) struct Typed {
    /// The highest layer.
    pub(crate) options: PartialOptions,
    /// Options of Locust that are not there.
    pub(crate) mistakes: Mistakes,
    /// Flags that only the scenario may know.
    pub(crate) extras: Vec<Extra>,
}

const EXAMPLES: &str = "Examples:
  wload run checkout.wasm --users 1000 --spawn-rate 100 --run-time 5m --host https://shop.example
  wload run ./checkout -u 50 -t 30s --csv results/checkout      (a Cargo package is built first)
  wload run checkout.wasm Buyer -u 10 -i 100 --json > result.json

A value is looked for in this order: flag, WLOAD_* variable, LOCUST_* variable, what the scenario
declares, wload.toml, default. `wload --help` lists variables and exit codes.";

/// `wload run`.
pub(crate) fn command() -> Command {
    let command = Command::new("run")
        .about("Run a load test")
        .override_usage("wload run [OPTIONS] SCENARIO [UserClass ...]")
        .after_help(EXAMPLES)
        .arg(words("SCENARIO and the user classes to run", true));
    with_options(command, |_| true)
}

/// `wload check`.
pub(crate) fn check_command() -> Command {
    let command = Command::new("check")
        .about("Show what a scenario declares; with --host run each of its tasks once")
        .override_usage("wload check [OPTIONS] SCENARIO")
        .arg(words("The scenario", false));
    with_options(command, |spec| spec.in_check)
}

fn words(help: &'static str, several: bool) -> Arg {
    let name = if several { "SCENARIO [UserClass ...]" } else { "SCENARIO" };
    let arg = Arg::new(WORDS).help(help).value_name(name);
    if several { arg.num_args(0..).action(ArgAction::Append) } else { arg }
}

fn with_options(command: Command, has: impl Fn(&OptionSpec) -> bool) -> Command {
    let mut command = command.args_override_self(true).infer_long_args(true);
    for spec in TABLE.iter().filter(|spec| has(spec)) {
        if let Some(arg) = option(spec) {
            command = command.arg(arg);
        }
    }
    for refused in REFUSED {
        let arg = Arg::new(refused.long).long(refused.long).hide(true);
        let arg = refused.short.map_or(arg.clone(), |short| arg.short(short));
        command = command.arg(if refused.has_value {
            arg.num_args(0..=1).allow_negative_numbers(true)
        } else {
            arg.action(ArgAction::SetTrue)
        });
    }
    command
}

fn option(spec: &'static OptionSpec) -> Option<Arg> {
    let arg = Arg::new(spec.long).long(spec.long).help(spec.help);
    let arg = arg.help_heading(spec.group.heading());
    let arg = spec.short.map_or(arg.clone(), |short| arg.short(short));
    Some(match spec.kind {
        Kind::Words(_) => return None,
        Kind::Flag => arg.action(ArgAction::SetTrue),
        Kind::Text(name) => arg.value_name(name).allow_negative_numbers(true),
        Kind::List(name) => arg.value_name(name).num_args(0..),
        Kind::Pairs(name) => arg.value_name(name).action(ArgAction::Append),
    })
}

impl Typed {
    /// Reads clap's answer; `is_check` when it is that of `wload check`.
    pub(crate) fn from_matches(matches: &ArgMatches, is_check: bool, extras: Vec<Extra>) -> Self {
        let (options, mistakes) = (PartialOptions::default(), Mistakes::default());
        let mut typed = Self { options, mistakes, extras };
        for spec in TABLE.iter().filter(|spec| !is_check || spec.in_check) {
            let is_typed = !matches!(spec.kind, Kind::Words(_))
                && matches.value_source(spec.long) == Some(clap::parser::ValueSource::CommandLine);
            if is_typed {
                typed.options.set(spec.key, values(matches, spec));
            }
        }
        for refused in REFUSED {
            if matches.value_source(refused.long) == Some(clap::parser::ValueSource::CommandLine) {
                typed.mistakes.add(format_args!("--{}", refused.long), refused.why);
            }
        }
        typed.take_words(matches);
        typed
    }

    /// The first word is the scenario unless `--locustfile` names it; the others are user classes.
    fn take_words(&mut self, matches: &ArgMatches) {
        let mut words: Vec<String> =
            matches.get_many::<String>(WORDS).into_iter().flatten().cloned().collect();
        if !words.is_empty() && self.options.all(Key::Locustfile).is_none() {
            let text = words.remove(0);
            let origin = Origin::Argument("SCENARIO");
            self.options.set(Key::Locustfile, vec![Sourced { text, origin }]);
        }
        if !words.is_empty() {
            let class = |text| Sourced { text, origin: Origin::Argument("UserClass") };
            self.options.set(Key::UserClasses, words.into_iter().map(class).collect());
        }
    }
}

fn values(matches: &ArgMatches, spec: &'static OptionSpec) -> Vec<Sourced> {
    let sourced = |text: String| Sourced { text, origin: Origin::Flag(spec.long) };
    match spec.kind {
        Kind::Flag => vec![sourced(matches.get_flag(spec.long).to_string())],
        _ => matches
            .get_many::<String>(spec.long)
            .into_iter()
            .flatten()
            .cloned()
            .map(sourced)
            .collect(),
    }
}
