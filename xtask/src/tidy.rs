//! The rules of files: what a compiler does not see and a reviewer should not have to.
//!
//! Upstream: the files that git tracks. Downstream: `cargo xtask check`, the gate, and `tests/tidy`.
//! `rules` has one pure function per rule, from a path and a text to complaints.

mod rules;

use std::fs;
use std::io;

use anyhow::{Context, Result, bail};

use crate::command::{output, program};
use crate::printer;
use crate::repository::Repository;

/// Checks everything, and says what it found.
///
/// # Errors
/// When a rule is broken, or a file cannot be read.
pub(crate) fn check(repository: &Repository) -> Result<()> {
    let complaints = complaints(repository)?;
    if complaints.is_empty() {
        printer::talk("tidy: all files follow the rules");
        return Ok(());
    }
    bail!("files break the rules:\n  {}", complaints.join("\n  "))
}

/// What breaks the rules, one line each, with the path first.
///
/// # Errors
/// When git does not say which files there are, or one cannot be read.
pub fn complaints(repository: &Repository) -> Result<Vec<String>> {
    let words = ["ls-files", "-z"];
    let paths = output(program("git", repository.root(), words))
        .context("failed to list the files; the rules of files need a git checkout")?;
    let mut complaints = Vec::new();
    for path in paths.split_terminator('\0') {
        let full = repository.path(path);
        match full.symlink_metadata() {
            // What a link points to has its own name, or is not ours.
            Ok(metadata) if metadata.is_symlink() => continue,
            // Removed, and not committed yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            _ => {}
        }
        let bytes = fs::read(full).with_context(|| format!("failed to read `{path}`"))?;
        match String::from_utf8(bytes) {
            Ok(text) => complaints.extend(rules::of_file(path, &text)),
            Err(_) => complaints.push(format!("{path}: is not text; build it instead")),
        }
    }
    Ok(complaints)
}
