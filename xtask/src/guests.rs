//! Guests: the examples and the scenarios of the tests, as components in `target/guests`.
//!
//! Upstream: the source in two workspaces of their own. Downstream: tests, which only look in that one
//! place. Cargo decides what has to be built.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::{cargo, run};
use crate::repository::Repository;
use crate::setup;

/// The workspaces of guests.
const WORKSPACES: [&str; 2] = ["examples", "tests/guests"];
/// Where tests look for components, whatever a target folder is set to.
const TARGET_FOLDER: &str = "target/guests";
/// How guests are built; the target is named so that a build by hand and ours share what was built.
const BUILD: [&str; 3] = ["--release", "--target", "wasm32-wasip2"];

/// Builds all guests.
///
/// # Errors
/// When the wasm target cannot be installed, or a guest does not build.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    setup::wasm_target(repository)?;
    for workspace in WORKSPACES {
        run(with_target_folder(repository, workspace, &["build", "--workspace"]))
            .with_context(|| format!("failed to build the guests in `{workspace}`"))?;
    }
    Ok(())
}

/// Builds the scenario of benchmarks only.
///
/// # Errors
/// When the wasm target cannot be installed, or it does not build.
pub(crate) fn build_bench(repository: &Repository) -> Result<()> {
    setup::wasm_target(repository)?;
    run(with_target_folder(repository, "tests/guests", &["build", "--package", "bench"]))
        .context("failed to build the guest of benchmarks")
}

/// Checks the format of all guests.
///
/// # Errors
/// When one is not formatted.
pub(crate) fn check_format(repository: &Repository) -> Result<()> {
    for workspace in WORKSPACES {
        run(cargo(&repository.path(workspace), ["fmt", "--all", "--check"]))
            .with_context(|| format!("run `cargo fmt --all` in `{workspace}`"))?;
    }
    Ok(())
}

/// Runs clippy over all guests.
///
/// # Errors
/// When it finds something.
pub(crate) fn clippy(repository: &Repository) -> Result<()> {
    for workspace in WORKSPACES {
        let mut command = with_target_folder(repository, workspace, &["clippy", "--workspace"]);
        command.args(["--", "-D", "warnings"]);
        run(command).with_context(|| format!("clippy found something in `{workspace}`"))?;
    }
    Ok(())
}

fn with_target_folder(repository: &Repository, workspace: &str, words: &[&str]) -> Command {
    let folder: PathBuf = repository.path(workspace);
    let mut command = cargo(&folder, words);
    command.args(BUILD).arg("--target-dir").arg(repository.path(TARGET_FOLDER));
    command
}
