//! From the command line to an exit code: one function per subcommand.
//!
//! Control. Upstream: `main.rs`. Downstream: one module each. Invariant: errors that end a command
//! are shown here and nowhere else.

mod build;
mod check;
mod compile_child;
mod demo_target;
mod limits;
mod load;
mod new;
mod run;

use crate::args::{self, Invocation};
use crate::config::Mistakes;
use crate::env::Env;
use crate::error::CliError;
use crate::exit_code;
use crate::printer::Printer;

/// Does what was typed; answers the exit code of the process.
pub(crate) fn main(env: &Env, printer: &Printer) -> u8 {
    let invocation = match args::parse(env) {
        Ok(invocation) => invocation,
        Err(error) => {
            // Help and version go to stdout with 0, everything else to stderr with 2. A closed
            // pipe cannot be told to anyone.
            let _ = error.print();
            return if error.use_stderr() { exit_code::USAGE } else { exit_code::PASSED };
        }
    };
    let result = match invocation {
        Invocation::Run(typed) => run::run(env, printer, typed),
        Invocation::Check(typed) => check::check(env, printer, typed),
        Invocation::Build(args) => build::build(env, printer, &args),
        Invocation::New(args) => new::new(env, printer, &args),
        Invocation::DemoTarget(args) => demo_target::demo_target(env, printer, &args),
        Invocation::Limits => limits::limits(printer),
        Invocation::CompileChild(args) => return compile_child::compile_child(printer, &args),
    };
    result.unwrap_or_else(|error| {
        printer.error(&error);
        error.exit_code()
    })
}

/// All mistakes as one error.
fn refuse(mistakes: &Mistakes) -> CliError {
    let lines = mistakes.lines();
    let message = match lines.len() {
        1 => "the configuration has a mistake".to_owned(),
        count => format!("the configuration has {count} mistakes"),
    };
    CliError::usage(message).with_details(lines.to_vec())
}

/// A runtime for the thread of the command itself; runs have threads of their own.
fn runtime() -> Result<tokio::runtime::Runtime, CliError> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::broken("failed to start a runtime").caused_by(&error))
}
