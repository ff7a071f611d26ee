//! What a scenario declares, as text for people.
//!
//! Upstream: the scenario's description. Downstream: stdout of `wload check`. Names come from the
//! scenario: control characters in them are made visible.

use std::fmt::Write as _;
use std::time::Duration;

use wload_core::ids::NodeId;
use wload_core::user_class::{NodeKind, ScenarioInfo, Share, TaskNode, WaitTime};

use crate::logging::plain;

/// What the component needs and offers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interfaces<'a> {
    pub(super) contract: &'a str,
    pub(super) imports: &'a [String],
    pub(super) exports: &'a [String],
}

/// The whole declaration.
pub(super) fn text(name: &str, interfaces: Interfaces<'_>, info: &ScenarioInfo) -> String {
    let mut text = format!("Scenario {}\n", plain(name));
    line(
        &mut text,
        1,
        &format!("this wload offers contract wload:scenario@{}", interfaces.contract),
    );
    list(&mut text, "Exports", interfaces.exports);
    list(&mut text, "Imports", interfaces.imports);
    text.push_str("\nUser classes\n");
    for class in &info.classes {
        let share = match class.share {
            Share::Weight(weight) => format!("weight {weight}"),
            Share::FixedCount(count) => format!("fixed count {count}"),
        };
        let host = class.target_host.as_deref().unwrap_or("from --host");
        let (name, host) = (plain(&class.name), plain(host));
        line(&mut text, 1, &format!("{name}: {share}, {}, host {host}", wait(&class.wait)));
        let saving = class.pinned.as_deref().map(|why| format!("cannot be saved: {}", plain(why)));
        let saving = saving.unwrap_or_else(|| "may be saved while they wait".to_owned());
        line(&mut text, 2, &format!("[users {saving}]"));
        tree(&mut text, info, class.root, 2);
    }
    options(&mut text, info);
    if !info.tables.is_empty() {
        text.push_str("\nTables\n");
        for table in &info.tables {
            let header = if table.has_header { "with a header" } else { "without a header" };
            let (name, path) = (plain(&table.name), plain(&table.path));
            line(&mut text, 1, &format!("{name}: {path}, {header}"));
        }
    }
    let yes = |has: bool| if has { "yes" } else { "no" };
    let (shape, hooks) = (yes(info.has_shape), yes(info.has_hooks));
    let _ = writeln!(text, "\nLoad shape: {shape}\nTest start and stop: {hooks}");
    text
}

/// One node in a line: what it is called and how often it runs.
fn node_text(node: &TaskNode, parent: NodeKind) -> String {
    let kind = match node.kind {
        NodeKind::Task => "",
        NodeKind::WeightedSet => " (task set)",
        NodeKind::SequentialSet => " (sequential task set)",
    };
    let often = match (parent, node.weight) {
        (_, 0) => "never runs (weight 0)".to_owned(),
        (NodeKind::SequentialSet, 1) => "once".to_owned(),
        (NodeKind::SequentialSet, times) => format!("{times} times"),
        (_, weight) => format!("weight {weight}"),
    };
    let mut text = format!("{}{kind}: {often}", plain(&node.name));
    if !node.tags.is_empty() {
        let _ = write!(text, ", tags {}", plain(&node.tags.join(", ")));
    }
    if let Some(own) = &node.wait {
        let _ = write!(text, ", {}", wait(own));
    }
    text
}

fn tree(text: &mut String, info: &ScenarioInfo, set: NodeId, level: usize) {
    let parent = info.node(set);
    for child in &parent.children {
        let node = info.node(*child);
        line(text, level, &node_text(node, parent.kind));
        tree(text, info, *child, level + 1);
    }
}

fn options(text: &mut String, info: &ScenarioInfo) {
    if info.options.is_empty() {
        return;
    }
    text.push_str("\nOptions\n");
    for option in &info.options {
        let mut row = plain(&option.name);
        match &option.default_value {
            Some(_) if option.secret => row.push_str(" (has a secret default)"),
            Some(value) => row = format!("{row} = {}", plain(value)),
            None => row.push_str(" (not set)"),
        }
        if !option.choices.is_empty() {
            let _ = write!(row, ", one of {}", plain(&option.choices.join(", ")));
        }
        if !option.help.is_empty() {
            let _ = write!(row, ": {}", plain(&option.help));
        }
        line(text, 1, &row);
    }
}

