//! `wload demo-target`: a script waits for its first line, and a run over TLS trusts its certificate.
//!
//! Upstream: what is typed. Downstream: stdout, the certificate, the end.

use std::fs;

use wload_tests::guest::guest;
use wload_tests::process::{Running, Wload, empty_folder};

fn start(args: &str) -> (Running, String) {
    let command = Wload::new("demo-target --port 0 --until-stdin-closes").args(args);
    let mut target = command.with_stdin().spawn();
    let url = target.first_line();
    (target, url)
}

#[test]
fn the_first_line_is_its_url_and_it_ends_with_its_stdin() {
    let (mut target, url) = start("");
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let _ = Wload::run(&guest("raw-contract"), &url, "-u 1 -i 10").expect(0);
    target.close_stdin();
    let finished = target.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(finished.stdout, format!("{url}\n"), "stdout is its URL and nothing else");
    let summary = "10 requests received, 10 answered in full, 0 answered with status 400";
    assert!(finished.stderr.contains(summary), "{finished}");
}

#[test]
fn ctrl_c_ends_it_in_peace() {
    let mut target = Wload::new("demo-target --port 0").spawn();
    let _ = target.first_line();
    target.interrupt();
    let finished = target.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
}

#[test]
fn a_run_over_tls_trusts_the_certificate_it_is_given() {
    let folder = empty_folder("tls");
    let certificate = folder.join("certificate.pem");
    let (mut target, url) = start(&format!("--tls --cert-out {}", certificate.display()));
    assert!(url.starts_with("https://127.0.0.1:"), "{url}");
    assert!(fs::read_to_string(&certificate).unwrap().contains("BEGIN CERTIFICATE"));
    let run = |args: &str| Wload::run(&guest("raw-contract"), &url, args).in_folder(&folder);
    let trusted = run("-u 2 -r 100 -i 20 --cacert certificate.pem").expect(0);
    assert_eq!(trusted.verdict(), "passed: 20 requests, 0 failures, 0 exceptions");
    let unverified = run("-u 2 -r 100 -i 20 --insecure").expect(0);
    assert_eq!(unverified.verdict(), "passed: 20 requests, 0 failures, 0 exceptions");
    let distrusted = run("-u 1 -i 3").expect(1);
    assert_eq!(distrusted.verdict(), "failed: 3 requests, 3 failures, 0 exceptions");
    let names_it = distrusted.stderr.to_lowercase().contains("certificate");
    assert!(names_it, "the failure says why: {distrusted}");
    target.close_stdin();
    let finished = target.finish();
    assert!(finished.stderr.contains("40 requests received"), "{finished}");
}

#[test]
fn a_run_over_http_2_gets_the_same_answers() {
    let (mut target, url) = start("--tls --http2");
    let args = "-u 2 -r 100 -i 20 --insecure --http-version 2";
    let finished = Wload::run(&guest("raw-contract"), &url, args).expect(0);
    assert_eq!(finished.verdict(), "passed: 20 requests, 0 failures, 0 exceptions");
    let args = "Shopper -u 2 -r 100 -i 4 --insecure --http-version 2";
    let finished = Wload::run(&guest("bench"), &url, args).expect(0);
    assert_eq!(finished.verdict(), "passed: 20 requests, 0 failures, 0 exceptions");
    // Without asking for it there is none.
    let finished = Wload::run(&guest("raw-contract"), &url, "-u 1 -i 2 --insecure").expect(0);
    assert_eq!(finished.verdict(), "passed: 2 requests, 0 failures, 0 exceptions");
    target.close_stdin();
    let finished = target.finish();
    assert!(finished.stderr.contains("42 requests received, 42 answered in full"), "{finished}");
}

#[test]
fn a_benchmark_asks_for_counts_line_by_line() {
    let command = Wload::new("demo-target --port 0 --control");
    let mut target = command.with_stdin().spawn();
    let url = target.first_line();
    let _ = Wload::run(&guest("raw-contract"), &url, "-u 1 -i 7").expect(0);
    target.say("total\ncounts\nreset\ntotal\nnonsense\n");
    target.close_stdin();
    let finished = target.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    let answers: Vec<serde_json::Value> = finished
        .stdout
        .lines()
        .skip(1)
        .map(|line| serde_json::from_str(line).expect("each answer is a line of JSON"))
        .collect();
    let [total, counts, reset, again, nonsense] = answers.as_slice() else {
        panic!("one answer to each line: {finished}")
    };
    assert_eq!((&total["received"], &total["by_status"]["200"]), (&7.into(), &7.into()));
    assert_eq!(counts["service_times_us"].as_array().map(Vec::len), Some(7));
    assert_eq!((reset, &again["received"]), (&serde_json::json!({}), &0.into()));
    let expected = "found `nonsense`: expected `total`, `counts` or `reset`";
    assert_eq!(nonsense["error"], expected);
}

#[test]
fn values_that_cannot_be_are_refused() {
    let latency = Wload::new("demo-target --port 0 --latency slowly").expect(2);
    assert!(latency.stderr.contains("`slowly`"), "{latency}");
    let (mut target, url) = start("");
    let port = url.rsplit(':').next().expect("a URL with a port");
    let taken = Wload::new(&format!("demo-target --port {port}")).expect(3);
    assert!(taken.stderr.contains(port), "the address is named: {taken}");
    target.close_stdin();
    let _ = target.finish();
}
