//! A scenario has what the command line grants, and nothing else.
//!
//! Upstream: the guest `sandbox`, which leaves what it could reach in the target's log.

use std::fs;

use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder};
use wload_tests::target;

/// What the guest found with these grants.
fn found(args: &str) -> Vec<String> {
    let target = target::start();
    let folder = empty_folder(&format!("sandbox{}", args.replace([':', ' ', '/'], "_")));
    fs::create_dir(folder.join("granted")).unwrap();
    fs::write(folder.join("granted/word.txt"), "swordfish").unwrap();
    fs::write(folder.join("secret.txt"), "nobody sees this").unwrap();
    let args = format!("-u 1 --skip-log-setup {args}");
    let run = Wload::run(&guest("sandbox"), &target.url(), &args);
    run.in_folder(&folder).env("WORD", "from outside").expect(0);
    let log = target::log(&target);
    let is_written = log.contains(&"writing-open".to_owned());
    let made = fs::read_to_string(folder.join("granted/made.txt")).ok();
    assert_eq!(
        made.as_deref(),
        is_written.then_some("made"),
        "what is said to be written is there"
    );
    assert!(!folder.join("here.txt").exists());
    log
}

/// Checks that each of these steps is in the log, and that what no grant opens was closed.
fn check(args: &str, expected: &[&str]) {
    let log = found(args);
    for step in ALWAYS.iter().chain(expected) {
        assert!(log.iter().any(|found| found == step), "`{args}`: no {step} in {log:?}");
    }
    assert_eq!(log.len(), 12, "every attempt left a step: {log:?}");
}

/// What no grant opens.
const ALWAYS: [&str; 7] = [
    "root-closed",
    "passwd-closed",
    "here-closed",
    "above-closed",
    "tcp-closed",
    "udp-closed",
    "listener-closed",
];

#[test]
fn nothing_is_open_without_a_grant() {
    check("", &ALWAYS);
    let nothing = ["granted-closed", "writing-closed", "variables-0", "arguments-0", "word-none"];
    check("", &nothing);
}

#[test]
fn a_granted_folder_can_be_read_and_only_with_rw_written() {
    check("--dir granted::/data", &["granted-swordfish", "writing-closed"]);
    check("--dir granted::/data::rw", &["granted-swordfish", "writing-open"]);
}

#[test]
fn a_granted_variable_is_the_only_one() {
    check("--env WORD=given", &["word-given", "variables-1", "granted-closed"]);
    check("--env WORD", &["word-from_outside", "variables-1"]);
}
