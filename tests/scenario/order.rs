//! Which task comes next: Locust's order, tags and weights.
//!
//! Upstream: `tests/guests/behaviour/src/order.rs`. Downstream: sequences in the target's log.

use std::collections::BTreeSet;

use crate::behaviour::{behave, check_steps};

#[test]
fn a_user_starts_runs_its_sequence_and_its_set_and_stops() {
    let expected = [
        "start", "first", "twice", "twice", "enter-0", "one-1", "two-1", "one-2", "two-2", "leave",
        "last", "stop",
    ];
    check_steps("ordered", "Ordered", "-u 1", &expected);
}

#[test]
fn a_sequence_begins_again_after_its_end() {
    check_steps("sequence", "Sequence", "-u 1", &["a", "b", "a", "b", "a"]);
}

#[test]
fn a_set_that_is_not_left_goes_on_for_ever_and_is_left_when_the_user_stops() {
    let expected = ["before", "round", "round", "round", "leave", "stop"];
    check_steps("endless", "Endless", "-u 1 -i 4", &expected);
}

/// The steps that 200 tasks with these tags leave, each once.
fn check_tags(name: &str, args: &str, expected: &[&str]) {
    let behaved = behave(name, "Tagged", &format!("-u 1 -i 200 {args}"));
    let steps: BTreeSet<&str> = behaved.steps.iter().map(String::as_str).collect();
    assert_eq!(steps, expected.iter().copied().collect(), "{args}: {}", behaved.finished);
}

#[test]
fn tags_choose_tasks_and_hold_for_all_in_a_set() {
    check_tags("tags_none", "", &["red", "purple", "plain", "leaf", "sea"]);
    check_tags("tags_red", "--tags red", &["red", "purple"]);
    check_tags("tags_blue", "--tags blue", &["purple", "sea"]);
    check_tags("tags_green", "--tags green", &["leaf", "sea"]);
    check_tags("tags_two", "--tags red green", &["red", "purple", "leaf", "sea"]);
    check_tags("tags_not_red", "--exclude-tags red", &["plain", "leaf", "sea"]);
    check_tags("tags_not_green", "--exclude-tags green", &["red", "purple", "plain"]);
    check_tags("tags_both", "--tags red --exclude-tags blue", &["red"]);
}

#[test]
fn weights_are_met_and_a_seed_repeats_every_choice() {
    let args = "-u 1 -i 400 --seed 7";
    let first = behave("weights", "Weighted", args);
    let often = first.steps.iter().filter(|step| step.starts_with("often-")).count();
    assert_eq!(first.steps.len(), 400);
    // Three of four, and five standard deviations of it.
    assert!((256..=344).contains(&often), "{often} of 400");
    assert!(!first.steps.iter().any(|step| step == "never"), "its weight is 0");
    let second = behave("weights_again", "Weighted", args);
    assert_eq!(first.steps, second.steps, "the same seed");
    let other = behave("weights_other", "Weighted", "-u 1 -i 400 --seed 8");
    assert_ne!(first.steps, other.steps, "another seed");
}
