//! Truth under fire: a thousand users against a target that misbehaves in one answer of five, in ten ways.
//!
//! Upstream: a target that counts what it does. Downstream: the tables of the real binary, which must be
//! equal to it, kind by kind.

use std::collections::BTreeMap;
use std::time::Duration;

use wload_tests::guest::guest;
use wload_tests::hostile::{HostileTarget, Kind, MISBEHAVES_EVERY, Says, kinds};
use wload_tests::process::{Wload, under_load};

use crate::against::Run;

/// Ten kinds with ten messages, so that each can be told in the failures table.
const WAYS: [&str; 10] = [
    "closed-unanswered",
    "reset-at-every-byte",
    "length-too-long",
    "not-http",
    "status-no-number",
    "header-fields",
    "chunk-size-no-number",
    "gzip-with-wrong-sum",
    "redirect-loop",
    "stalled-body",
];
/// How long the run is: long enough that every way has its turn many times on every connection.
const SECONDS: u64 = 20;
/// Another number of seconds.
const SECONDS_VARIABLE: &str = "WLOAD_TEST_FIRE_SECONDS";
/// Longer than a good answer takes when a thousand users share this machine; a stalled one takes all of it.
const PATIENCE: Duration = Duration::from_secs(10);

fn seconds() -> u64 {
    let text = std::env::var(SECONDS_VARIABLE).unwrap_or_else(|_| SECONDS.to_string());
    text.parse().unwrap_or_else(|_| panic!("{SECONDS_VARIABLE} is `{text}`, not a number"))
}

fn ways() -> Vec<&'static Kind> {
    let find = |name: &str| kinds().find(|kind| kind.name == name).expect("a kind of this name");
    WAYS.into_iter().map(find).collect()
}

fn message(kind: &Kind) -> &'static str {
    match kind.says {
        Says::Failure(message) => message,
        Says::Success(_) => panic!("`{}` does no harm", kind.name),
    }
}

#[test]
fn a_thousand_users_count_each_of_ten_faults_as_their_target_does() {
    let _turn = under_load();
    let (ways, seconds) = (ways(), seconds());
    let target = HostileTarget::mixing(ways.clone());
    let args = format!(
        "-u 1000 -t {seconds}s --timeout {patience}s --connect-timeout {patience}s --stop-timeout 60s",
        patience = PATIENCE.as_secs()
    );
    let command = Wload::run(&guest("exchange"), &target.url(), &args)
        .within(Duration::from_secs(seconds + 120));
    let run = Run::start("servers/fire", command);

    let mut expected = BTreeMap::new();
    let (mut hops, mut repeated) = (0, 0);
    for kind in &ways {
        let tally = target.tally(kind);
        assert!(tally.answers > 0, "`{}` never had its turn", kind.name);
        expected.insert(message(kind).to_owned(), tally.answers - tally.repeated);
        hops += tally.hops;
        repeated += tally.repeated;
    }
    let failed: u64 = expected.values().sum();
    let found: BTreeMap<String, u64> =
        run.failures().into_iter().map(|row| (row.message, row.occurrences)).collect();
    println!(
        "{} requests, {failed} failures, {repeated} sent once more, {hops} redirects\n{found:#?}",
        run.reported()
    );
    assert_eq!(expected.len(), WAYS.len(), "each way has a message of its own");
    assert_eq!(found, expected, "messages, and how often: {}", run.finished);
    assert_eq!(run.reported(), target.good() + failed, "requests: {}", run.finished);
    assert_eq!(run.failed(), failed);
    assert_eq!(run.finished.interrupted(), 0, "{}", run.finished);
    assert_eq!(target.requests(), target.good() + failed + repeated + hops);
    let exchanges = run.reported() + repeated;
    assert_eq!(exchanges / MISBEHAVES_EVERY, failed + repeated, "one answer of five");
}
