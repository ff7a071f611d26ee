//! Descriptions that lie: refused before the run, with what is wrong and what is allowed.
//!
//! Upstream: the guest `lies`, whose bytes hold the name of its lie.

use std::fs;
use std::path::Path;
use std::time::Duration;

use wload_tests::guest::guest;
use wload_tests::process::under_load;

use crate::files::refused;
use crate::row::{Row, for_each, print};

/// What the component has where the lie stands.
const TRUTH: &[u8; 32] = b"wload-lie:none..................";
const MARK: &str = "wload-lie:";
/// Time of a description in these runs.
const LIMITS: &str = "--limit compute-time=200ms --limit describe-time=500ms --no-cache";
/// The longest that wload says of a lie: a message that is cut, and what stands around it.
const SAID_MAX: usize = 4_000;
/// Compiling and asking, on a busy machine.
const TIME: Duration = Duration::from_secs(10);

struct Lie {
    name: &'static str,
    does: &'static str,
    limit: &'static str,
    says: &'static str,
}

const fn lie(
    name: &'static str,
    does: &'static str,
    limit: &'static str,
    says: &'static str,
) -> Lie {
    Lie { name, does, limit, says }
}

const MISBEHAVING: [Lie; 11] = [
    lie(
        "loop",
        "loops without end",
        "compute-time",
        "trap: computed for more than 200 ms without a pause (an endless loop?)",
    ),
    lie("trap", "runs into a trap", "", "trap: unreachable code was reached"),
    lie("panic", "panics with a message", "", "nothing to describe (lies/src/lib.rs:"),
    lie("exit", "exits as a program", "", "trap: the scenario exited with an error"),
    lie(
        "recursion",
        "calls itself without end",
        "stack",
        "trap: call stack exhausted (endless recursion?)",
    ),
    lie(
        "memory",
        "asks for a GiB of memory",
        "memory",
        "trap: needs more than 65536 KiB of memory (`--limit memory`)",
    ),
    lie(
        "sleep",
        "sleeps for a year",
        "describe-time",
        "it took more than 500 ms, waiting included (`--limit describe-time`)",
    ),
    lie("host", "asks for an option", "", "`describe` may not use the host"),
    lie(
        "error",
        "answers an error",
        "",
        "the scenario's `describe` failed: the catalogue is closed",
    ),
    lie(
        "escape-in-error",
        "answers an error that clears the screen",
        "",
        "the scenario's `describe` failed: \\u{1b}[2Jgone",
    ),
    lie(
        "long-error",
        "answers an error of 20 MiB",
        "",
        "the scenario's `describe` failed: long long long",
    ),
];

const ABOUT_CLASSES: [Lie; 16] = [
    lie("no-classes", "has no user class", "", "no user class is declared, at least one is needed"),
    lie(
        "10000-classes",
        "has 10,000 user classes",
        "user-classes",
        "the scenario has 10000 user classes, at most 1000 are allowed",
    ),
    lie(
        "weight-negative",
        "has a weight of -1",
        "",
        "the weight of user class 0 `Honest` must be a number from 0 to 1000000000, found -1",
    ),
    lie(
        "weight-nan",
        "has a weight that is no number",
        "",
        "the weight of user class 0 `Honest` must be a number from 0 to 1000000000, found NaN",
    ),
    lie(
        "weight-infinite",
        "has a weight without an end",
        "",
        "the weight of user class 0 `Honest` must be a number from 0 to 1000000000, found inf",
    ),
    lie(
        "fixed-count",
        "wants four billion users of a class",
        "",
        "the fixed count of user class 0 `Honest` must be at most 1000000, found 4294967295",
    ),
    lie(
        "throughput-nan",
        "has a throughput that is no number",
        "",
        "the throughput of user class 0 `Honest` must be a finite number greater than 0, found NaN",
    ),
    lie(
        "throughput-negative",
        "has a throughput of -2",
        "",
        "the throughput of user class 0 `Honest` must be a finite number greater than 0, found -2",
    ),
    lie(
        "wait-reversed",
        "waits between 2 and 1 seconds",
        "",
        "the largest wait time of user class 0 `Honest` must be at least its smallest, 2s, found 1s",
    ),
    lie("long-name", "has a name of 5 MiB", "", "has 5242880 bytes, at most 256 are allowed"),
    lie("empty-name", "has an empty name", "", "the name of user class 0 `` is empty"),
    lie(
        "escape-in-name",
        "has a name that clears the screen",
        "",
        "the name of user class 0 `\\u{1b}[2Jgone` contains control characters",
    ),
    lie(
        "same-names",
        "has two classes of one name",
        "",
        "two user classes are called `Honest`, names must be unique",
    ),
    lie(
        "root-unknown",
        "has a root that does not exist",
        "",
        "user class 0 `Honest` names node 1000 as its root, there are 2 nodes, counted from 0",
    ),
    lie(
        "root-is-task",
        "has a task as its root",
        "",
        "the root of user class 0 `Honest` is node 1 `act`, a task; it must be a task set",
    ),
    lie(
        "target-host",
        "has a base URL that is none",
        "",
        "base URL `gopher://{host}/` has braces or spaces",
    ),
];

