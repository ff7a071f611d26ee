//! How long users wait between two tasks.
//!
//! Upstream: `tests/guests/behaviour/src/waits.rs`: each task leaves the time at which it began and
//! takes 60 ms. A wait may be longer on a busy machine, never shorter: so the lower bounds hold always,
//! and that no wait is longer than it should be is looked at where it is shortest. Pacing is kept from
//! task to task: after one that began late the next is due earlier, so there it is the sum that holds.

use crate::behaviour::behave;

/// What a task takes.
const TASK_MS: u64 = 60;
/// How much later than it should be the most punctual of some tasks may begin.
const LATE_MS: u64 = 50;

/// Times between the beginnings of six tasks.
fn gaps(name: &str, class: &str) -> Vec<u64> {
    let behaved = behave(name, class, "-u 1 -i 6");
    assert_eq!(behaved.finished.code, Some(0), "{}", behaved.finished);
    let times: Vec<u64> = behaved.steps.iter().map(|step| step.parse().unwrap()).collect();
    assert_eq!(times.len(), 6);
    times.windows(2).map(|pair| pair[1] - pair[0]).collect()
}

/// Tasks begin this far apart: their sum is right but for what the first was late.
fn check_pace(class: &str, pace: u64) {
    let gaps = gaps(class, class);
    let (all, shortest) = (gaps.iter().sum::<u64>(), gaps.iter().min().copied().unwrap());
    let due = pace * gaps.len() as u64;
    assert!(all + LATE_MS >= due, "{class}: tasks began too soon: {gaps:?}");
    assert!(shortest < pace + LATE_MS, "{class}: all waits were too long: {gaps:?}");
}

/// All gaps are at least `low`, and the shortest is less than `high` and what a machine is late.
fn check(class: &str, low: u64, high: u64) {
    let gaps = gaps(class, class);
    let shortest = gaps.iter().min().copied().unwrap();
    // Times are rounded down to milliseconds.
    assert!(shortest + 1 >= low, "{class}: a wait was too short: {gaps:?}");
    assert!(shortest < high + LATE_MS, "{class}: all waits were too long: {gaps:?}");
}

#[test]
fn a_constant_wait_comes_after_the_task() {
    check("Constant", 200 + TASK_MS, 200 + TASK_MS);
}

#[test]
fn a_wait_between_two_times_is_never_shorter_than_the_first() {
    check("Between", 100 + TASK_MS, 300 + TASK_MS);
}

#[test]
fn constant_pacing_takes_the_task_off_the_wait() {
    check_pace("Pacing", 200);
}

#[test]
fn constant_throughput_is_pacing_of_its_inverse() {
    check_pace("Throughput", 200);
}

#[test]
fn a_wait_time_of_the_users_own_is_asked_for_after_each_task() {
    let gaps = gaps("Custom", "Custom");
    for (wait, gap) in (1..).zip(&gaps) {
        assert!(gap + 1 >= 100 * wait + TASK_MS, "wait {wait}: {gaps:?}");
    }
}

/// A user without stack meanwhile: `STACK_KEPT_FOR` in `host/wload-scenario/src/user.rs`.
fn check_long(name: &str, isolation: &str) {
    let behaved = behave(name, "Long", &format!("-u 2 -i 4 --isolation {isolation}"));
    assert_eq!(behaved.finished.code, Some(0), "{}", behaved.finished);
    assert_eq!(behaved.steps.len(), 4, "{}", behaved.finished);
}

#[test]
fn users_go_on_after_a_wait_for_which_they_gave_their_stack_back() {
    check_long("LongPinned", "pinned");
}

#[test]
fn users_of_a_pool_go_on_after_a_wait_for_which_they_gave_their_stack_back() {
    check_long("LongFresh", "fresh");
}
