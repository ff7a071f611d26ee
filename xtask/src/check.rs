//! The part of the gate that runs no tests: for before a commit.

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run};
use crate::printer;
use crate::repository::Repository;
use crate::{deps, guests, tidy};

/// Format and rules; clippy as well unless it should be fast. One that fails does not hide the others.
///
/// # Errors
/// When something is found.
pub(crate) fn check(repository: &Repository, is_fast: bool) -> Result<()> {
    let mut checks: Vec<fn(&Repository) -> Result<()>> = vec![format, tidy::check, deps::check];
    if !is_fast {
        checks.push(clippy);
    }
    let errors: Vec<_> = checks.iter().filter_map(|check| check(repository).err()).collect();
    errors.iter().for_each(printer::failure);
    if !errors.is_empty() {
        bail!("{} of {} checks failed", errors.len(), checks.len());
    }
    Ok(())
}

/// The format of all Rust files.
///
/// # Errors
/// When a file is not formatted.
pub(crate) fn format(repository: &Repository) -> Result<()> {
    let ours = run(cargo(repository.root(), ["fmt", "--all", "--check"]));
    guests::check_format(repository)?;
    ours.context("run `cargo fmt --all`")
}

/// Clippy over the workspace. Never with RUSTFLAGS, which would build every dependency anew.
///
/// # Errors
/// When it finds something.
pub(crate) fn clippy(repository: &Repository) -> Result<()> {
    let words = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    run(cargo(repository.root(), words))
}
