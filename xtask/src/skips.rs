//! Tests that could not run: the list that they write, and how it is read.
//!
//! Upstream: a test that lacks a tool appends one line to `target/skipped-tests.txt`, because the test
//! runner hides what a passing test prints and counts it as passed. Downstream: the summary of the gate.

use std::fs;
use std::io;

use anyhow::{Context, Result};

use crate::repository::Repository;

/// Where tests write their names; `name` or `name: reason`.
const LIST: &str = "target/skipped-tests.txt";

/// Forgets the skips of earlier runs.
///
/// # Errors
/// When the list is there and cannot be removed.
pub(crate) fn forget(repository: &Repository) -> Result<()> {
    match fs::remove_file(repository.path(LIST)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("failed to remove `{LIST}`"))
        }
        _ => Ok(()),
    }
}

/// The tests that were skipped since then, each once, in order.
///
/// # Errors
/// When the list is there and cannot be read.
pub(crate) fn read(repository: &Repository) -> Result<Vec<String>> {
    match fs::read_to_string(repository.path(LIST)) {
        Ok(list) => Ok(parse(&list)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error).with_context(|| format!("failed to read `{LIST}`")),
    }
}

fn parse(list: &str) -> Vec<String> {
    let mut lines: Vec<String> =
        list.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort_unstable();
    lines.dedup();
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_is_skipped_twice_is_listed_once() {
        assert_eq!(parse("b\na: no Locust\n\nb\n"), ["a: no Locust", "b"]);
        assert_eq!(parse(""), Vec::<String>::new());
    }
}
