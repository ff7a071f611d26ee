//! Users that misbehave, all kinds in one run: each meets its limit, and steady users keep their rate.
//!
//! Upstream: the user classes of the guest `misbehave`.

use std::time::Duration;

use wload_tests::guest::guest;
use wload_tests::process::under_load;
use wload_tests::target;

use crate::row::{Row, print};
use crate::run::{COMPUTE, Run, STEADY_USERS};

/// Users of a kind.
const KIND_USERS: u64 = 2;
const TIME: Duration = Duration::from_secs(6);
/// Of the whole process, with all that the kinds are allowed to hold at once.
const MEMORY_MAX: u64 = 768 << 20;
/// The longest line of a log or a table: a log line with what stands before it.
const LINE_MAX: usize = 5_000;
/// Limits that are smaller than their defaults, so that a run of seconds meets them.
const LIMITS: &str =
    "--limit held-bodies=4MiB --limit body-size=1MiB --limit request-body-size=1MiB";

/// A user class.
struct UserKind {
    class: &'static str,
    does: &'static str,
    limit: &'static str,
    says: Says,
}

/// What wload says of a class.
enum Says {
    /// Exceptions in this task, with this message.
    Exception(&'static str, &'static str),
    /// Failures of this row.
    Failure(&'static str, &'static str),
    /// A line on stderr.
    Line(&'static str),
    /// Nothing; and what becomes of the class.
    Nothing(&'static str),
}

use Says::{Exception, Failure, Line, Nothing};

const LOOP: &str = "trap: computed for more than 200 ms without a pause (an endless loop?)";
const TRAP: &str = "trap: unreachable code was reached (a panic or an abort without a message)";
const MEMORY: &str = "trap: needs more than 65536 KiB of memory (`--limit memory`)";
const DROPPED: &str = "is dropped when the run ends";

const fn kind(
    class: &'static str,
    does: &'static str,
    limit: &'static str,
    says: Says,
) -> UserKind {
    UserKind { class, does, limit, says }
}

/// Computing and traps.
const COMPUTING: [UserKind; 20] = [
    kind("LoopsInTask", "loops without end in a task", "compute-time", Exception("act", LOOP)),
    kind(
        "LoopsAtStart",
        "the same when its user starts",
        "compute-time",
        Exception("on_start", LOOP),
    ),
    kind("LoopsAtStop", "the same when its user stops", "compute-time", Exception("on_stop", LOOP)),
    kind(
        "LoopsAtSetStart",
        "the same when it enters a task set",
        "compute-time",
        Exception("set on_start", LOOP),
    ),
    kind(
        "LoopsAtSetStop",
        "the same when it leaves one",
        "compute-time",
        Exception("set on_stop", LOOP),
    ),
    kind(
        "LoopsInWait",
        "the same when it is asked how long to wait",
        "compute-time",
        Exception("wait_time", LOOP),
    ),
    kind(
        "LoopsOnImports",
        "loops, and calls wload at every step",
        "compute-time",
        Exception("act", LOOP),
    ),
    kind(
        "ComputesAndNaps",
        "computes, and sleeps for no time between, for ever",
        "",
        Nothing("takes turns with others that compute"),
    ),
    kind(
        "ComputesALittle",
        "runs task after task without a wait, each of a millisecond",
        "",
        Nothing("gives way after each"),
    ),
    kind(
        "ReschedulesForEver",
        "always wants its next task at once, and does nothing",
        "",
        Nothing("gives way after 16 tasks"),
    ),
    kind(
        "InterruptsForEver",
        "leaves its task set at once, and enters it again",
        "",
        Nothing("gives way after 16 steps"),
    ),
    kind(
        "Recurses",
        "calls itself without end",
        "stack",
        Exception("act", "trap: call stack exhausted (endless recursion?)"),
    ),
    kind("TrapsInTask", "runs into a trap in a task", "", Exception("act", TRAP)),
    kind("TrapsAtStart", "the same when its user starts", "", Exception("on_start", TRAP)),
    kind("TrapsAtStop", "the same when its user stops", "", Exception("on_stop", TRAP)),
    kind(
        "TrapsAtSetStart",
        "the same when it enters a task set",
        "",
        Exception("set on_start", TRAP),
    ),
    kind("TrapsAtSetStop", "the same when it leaves one", "", Exception("set on_stop", TRAP)),
    kind(
        "TrapsInWait",
        "the same when it is asked how long to wait",
        "",
        Exception("wait_time", TRAP),
    ),
    kind(
        "Panics",
        "panics with a message",
        "",
        Exception("act", "panic: the cart is empty (misbehave/src/computing.rs:"),
    ),
    kind(
        "Exits",
        "exits as a program, with code 3",
        "",
        Exception("act", "trap: the scenario exited with an error; a task ends by returning"),
    ),
];

/// Memory, handles and output.
const HOLDING: [UserKind; 16] = [
    kind("Hoards", "takes memory without end", "memory", Exception("act", MEMORY)),
    kind("WantsItAll", "asks for a GiB at once", "memory", Exception("act", MEMORY)),
    kind(
        "AsksForRandomBytes",
        "asks for a TiB of random bytes",
        "memory",
        Exception(
            "act",
            "trap: asks for more random bytes than it may have memory (`--limit memory`)",
        ),
    ),
    kind(
        "RepeatsOneText",
        "sends a thousand headers that are the same MiB of memory",
        "call-size",
        Exception("act", "trap: hands over too much in one call (`--limit call-size`)"),
    ),
    kind(
        "ErrsAtLength",
        "ends a task with a message of 5 MiB and a trace of 20",
        "",
        Exception("act", "long long long"),
    ),
    kind(
        "HoldsResponses",
        "never drops a response",
        "open-responses",
        Exception("act", "trap: holds more than 1000 responses at once (`--limit open-responses`)"),
    ),
    kind(
        "HoldsBodies",
        "never drops a body of a MiB",
        "held-bodies",
        Exception(
            "act",
            "trap: holds bodies of more than 4194304 bytes at once (`--limit held-bodies`)",
        ),
    ),
    kind(
        "HoldsVerdicts",
        "gives responses that it holds a verdict of 3 MiB each",
        "",
        Failure("verdict", "CatchResponseError('no no no"),
    ),
    kind(
        "HoldsTemplates",
        "never drops a prepared request",
        "templates",
        Exception("act", "trap: holds more than 1000 request templates (`--limit templates`)"),
    ),
    kind(
        "HoldsLargeTemplates",
        "the same with headers of 60 KiB",
        "template-size",
        Exception(
            "act",
            "trap: has prepared requests of more than 4194304 bytes (`--limit template-size`)",
        ),
    ),
    kind(
        "HoldsMetrics",
        "never drops the handle of a metric",
        "open-handles",
        Exception("act", "trap: holds more than 10000 handles (`--limit open-handles`)"),
    ),
    kind(
        "HoldsTimers",
        "the same with timers of WASI",
        "open-handles",
        Exception("act", "trap: holds too many handles (`--limit open-handles`)"),
    ),
    kind(
        "LogsForEver",
        "logs 40,000 lines per second",
        "log-lines",
        Line("log lines of the scenario were over the limit and left out"),
    ),
    kind(
        "PrintsForEver",
        "prints as many",
        "log-lines",
        Line("log lines of the scenario were over the limit and left out"),
    ),
    kind("PrintsOneLine", "prints a line of 8 MiB", "", Line("xxxxxxxx")),
    kind("NamesAtLength", "uses names of a MiB", "", Failure("name name", "name name name")),
];

/// Requests, and the end of a run.
const SENDING: [UserKind; 19] = [
    kind("SendsAGibibyte", "sends a body of a GiB", "memory", Exception("act", MEMORY)),
    kind(
        "SendsALargeBody",
        "sends a body of 4 MiB",
        "request-body-size",
        Exception(
            "act",
            "the body has 4194304 bytes, at most 1048576 are allowed (`--limit request-body-size`)",
        ),
    ),
    kind(
        "AsksForALargeBody",
        "asks for a response of 4 MiB",
        "body-size",
        Failure("/bytes/4194304", "response body larger than the limit of 1048576 bytes"),
    ),
    kind(
        "SendsALargeHeader",
        "sends a header of a MiB",
        "request-header-size",
        Exception(
            "act",
            "the headers have 1048583 bytes, at most 65536 are allowed (`--limit request-header-size`)",
        ),
    ),
    kind(
        "SendsManyHeaders",
        "sends 10,000 headers",
        "",
        Exception("act", "10000 headers, at most 256 are allowed"),
    ),
    kind(
        "SetsALargeHeader",
        "sets a default header of a MiB",
        "request-header-size",
        Exception(
            "act",
            "trap: invalid request: the headers have 1048583 bytes, at most 65536 are allowed (`--limit request-header-size`)",
        ),
    ),
    kind(
        "SetsManyHeaders",
        "sets 10,000 default headers",
        "",
        Exception("act", "trap: invalid request: more than 256 default headers"),
    ),
    kind(
        "AsksForALongUrl",
        "sends a URL of a MiB",
        "",
        Exception("act", "the path has 1048580 bytes, at most 32768 are allowed"),
    ),
    kind(
        "SetsManyCookies",
        "sets 10,000 cookies",
        "cookies",
        Exception(
            "act",
            "trap: invalid request: cookie `300`: it is over a limit or its domain is not acceptable",
        ),
    ),
    kind(
        "SetsALargeCookie",
        "sets a cookie whose path has a MiB",
        "",
        Exception(
            "act",
            "trap: invalid request: cookie `large`: it is over a limit or its domain is not acceptable",
        ),
    ),
    kind(
        "CallsWithExtremes",
        "calls what there is with the largest numbers and texts that clear the screen",
        "",
        Failure("", "CatchResponseError('')"),
    ),
    kind(
        "SleepsInTask",
        "sleeps for centuries in a task",
        "",
        Nothing("is woken when the run ends"),
    ),
    kind(
        "SleepsAtStart",
        "the same when its user starts",
        "",
        Nothing("is woken when the run ends"),
    ),
    kind("SleepsAtStop", "the same when its user stops", "", Nothing(DROPPED)),
    kind("SleepsInWasi", "sleeps for a year past the contract's clock", "", Nothing(DROPPED)),
    kind(
        "ComputesAndSleepsInWasi",
        "the same while it has the turn of those that compute",
        "",
        Nothing("loses its turn, and is dropped when the run ends"),
    ),
    kind(
        "WaitsForAYear",
        "says that it waits for a year",
        "",
        Nothing("waits no longer when the run ends"),
    ),
    kind(
        "SendsThoughStopped",
        "goes on sending when it is stopped",
        "",
        Nothing("is refused a hundred times, and dropped"),
    ),
    kind(
        "SleepsThoughStopped",
        "goes on sleeping when it is stopped",
        "",
        Nothing("is refused a hundred times, and dropped"),
    ),
];

fn kinds() -> impl Iterator<Item = &'static UserKind> {
    COMPUTING.iter().chain(&HOLDING).chain(&SENDING)
}

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let says = |kind: &UserKind| match kind.says {
        Exception(_, message) => format!("exception `{message}`"),
        Failure(_, message) => format!("failure `{message}`"),
        Line(text) => format!("`{text}`"),
        Nothing(becomes) => format!("nothing; it {becomes}"),
    };
    let row = |kind: &'static UserKind| Row {
        kind: kind.class,
        does: kind.does,
        limit: kind.limit,
        says: says(kind),
    };
    kinds().map(row).collect()
}

