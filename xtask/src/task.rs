//! What may be typed after `cargo xtask`.
//!
//! Upstream: the arguments. Downstream: one [`Task`]. Parsed by hand: it is one word and at most one
//! flag, and clap belongs to the binary.

use crate::bench::BenchOptions;

/// The tasks, for people.
pub(crate) const HELP: &str = "\
Usage: cargo xtask TASK

Tasks:
  demo [-- OPTIONS]   The first run: a shop to test against, and 1000 users who buy there.
                      OPTIONS go to `wload run`: cargo xtask demo -- --users 10 --run-time 3s
  agreement [-- OPTIONS]
                      Run the locustfiles of the tests with the real Locust and with wload, and compare
                      OPTIONS: --only TEXT (cases whose name has it), --self (Locust with itself)
  bench [WORKLOAD..]  What a request and a user cost beside other tools, which it installs
                      --peers wrk,oha,..  --rounds N  --seconds S  --json FILE  --update-readme
  bench --instructions [--update]
                      Count the instructions of the hot paths and compare with those accepted; --update accepts
  setup               Install what tests need: the wasm target, Locust, nginx, valgrind, the git hook
  check [--fast]      Format, rules of files and crates, clippy; --fast leaves out clippy
  test                The whole gate, as CI runs it
  guests              Build the examples and the guests of the tests into target/guests
  generate [--check]  Write the golden files anew; --check compares only
  fuzz [NAME [SEED]]  Run one fuzzer until it fails or is stopped; without a name: which there are
  deps                Check crate edges, duplicate versions and licences
  help                This text
";

/// One task with its options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Show the tasks.
    Help,
    /// Install what is missing.
    Setup,
    /// Build all guests.
    Guests,
    /// The part of the gate that needs no tests.
    Check {
        /// Without clippy.
        is_fast: bool,
    },
    /// The gate.
    Test,
    /// The first run of the README.
    Demo {
        /// What else `wload run` gets.
        arguments: Vec<String>,
    },
    /// Locust and wload on the same locustfiles.
    Agreement {
        /// What else the comparison gets.
        arguments: Vec<String>,
    },
    /// Measurements beside other tools.
    Bench {
        /// What, and how long.
        options: BenchOptions,
    },
    /// Counts of instructions.
    Instructions {
        /// Accept what is counted.
        is_update: bool,
    },
    /// Golden files.
    Generate {
        /// Compare only.
        is_check: bool,
    },
    /// The rules of crates.
    Deps,
    /// A fuzzer.
    Fuzz {
        /// Which; none: say which there are.
        name: Option<String>,
        /// Where its seeds begin.
        seed: Option<u64>,
    },
}

impl Task {
    /// Reads the arguments after the program's name.
    ///
    /// # Errors
    /// A message that names the word which is not understood.
    pub(crate) fn parse(arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut words = arguments.collect::<Vec<_>>().into_iter();
        let Some(name) = words.next() else { return Ok(Self::Help) };
        let rest: Vec<String> = words.collect();
        let flag = |flag: &str| match rest.as_slice() {
            [] => Ok(false),
            [only] if only == flag => Ok(true),
            words => Err(format!(
                "`{}` after `{name}`; only `{flag}` may stand there",
                words.iter().find(|word| *word != flag).unwrap_or(&words[0])
            )),
        };
        let alone = |task: Self| match rest.first() {
            None => Ok(task),
            Some(word) => Err(format!("`{word}` after `{name}`, which takes no arguments")),
        };
        match name.as_str() {
            "help" | "--help" | "-h" => Ok(Self::Help),
            "setup" => alone(Self::Setup),
            "guests" => alone(Self::Guests),
            "check" => Ok(Self::Check { is_fast: flag("--fast")? }),
            "test" => alone(Self::Test),
            "demo" => Ok(Self::Demo { arguments: passed_on(&rest) }),
            "agreement" => Ok(Self::Agreement { arguments: passed_on(&rest) }),
            "bench" if rest.first().is_some_and(|word| word == "--instructions") => {
                match &rest[1..] {
                    [] => Ok(Self::Instructions { is_update: false }),
                    [word] if word == "--update" => Ok(Self::Instructions { is_update: true }),
                    [word, ..] => Err(format!(
                        "`{word}` after `--instructions`; only `--update` may stand there"
                    )),
                }
            }
            "bench" => Ok(Self::Bench { options: BenchOptions::parse(&rest)? }),
            "generate" => Ok(Self::Generate { is_check: flag("--check")? }),
            "deps" => alone(Self::Deps),
            "fuzz" => fuzz(&rest),
            _ => Err(format!("there is no task `{name}`")),
        }
    }
}

