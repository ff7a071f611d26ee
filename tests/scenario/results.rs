//! What users report, and how tasks end.
//!
//! Upstream: `tests/guests/behaviour/src/results.rs`. Downstream: rows, metrics, exit codes.

use std::collections::BTreeMap;

use wload_tests::files::Table;
use wload_tests::process::empty_folder;

use crate::behaviour::{Behaved, behave, check_steps};

#[test]
fn verdicts_and_names_of_the_scenario_count() {
    let Behaved { finished, report, .. } = behave("judge", "Judge", "-u 1");
    let rows: BTreeMap<&str, (u64, u64)> = report
        .stats
        .rows()
        .map(|row| (row.text("Name"), (row.count("Request Count"), row.count("Failure Count"))))
        .collect();
    let expected = [
        ("/ok", (1, 1)),
        ("/status/404", (1, 0)),
        ("/status/503", (1, 1)),
        ("seven", (1, 0)),
        ("five", (1, 0)),
        ("/bytes/{count}", (1, 0)),
        ("Aggregated", (6, 2)),
    ];
    assert_eq!(rows, BTreeMap::from(expected), "{finished}");
    let error = |name| report.failures.row("Name", name).text("Error");
    assert!(error("/ok").contains("too fine"), "{}", error("/ok"));
    assert!(error("/status/503").contains("503"), "{}", error("/status/503"));
    assert_eq!(finished.code, Some(1), "{finished}");
}

#[test]
fn events_of_other_protocols_are_rows_like_any_other() {
    let Behaved { finished, report, .. } = behave("events", "Measurer", "-u 1 -i 5");
    let row = report.stats.row("Type", "GRPC");
    assert_eq!((row.count("Request Count"), row.count("Failure Count")), (6, 1), "{finished}");
    let entry = &report.json[0];
    assert_eq!(entry.count("num_none_requests"), 1, "one had no response time");
    assert_eq!(entry.count("total_content_length"), 500);
    // 10 to 50 ms: the events say how long it took, the machine has no part in it.
    for (label, expected) in [("50%", 30.0), ("100%", 50.0)] {
        let found = entry.percentile(label);
        assert!((found - expected).abs() <= expected * 0.01, "{label}: {found}");
    }
    assert_eq!(report.failures.row("Method", "GRPC").text("Error"), "out of stock");
}

#[test]
fn metrics_are_added_up_over_all_users() {
    let Behaved { finished, folder, .. } = behave("metrics", "Measurer", "-u 2 -i 8");
    assert!(finished.stderr.contains("orders"), "the summary shows metrics: {finished}");
    let metrics = Table::read(&folder.join("run"), "metrics");
    let orders = metrics.row("Name", "orders");
    assert!((orders.number("Sum") - 16.0).abs() < 1e-9, "{metrics:?}");
    let names: Vec<&str> = metrics.rows().map(|row| row.text("Name")).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn rows_of_a_table_come_in_order_and_unique_ones_once() {
    let expected = ["ant", "bee", "horse", "ant"];
    check_steps("table_sequential", "Reader", "-u 1 -i 4", &expected);
    let expected = ["ant", "bee", "horse", "exhausted"];
    check_steps("table_unique", "Reader", "-u 1 --option word=unique", &expected);
    let shared = behave("table_shared", "Reader", "-u 3 --option word=unique");
    let words = shared.steps.iter().filter(|step| *step != "exhausted").count();
    assert_eq!((words, shared.steps.len()), (3, 6), "each word once for all: {:?}", shared.steps);
}

#[test]
fn a_table_may_come_from_another_file() {
    let other = empty_folder("other_words").join("other.csv");
    std::fs::write(&other, "word\ncat\n").unwrap();
    let args = format!("-u 1 -i 2 --data words={}", other.display());
    check_steps("table_other", "Reader", &args, &["cat", "cat"]);
}

#[test]
fn options_have_defaults_and_the_command_line_sets_them() {
    check_steps("option_default", "Optional", "-u 1", &["none", "no-colour"]);
    let args = "-u 1 --option word=hello --option colour=red";
    check_steps("option_set", "Optional", args, &["hello", "red"]);
}

#[test]
fn a_rescheduled_task_is_followed_by_the_next_without_a_wait() {
    check_steps("reschedule", "Rescheduler", "-u 1", &["hurry"; 3]);
}

#[test]
fn a_task_may_raise_and_go_on_and_end_the_run_with_an_exit_code() {
    let Behaved { finished, steps, report, .. } = behave("ender", "Ender", "-u 1");
    assert_eq!(steps, ["before", "after"], "{finished}");
    assert_eq!(finished.code, Some(42), "{finished}");
    let row = report.exceptions.rows().next().expect("one exception");
    assert_eq!((row.count("Count"), row.text("Message")), (1, "invalid digit found in string"));
    assert!(row.text("Traceback").contains("results.rs:"), "{}", row.text("Traceback"));
}
