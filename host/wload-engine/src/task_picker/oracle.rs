//! The order of things compared with Locust itself, where it is installed.
//!
//! Upstream: `tests/oracle/locust_tasks.py`. What is drawn at random cannot be compared, so weighted
//! sets have one child here.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wload_core::ids::UserId;

use super::tests::{run, tree};
use super::*;

const CASES: usize = 400;

/// A random tree in the notation of [`tree`]: the root has one child, because it is weighted.
fn any_tree(random: &mut UserRandom) -> Vec<String> {
    let mut nodes = vec!["0 w 1 1".to_owned()];
    // (kind, has an own wait time, depth) of nodes that are still to be written.
    let mut open = vec![(random.below(8) > 0, false, 1)];
    let mut number = 0;
    while number < open.len() {
        let (is_set, waits, depth) = open[number];
        number += 1;
        // A weight of 0 only where a sibling of weight 1 follows.
        let weight = random.below(3) + u64::from(number == 1);
        if !is_set {
            nodes.push(format!("{number} t {weight}"));
            continue;
        }
        let sequential = random.below(3) > 0;
        // Below a set with an own wait time all sets have one: there Locust differs on purpose.
        let waits = waits || random.below(4) == 0;
        let kind = if sequential { "s" } else { "w" };
        let wait = if waits { format!(":{}", 10 + number) } else { String::new() };
        let mut line = format!("{number} {kind}{wait} {weight}");
        for _ in 0..(if sequential { 1 + random.below(3) } else { 1 }) {
            open.push((depth < 4 && random.below(3) == 0, waits, depth + 1));
            line.push_str(&format!(" {}", open.len()));
        }
        nodes.push(line);
    }
    with_weights(nodes)
}

/// Gives the last child of each set a weight, so that no set is empty.
fn with_weights(mut nodes: Vec<String>) -> Vec<String> {
    let lasts: Vec<usize> = nodes
        .iter()
        .filter(|line| line.split(' ').count() > 3)
        .map(|line| line.rsplit(' ').next().unwrap().parse().unwrap())
        .collect();
    for last in lasts {
        let mut fields: Vec<&str> = nodes[last].split(' ').collect();
        if fields[2] == "0" {
            fields[2] = "1";
        }
        nodes[last] = fields.join(" ");
    }
    nodes
}

fn any_end(random: &mut UserRandom) -> (TaskEnd, &'static str) {
    match random.below(12) {
        0 => (TaskEnd::Reschedule, "reschedule"),
        1 => (TaskEnd::Interrupt { reschedule: true }, "interrupt"),
        2 => (TaskEnd::Interrupt { reschedule: false }, "interrupt-and-wait"),
        3 => (TaskEnd::Exception, "exception"),
        _ => (TaskEnd::Next, "next"),
    }
}

fn case_json(nodes: &[String], ends: &[&str]) -> String {
    let node = |line: &String| {
        let fields: Vec<&str> = line.split(' ').collect();
        let (kind, wait) = fields[1].split_once(':').unwrap_or((fields[1], "null"));
        let kind = match kind {
            "t" => "task",
            "w" => "weighted",
            _ => "sequential",
        };
        let (weight, children) = (fields[2], fields[3..].join(","));
        format!(r#"{{"kind":"{kind}","weight":{weight},"children":[{children}],"wait":{wait}}}"#)
    };
    let nodes = nodes.iter().map(node).collect::<Vec<_>>().join(",");
    let ends = ends.iter().map(|end| format!("\"{end}\"")).collect::<Vec<_>>().join(",");
    format!(r#"{{"nodes":[{nodes}],"ends":[{ends}]}}"#)
}

/// Of our own order, what Locust's root shows: its root has no hooks and is not a task set.
fn without_root(shown: &str) -> String {
    shown.split(' ').filter(|step| !["+0", "-0"].contains(step)).collect::<Vec<_>>().join(" ")
}

#[test]
fn users_do_things_in_the_order_of_locust() {
    let Some(python) = locust_python("users_do_things_in_the_order_of_locust") else { return };
    let mut random = UserRandom::new(2_718, UserId(0));
    let mut cases = Vec::new();
    let mut expected = Vec::new();
    for _ in 0..CASES {
        let nodes = any_tree(&mut random);
        let ends: Vec<_> = (0..random.below(60)).map(|_| any_end(&mut random)).collect();
        let names: Vec<&str> = ends.iter().map(|(_, name)| *name).collect();
        cases.push(case_json(&nodes, &names));
        let lines: Vec<&str> = nodes.iter().map(String::as_str).collect();
        // The root of Locust has no on_start that could end somehow.
        let ends = std::iter::once(TaskEnd::Next).chain(ends.into_iter().map(|(end, _)| end));
        expected.push((nodes.join("; "), without_root(&run(&tree(&lines), ends))));
    }
    let printed = ask_locust(&python, &format!("[{}]", cases.join(",")));
    assert_eq!(printed.lines().count(), CASES, "one line per case, found:\n{printed}");
    for ((nodes, ours), locust) in expected.iter().zip(printed.lines()) {
        assert_eq!(ours, locust, "{nodes}");
    }
}

fn ask_locust(python: &Path, input: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/locust_tasks.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A Python that has Locust; without one the test is skipped, loudly.
fn locust_python(test: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let python = std::env::var_os("WLOAD_LOCUST_PYTHON")
        .map_or_else(|| target.join("tools/locust/bin/python"), PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    eprintln!("SKIPPED {test}: Locust is not installed, run `cargo xtask setup`");
    let list = target.join("skipped-tests.txt");
    let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
    writeln!(list, "{test}").unwrap();
    None
}