/// What goes to another program: everything, without the `--` that may stand before it.
fn passed_on(words: &[String]) -> Vec<String> {
    let skipped = usize::from(words.first().is_some_and(|word| word == "--"));
    words[skipped..].to_vec()
}

fn fuzz(words: &[String]) -> Result<Task, String> {
    let (name, seed) = match words {
        [] => (None, None),
        [name] => (Some(name.clone()), None),
        [name, seed] => {
            let number = seed.parse().map_err(|_| format!("the seed `{seed}` is no number"))?;
            (Some(name.clone()), Some(number))
        }
        [.., word] => return Err(format!("`{word}` after the seed of `fuzz`")),
    };
    Ok(Task::Fuzz { name, seed })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &str) -> Result<Task, String> {
        Task::parse(words.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn tasks_are_read_with_their_flags() {
        assert_eq!(parse(""), Ok(Task::Help));
        assert_eq!(parse("--help"), Ok(Task::Help));
        assert_eq!(parse("setup"), Ok(Task::Setup));
        assert_eq!(parse("check"), Ok(Task::Check { is_fast: false }));
        assert_eq!(parse("check --fast"), Ok(Task::Check { is_fast: true }));
        let counted = |is_update| Ok(Task::Instructions { is_update });
        assert_eq!(parse("bench --instructions"), counted(false));
        assert_eq!(parse("bench --instructions --update"), counted(true));
        let error = parse("bench --instructions get").unwrap_err();
        assert_eq!(error, "`get` after `--instructions`; only `--update` may stand there");
        let options = BenchOptions::parse(&["get".to_owned()]).unwrap();
        assert_eq!(parse("bench get"), Ok(Task::Bench { options }));
        assert_eq!(parse("generate --check"), Ok(Task::Generate { is_check: true }));
        let name = Some("shapes".to_owned());
        assert_eq!(parse("fuzz shapes 7"), Ok(Task::Fuzz { name, seed: Some(7) }));
        assert_eq!(parse("fuzz"), Ok(Task::Fuzz { name: None, seed: None }));
        assert_eq!(parse("fuzz x y").unwrap_err(), "the seed `y` is no number");
    }

    #[test]
    fn what_the_demo_does_not_know_goes_to_wload() {
        let demo = |words: &[&str]| {
            Ok(Task::Demo { arguments: words.iter().map(|word| (*word).to_owned()).collect() })
        };
        assert_eq!(parse("demo"), demo(&[]));
        assert_eq!(parse("demo -- --users 10"), demo(&["--users", "10"]));
        assert_eq!(parse("demo --users 10"), demo(&["--users", "10"]));
    }

    #[test]
    fn what_the_comparison_gets_is_passed_on() {
        let arguments = vec!["--only".to_owned(), "tags".to_owned()];
        assert_eq!(parse("agreement -- --only tags"), Ok(Task::Agreement { arguments }));
    }

    #[test]
    fn a_word_too_many_is_named() {
        let error = parse("check --slow").unwrap_err();
        assert_eq!(error, "`--slow` after `check`; only `--fast` may stand there");
        let error = parse("check --fast --slow").unwrap_err();
        assert!(error.contains("`--slow`"), "{error}");
        let error = parse("test now").unwrap_err();
        assert_eq!(error, "`now` after `test`, which takes no arguments");
        assert_eq!(parse("tset").unwrap_err(), "there is no task `tset`");
    }

    #[test]
    fn the_help_names_every_task() {
        for name in [
            "agreement",
            "demo",
            "bench",
            "setup",
            "check",
            "test",
            "guests",
            "generate",
            "deps",
            "fuzz",
            "help",
        ] {
            assert!(HELP.contains(&format!("\n  {name}")), "{name}");
            assert!(parse(name).is_ok(), "{name}");
        }
    }
}
