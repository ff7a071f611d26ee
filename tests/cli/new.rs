//! `wload new`: the scenario that it writes builds, is checked and runs as it is.
//!
//! Upstream: the template and the SDK in the binary. Downstream: a new package, built by cargo.

use std::fs;
use std::time::Duration;

use wload_tests::guest::repository;
use wload_tests::process::{Wload, empty_folder, under_load};
use wload_tests::target;

/// Building a scenario and its dependencies, on a machine that has other work.
const BUILD_TIME: Duration = Duration::from_secs(300);

#[test]
fn a_new_scenario_builds_and_runs_as_it_is() {
    let _turn = under_load();
    let folder = empty_folder("new");
    let target = target::start();
    // What guests have in common is compiled once for all of them.
    let build_folder = repository().join("target/guests");
    let wload = |args: &str| {
        let command = Wload::new(args).in_folder(&folder).within(BUILD_TIME);
        command.env("CARGO_TARGET_DIR", &build_folder)
    };
    let created = wload("new --lang rust first-steps").expect(0);
    assert!(created.stderr.contains("wload run first-steps"), "it says what is next: {created}");
    let checked = wload("check first-steps").args("--host").arg(target.url()).expect(0);
    for class in ["Visitor", "Buyer"] {
        assert!(checked.stdout.contains(class), "{checked}");
    }
    let checked = target.counts().total;
    assert!(checked.received > 3, "{checked:?}");
    target.reset();
    let run = wload("run first-steps --host").arg(target.url());
    let finished = run.args("-u 8 -r 100 -t 4s --stop-timeout 10").expect(0);
    let counts = target.counts().total;
    let verdict = format!("passed: {} requests, 0 failures, 0 exceptions", counts.received);
    assert!(finished.verdict().starts_with(&verdict), "{verdict} in {finished}");
    assert!(counts.received > 8, "{counts:?}");
}

#[test]
fn what_exists_is_not_touched() {
    let folder = empty_folder("new_exists");
    fs::create_dir(folder.join("mine")).unwrap();
    let finished = Wload::new("new mine").in_folder(&folder).expect(2);
    assert!(finished.stderr.contains("`mine` exists already"), "{finished}");
    assert_eq!(fs::read_dir(folder.join("mine")).unwrap().count(), 0);
}

#[test]
fn names_and_languages_that_cannot_be_are_refused() {
    let folder = empty_folder("new_refused");
    for (args, part) in [
        ("new 7up", "`7up` cannot name a package"),
        ("new struct", "`struct` cannot name a package"),
        ("new shop --lang cobol", "there is no template for `cobol`; there is: rust, python"),
    ] {
        let finished = Wload::new(args).in_folder(&folder).expect(2);
        assert!(finished.stderr.contains(part), "{finished}");
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0, "nothing was made");
}
