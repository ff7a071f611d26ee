//! Every option of `wload run` and `wload check`: one table, read by all layers.
//!
//! Control: `args/run.rs` makes flags and help of it, `config/environment.rs` variables,
//! `config/file.rs` the keys of `wload.toml`; `resolve.rs` gives the texts a meaning.
//! Invariants: a row's place is its [`Key`]; names, short forms and variables are Locust's where
//! Locust has the option. A new option is a new row and its use in `resolve.rs`.

/// What may be given to an option.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing: it is on or off.
    Flag,
    /// One text; the word stands in the help.
    Text(&'static str),
    /// Any number of texts after one flag.
    List(&'static str),
    /// `NAME=VALUE`, as often as wanted; layers add up, by name.
    Pairs(&'static str),
    /// Without a flag: words on the command line.
    Words(&'static str),
}

/// The heading under which the help shows an option; Locust's headings where it has them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Common,
    Scenario,
    Tags,
    Statistics,
    Http,
    Logging,
    Other,
}

impl Group {
    /// As the help shows it.
    pub(crate) fn heading(self) -> &'static str {
        match self {
            Self::Common => "Common options",
            Self::Scenario => "Scenario options",
            Self::Tags => "Tag options",
            Self::Statistics => "Request statistics options",
            Self::Http => "HTTP options",
            Self::Logging => "Logging options",
            Self::Other => "Other options",
        }
    }
}

/// Which layers may set an option besides flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layers {
    /// Only flags: it asks for something else than a run.
    Flags,
    /// `WLOAD_*` and the configuration file as well.
    Own,
    /// These, and this variable of Locust.
    Locust(&'static str),
}

/// One option.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    pub(crate) key: Key,
    /// The long flag without dashes, and the key in `wload.toml`.
    pub(crate) long: &'static str,
    pub(crate) short: Option<char>,
    pub(crate) kind: Kind,
    pub(crate) layers: Layers,
    pub(crate) group: Group,
    /// `wload check` has it, too.
    pub(crate) in_check: bool,
    pub(crate) help: &'static str,
}

/// Whether wload has this flag (dashes included) in one of its commands.
pub(crate) fn is_own_flag(flag: &str) -> bool {
    TABLE.iter().any(|spec| spec.has(flag))
}

/// Whether wload takes this flag for one of its own, written out or cut short.
pub(crate) fn would_take(flag: &str) -> bool {
    let is_start = |long: &str| TABLE.iter().any(|spec| spec.long.starts_with(long));
    is_own_flag(flag) || flag.strip_prefix("--").is_some_and(is_start)
}

/// Whether Locust itself has this flag, so that a locustfile cannot have it.
pub(crate) fn is_locusts_flag(flag: &str) -> bool {
    TABLE.iter().any(|spec| spec.has(flag) && spec.is_locusts())
}

impl OptionSpec {
    fn has(&self, flag: &str) -> bool {
        match flag.strip_prefix("--") {
            Some(long) => self.long == long,
            None => {
                self.short.is_some_and(|short| flag.strip_prefix('-') == Some(&short.to_string()))
            }
        }
    }

    /// Not wload's alone, nor of one of Locust's plugins.
    fn is_locusts(&self) -> bool {
        match self.key {
            Key::Iterations | Key::ConsoleStatsInterval => false,
            Key::Config | Key::Json | Key::JsonFile => true,
            _ => self.layers != Layers::Own,
        }
    }

    /// wload's own variable for it: `WLOAD_SPAWN_RATE`.
    pub(crate) fn own_variable(&self) -> Option<String> {
        (self.layers != Layers::Flags)
            .then(|| format!("WLOAD_{}", self.long.to_uppercase().replace('-', "_")))
    }

    /// Locust's variable for it.
    pub(crate) fn locust_variable(&self) -> Option<&'static str> {
        match self.layers {
            Layers::Locust(name) => Some(name),
            Layers::Flags | Layers::Own => None,
        }
    }
}

macro_rules! option_table {
    ($($key:ident $long:literal $short:expr, $kind:expr, $layers:expr, $group:ident, $check:literal,
       $help:literal;)*) => {
        /// Names an option.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Key { $(#[doc = $help] $key),* }

        /// All options, in the order of the help.
        pub(crate) const TABLE: &[OptionSpec] = &[$(OptionSpec {
            key: Key::$key,
            long: $long,
            short: $short,
            kind: $kind,
            layers: $layers,
            group: Group::$group,
            in_check: $check,
            help: $help,
        }),*];
    };
}

use Kind::{Flag, List, Pairs, Text, Words};
use Layers::{Flags, Locust, Own};

