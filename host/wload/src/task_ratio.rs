//! How often each task runs: the output of `--show-task-ratio` and `--show-task-ratio-json`.
//!
//! Upstream: the scenario's declarations. Downstream: stdout. The form is Locust's, which scripts
//! read; shares come from the rounded number of users of each class.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use wload_core::ids::NodeId;
use wload_core::user_class::{ScenarioInfo, Share, UserClass};

/// A class, a task set or a task with its share.
#[derive(Clone, Debug, PartialEq)]
struct Ratio {
    name: String,
    ratio: f64,
    /// None for a task.
    tasks: Option<Vec<Ratio>>,
}

/// Two tables: within each class, and of all.
pub(crate) fn text(info: &ScenarioInfo, classes: &[String], users: Option<u32>) -> String {
    let rule = "-".repeat(80);
    let mut text = format!("\n Task ratio per User class\n{rule}\n");
    write_rows(&mut text, &ratios(info, classes, users, false), 0);
    text.push_str(&format!("\n Total task ratio\n{rule}\n"));
    write_rows(&mut text, &ratios(info, classes, users, true), 0);
    text
}

/// The same for programs.
///
/// # Errors
/// Never for finite ratios; serde's error otherwise.
pub(crate) fn json(
    info: &ScenarioInfo,
    classes: &[String],
    users: Option<u32>,
) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Both {
        per_class: Ratios,
        total: Ratios,
    }
    let both = Both {
        per_class: Ratios(ratios(info, classes, users, false)),
        total: Ratios(ratios(info, classes, users, true)),
    };
    let mut bytes = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    both.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, indent))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write_rows(text: &mut String, rows: &[Ratio], level: usize) {
    let padding = "  ".repeat(level);
    for row in rows {
        let share = format!("{padding}{:<6.1}", row.ratio * 100.0);
        let name = format!("{padding}{}", row.name);
        text.push_str(&format!(" {share:<10} {name:<50}\n"));
        write_rows(text, row.tasks.as_deref().unwrap_or_default(), level + 1);
    }
}

fn ratios(
    info: &ScenarioInfo,
    chosen: &[String],
    users: Option<u32>,
    is_total: bool,
) -> Vec<Ratio> {
    let classes: Vec<&UserClass> = info
        .classes
        .iter()
        .filter(|class| chosen.is_empty() || chosen.contains(&class.name))
        .collect();
    let counts = distribution(&classes, users);
    let all = counts.iter().sum::<f64>();
    let all = if all > 0.0 { all } else { 1.0 };
    classes
        .iter()
        .zip(counts)
        .map(|(class, count)| {
            let ratio = count / all;
            let within = if is_total { ratio } else { 1.0 };
            let tasks = Some(children(info, class.root, within, is_total));
            Ratio { name: class.name.clone(), ratio, tasks }
        })
        .collect()
}

/// Users of each class: fixed counts first, the rest by weight, rounded to even as Python does.
fn distribution(classes: &[&UserClass], users: Option<u32>) -> Vec<f64> {
    let mut fixed = 0.0;
    let mut weights = 0.0;
    for class in classes {
        match class.share {
            Share::FixedCount(count) => fixed += f64::from(count),
            Share::Weight(weight) => weights += weight,
        }
    }
    let users = match users {
        Some(users) => f64::from(users),
        None if fixed > 0.0 => 1.0,
        None => weights,
    };
    let weighted = (users - fixed).max(0.0);
    let count = |class: &&UserClass| match class.share {
        Share::FixedCount(count) => f64::from(count),
        Share::Weight(weight) if weights > 0.0 => (weight / weights * weighted).round_ties_even(),
        Share::Weight(_) => 0.0,
    };
    classes.iter().map(count).collect()
}

fn children(info: &ScenarioInfo, set: NodeId, within: f64, is_total: bool) -> Vec<Ratio> {
    let nodes = info.node(set).children.iter().map(|id| (*id, info.node(*id)));
    let weights: f64 = nodes.clone().map(|(_, node)| f64::from(node.weight)).sum();
    nodes
        .filter(|(_, node)| node.weight > 0)
        .map(|(id, node)| {
            let ratio = within * f64::from(node.weight) / weights;
            let is_set = !matches!(node.kind, wload_core::user_class::NodeKind::Task);
            let below = if is_total { ratio } else { 1.0 };
            let tasks = is_set.then(|| children(info, id, below, is_total));
            Ratio { name: node.name.clone(), ratio, tasks }
        })
        .collect()
}