/// The exceptions in the console's table: what stands behind the number.
fn exceptions(run: &Run) -> Vec<&str> {
    let lines = run.finished.stderr.lines();
    let table = lines.skip_while(|line| !line.starts_with("Exceptions")).skip(3);
    let rows = table.take_while(|line| !line.starts_with('-'));
    rows.filter_map(|line| line.split_once(' ')).map(|(_, row)| row.trim()).collect()
}

/// What is not as the table has it.
fn complaints(run: &Run, kind: &UserKind) -> Vec<String> {
    let report = run.report.as_ref().expect("a run that was not refused has a report");
    let class = format!("{}.", kind.class);
    let exceptions: Vec<&str> =
        exceptions(run).into_iter().filter(|row| row.starts_with(&class)).collect();
    let is_said = match kind.says {
        Exception(task, message) => {
            let expected = format!("{class}{task}: {message}");
            matches!(exceptions[..], [row] if row.starts_with(&expected))
        }
        Failure(name, message) => {
            let mut rows = report.failures.rows();
            exceptions.is_empty()
                && rows.any(|row| {
                    row.text("Name").starts_with(name) && row.text("Error").starts_with(message)
                })
        }
        Line(text) => exceptions.is_empty() && run.finished.stderr.contains(text),
        Nothing(_) => exceptions.is_empty(),
    };
    if is_said { Vec::new() } else { vec![format!("{}: not so: {exceptions:?}", kind.class)] }
}

