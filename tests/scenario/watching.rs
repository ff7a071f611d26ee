//! What hooks see of the run, what they leave for its users, and what is not for users to know.
//!
//! Upstream: the guest `watching`, which says in the log what it finds. Downstream: the log, beside the report of
//! the same run.

use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload};
use wload_tests::target;

fn watch(args: &str) -> Finished {
    let target = target::start();
    let args = format!("{args} -r 100 --cores 1 --only-summary");
    Wload::run(&guest("watching"), &target.url(), &args).output()
}

/// What the scenario logged, without time and place.
fn said<'a>(finished: &'a Finished, who: &str) -> Vec<&'a str> {
    let mark = format!("wload.scenario: {who}");
    finished.stderr.lines().filter_map(|line| Some(line.split_once(&mark)?.1)).collect()
}

#[test]
fn hooks_see_every_row_and_every_error_of_the_run_and_may_decide_its_exit_code() {
    let finished = watch("Visitor -u 2 -i 4");
    let expected = [
        "init Starting 0",
        "total 8 4 0.5",
        "row GET /ok (4, 0) true",
        "row GET /status/503 (4, 4) true",
        "error /status/503 4 HTTPError('503 Server Error: Service Unavailable for url: /status/503')",
        "unknown None",
        "now as ever true",
        "quitting Stopped 0",
    ];
    assert_eq!(said(&finished, "hooks: "), expected, "{finished}");
    assert_eq!(finished.code, Some(9), "{finished}");
}

#[test]
fn every_user_finds_the_state_that_a_hook_left() {
    let finished = watch("Visitor -u 2 -i 2 --option state=2");
    let states = said(&finished, "Visitor/");
    assert_eq!(states.len(), 2, "{finished}");
    assert!(states.iter().all(|state| state.ends_with("state [7, 7] of 2")), "{finished}");
}

#[test]
fn a_state_over_the_limit_ends_the_run_before_it_starts() {
    let finished = watch("Visitor -u 1 -i 1 --option state=100 --limit run-state=50");
    let sentence =
        "`control.set-run-state` leaves 100 bytes for the users; at most 50 (`--limit run-state`)";
    assert!(finished.stderr.contains(sentence), "{finished}");
    assert_eq!(finished.code, Some(3), "{finished}");
    let finished = watch("Visitor -u 1 -i 1 --option state=50 --limit run-state=50");
    assert_eq!(finished.code, Some(9), "{finished}");
}

#[test]
fn statistics_and_the_state_are_not_for_users_to_touch() {
    for (class, sentence) in [
        (
            "Peeker",
            "Peeker.peek: trap: the statistics of the run can be asked for in hooks and in a shape only",
        ),
        (
            "Latecomer",
            "Latecomer.leave: trap: `control.set-run-state` is for `hooks.init` and `hooks.test-start` alone",
        ),
    ] {
        let finished = watch(&format!("{class} -u 1 -i 1"));
        assert!(finished.stderr.contains(sentence), "{finished}");
        assert!(!finished.stderr.contains("never said"), "{finished}");
        assert_eq!(finished.code, Some(1), "{finished}");
    }
}

#[test]
fn a_user_whose_instance_has_grown_goes_on_in_another_one() {
    let finished = watch("Hoarder -u 1 -i 200 --limit memory=64MiB");
    let taken: Vec<String> = (1..=10).map(|count| format!("0: taken {}", 20 * count)).collect();
    assert_eq!(said(&finished, "Hoarder/"), taken, "{finished}");
    assert!(finished.stderr.contains("instances replaced"), "{finished}");
    assert_eq!(finished.code, Some(0), "{finished}");
    let pinned = watch("Hoarder -u 1 -i 200 --limit memory=64MiB --isolation pinned");
    assert!(pinned.stderr.contains("Hoarder.take: trap: "), "{pinned}");
}

#[test]
fn what_is_printed_is_said_to_be_of_the_user_whose_turn_it_was() {
    for mode in ["reuse", "pinned", "fresh"] {
        let finished = watch(&format!("Printer -u 6 -i 18 --limit instances=2 --isolation {mode}"));
        let said = said(&finished, "Printer/");
        assert_eq!(said.len(), 18, "{finished}");
        for line in said {
            let (user, text) = line.split_once(": ").unwrap();
            assert_eq!(text, format!("printed by {user}"), "{mode}: {finished}");
        }
    }
}
