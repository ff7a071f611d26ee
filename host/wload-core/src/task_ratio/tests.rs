//! Shares of tasks and of classes, by small trees.

use super::*;
use crate::user_class::{TaskNode, UserClass, WaitTime};

fn node(name: &str, weight: u32, children: &[u32]) -> TaskNode {
    TaskNode {
        name: name.to_owned(),
        kind: if children.is_empty() { NodeKind::Task } else { NodeKind::SequentialSet },
        weight,
        tags: Vec::new(),
        children: children.iter().map(|&child| NodeId(child)).collect(),
        wait: None,
        has_hooks: false,
    }
}

fn info(shares: &[Share]) -> ScenarioInfo {
    let class = |(index, &share): (usize, &Share)| UserClass {
        name: format!("C{index}"),
        share,
        target_host: None,
        wait: WaitTime::None,
        root: NodeId(0),
        has_hooks: false,
        pinned: None,
    };
    let nodes = vec![
        node("root", 1, &[1, 2, 3]),
        node("a", 3, &[]),
        node("never", 0, &[]),
        node("set", 1, &[4, 5]),
        node("b", 1, &[]),
        node("c", 4, &[]),
    ];
    let classes = shares.iter().enumerate().map(class).collect();
    let info = ScenarioInfo { classes, nodes, ..ScenarioInfo::default() };
    info.check(&crate::limits::LoadLimits::default()).unwrap();
    info
}

fn shown(nodes: &[RatioNode]) -> String {
    let node = |node: &RatioNode| {
        let below = node.tasks.as_ref().map_or(String::new(), |t| format!(" ({})", shown(t)));
        format!("{} {:.4}{below}", node.name, node.ratio)
    };
    nodes.iter().map(node).collect::<Vec<_>>().join(", ")
}

#[test]
fn shares_are_of_the_parent_or_of_everything() {
    let info = info(&[Share::Weight(3.0), Share::Weight(1.0)]);
    let ratio = info.task_ratio(&[ClassId(0), ClassId(1)], None);
    let tasks = "(a 0.7500, set 0.2500 (b 0.2000, c 0.8000))";
    assert_eq!(shown(&ratio.per_class), format!("C0 0.7500 {tasks}, C1 0.2500 {tasks}"));
    assert_eq!(
        shown(&ratio.total),
        "C0 0.7500 (a 0.5625, set 0.1875 (b 0.0375, c 0.1500)), \
         C1 0.2500 (a 0.1875, set 0.0625 (b 0.0125, c 0.0500))"
    );
}

#[track_caller]
fn check(shares: &[Share], users: Option<u32>, expected: &[f64]) {
    let info = info(shares);
    let ids: Vec<ClassId> = (0..shares.len() as u32).map(ClassId).collect();
    let ratio = info.task_ratio(&ids, users);
    let found: Vec<f64> = ratio.total.iter().map(|class| class.ratio).collect();
    assert_eq!(found, expected, "{shares:?} of {users:?}");
}

#[test]
fn shares_of_classes_are_those_of_whole_users_fixed_counts_first() {
    let (weight, fixed) = (Share::Weight, Share::FixedCount);
    check(&[fixed(2), weight(1.0), weight(3.0)], Some(10), &[0.2, 0.2, 0.6]);
    // Half to even: 2.5 and 7.5 users are 2 and 8.
    check(&[weight(1.0), weight(3.0)], Some(10), &[0.2, 0.8]);
    check(&[fixed(4), weight(1.0)], None, &[1.0, 0.0]);
    check(&[fixed(4)], Some(2), &[1.0]);
    check(&[weight(0.0)], None, &[0.0]);
    check(&[weight(1.0), weight(1.0)], Some(0), &[0.5, 0.5]);
}
