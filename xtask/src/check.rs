//! The part of the gate that runs no tests: for before a commit.

use anyhow::{Context, Result};

use crate::command::{cargo, run};
use crate::repository::Repository;
use crate::{deps, guests, tidy};

/// Format and rules; clippy as well unless it should be fast.
///
/// # Errors
/// When something is found.
pub(crate) fn check(repository: &Repository, is_fast: bool) -> Result<()> {
    format(repository)?;
    tidy::check(repository)?;
    deps::check(repository)?;
    if !is_fast {
        clippy(repository)?;
    }
    Ok(())
}

/// The format of all Rust files.
///
/// # Errors
/// When a file is not formatted.
pub(crate) fn format(repository: &Repository) -> Result<()> {
    run(cargo(repository.root(), ["fmt", "--all", "--check"])).context("run `cargo fmt --all`")?;
    guests::check_format(repository)
}

/// Clippy over the workspace. Never with RUSTFLAGS, which would build every dependency anew.
///
/// # Errors
/// When it finds something.
pub(crate) fn clippy(repository: &Repository) -> Result<()> {
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(cargo(repository.root(), words))
}
