//! Load shapes that answer nonsense: the run breaks off and says what was answered.
//!
//! Upstream: the option `shape` of the guest `misshaped`, whose shape is good for two seconds.

use std::time::Duration;

use wload_tests::guest::guest;
use wload_tests::process::under_load;
use wload_tests::target;

use crate::row::{Row, for_each, print};
use crate::run::{COMPUTE, Run};

/// How long the shape is good.
const GOOD: Duration = Duration::from_secs(2);
const MEMORY_MAX: u64 = 128 << 20;

struct ShapeKind {
    /// The value of the option.
    shape: &'static str,
    does: &'static str,
    limit: &'static str,
    says: &'static str,
}

const fn kind(
    shape: &'static str,
    does: &'static str,
    limit: &'static str,
    says: &'static str,
) -> ShapeKind {
    ShapeKind { shape, does, limit, says }
}

const KINDS: [ShapeKind; 11] = [
    kind(
        "loop",
        "loops without end",
        "compute-time",
        "the load shape failed: trap: computed for more than 200 ms without a pause (an endless loop?)",
    ),
    kind(
        "trap",
        "runs into a trap",
        "",
        "the load shape failed: trap: unreachable code was reached",
    ),
    kind(
        "sleep",
        "sleeps for a year",
        "shape-time",
        "the load shape failed: took more than 500 ms, waiting included (`--limit shape-time`)",
    ),
    kind(
        "sleep-in-wasi",
        "the same past the contract's clock",
        "shape-time",
        "the load shape failed: took more than 500 ms, waiting included (`--limit shape-time`)",
    ),
    kind(
        "rate-nan",
        "wants a spawn rate that is no number",
        "",
        "the load shape's tick cannot be: the spawn rate must be a finite number greater than 0, found NaN",
    ),
    kind(
        "rate-negative",
        "wants one below 0",
        "",
        "the load shape's tick cannot be: the spawn rate must be a finite number greater than 0, found -1",
    ),
    kind(
        "rate-zero",
        "wants one of 0",
        "",
        "the load shape's tick cannot be: the spawn rate must be a finite number greater than 0, found 0",
    ),
    kind(
        "rate-infinite",
        "wants one without an end",
        "",
        "the load shape's tick cannot be: the spawn rate must be a finite number greater than 0, found inf",
    ),
    kind(
        "too-many-users",
        "wants four billion users",
        "",
        "the load shape's tick cannot be: it has 4294967295 users, but room was made for",
    ),
    kind(
        "unknown-class",
        "names a user class that does not exist",
        "",
        "the load shape's tick cannot be: the load shape names user classes that this run does not have: `Nobody`; it has `Steady`",
    ),
    kind(
        "many-classes",
        "names 100,000 of them",
        "",
        "the load shape's tick cannot be: the list of user classes may have at most 1000 names, found 100000",
    ),
];

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let row = |kind: &ShapeKind| Row {
        kind: kind.shape,
        does: kind.does,
        limit: kind.limit,
        says: format!("`{}`", kind.says),
    };
    KINDS.iter().map(row).collect()
}

fn run(shape: &str, host: &str, args: &str) -> Run {
    let args = format!("--option shape={shape} {COMPUTE} --limit shape-time=500ms {args}");
    Run::of(&format!("shapes/{shape}"), &guest("misshaped"), host, &args)
}

fn complaints(kind: &ShapeKind, host: &str) -> Vec<String> {
    let run = run(kind.shape, host, "");
    let mut wrong = run.complaints(3, GOOD, MEMORY_MAX);
    wrong.extend(run.steady_complaints(GOOD));
    if !run.finished.stderr.contains(kind.says) {
        wrong.push(format!("`{}` is not said: {}", kind.says, run.finished));
    }
    wrong.into_iter().map(|what| format!("{}: {what}", kind.shape)).collect()
}

#[test]
fn shapes_of_nonsense_break_the_run_off_and_are_said() {
    let _turn = under_load();
    let target = target::start();
    let host = target.url();
    for_each(&KINDS, |kind| complaints(kind, &host));
    print("load shapes that misbehave", &rows());
}
