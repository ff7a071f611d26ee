//! The scenario decides how many users there are, and what is done around the run.
//!
//! Upstream: the guest `shaped`. Downstream: steps in the target's log, the verdict.

use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, under_load};
use wload_tests::target;

fn run(args: &str) -> (Finished, Vec<String>) {
    let _turn = under_load();
    let target = target::start();
    let run = Wload::run(&guest("shaped"), &target.url(), "--only-summary").args(args);
    let finished = run.output();
    (finished, target::log(&target))
}

fn count(steps: &[String], step: &str) -> usize {
    steps.iter().filter(|found| *found == step).count()
}

#[test]
fn a_shape_takes_users_up_and_ends_the_run_between_its_hooks() {
    let (finished, steps) = run("");
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(steps.first().map(String::as_str), Some("test-start"), "{steps:?}");
    assert_eq!(steps.last().map(String::as_str), Some("test-stop"), "{steps:?}");
    let spawned: Vec<&String> = steps.iter().filter(|step| step.starts_with("spawned-")).collect();
    assert_eq!(spawned, ["spawned-2", "spawned-5"], "{steps:?}");
    assert_eq!((count(&steps, "start"), count(&steps, "stop")), (5, 5), "{steps:?}");
    let second = steps.iter().position(|step| step == "spawned-5").expect("it is there");
    let first_stop = steps.iter().position(|step| step == "stop").expect("it is there");
    assert!(second < first_stop, "the shape only goes up: {steps:?}");
}

#[test]
fn a_run_that_is_refused_at_its_start_has_no_user() {
    let (finished, steps) = run("--option refuse=start");
    assert_eq!(finished.code, Some(3), "{finished}");
    assert_eq!(count(&steps, "start"), 0, "{steps:?}");
    assert!(finished.stderr.contains("the shop is closed"), "{finished}");
}

#[test]
fn what_goes_wrong_after_the_run_is_said() {
    let (finished, steps) = run("--option refuse=stop");
    assert_eq!(count(&steps, "test-stop"), 1, "{steps:?}");
    assert!(finished.stderr.contains("the shop is closed"), "{finished}");
}