/// Rows as a JSON object that keeps their order.
struct Ratios(Vec<Ratio>);

impl Serialize for Ratios {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        rows(&self.0, serializer)
    }
}

fn rows<S: Serializer>(ratios: &[Ratio], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(ratios.len()))?;
    for ratio in ratios {
        map.serialize_entry(&ratio.name, ratio)?;
    }
    map.end()
}

impl Serialize for Ratio {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        struct Tasks<'a>(&'a [Ratio]);
        impl Serialize for Tasks<'_> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                rows(self.0, serializer)
            }
        }
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ratio", &self.ratio)?;
        if let Some(tasks) = &self.tasks {
            map.serialize_entry("tasks", &Tasks(tasks))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use wload_core::user_class::{NodeKind, TaskNode, WaitTime};

    use super::*;

    fn node(name: &str, weight: u32, children: &[u32]) -> TaskNode {
        let kind = if children.is_empty() { NodeKind::Task } else { NodeKind::WeightedSet };
        let children = children.iter().map(|id| NodeId(*id)).collect();
        let name = name.to_owned();
        TaskNode { name, kind, weight, tags: vec![], children, wait: None, has_hooks: false }
    }

    fn class(name: &str, share: Share, root: u32) -> UserClass {
        UserClass {
            name: name.to_owned(),
            share,
            target_host: None,
            wait: WaitTime::None,
            root: NodeId(root),
            has_hooks: false,
        }
    }

    fn shop() -> ScenarioInfo {
        ScenarioInfo {
            classes: vec![
                class("Browser", Share::Weight(3.0), 0),
                class("Buyer", Share::Weight(1.0), 3),
            ],
            nodes: vec![
                node("root", 1, &[1, 2]),
                node("look", 3, &[]),
                node("search", 1, &[]),
                node("root", 1, &[4]),
                node("checkout", 1, &[5]),
                node("pay", 1, &[]),
            ],
            ..ScenarioInfo::default()
        }
    }

    #[test]
    fn the_text_is_locusts() {
        let rule = "-".repeat(80);
        let row = |share: &str, name: &str| format!(" {share:<10} {name:<50}\n");
        let expected = [
            format!("\n Task ratio per User class\n{rule}\n"),
            row("75.0", "Browser"),
            row("  75.0", "  look"),
            row("  25.0", "  search"),
            row("25.0", "Buyer"),
            row("  100.0", "  checkout"),
            row("    100.0", "    pay"),
            format!("\n Total task ratio\n{rule}\n"),
            row("75.0", "Browser"),
            row("  56.2", "  look"),
            row("  18.8", "  search"),
            row("25.0", "Buyer"),
            row("  25.0", "  checkout"),
            row("    25.0 ", "    pay"),
        ];
        assert_eq!(text(&shop(), &[], Some(4)), expected.concat());
    }

    #[test]
    fn the_json_keeps_the_order_and_only_chosen_classes() {
        let json = json(&shop(), &["Buyer".to_owned()], None).unwrap();
        assert!(json.starts_with("{\n    \"per_class\": {\n        \"Buyer\": {\n"), "{json}");
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        let pay = "/total/Buyer/tasks/checkout/tasks/pay";
        assert_eq!(value.pointer(pay), Some(&serde_json::json!({"ratio": 1.0})));
    }

    #[test]
    fn fixed_counts_come_first_and_halves_round_to_even() {
        let fixed = class("A", Share::FixedCount(3), 0);
        let (b, c) = (class("B", Share::Weight(1.0), 0), class("C", Share::Weight(1.0), 0));
        let classes = [&fixed, &b, &c];
        assert_eq!(distribution(&classes, Some(8)), [3.0, 2.0, 2.0]);
        assert_eq!(distribution(&classes, Some(2)), [3.0, 0.0, 0.0]);
        assert_eq!(distribution(&classes[1..], None), [1.0, 1.0]);
    }
}
