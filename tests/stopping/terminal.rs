//! A terminal that is closed under a run.
//!
//! Upstream: a pseudo-terminal, or the signal alone. Downstream: whole files, though nobody can be told.

use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder};
use wload_tests::target;

/// When requests must be there.
const START_TIME: Duration = Duration::from_secs(20);

#[test]
fn a_run_whose_terminal_is_closed_drains_and_writes_its_files() {
    let target = target::start_slow("fixed:300ms");
    let folder = empty_folder("stopping/terminal");
    let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&terminal).unwrap();
    unlockpt(&terminal).unwrap();
    let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
    let inner = std::fs::File::options().read(true).write(true).open(name).unwrap();
    let args = "-u 3 -r 100 --stop-timeout 60 --csv run --json-file run";
    // The terminal is that of its session, so that the kernel tells it of the end.
    let run = Wload::run_under("setsid --ctty", &guest("raw-contract"), &target.url(), args)
        .in_folder(&folder)
        .with_terminal(inner.into())
        .spawn();
    target::wait_until(&target, START_TIME, |counts| counts.total.completed >= 6);
    drop(terminal);
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    let counts = target.counts().total;
    let reported = Report::read(&folder).aggregated().count("Request Count");
    assert_eq!((reported, counts.completed), (counts.received, counts.received), "{finished}");
}

#[test]
fn a_run_under_nohup_does_not_notice() {
    let target = target::start_slow("fixed:10ms");
    let args = "-u 1 -t 2s --only-summary";
    // What `nohup` does, without its files.
    let shell = "env --ignore-signal=HUP";
    let run = Wload::run_under(shell, &guest("raw-contract"), &target.url(), args).spawn();
    target::wait_until(&target, START_TIME, |counts| counts.total.completed >= 1);
    run.hang_up();
    let finished = run.finish();
    assert_eq!(finished.code, Some(0), "{finished}");
    assert!(finished.stderr.contains("--run-time limit reached"), "{finished}");
}
