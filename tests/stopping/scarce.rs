//! A machine that has no more to give: said before the run, failures during it, and users recover.
//!
//! Upstream: limits of the process, set by the tests. Downstream: messages with numbers and commands,
//! rows of the failures table.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use wload_tests::files::{Report, Table};
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder, under_load};
use wload_tests::skips::skip;
use wload_tests::target;

/// When something must have happened.
const SOON: Duration = Duration::from_secs(20);
/// How often it is looked for.
const POLL: Duration = Duration::from_millis(20);
/// Users, more than there are descriptors for.
const USERS: u32 = 40;

#[test]
fn users_that_got_no_descriptor_fail_and_recover_when_there_are_some_again() {
    let _load = under_load();
    let target = target::start_slow("fixed:20ms");
    let folder = empty_folder("stopping/descriptors");
    let args = format!("-u {USERS} -r 10 --only-summary --csv run --json-file run");
    let run = Wload::run(&guest("raw-contract"), &target.url(), &args).in_folder(&folder).spawn();
    target::wait_until(&target, SOON, |counts| counts.connections_opened >= 3);
    // It has opened what it needs for itself, and a few connections; the rest must do without.
    let open = std::fs::read_dir(format!("/proc/{}/fd", run.pid().as_raw_nonzero())).unwrap();
    let limit = open.count() as u64 + 2;
    // Its hard limit is ours, to which it has raised the soft one; nobody may raise the hard one.
    let hard = getrlimit(Resource::Nofile).maximum;
    let set = |current| {
        prlimit(Some(run.pid()), Resource::Nofile, Rlimit { current, maximum: hard }).unwrap();
    };
    set(Some(limit));
    // The history is open already; the other files need a descriptor for each tick, and wait for the end.
    let has_failed = || {
        let history = Table::read(&folder.join("run"), "stats_history");
        history.rows().last().is_some_and(|row| row.count("Total Failure Count") > 0)
    };
    let deadline = Instant::now() + SOON;
    while !has_failed() {
        assert!(Instant::now() < deadline, "nobody fails with {limit} descriptors");
        std::thread::sleep(POLL);
    }
    assert!(target.counts().connections_opened < u64::from(USERS));
    set(hard);
    target::wait_until(&target, SOON, |counts| counts.connections_opened >= u64::from(USERS));
    run.interrupt();
    let finished = run.finish();
    assert_eq!(finished.code, Some(1), "{finished}");
    let report = Report::read(&folder);
    let rows: Vec<&str> = report.failures.rows().map(|row| row.text("Error")).collect();
    assert_eq!(rows.len(), 1, "one cause, one row: {rows:?}");
    let (all, failures) =
        (report.aggregated().count("Request Count"), report.aggregated().count("Failure Count"));
    assert_eq!(all - failures, target.counts().total.completed, "{finished}");
    assert!(!finished.stderr.contains("error:"), "files were written all the same: {finished}");
}

#[test]
fn what_is_short_is_said_before_the_run_with_numbers_and_the_command() {
    let target = target::start();
    let args = "-u 100 -r 1000 -i 1 --only-summary";
    let wrapper = "prlimit --nofile=64";
    let finished = Wload::run_under(wrapper, &guest("raw-contract"), &target.url(), args).output();
    assert_eq!(finished.code, Some(0), "a warning is no error: {finished}");
    let said = "WARNING/wload: file descriptors: 100 users need 164, this process may have 64; \
                100 of them will fail to connect; `ulimit -n 164` (as root) allows it";
    assert!(finished.stderr.contains(said), "{finished}");
}

#[test]
fn a_run_that_cannot_be_is_refused_with_all_that_is_short() {
    let target = target::start();
    let wrapper = "prlimit --nofile=64 --as=20000000000";
    let args = "-u 100 -r 1000 -i 1 --only-summary";
    let finished = Wload::run_under(wrapper, &guest("raw-contract"), &target.url(), args).output();
    assert_eq!(finished.code, Some(3), "{finished}");
    for part in [
        "error: this machine does not carry 100 users",
        "  address space: 100 instances reserve ",
        "this process may have 18.6 GiB; `ulimit -v unlimited` allows it",
        "  file descriptors: 100 users need 164, this process may have 64; ",
    ] {
        assert!(finished.stderr.contains(part), "no `{part}` in {finished}");
    }
    assert_eq!(target.counts().total.received, 0);
}

/// A network of its own with eight local ports, in which it starts a target and a run against it.
const FEW_PORTS: &str = r#"
ip link set lo up || { echo "unshare: no network" >&2; exit 98; }
echo '40000 40007' > /proc/sys/net/ipv4/ip_local_port_range
exec 4<&0
"$0" demo-target --port 18080 --until-stdin-closes <&4 > /dev/null 2>&1 &
# Looking at the list of sockets takes no port.
until grep -q ':46A0 00000000:0000 0A' /proc/net/tcp; do sleep 0.02; done
exec "$0" "$@"
"#;

#[test]
fn users_that_got_no_port_are_a_failure_with_a_name() {
    let folder = empty_folder("stopping/ports");
    let args = "-u 12 -r 100 -t 3s --only-summary --csv run --json-file run";
    let finished = Wload::script_under("unshare --net bash -c", FEW_PORTS, "run")
        .arg(guest("raw-contract"))
        .args("--host http://127.0.0.1:18080")
        .args(args)
        .in_folder(&folder)
        .with_stdin()
        .output();
    if finished.stderr.contains("unshare:") {
        return skip("users_that_got_no_port_are_a_failure_with_a_name", finished.stderr.trim());
    }
    assert_eq!(finished.code, Some(1), "{finished}");
    let said = "local ports: 12 users need 12, this machine has 8 for each address of the target";
    assert!(finished.stderr.contains(said), "{finished}");
    let report = Report::read(&folder);
    let rows: Vec<&str> = report.failures.rows().map(|row| row.text("Error")).collect();
    assert_eq!(rows.len(), 1, "one cause, one row: {rows:?}");
    assert!(rows[0].contains("no local port is free for another connection"), "{rows:?}");
    let (all, failed) =
        (report.aggregated().count("Request Count"), report.aggregated().count("Failure Count"));
    assert!(failed < all, "eight users have a port: {finished}");
}
