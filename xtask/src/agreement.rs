//! Locust as the oracle: the same locustfiles by the real Locust and by wload, and what differs.
//!
//! Upstream: `cargo xtask agreement`, or a step of the gate. Downstream: `tests/locust/agreement`, run by the Python
//! that has Locust; the reasons of differences are in `docs/locust-differences.md`. Invariant: a difference without a
//! reason, and a reason without a difference, are failures.

use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{program, run};
use crate::repository::Repository;
use crate::{demo, setup};

/// The comparison, a folder that Python runs.
const COMPARISON: &str = "tests/locust/agreement";
/// Where the runs are kept, for a look at what differs.
const FOLDER: &str = "target/agreement";
/// The differences that are known, with their reasons.
const DIFFERENCES: &str = "docs/locust-differences.md";

/// Builds wload, finds Locust, and compares.
///
/// # Errors
/// When one of them cannot be had, or something differs without a reason.
pub(crate) fn compare(repository: &Repository, arguments: &[String]) -> Result<()> {
    let (python, _) = setup::locust(repository)?;
    check_comparison(repository, &python)?;
    let wload = demo::build(repository)?;
    compare_with(repository, &python, &wload, arguments)
}

/// A comparison that finds nothing would agree with everything.
fn check_comparison(repository: &Repository, python: &Path) -> Result<()> {
    let words = ["-B", "-m", "unittest", "--quiet"];
    run(program(python, &repository.path(COMPARISON), words)).context("the comparison is broken")
}

fn compare_with(
    repository: &Repository,
    python: &Path,
    wload: &Path,
    arguments: &[String],
) -> Result<()> {
    let mut command = program(python, repository.root(), [COMPARISON]);
    command.arg("--wload").arg(wload).arg("--folder").arg(repository.path(FOLDER));
    command.args(["--differences", DIFFERENCES]).args(arguments);
    // Compiled files would land beside the sources.
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    run(command).with_context(|| format!("Locust and wload do not agree, see `{FOLDER}`"))
}
