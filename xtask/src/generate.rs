//! Golden files: what a test compares with a file, and how the file is written.
//!
//! Upstream: `cargo xtask generate`. Downstream: the tests whose names contain "golden"; they write
//! their files when `UPDATE_GOLDEN` is set. `git diff` shows what changed.

use anyhow::{Context, Result};

use crate::command::{cargo, run};
use crate::repository::Repository;
use crate::{gate, guests};

/// Tells a golden test to write.
const UPDATE: &str = "UPDATE_GOLDEN";
/// In the name of each golden test.
const FILTER: &str = "golden";

/// Writes the golden files, or compares them.
///
/// # Errors
/// When one cannot be written, or differs.
pub(crate) fn generate(repository: &Repository, is_check: bool) -> Result<()> {
    // What is compared is partly said by the binary about guests.
    guests::build(repository)?;
    gate::build(repository)?;
    // All packages, because with fewer of them cargo would build their dependencies anew.
    let words = ["test", "--workspace", "--quiet", "--tests", "--no-fail-fast", FILTER];
    let mut command = cargo(repository.root(), words);
    if is_check {
        command.env_remove(UPDATE);
        return run(command).context("a golden file differs; `cargo xtask generate` writes it");
    }
    command.env(UPDATE, "1");
    run(command).context("failed to write the golden files")
}
