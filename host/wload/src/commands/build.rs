//! `wload build`: a scenario's source to one component.
//!
//! Upstream: `commands.rs`. Downstream: the file that was named. The same builders as `wload run`, so that what runs is
//! what was built.

use std::fs;
use std::path::PathBuf;

use crate::args::build::BuildArgs;
use crate::build;
use crate::build::python::PythonSource;
use crate::commands::load::python_component;
use crate::env::Env;
use crate::error::CliError;
use crate::exit_code;
use crate::printer::Printer;
use crate::resolve::source_of;
use crate::settings::ScenarioSource;

/// Builds and copies; answers the exit code.
pub(super) fn build(env: &Env, printer: &Printer, args: &BuildArgs) -> Result<u8, CliError> {
    let typed = args.source.as_deref();
    let python = PythonSource {
        files: Vec::new(),
        include: args.include.clone(),
        requirements: args.requirements.clone(),
        is_offline: args.offline,
    };
    let source = source_of(env, typed, python)
        .map_err(|mistake| CliError::usage(format!("SOURCE: {mistake}")))?;
    let built = match &source {
        ScenarioSource::Component(path) => {
            let shown = path.display();
            return Err(CliError::usage(format!(
                "SOURCE: `{shown}` is not a source; expected Python or Rust"
            )));
        }
        ScenarioSource::Package(folder) => build::component(env, folder)?,
        ScenarioSource::Python(source) => {
            let built = python_component(env, printer, source)?;
            for warning in &built.shared {
                printer.talk(&format!("warning: {warning}"));
            }
            built.path
        }
    };
    let output = args.output.clone().unwrap_or_else(|| default_name(&source, &built));
    let path = env.folder.join(&output);
    let bytes = fs::copy(&built, &path).map_err(|error| {
        CliError::broken(format!("failed to write `{}`", output.display())).caused_by(&error)
    })?;
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    printer.talk(&format!("Built {} ({mebibytes:.1} MiB)", output.display()));
    Ok(exit_code::PASSED)
}

/// Of the first locustfile, or of cargo's component.
fn default_name(source: &ScenarioSource, built: &std::path::Path) -> PathBuf {
    let first = match source {
        ScenarioSource::Python(python) => python.files.first().map(PathBuf::from),
        _ => None,
    };
    let name = first.as_deref().unwrap_or(built).file_stem().unwrap_or_default();
    PathBuf::from(name).with_extension("wasm")
}
