//! `wload check`: what a scenario declares, and with `--host` one run of each of its tasks.
//!
//! Upstream: `commands.rs`. Downstream: the report on stdout. One user per class, no waiting, one
//! thread: this is for looking at requests one by one, not for load.

mod declared;
mod walk;

use wload_scenario::CONTRACT_VERSION;

use crate::args::run::Typed;
use crate::commands::check::declared::Interfaces;
use crate::commands::{load, runtime};
use crate::env::Env;
use crate::error::CliError;
use crate::log_sink::LogSink;
use crate::logging;
use crate::printer::Printer;

/// A class needs one place; a trap needs another while the dead instance is let go.
const PLACES: u32 = 2;

/// Checks a scenario; answers the exit code.
pub(super) fn check(env: &Env, printer: &Printer, typed: Typed) -> Result<u8, CliError> {
    let runtime = runtime()?;
    // Only the flag: a variable that is set for runs must not make a check send requests.
    let has_host = typed.options.one(crate::options::Key::Host).is_some();
    let mut loaded = runtime.block_on(load::load(env, printer, typed, |_| PLACES))?;
    let sink = LogSink::new(Box::new(std::io::stderr()));
    let log_file = logging::start(env, &loaded.settings.log, &sink)?;
    for warning in &loaded.warnings {
        tracing::warn!("{}", logging::plain(warning));
    }
    let interfaces = Interfaces {
        contract: CONTRACT_VERSION,
        imports: loaded.compiled.imports(),
        exports: loaded.compiled.exports(),
    };
    let name = loaded.component.display().to_string();
    printer.data(&declared::text(&name, interfaces, loaded.compiled.info()))?;
    if !has_host {
        return Ok(crate::exit_code::PASSED);
    }
    let host = loaded.settings.plan.target_host.clone().unwrap_or_default();
    printer.data(&format!("\nEach task once, against {host}\n"))?;
    loaded.settings.plan.cores = 1;
    let (settings, scenario) = load::prepare(env, loaded, PLACES)?;
    let http = load::http(&settings)?;
    let walk = walk::walk(&scenario, http, printer, settings.log.level >= tracing::Level::DEBUG);
    let code = tokio::task::LocalSet::new().block_on(&runtime, walk)?;
    match log_file.and_then(|file| file.failure()) {
        Some(error) => Err(error),
        None => Ok(code),
    }
}
