//! Counts are the target's own, to the request.
//!
//! Upstream: the raw-contract guest, which never waits, so that requests are on the wire whenever a run
//! ends. Downstream: `Truth`.

use wload_tests::guest::guest;
use wload_tests::process::under_load;
use wload_tests::target::{self, DemoTarget, TargetConfig};

use crate::truth::Truth;

fn run(name: &str, target: &DemoTarget, args: &str) -> Truth {
    let _turn = under_load();
    Truth::of(name, &guest("raw-contract"), target, args)
}

#[test]
fn one_user_reports_what_the_target_counted() {
    let target = target::start();
    let truth = run("one_user", &target, "-u 1 -t 1s --option path=/bytes/1234");
    truth.assert_equal_to_the_request();
    assert!(truth.reported() > 0);
    assert_eq!(truth.counts.connections_opened, 1, "a user keeps its connection");
    let size = truth.report.aggregated().number("Average Content Size");
    assert!((size - 1234.0).abs() < f64::EPSILON, "{size}");
}

#[test]
fn a_thousand_users_report_what_the_target_counted() {
    let target = target::start();
    let truth = run("thousand_users", &target, "-u 1000 -r 1000 -t 3s");
    truth.assert_equal_to_the_request();
    assert!(truth.reported() >= 1000, "{}", truth.finished);
    assert_eq!(truth.counts.connections_opened, 1000, "one connection each");
}

#[test]
fn requests_that_are_in_flight_at_a_sudden_stop_are_awaited_and_counted() {
    let target = target::start_slow("fixed:300ms");
    let args = "-u 1000 -r 1000 -t 2s --stop-timeout 0";
    let truth = run("sudden_stop", &target, args);
    truth.assert_equal_to_the_request();
    assert!(truth.reported() >= 1000, "{}", truth.finished);
}

#[test]
fn requests_that_outlast_a_sudden_stop_are_cut_and_said_to_be() {
    let target = target::start_slow("fixed:20s");
    let truth = run("outlast_sudden_stop", &target, "-u 100 -r 100 -t 2s --stop-timeout 0");
    truth.assert_every_request_is_accounted_for();
    assert_eq!((truth.reported(), truth.finished.interrupted()), (0, 100), "{}", truth.finished);
    assert_eq!(truth.counts.total.completed, 0);
}

#[test]
fn a_stop_timeout_lets_requests_end_that_take_longer_than_the_grace() {
    let target = target::start_slow("fixed:2500ms");
    let truth = run("stop_timeout", &target, "-u 200 -r 200 -t 2s --stop-timeout 20s");
    truth.assert_equal_to_the_request();
    assert_eq!(truth.reported(), 200, "one each, and none after the stop: {}", truth.finished);
}

#[test]
fn a_stop_timeout_that_passes_cuts_what_is_left() {
    let target = target::start_slow("fixed:20s");
    let truth = run("stop_timeout_passes", &target, "-u 50 -r 1000 -t 1s --stop-timeout 1s");
    truth.assert_every_request_is_accounted_for();
    assert_eq!((truth.reported(), truth.finished.interrupted()), (0, 50), "{}", truth.finished);
}

#[test]
fn failures_are_the_error_statuses_that_the_target_sent() {
    let target = target::start_with(TargetConfig { error_rate: 0.3, ..TargetConfig::default() });
    let truth = run("error_rate", &target, "-u 20 -r 100 -t 2s");
    truth.assert_equal_to_the_request();
    let failed = truth.counts.total.by_status[&500];
    assert!(failed > 0 && failed < truth.counts.total.received, "{:?}", truth.counts.total);
    let row = truth.report.failures.row("Method", "GET");
    assert_eq!((row.text("Name"), row.count("Occurrences")), ("/ok", failed));
    assert!(row.text("Error").contains("500"), "{}", row.text("Error"));
}

#[test]
fn a_number_of_iterations_is_a_number_of_requests() {
    let target = target::start();
    let truth = run("iterations", &target, "-u 7 -r 100 -i 1001");
    truth.assert_equal_to_the_request();
    assert_eq!(truth.counts.total.received, 1001);
}

#[test]
fn a_chain_of_redirects_is_one_entry_with_the_bytes_of_its_end() {
    let target = target::start();
    let truth = run("redirects", &target, "-u 2 -r 100 -i 50 --option path=/redirect/3");
    assert_eq!(truth.reported(), 50, "{}", truth.finished);
    assert_eq!(truth.counts.total.received, 50 * 4, "three redirects and their end");
    assert_eq!(truth.counts.total.response_body_bytes, truth.row().count("total_content_length"));
}

#[test]
fn a_compressed_body_counts_as_long_as_it_is_when_decoded() {
    let target = target::start();
    let truth = run("gzip", &target, "-u 1 -i 10 --option path=/gzip");
    truth.assert_every_request_is_accounted_for();
    let text = "wload demo shop, compressed\n".len() as u64 * 100;
    assert_eq!(truth.row().count("total_content_length"), text * 10);
    assert!(truth.counts.total.response_body_bytes < text * 10, "it was sent compressed");
}
