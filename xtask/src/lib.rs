//! Automation of this repository: `cargo xtask TASK`.
//!
//! Upstream: a person, `.ci/run`, or the hook before a commit. Downstream: cargo, git and pip, whose
//! output is passed on as it is. Reading order: `task` is what can be typed, `gate`
//! the whole gate, [`tidy`] and [`deps`] the rules of files and of crates. These two are public
//! because `tests/tidy` runs them as tests.

mod agreement;
mod bench;
mod check;
mod command;
mod demo;
pub mod deps;
mod fuzz;
mod gate;
mod generate;
mod guests;
mod licence;
mod metadata;
mod printer;
mod repository;
mod setup;
mod skips;
mod tally;
mod task;
pub mod tidy;

use std::process::ExitCode;

use anyhow::Result;

pub use crate::repository::Repository;
use crate::task::Task;

/// Exit code for words that are not understood.
const USAGE: u8 = 2;

/// Does what the arguments ask for.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let task = match Task::parse(arguments) {
        Ok(task) => task,
        Err(message) => {
            printer::talk(&format!("error: {message}\n\n{}", task::HELP.trim_end()));
            return ExitCode::from(USAGE);
        }
    };
    match run(task) {
        Ok(code) => code,
        Err(error) => {
            printer::failure(&error);
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    let repository = Repository::here()?;
    match task {
        Task::Help => printer::data(task::HELP.trim_end()),
        Task::Setup => setup::everything(&repository)?,
        Task::Guests => guests::build(&repository)?,
        Task::Check { is_fast } => check::check(&repository, is_fast)?,
        Task::Test => return gate::run(&repository),
        Task::Agreement { arguments } => agreement::compare(&repository, &arguments)?,
        Task::Demo { arguments } => return demo::run(&repository, &arguments),
        Task::Bench { options } => bench::run(&repository, &options)?,
        Task::Instructions { is_update } => bench::instructions::run(&repository, is_update)?,
        Task::Generate { is_check } => generate::generate(&repository, is_check)?,
        Task::Deps => deps::check(&repository)?,
        Task::Fuzz { name, seed } => fuzz::fuzz(&repository, name.as_deref(), seed)?,
    }
    Ok(ExitCode::SUCCESS)
}
