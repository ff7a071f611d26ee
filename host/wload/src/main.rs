//! wload: load tests whose scenarios are WebAssembly components.
//!
//! The binary is words: arguments, configuration, output, exit codes. Start reading at
//! `options.rs` (what can be asked for) and `commands/run.rs` (what is done about it).

mod allocator;
mod args;
mod build;
mod commands;
mod config;
mod descriptors;
mod env;
mod env_vars;
mod error;
mod exit_code;
mod log_sink;
mod logging;
mod machine;
mod options;
mod printer;
mod refused;
mod resolve;
mod settings;
mod signals;
mod task_ratio;
mod time_span;

use std::process::ExitCode;

fn main() -> ExitCode {
    let env = env::Env::read();
    let printer = printer::Printer::new(&env);
    ExitCode::from(commands::main(&env, &printer))
}
