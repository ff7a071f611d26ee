//! The rules of this repository, as tests.
//!
//! Upstream: the files that git tracks, and cargo's metadata. The rules and their tables are in
//! `xtask/src/tidy` and `xtask/src/deps.rs`, which `cargo xtask check` uses too.

use xtask::{Repository, deps, tidy};

#[test]
fn every_file_follows_the_rules_of_files() {
    let complaints = tidy::complaints(&Repository::here().unwrap()).unwrap();
    assert!(complaints.is_empty(), "files break the rules:\n  {}", complaints.join("\n  "));
}

#[test]
fn crates_depend_only_on_what_they_may() {
    let complaints = deps::complaints(&Repository::here().unwrap()).unwrap();
    assert!(complaints.is_empty(), "dependencies break the rules:\n  {}", complaints.join("\n  "));
}
