//! Ctrl-C: the first lets users finish, the second does not.
//!
//! Upstream: signals to the real process. Downstream: exit codes, and files that are complete anyway.

use std::time::Duration;

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Running, Wload, empty_folder};
use wload_tests::target::{self, DemoTarget};

/// When users and requests must be there.
const START_TIME: Duration = Duration::from_secs(20);
/// Users, each with one request on the wire.
const USERS: u64 = 10;

/// A run without end, with a request of each user on the wire.
fn start(target: &DemoTarget, name: &str) -> (Running, std::path::PathBuf) {
    let folder = empty_folder(&format!("signals/{name}"));
    let args = format!(
        "-u {USERS} -r 100 --stop-timeout 60 -L DEBUG --only-summary --csv run --json-file run"
    );
    let run = Wload::run(&guest("raw-contract"), &target.url(), &args).in_folder(&folder).spawn();
    target::wait_until(target, START_TIME, |counts| counts.total.received >= USERS);
    (run, folder)
}

#[test]
fn the_first_ctrl_c_lets_users_finish_and_writes_the_reports() {
    let target = target::start_slow("fixed:500ms");
    let (run, folder) = start(&target, "drain");
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "nothing failed: {finished}");
    let counts = target.counts().total;
    let reported = Report::read(&folder).aggregated().count("Request Count");
    assert_eq!((reported, counts.completed), (counts.received, counts.received), "{finished}");
    assert_eq!(finished.interrupted(), 0, "{finished}");
}

#[test]
fn sigterm_does_the_same() {
    let target = target::start_slow("fixed:500ms");
    let (run, folder) = start(&target, "terminate");
    run.terminate();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    let reported = Report::read(&folder).aggregated().count("Request Count");
    assert_eq!(reported, target.counts().total.completed, "{finished}");
}

#[test]
fn the_second_ctrl_c_aborts_and_writes_the_reports() {
    let target = target::start_slow("fixed:50s");
    let (mut run, folder) = start(&target, "abort");
    run.interrupt();
    run.wait_for("The run is stopping");
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(130), "{finished}");
    assert!(finished.verdict().starts_with("aborted: 0 requests"), "{finished}");
    assert_eq!(finished.interrupted(), USERS, "all were on the wire: {finished}");
    assert_eq!(Report::read(&folder).aggregated().count("Request Count"), 0);
}
