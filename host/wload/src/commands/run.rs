//! `wload run`: resolve, load, start, tell, judge.
//!
//! Control. Upstream: `commands.rs`. Downstream: the engine through a [`RunHandle`], reporters on
//! threads of their own. Invariant: stdout has nothing but what `--json`, `--list` or
//! `--show-task-ratio` asked for.

mod narrate;
mod verdict;

use wload_core::event::RunEvent;
use wload_core::handle::RunHandle;
use wload_core::plan::{Load, RunPlan};
use wload_report::Reporter;
use wload_report::console::live::{LiveConsole, LiveOptions, TerminalSize};
use wload_report::console::{Console, ConsoleOptions, name_width};
use wload_report::csv::CsvReporter;
use wload_report::fan_out::{FanOut, ReporterFailure};
use wload_report::json::JsonReporter;
use wload_scenario::instance_places;

use crate::args::run::Typed;
use crate::commands::load::{self, Loaded};
use crate::commands::run::verdict::{Judge, Verdict};
use crate::commands::runtime;
use crate::env::Env;
use crate::error::CliError;
use crate::exit_code;
use crate::log_sink::LogSink;
use crate::logging::LogFile;
use crate::machine::{self, Asked, Machine};
use crate::printer::Printer;
use crate::settings::{InsteadOfRun, Settings};
use crate::signals::SignalWatch;
use crate::{allocator, descriptors, logging, task_ratio};

/// Places for users when a load shape decides how many there are, unless `--users` says more.
/// Unused places cost address space only.
const SHAPE_USERS: u32 = 10_000;
/// The size of a terminal that does not say it.
const TERMINAL_SIZE: (usize, usize) = (80, 24);

type Reporters = Vec<(String, Box<dyn Reporter>)>;

/// Runs a load test; answers the exit code.
pub(super) fn run(env: &Env, printer: &Printer, typed: Typed) -> Result<u8, CliError> {
    let hint = |settings: &Settings| places(settings);
    let loaded = runtime()?.block_on(load::load(env, printer, typed, hint))?;
    if let Some(what) = loaded.settings.output.instead {
        print_instead(printer, what, &loaded)?;
        return Ok(exit_code::PASSED);
    }
    let sink = LogSink::new(Box::new(std::io::stderr()));
    let log_file = logging::start(env, &loaded.settings.log, &sink)?;
    let users_max = places(&loaded.settings);
    let has_shape = loaded.settings.plan.load == Load::ScenarioShape;
    let plan = &loaded.settings.plan;
    // Before the first word of the run: from here on a Ctrl-C is kept for it.
    let mut watch = SignalWatch::start()?;
    narrate::before(env!("CARGO_PKG_VERSION"), plan.run_time, has_shape, plan.seed);
    descriptors::raise();
    let instances = instance_places(
        users_max,
        &loaded.info,
        loaded.settings.isolation,
        &loaded.settings.limits.instances,
    );
    let asked = Asked {
        users: if has_shape { loaded.settings.claims.users } else { Some(users_max) },
        users_max,
        places: instances,
        needs: loaded.compiled.machine_needs(users_max, instances),
        source_addresses: loaded.settings.http.local_addresses.len().max(1) as u64,
    };
    let short = machine::check(&asked, &Machine::read())?;
    for warning in loaded.warnings.iter().chain(&short) {
        tracing::warn!("{}", logging::plain(warning));
    }
    let kept = loaded.settings.limits.instances;
    narrate::isolation(loaded.settings.isolation, &loaded.info, users_max, &kept);
    // From here on the memory of the run is counted.
    allocator::give_back();
    let (settings, scenario) = load::prepare(env, loaded, users_max)?;
    let http = load::http(&settings)?;
    let fan_out = FanOut::start(reporters(env, printer, &settings, &sink)?)
        .map_err(|error| CliError::broken("failed to start the reports").caused_by(&error))?;
    let handle = wload_engine::start(settings.plan.clone(), scenario, http, users_max)
        .map_err(|error| CliError::broken("failed to start the run").caused_by(&error))?;
    watch.obey(handle.control());
    let told = Told { settings: &settings, fan_out, sink, log_file, has_shape };
    runtime()?.block_on(follow(handle, told, watch, printer))
}

/// What hears of a run.
struct Told<'a> {
    settings: &'a Settings,
    fan_out: FanOut,
    sink: LogSink,
    log_file: Option<LogFile>,
    has_shape: bool,
}

