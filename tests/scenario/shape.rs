//! The scenario decides how many users there are, and what is done around the run.
//!
//! Upstream: the guest `shaped`. Downstream: steps in the target's log, the verdict.

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder, under_load};
use wload_tests::target;

fn run(name: &str, args: &str) -> (Finished, Vec<String>, Report) {
    let _turn = under_load();
    let target = target::start();
    let folder = empty_folder(&format!("shape/{name}"));
    let args = format!("--only-summary --csv run --json-file run {args}");
    let run = Wload::run(&guest("shaped"), &target.url(), &args).in_folder(&folder);
    let finished = run.output();
    (finished, target::log(&target), Report::read(&folder))
}

fn count(steps: &[String], step: &str) -> usize {
    steps.iter().filter(|found| *found == step).count()
}

#[test]
fn a_shape_takes_users_up_and_down_and_ends_the_run_between_its_hooks() {
    let (finished, steps, report) = run("up_and_down", "");
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(steps.first().map(String::as_str), Some("test-start"), "{steps:?}");
    assert_eq!(steps.last().map(String::as_str), Some("test-stop"), "{steps:?}");
    let spawned: Vec<&String> = steps.iter().filter(|step| step.starts_with("spawned-")).collect();
    assert_eq!(spawned, ["spawned-2", "spawned-5", "spawned-1"], "{steps:?}");
    assert_eq!((count(&steps, "start"), count(&steps, "stop")), (5, 5), "{steps:?}");
    let mut user_counts: Vec<&str> =
        report.history.rows().map(|row| row.text("User Count")).collect();
    user_counts.dedup();
    let mut seen = user_counts.iter();
    let has_all = ["2", "5", "1"].iter().all(|count| seen.any(|found| found == count));
    assert!(has_all, "the history shows all three, in order: {user_counts:?}");
}

#[test]
fn a_run_that_is_refused_at_its_start_has_no_user() {
    let (finished, steps, _) = run("refused", "--option refuse=start");
    assert_eq!(finished.code, Some(3), "{finished}");
    assert_eq!(count(&steps, "start"), 0, "{steps:?}");
    assert!(finished.stderr.contains("the shop is closed"), "{finished}");
}

#[test]
fn what_goes_wrong_after_the_run_is_said() {
    let (finished, steps, _) = run("refused_late", "--option refuse=stop");
    assert_eq!(count(&steps, "test-stop"), 1, "{steps:?}");
    assert!(finished.stderr.contains("the shop is closed"), "{finished}");
}
