//! Signals while users are being started, and while they are being stopped; and when all have begun.
//!
//! Upstream: Ctrl-C. Downstream: exit codes, and counts that agree with the target's.

use std::io::Write;
use std::time::Duration;

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder, under_load};
use wload_tests::target;

/// When requests must be there.
const START_TIME: Duration = Duration::from_secs(20);
/// What a pipe holds that nobody reads.
const PIPE_BYTES: usize = 64 << 10;

#[test]
fn a_ctrl_c_while_users_are_being_started_starts_no_more_of_them() {
    let _load = under_load();
    let target = target::start_slow("fixed:20ms");
    let folder = empty_folder("stopping/spawning");
    let args = "-u 1000 -r 10 --only-summary --csv run --json-file run";
    let run = Wload::run(&guest("raw-contract"), &target.url(), args).in_folder(&folder).spawn();
    target::wait_until(&target, START_TIME, |counts| counts.connections_opened >= 5);
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    let counts = target.counts();
    assert!(counts.connections_opened < 1_000, "{counts:?}");
    let reported = Report::read(&folder).aggregated().count("Request Count");
    assert_eq!(reported, counts.total.completed, "{finished}");
    assert!(!finished.stderr.contains("All users spawned"), "{finished}");
}

#[test]
fn all_users_are_said_to_run_once_the_last_of_them_has_begun() {
    let target = target::start_slow("fixed:20ms");
    let args = "-u 60 -r 60 --cores 1 --only-summary";
    let mut run = Wload::run(&guest("raw-contract"), &target.url(), args).spawn();
    run.wait_for("All users spawned");
    // Each has a connection of its own. Those of the last moments may be on their way to the target.
    let opened = target.counts().connections_opened;
    assert!((50..=60).contains(&opened), "{opened} connections");
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
}

#[test]
fn a_drain_ends_with_the_stop_timeout_and_says_what_it_cut() {
    let target = target::start_slow("fixed:50s");
    let folder = empty_folder("stopping/overdue");
    let args = "-u 4 -r 100 --stop-timeout 1 --only-summary --csv run --json-file run";
    let run = Wload::run(&guest("raw-contract"), &target.url(), args).in_folder(&folder).spawn();
    target::wait_until(&target, START_TIME, |counts| counts.total.received >= 4);
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(finished.interrupted(), 4, "{finished}");
    assert_eq!(Report::read(&folder).aggregated().count("Request Count"), 0);
}

#[test]
fn sigterm_twice_is_still_a_drain() {
    let target = target::start_slow("fixed:700ms");
    let args = "-u 3 -r 100 --stop-timeout 60 -L DEBUG --only-summary";
    let mut run = Wload::run(&guest("raw-contract"), &target.url(), args).spawn();
    target::wait_until(&target, START_TIME, |counts| counts.total.received >= 3);
    run.terminate();
    run.wait_for("The run is stopping");
    run.terminate();
    run.hang_up();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    assert_eq!(finished.interrupted(), 0, "{finished}");
}

#[test]
fn the_third_ctrl_c_ends_a_run_whose_report_nobody_reads() {
    let target = target::start();
    // Nobody reads it, and it is full: the report waits for ever.
    let (_reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(&vec![b' '; PIPE_BYTES]).unwrap();
    let run = Wload::run(&guest("raw-contract"), &target.url(), "-i 3 --only-summary --json");
    let mut run = run.with_stdout(writer).spawn();
    run.wait_for("Shutting down (exit code 0)");
    for _ in 0..3 {
        run.interrupt();
        // Two signals of one kind that come at once are one.
        std::thread::sleep(Duration::from_millis(100));
    }
    let finished = run.finish();
    assert_eq!(finished.code, Some(130), "{finished}");
}