fn list(text: &mut String, title: &str, names: &[String]) {
    let _ = writeln!(text, "\n{title}");
    for name in names {
        line(text, 1, &plain(name));
    }
    if names.is_empty() {
        line(text, 1, "nothing");
    }
}

fn line(text: &mut String, level: usize, content: &str) {
    let _ = writeln!(text, "{}{content}", "  ".repeat(level));
}

/// How long users wait, in words.
fn wait(wait: &WaitTime) -> String {
    let seconds = |time: &Duration| format!("{} s", time.as_secs_f64());
    match wait {
        WaitTime::None => "no wait time".to_owned(),
        WaitTime::Constant(time) => format!("waits {}", seconds(time)),
        WaitTime::Between(low, high) => {
            format!("waits {} to {}", low.as_secs_f64(), seconds(high))
        }
        WaitTime::Pacing(time) => format!("a task every {}", seconds(time)),
        WaitTime::Throughput(rate) => format!("{rate} tasks per second and user"),
        WaitTime::Custom => "waits as the scenario says each time".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use wload_core::user_class::{OptionSpec, TableSpec, UserClass};

    use super::*;

    fn node(name: &str, kind: NodeKind, weight: u32, children: &[u32]) -> TaskNode {
        let children = children.iter().map(|id| NodeId(*id)).collect();
        let (name, tags) = (name.to_owned(), Vec::new());
        TaskNode { name, kind, weight, tags, children, wait: None, has_hooks: false }
    }

    fn shop() -> ScenarioInfo {
        let tagged = TaskNode {
            tags: vec!["read".to_owned(), "fast".to_owned()],
            ..node("look", NodeKind::Task, 3, &[])
        };
        let checkout = TaskNode {
            wait: Some(WaitTime::Constant(Duration::from_millis(500))),
            ..node("checkout", NodeKind::SequentialSet, 1, &[3, 4])
        };
        ScenarioInfo {
            classes: vec![UserClass {
                name: "Buyer\u{1b}[0m".to_owned(),
                share: Share::Weight(2.5),
                target_host: None,
                wait: WaitTime::Between(Duration::from_secs(1), Duration::from_millis(2_500)),
                root: NodeId(0),
                has_hooks: true,
                pinned: None,
            }],
            nodes: vec![
                node("root", NodeKind::WeightedSet, 1, &[1, 2, 5]),
                tagged,
                checkout,
                node("pay", NodeKind::Task, 1, &[]),
                node("confirm", NodeKind::Task, 2, &[]),
                node("off", NodeKind::Task, 0, &[]),
            ],
            options: vec![OptionSpec {
                name: "size".to_owned(),
                help: "how large".to_owned(),
                default_value: Some("s".to_owned()),
                choices: vec!["s".to_owned(), "l".to_owned()],
                ..OptionSpec::default()
            }],
            tables: vec![TableSpec {
                name: "people".to_owned(),
                path: "people.csv".to_owned(),
                has_header: true,
            }],
            has_shape: false,
            has_hooks: true,
        }
    }

    #[test]
    fn everything_that_is_declared_is_shown() {
        let imports = ["wload:scenario/http@0.1.0".to_owned()];
        let interfaces = Interfaces { contract: "0.1.0", imports: &imports, exports: &[] };
        let expected = "\
Scenario shop.wasm
  this wload offers contract wload:scenario@0.1.0

Exports
  nothing

Imports
  wload:scenario/http@0.1.0

User classes
  Buyer\\u{1b}[0m: weight 2.5, waits 1 to 2.5 s, host from --host
    [users may be saved while they wait]
    look: weight 3, tags read, fast
    checkout (sequential task set): weight 1, waits 0.5 s
      pay: once
      confirm: 2 times
    off: never runs (weight 0)

Options
  size = s, one of s, l: how large

Tables
  people: people.csv, with a header

Load shape: no
Test start and stop: yes
";
        assert_eq!(text("shop.wasm", interfaces, &shop()), expected);
    }

    #[test]
    fn a_secret_default_is_not_shown() {
        let mut info = shop();
        info.options[0].secret = true;
        info.options[0].default_value = Some("hush".to_owned());
        let interfaces = Interfaces { contract: "0.1.0", imports: &[], exports: &[] };
        let text = text("x", interfaces, &info);
        assert!(!text.contains("hush") && text.contains("size (has a secret default)"), "{text}");
    }
}