option_table! {
    Locustfile "locustfile" Some('f'), Text("SCENARIO"), Locust("LOCUST_LOCUSTFILE"), Common, true,
        "The scenario, instead of the first argument: Python files by comma, a `.wasm` component, or the folder of a Cargo package";
    Config "config" None, Text("FILE"), Own, Common, true,
        "Read this configuration file instead of `wload.toml` in the current folder";
    Host "host" Some('H'), Text("URL"), Locust("LOCUST_HOST"), Common, true,
        "Base URL of the target; overrides what user classes declare";
    Users "users" Some('u'), Text("N"), Locust("LOCUST_USERS"), Common, false,
        "Peak number of concurrent users [default: 1]";
    SpawnRate "spawn-rate" Some('r'), Text("RATE"), Locust("LOCUST_SPAWN_RATE"), Common, false,
        "Users started per second; more than 0 [default: 1]";
    RunTime "run-time" Some('t'), Text("TIME"), Locust("LOCUST_RUN_TIME"), Common, false,
        "Stop after this time: 300, 20s, 3m, 2h, 1h20m, 3h30m10s; 0 or not set: run until stopped";
    Iterations "iterations" Some('i'), Text("N"), Locust("LOCUST_ITERATIONS"), Common, false,
        "Stop after this many tasks, of all users together";
    List "list" Some('l'), Flag, Flags, Common, false,
        "Print the user classes of the scenario and exit";
    Headless "headless" None, Flag, Locust("LOCUST_HEADLESS"), Common, false,
        "Accepted for Locust's sake: wload always starts at once and has no web page";
    UserClasses "user-classes" None, Words("UserClass"), Locust("LOCUST_USER_CLASSES"), Common, false,
        "User classes to run; none: all of the scenario";

    Option "option" None, Pairs("NAME=VALUE"), Own, Scenario, true,
        "Set an option that the scenario declares; may be given several times";
    Data "data" None, Pairs("NAME=FILE"), Own, Scenario, true,
        "Read the scenario's table NAME from this CSV file; may be given several times";
    DataDir "data-dir" None, Text("DIR"), Own, Scenario, true,
        "Folder of the scenario's CSV files [default: the folder of the scenario]";
    Dir "dir" None, Pairs("HOST::GUEST[::rw]"), Own, Scenario, true,
        "Let the scenario read the folder HOST as GUEST, with ::rw also write; else it sees no files";
    Env "env" None, Pairs("NAME[=VALUE]"), Own, Scenario, true,
        "Give the scenario an environment variable; without a value: as it is here";
    Include "include" None, Pairs("PATTERN"), Own, Scenario, true,
        "Put these files below the locustfile's folder into its component, besides those whose names stand in it";
    Requirements "requirements" None, Text("FILE"), Own, Scenario, true,
        "The pure-Python packages that a locustfile needs, as pip reads them [default: requirements.txt beside it]";
    Offline "offline" None, Flag, Own, Scenario, true,
        "Fetch nothing to build a scenario: say what is missing instead";
    Seed "seed" None, Text("N"), Own, Scenario, true,
        "For random choices: the same seed repeats them [default: another one each time]";

    Tags "tags" Some('T'), List("TAG"), Locust("LOCUST_TAGS"), Tags, false,
        "Run only tasks with one of these tags";
    ExcludeTags "exclude-tags" Some('E'), List("TAG"), Locust("LOCUST_EXCLUDE_TAGS"), Tags, false,
        "Run no task with one of these tags";

    Csv "csv" None, Text("PREFIX"), Locust("LOCUST_CSV"), Statistics, false,
        "Write statistics to PREFIX_stats.csv, PREFIX_stats_history.csv, PREFIX_failures.csv and PREFIX_exceptions.csv";
    CsvFullHistory "csv-full-history" None, Flag, Locust("LOCUST_CSV_FULL_HISTORY"), Statistics, false,
        "Write every row to PREFIX_stats_history.csv, not only the aggregated one; needs --csv";
    PrintStats "print-stats" None, Flag, Locust("LOCUST_PRINT_STATS"), Statistics, false,
        "Accepted for Locust's sake: statistics are printed unless --only-summary";
    OnlySummary "only-summary" None, Flag, Locust("LOCUST_ONLY_SUMMARY"), Statistics, false,
        "Print statistics only at the end";
    ConsoleStatsInterval "console-stats-interval" None, Text("SECONDS"), Locust("LOCUST_CONSOLE_STATS_INTERVAL"), Statistics, false,
        "Seconds between two printed tables [default: 2]";
    ResetStats "reset-stats" None, Flag, Locust("LOCUST_RESET_STATS"), Statistics, false,
        "Forget statistics once all users are spawned";
    Json "json" None, Flag, Own, Statistics, false,
        "Print the final statistics as JSON on stdout";
    JsonFile "json-file" None, Text("NAME"), Own, Statistics, false,
        "Write the final statistics as JSON to NAME.json";

    Cacert "cacert" None, Text("FILE"), Own, Http, true,
        "Trust the certificates in this PEM file, besides those of the machine; then no scenario turns verification off";
    Insecure "insecure" None, Flag, Own, Http, true,
        "Do not verify certificates";
    Cert "cert" None, Text("FILE"), Own, Http, true,
        "Show servers that ask for it the client certificate in this PEM file; needs --key";
    CertSecret "key" None, Text("FILE"), Own, Http, true,
        "The private key of --cert, in this PEM file";
    HttpVersion "http-version" None, Text("VERSION"), Own, Http, true,
        "1.1; auto: HTTP/2 where TLS agrees on it, as browsers; 2: HTTP/2 only, also without TLS [default: 1.1]";
    Http1Engine "http1-engine" None, Text("ENGINE"), Own, Http, true,
        "For comparison: thin or hyper, who speaks HTTP/1.1; both do and say the same [default: thin]";
    TlsSessionReuse "tls-session-reuse" None, Flag, Own, Http, true,
        "Each user resumes its own TLS sessions, as a browser; else each connection is a new visitor's";
    Resolve "resolve" None, Pairs("HOST:PORT:ADDRESS"), Own, Http, true,
        "Connect to this address instead of asking the name service; may be given several times";
    SourceAddress "source-address" None, List("ADDRESS"), Own, Http, false,
        "Connect from these addresses of this machine, in turn: each carries some 28,000 connections to a target";
    Proxy "proxy" None, Text("URL"), Own, Http, true,
        "Send requests by this proxy, those to https by CONNECT: http://user:password@host:port";
    NoProxy "no-proxy" None, Text("HOSTS"), Own, Http, true,
        "Ask these directly: names with all below them, addresses, networks, by comma; needs --proxy";
    ConnectTimeout "connect-timeout" None, Text("TIME"), Own, Http, true,
        "Longest time for name resolution, connecting and TLS together: 10, 500ms, 1.5s, 1m [default: 10s]";
    Timeout "timeout" None, Text("TIME"), Own, Http, true,
        "Longest time for a whole request, redirects included [default: 60s]";

    SkipLogSetup "skip-log-setup" None, Flag, Locust("LOCUST_SKIP_LOG_SETUP"), Logging, false,
        "Print no log lines and no tables";
    Loglevel "loglevel" Some('L'), Text("LEVEL"), Locust("LOCUST_LOGLEVEL"), Logging, true,
        "DEBUG, INFO, WARNING, ERROR or CRITICAL [default: INFO]";
    Logfile "logfile" None, Text("FILE"), Locust("LOCUST_LOGFILE"), Logging, true,
        "Write log lines to this file instead of stderr";
    Verbose "verbose" Some('v'), Flag, Own, Logging, true,
        "The same as --loglevel DEBUG; `wload check` shows each exchange as `curl -v` would";

    ShowTaskRatio "show-task-ratio" None, Flag, Flags, Other, false,
        "Print how often each task runs and exit";
    ShowTaskRatioJson "show-task-ratio-json" None, Flag, Flags, Other, false,
        "Print how often each task runs as JSON and exit";
    ExitCodeOnError "exit-code-on-error" None, Text("CODE"), Locust("LOCUST_EXIT_CODE_ON_ERROR"), Other, false,
        "Exit code when there was a failure or an exception [default: 1]";
    StopTimeout "stop-timeout" Some('s'), Text("TIME"), Locust("LOCUST_STOP_TIMEOUT"), Other, false,
        "How long users may finish their task when the run stops: 20, 20s, 3m, 1h20m [default: 0]";
    EqualWeights "equal-weights" None, Flag, Own, Other, false,
        "Every user class and every task has weight 1";
    Cores "cores" None, Text("N"), Own, Other, false,
        "Threads that run users [default: the cores of this machine]";
    Isolation "isolation" None, Text("MODE"), Own, Other, false,
        "pinned: each user keeps an instance; reuse, fresh: users are saved while they wait, and go on in a used or in a new instance [default: reuse]";
    Limit "limit" None, Pairs("NAME=VALUE"), Own, Other, true,
        "Set a limit that `wload limits` lists; may be given several times";
    MemoryLimit "memory-limit" None, Text("SIZE"), Own, Other, true,
        "Memory of one user: 64MiB, 512KiB, or bytes; short for --limit memory [default: 64MiB]";
    ComputeTimeout "compute-timeout" None, Text("TIME"), Own, Other, true,
        "Longest time that a task may compute without waiting; short for --limit compute-time [default: 2s]";
    FailOnSaturation "fail-on-saturation" None, Flag, Own, Other, false,
        "Exit with 4 when this machine was too slow for the numbers to be trusted";
    NoCache "no-cache" None, Flag, Own, Other, true,
        "Do not keep or use compiled scenarios on disk";
}

impl Key {
    /// Its row.
    pub(crate) fn spec(self) -> &'static OptionSpec {
        &TABLE[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_rows_place_is_its_key() {
        for (index, spec) in TABLE.iter().enumerate() {
            assert_eq!(spec.key as usize, index, "{}", spec.long);
        }
    }

    #[test]
    fn no_name_stands_twice() {
        let mut names = BTreeSet::new();
        for spec in TABLE {
            let own = spec.own_variable();
            let short = spec.short.map(|short| format!("-{short}"));
            for name in [Some(spec.long.to_owned()), short, own].into_iter().flatten() {
                assert!(names.insert(name.clone()), "{name} stands twice");
            }
            if let Some(name) = spec.locust_variable() {
                assert!(name.starts_with("LOCUST_"), "{name}");
                assert!(names.insert(name.to_owned()), "{name} stands twice");
            }
        }
    }
}