const ABOUT_THE_REST: [Lie; 13] = [
    lie(
        "cycle",
        "has task sets that hold each other",
        "",
        "node 2 `left` is a child of node 0 `Honest` and again of node 3 `right`",
    ),
    lie("own-child", "has a task set that holds itself", "", "node 0 `Honest` is below itself"),
    lie(
        "child-unknown",
        "has a child that does not exist",
        "",
        "node 0 `Honest` names node 4000000000 as its child, there are 2 nodes, counted from 0",
    ),
    lie("two-parents", "has a task twice in one set", "", "it may be a child only once"),
    lie(
        "empty-set",
        "has a task set without tasks",
        "",
        "node 0 `Honest` is a task set without tasks, it needs at least one",
    ),
    lie(
        "100000-nodes",
        "has 100,000 tasks",
        "task-nodes",
        "the scenario has 100000 nodes, at most 10000 are allowed",
    ),
    lie(
        "10000-deep",
        "has 9,000 task sets in each other",
        "",
        "node 64 `deep` is at depth 65 of its task tree, at most 64 are allowed",
    ),
    lie(
        "many-tags",
        "has a task with 100,000 tags",
        "",
        "node 1 `act` has 100000 tags, at most 100 are allowed",
    ),
    lie(
        "many-children",
        "has a task set with a million children",
        "",
        "the scenario has 1000000 children of nodes, at most 10000 are allowed",
    ),
    lie(
        "many-options",
        "has 10,000 options",
        "",
        "the scenario has 10000 options, at most 1000 are allowed",
    ),
    lie(
        "table-outside",
        "has a table outside of its folder",
        "",
        "the path of table 0 `passwd` is `../../etc/passwd`, which leads upwards",
    ),
    lie(
        "shape-missing",
        "says that it has a load shape, and has none",
        "",
        "no exported instance named `wload:scenario/shape@0.1.0`",
    ),
    lie(
        "hooks-missing",
        "says that it has hooks, and has none",
        "",
        "no exported instance named `wload:scenario/hooks@0.1.0`",
    ),
];

fn lies() -> Vec<&'static Lie> {
    MISBEHAVING.iter().chain(&ABOUT_CLASSES).chain(&ABOUT_THE_REST).collect()
}

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let row = |lie: &&Lie| Row {
        kind: lie.name,
        does: lie.does,
        limit: lie.limit,
        says: format!("`{}`", lie.says),
    };
    lies().iter().map(row).collect()
}

/// The component with this lie in it.
fn with_lie(component: &[u8], lie: &str) -> Vec<u8> {
    let places: Vec<usize> =
        (0..component.len()).filter(|&at| component[at..].starts_with(TRUTH)).collect();
    let [place] = places[..] else { panic!("the guest has its lie at {places:?}") };
    let mut bytes = component.to_vec();
    let text = format!("{MARK}{lie:.<width$}", width = TRUTH.len() - MARK.len());
    bytes[place..place + TRUTH.len()].copy_from_slice(text.as_bytes());
    bytes
}

fn complaints(lie: &Lie, component: &[u8]) -> Vec<String> {
    let name = format!("lies/{}", lie.name);
    let run = refused(&name, &with_lie(component, lie.name), LIMITS);
    let mut wrong = run.complaints(3, TIME, crate::files::MEMORY_MAX);
    let said = &run.finished.stderr;
    if !said.contains(lie.says) || said.len() > SAID_MAX {
        let begin = &said[..said.floor_char_boundary(SAID_MAX)];
        wrong.push(format!("`{}` is not all that is said: {begin}", lie.says));
    }
    wrong.into_iter().map(|what| format!("{}: {what}", lie.name)).collect()
}

#[test]
fn a_description_that_lies_is_refused_with_what_is_wrong() {
    let _turn = under_load();
    let path = guest("lies");
    let component = fs::read(Path::new(&path)).unwrap();
    for_each(&lies(), |lie| complaints(lie, &component));
    print("descriptions that lie", &rows());
}
