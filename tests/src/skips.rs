//! Tests that cannot run here: said to the person, and listed for the summary of the gate.
//!
//! Upstream: a test that lacks a tool. Downstream: stderr, and `target/skipped-tests.txt`, which
//! `cargo xtask test` reads, because the test runner counts a skipped test as passed.

use std::fs::OpenOptions;
use std::io::{self, Write};

use crate::guest::repository;

/// Says that this test is skipped, and why.
///
/// # Panics
/// When it cannot be said.
pub fn skip(test: &str, missing: &str) {
    // Not `eprintln!`, whose text the test harness keeps to itself when a test passes.
    let told = io::stderr().write_all(format!("SKIPPED {test}: {missing}\n").as_bytes());
    told.expect("stderr takes a line");
    let path = repository().join("target/skipped-tests.txt");
    let list = OpenOptions::new().create(true).append(true).open(path);
    // In one piece: other tests append at the same time.
    let listed =
        list.and_then(|mut list| list.write_all(format!("{test}: {missing}\n").as_bytes()));
    listed.expect("`target/skipped-tests.txt` can be written");
}
