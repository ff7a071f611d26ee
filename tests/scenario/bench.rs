//! The scenario of benchmarks does what the table of `docs/benchmarks.md` says.
//!
//! Upstream: the guest `bench`. Downstream: the target's counts. What it costs is measured by `cargo xtask bench`; that
//! it still does the same is a test.

use std::collections::BTreeMap;

use wload_tests::guest::guest;
use wload_tests::process::Wload;
use wload_tests::target;

/// Checks what a user of this class sends in so many tasks.
fn check(class: &str, iterations: u32, expected: &[(&str, u64, u16)]) {
    let target = target::start();
    let args = format!("{class} -u 1 -i {iterations} --skip-log-setup");
    let finished = Wload::run(&guest("bench"), &target.url(), &args).expect(0);
    let counts = target.counts();
    let found: BTreeMap<&str, u64> =
        counts.routes.iter().map(|(route, tally)| (route.as_str(), tally.completed)).collect();
    let all = expected.iter().map(|(route, count, _)| (*route, *count));
    assert_eq!(found, BTreeMap::from_iter(all), "{class}: {finished}");
    for (route, count, status) in expected {
        assert_eq!(counts.routes[*route].by_status.get(status), Some(count), "{class}: {route}");
    }
}

#[test]
fn each_class_of_the_benchmarks_sends_what_its_workload_says() {
    check("Getter", 5, &[("GET /ok", 5, 200)]);
    check("Reader", 3, &[("GET /bytes/{n}", 3, 200)]);
    check("Waiter", 1, &[("GET /ok", 1, 200)]);
    let shop = [
        ("POST /login", 2, 200),
        ("GET /products", 2, 200),
        ("GET /products/{id}", 2, 200),
        ("POST /cart", 2, 200),
        ("POST /orders", 2, 201),
    ];
    check("Shopper", 2, &shop);
    check("Idler", 10, &[]);
}

#[test]
fn the_large_answer_of_the_benchmarks_has_a_hundred_kibibytes() {
    let target = target::start();
    let _ = Wload::run(&guest("bench"), &target.url(), "Reader -u 1 -i 4").expect(0);
    assert_eq!(target.counts().total.response_body_bytes, 4 * 100 * 1024);
}

#[test]
fn nobody_lacks_memory_for_an_instance_where_machines_usually_end() {
    // Just under and just over where instances have memory of their own; what a process may have is asked before.
    for (users, mode) in [(8_300, "pinned"), (9_900, "pinned"), (9_900, "reuse")] {
        let args = format!("Sleeper -u {users} -r {users} -t 3s --isolation {mode} --only-summary");
        let finished = Wload::run(&guest("bench"), "http://127.0.0.1:1", &args).output();
        let summary = "passed: 0 requests, 0 failures, 0 exceptions";
        assert_eq!(finished.verdict(), summary, "{users} {mode}: {finished}");
        assert!(finished.stderr.contains(&format!("{users} total users")), "{finished}");
    }
}
