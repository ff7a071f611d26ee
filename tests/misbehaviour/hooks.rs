//! Hooks that misbehave: the run goes on, or breaks off at once where it has not begun.
//!
//! Upstream: the option `hooks` of the guest `misbehave`, whose steady users run beside them.

use std::time::Duration;

use wload_tests::guest::guest;
use wload_tests::process::{Wload, under_load};
use wload_tests::target;

use crate::row::{Row, for_each, print};
use crate::run::{COMPUTE, Run, STEADY_USERS};

const TIME: Duration = Duration::from_secs(2);
const MEMORY_MAX: u64 = 96 << 20;
/// Time of a hook in these runs.
const HOOK: &str = "--limit hook-time=500ms";
/// A hook that has no chance to end, before its user presses Ctrl-C.
const SOON: Duration = Duration::from_secs(20);

struct HookKind {
    /// The value of the option.
    act: &'static str,
    does: &'static str,
    limit: &'static str,
    /// The line on stderr.
    says: &'static str,
}

const fn kind(
    act: &'static str,
    does: &'static str,
    limit: &'static str,
    says: &'static str,
) -> HookKind {
    HookKind { act, does, limit, says }
}

/// In the order of a run: those of the test start break it off.
const KINDS: [HookKind; 12] = [
    kind(
        "loop-at-test-start",
        "loops without end",
        "compute-time",
        "The run broke off: test-start failed: trap: computed for more than 200 ms without a pause (an endless loop?)",
    ),
    kind(
        "trap-at-test-start",
        "runs into a trap",
        "",
        "The run broke off: test-start failed: trap: unreachable code was reached",
    ),
    kind(
        "sleep-at-test-start",
        "sleeps for centuries",
        "hook-time",
        "The run broke off: test-start failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
    kind(
        "sleep-in-wasi-at-test-start",
        "the same past the contract's clock",
        "hook-time",
        "The run broke off: test-start failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
    kind(
        "loop-at-spawning-complete",
        "loops without end",
        "compute-time",
        "spawning-complete failed: trap: computed for more than 200 ms without a pause (an endless loop?)",
    ),
    kind(
        "trap-at-spawning-complete",
        "runs into a trap",
        "",
        "spawning-complete failed: trap: unreachable code was reached",
    ),
    kind(
        "sleep-at-spawning-complete",
        "sleeps for centuries",
        "hook-time",
        "spawning-complete failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
    kind(
        "sleep-in-wasi-at-spawning-complete",
        "the same past the contract's clock",
        "hook-time",
        "spawning-complete failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
    kind(
        "loop-at-test-stop",
        "loops without end",
        "compute-time",
        "test-stop failed: trap: computed for more than 200 ms without a pause (an endless loop?)",
    ),
    kind(
        "trap-at-test-stop",
        "runs into a trap",
        "",
        "test-stop failed: trap: unreachable code was reached",
    ),
    kind(
        "sleep-at-test-stop",
        "sleeps for centuries",
        "hook-time",
        "test-stop failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
    kind(
        "sleep-in-wasi-at-test-stop",
        "the same past the contract's clock",
        "hook-time",
        "test-stop failed: took more than 500 ms, waiting included (`--limit hook-time`)",
    ),
];

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let row = |kind: &HookKind| Row {
        kind: kind.act,
        does: kind.does,
        limit: kind.limit,
        says: format!("`{}`", kind.says),
    };
    KINDS.iter().map(row).collect()
}

fn complaints(kind: &HookKind, host: &str) -> Vec<String> {
    let args = format!(
        "Steady -u {STEADY_USERS} -r 10000 -t {}s --option hooks={} {COMPUTE} {HOOK}",
        TIME.as_secs(),
        kind.act
    );
    let run = Run::of(&format!("hooks/{}", kind.act), &guest("misbehave"), host, &args);
    let is_before_the_run = kind.act.ends_with("test-start");
    let (code, time) = if is_before_the_run { (3, Duration::ZERO) } else { (0, TIME) };
    let mut wrong = run.complaints(code, time, MEMORY_MAX);
    if !is_before_the_run {
        wrong.extend(run.steady_complaints(TIME));
    }
    let times = run.finished.stderr.matches(kind.says).count();
    if times == 0 || run.finished.stderr.contains("cannot enter component instance") {
        wrong.push(format!("`{}` is said {times} times: {}", kind.says, run.finished));
    }
    wrong.into_iter().map(|what| format!("{}: {what}", kind.act)).collect()
}

#[test]
fn hooks_that_misbehave_neither_keep_the_run_nor_slow_its_users() {
    let _turn = under_load();
    let target = target::start();
    let host = target.url();
    for_each(&KINDS, |kind| complaints(kind, &host));
    print("hooks that misbehave", &rows());
}

#[test]
fn ctrl_c_ends_a_test_start_that_sleeps_and_the_run_time_a_hook_that_does() {
    let target = target::start();
    let start = |act: &str, args: &str| {
        let args = format!("Steady -u {STEADY_USERS} --option hooks={act} {args}");
        Wload::run(&guest("misbehave"), &target.url(), &args).within(SOON)
    };
    let running = start("sleep-at-test-start", "").spawn();
    target::wait_until(&target, SOON, |counts| counts.total.received > 0);
    running.interrupt();
    let interrupted = running.finish();
    assert!(interrupted.stderr.contains("Shutting down"), "{interrupted}");

    let timed = start("sleep-at-spawning-complete", "-r 1000 -t 1s").expect(0);
    let said = "spawning-complete had not ended when the run was to stop";
    assert!(timed.stderr.contains(said), "{timed}");
}