/// Tells everyone what happens until the run is over, then judges it.
async fn follow(
    mut handle: RunHandle,
    told: Told<'_>,
    watch: SignalWatch,
    printer: &Printer,
) -> Result<u8, CliError> {
    let judge = |is_aborted| Judge {
        is_aborted,
        code_on_error: told.settings.code_on_error,
        fail_on_saturation: told.settings.fail_on_saturation,
    };
    let mut verdict: Option<Verdict> = None;
    while let Some(event) = handle.next_event().await {
        narrate::event(&event, told.has_shape);
        if let RunEvent::Ended(end) = &event {
            // What comes after this is too late to change anything.
            let judged = judge(watch.is_aborted()).judge(end);
            narrate::shutting_down(judged.exit_code);
            verdict = Some(judged);
        }
        told.fan_out.send(&event);
    }
    let failures = told.fan_out.join();
    told.sink.end_table();
    drop(watch);
    let failures = failures_of(&failures, &told.sink, told.log_file.as_ref());
    let Some(verdict) = verdict else {
        return Err(CliError::broken("the run ended without a word; this is a bug in wload"));
    };
    let word = printer.paint(verdict.word, verdict.colour);
    printer.talk(&format!("verdict: {word}: {}", logging::plain(&verdict.text)));
    if let Some(warning) = &verdict.warning {
        printer.warning(warning);
    }
    for failure in &failures {
        printer.error(failure);
    }
    Ok(if failures.is_empty() { verdict.exit_code } else { exit_code::BROKEN })
}

/// Everything that was asked for and could not be written.
fn failures_of(
    reports: &[ReporterFailure],
    console: &LogSink,
    log_file: Option<&LogFile>,
) -> Vec<CliError> {
    let of_report = |failure: &ReporterFailure| {
        CliError::broken(format!("failed to {failure}")).caused_by(&failure.error)
    };
    let reports = reports.iter().map(of_report);
    let console = console.failure().map(|error| {
        CliError::broken("failed to write the log and the tables to stderr").caused_by(&error)
    });
    reports.chain(console).chain(log_file.and_then(LogFile::failure)).collect()
}

/// How many users there may be at once.
fn places(settings: &Settings) -> u32 {
    match settings.plan {
        RunPlan { load: Load::Constant { users, .. }, .. } => users,
        RunPlan { load: Load::ScenarioShape, .. } => {
            settings.claims.users.unwrap_or(SHAPE_USERS).max(SHAPE_USERS)
        }
    }
}

fn reporters(
    env: &Env,
    printer: &Printer,
    settings: &Settings,
    sink: &LogSink,
) -> Result<Reporters, CliError> {
    let output = &settings.output;
    let failed = |error| {
        CliError::broken("failed to prepare a report").caused_by(&error as &dyn std::error::Error)
    };
    let mut reporters = Reporters::new();
    if !settings.log.is_off {
        reporters.push(("console".to_owned(), console(env, printer, settings, sink)));
    }
    if let Some(prefix) = &output.csv {
        let csv = CsvReporter::create(prefix, settings.plan.full_history).map_err(failed)?;
        reporters.push(("CSV files".to_owned(), Box::new(csv)));
    }
    if output.json {
        let json = JsonReporter::to_stream(Box::new(std::io::stdout()));
        reporters.push(("JSON on stdout".to_owned(), Box::new(json)));
    }
    if let Some(name) = &output.json_file {
        let json = JsonReporter::to_file(name).map_err(failed)?;
        reporters.push(("JSON file".to_owned(), Box::new(json)));
    }
    Ok(reporters)
}

/// A live table on a terminal, else Locust's tables.
fn console(env: &Env, printer: &Printer, settings: &Settings, sink: &LogSink) -> Box<dyn Reporter> {
    let is_live = env.stderr_is_terminal
        && env.variable("TERM") != Some("dumb")
        && !settings.output.only_summary;
    let printer = *printer;
    if is_live {
        let size = move || {
            let (columns, rows) = printer.terminal_size().unwrap_or(TERMINAL_SIZE);
            TerminalSize { columns, rows }
        };
        let options = LiveOptions {
            run_time: settings.plan.run_time,
            colour: env.wants_colour(),
            news: false,
        };
        return Box::new(LiveConsole::new(Box::new(sink.table()), Box::new(size), options));
    }
    let options = ConsoleOptions {
        name_width: name_width(printer.terminal_size().map(|(columns, _)| columns)),
        periodic: !settings.output.only_summary,
        interval: settings.output.interval,
        news: false,
    };
    Box::new(Console::new(Box::new(sink.clone()), options))
}

fn print_instead(printer: &Printer, what: InsteadOfRun, loaded: &Loaded) -> Result<(), CliError> {
    let info = loaded.compiled.info();
    let ratio = || {
        let classes = info.select_classes(&loaded.settings.plan.classes).unwrap_or_default();
        info.task_ratio(&classes, loaded.settings.claims.users)
    };
    match what {
        InsteadOfRun::List => {
            let mut text = String::from("Available Users:\n");
            for class in &info.classes {
                text.push_str(&format!("    {}\n", logging::plain(&class.name)));
            }
            printer.data(&text)
        }
        InsteadOfRun::TaskRatio => printer.data(&task_ratio::text(&ratio())),
        InsteadOfRun::TaskRatioJson => {
            let json = task_ratio::json(&ratio()).map_err(|error| {
                CliError::broken("failed to write the task ratio as JSON").caused_by(&error)
            })?;
            printer.data(&json)
        }
    }
}