#[test]
fn every_kind_of_user_meets_its_limit_while_steady_users_keep_their_rate() {
    let _turn = under_load();
    let target = target::start();
    let users = STEADY_USERS + kinds().count() as u64 * KIND_USERS;
    let classes: Vec<&str> = kinds().map(|kind| kind.class).collect();
    let args = format!(
        "Steady {} -u {users} -r 10000 -t {}s {COMPUTE} {LIMITS}",
        classes.join(" "),
        TIME.as_secs()
    );
    let run = Run::of("users", &guest("misbehave"), &target.url(), &args);
    let mut wrong = run.complaints(1, TIME, MEMORY_MAX);
    wrong.extend(run.steady_complaints(TIME));
    wrong.extend(kinds().flat_map(|kind| complaints(&run, kind)));
    let long = run.finished.stderr.lines().filter(|line| line.len() > LINE_MAX).count();
    if long > 0 || run.finished.stderr.contains("tail of the line") {
        wrong.push(format!("{long} lines are longer than {LINE_MAX} bytes, or were not cut"));
    }
    print("users that misbehave, all in one run", &rows());
    println!(
        "beside them steady users sent {} requests in {:?}; {} MiB of memory",
        run.steady_requests(),
        run.time,
        run.peak_bytes >> 20
    );
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), run.finished);
}
