//! A user that misbehaves is an exception and is replaced; the others do not notice.
//!
//! Upstream: the guest `isolation`, whose users leave their task in the target's log before they
//! misbehave. Downstream: the exceptions table and the steady users' requests.

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder, under_load};
use wload_tests::target;

/// Users of each class.
const USERS: u64 = 4;
const SECONDS: u64 = 4;
/// A steady user's requests per second.
const PACE: u64 = 10;

/// Class, task and message of each kind of misbehaviour.
const EXCEPTIONS: [(&str, &str, &str); 8] = [
    ("Looping", "spin", "trap: computed for more than 200 ms without a pause (an endless loop?)"),
    (
        "TrapsAtStart",
        "on_start",
        "trap: unreachable code was reached (a panic or an abort without a message)",
    ),
    ("Panics", "buy", "panic: the cart is empty (isolation/src/lib.rs:"),
    ("Recurses", "descend", "trap: call stack exhausted (endless recursion?)"),
    ("Fails", "redeem", "the coupon is used up"),
    ("Hoards", "hoard", "trap: needs more than 65536 KiB of memory (`--limit memory`)"),
    ("Exits", "walk_out", "trap: the scenario exited with an error; a task ends by returning"),
    ("Floods", "flood", "trap: holds more than 1000 responses at once (`--limit open-responses`)"),
];

struct Isolated {
    report: Report,
    finished: Finished,
    log: Vec<String>,
}

/// All classes together; the stop timeout lets everyone finish, so that nothing is cut.
fn run(name: &str, classes: &str, users: u64) -> Isolated {
    let _turn = under_load();
    let target = target::start();
    let folder = empty_folder(name);
    let args = format!(
        "{classes} -u {users} -r 1000 -t {SECONDS}s --stop-timeout 20s --compute-timeout 200ms \
         --only-summary --csv run --json-file run"
    );
    let finished =
        Wload::run(&guest("isolation"), &target.url(), &args).in_folder(&folder).output();
    Isolated { report: Report::read(&folder), finished, log: target::log(&target) }
}

/// The number in front of `Class.task: message` in the console's table of exceptions.
fn count_in_console(finished: &Finished, place: &str) -> Option<u64> {
    let line = finished.stderr.lines().find(|line| line.contains(place))?;
    line.split_whitespace().next()?.parse().ok()
}

#[test]
fn users_that_misbehave_are_exceptions_and_are_replaced_while_steady_users_keep_their_rate() {
    let Isolated { report, finished, log } = run("isolation", "", USERS * 9);
    assert_eq!(finished.code, Some(1), "{finished}");
    for (class, task, message) in EXCEPTIONS {
        let times = log.iter().filter(|step| *step == task).count() as u64;
        assert!(times > USERS, "{class} users are replaced, but did it {times} times: {finished}");
        let rows = report.exceptions.rows();
        let found: Vec<(u64, &str)> = rows
            .map(|row| (row.count("Count"), row.text("Message")))
            .filter(|(_, found)| found.starts_with(message))
            .collect();
        assert!(matches!(found[..], [(count, _)] if count == times), "{times} {class}: {found:?}");
        let place = format!("{class}.{task}: {message}");
        assert_eq!(count_in_console(&finished, &place), Some(times), "{place} in {finished}");
    }
    assert_eq!(report.exceptions.rows().count(), EXCEPTIONS.len(), "{finished}");
    let all: u64 = report.exceptions.rows().map(|row| row.count("Count")).sum();
    let steady = report.aggregated().count("Request Count");
    let verdict = format!("failed: {steady} requests, 0 failures, {all} exceptions");
    assert!(finished.verdict().starts_with(&verdict), "`{verdict}` in {finished}");

    // A steady user that is late catches up with its pace, so a busy machine does not slow it down.
    let alone = run("isolation_steady", "Steady", USERS);
    assert_eq!(alone.finished.code, Some(0), "{}", alone.finished);
    let alone = alone.report.aggregated().count("Request Count");
    let expected = USERS * SECONDS * PACE;
    for (case, requests) in [("alone", alone), ("with the others", steady)] {
        assert!(
            (expected * 8 / 10..=expected + USERS).contains(&requests),
            "steady users {case} sent {requests} requests, expected {expected}; alone {alone}"
        );
    }
}

#[test]
fn a_trace_names_the_functions_of_the_scenario() {
    let Isolated { report, .. } = run("isolation_trace", "Recurses", 1);
    let row = report.exceptions.rows().next().expect("it recursed");
    assert!(row.text("Traceback").contains("isolation::descend"), "{}", row.text("Traceback"));
    let Isolated { report, .. } = run("isolation_own_trace", "Fails", 1);
    let row = report.exceptions.rows().next().expect("it failed");
    assert_eq!(row.text("Traceback"), "redeem (coupons.rs:7)");
}
