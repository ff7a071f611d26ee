//! Do the nodes form trees, with a set at each root?
//!
//! Upstream: [`ScenarioInfo::check`]. Every walk here is a loop: a tree may be declared as deep as
//! there are nodes, and a recursion would follow it.

use super::{InfoProblem, Place, Problems, node_place};
use crate::ids::NodeId;
use crate::limits::TASK_DEPTH_MAX;
use crate::user_class::{NodeKind, ScenarioInfo, TaskNode};

pub(super) fn check(info: &ScenarioInfo, problems: &mut Problems) {
    for (index, node) in info.nodes.iter().enumerate() {
        check_children(info, index, node, problems);
    }
    let parents = parents(info, problems);
    check_depth_and_cycles(info, &parents, problems);
    check_roots(info, &parents, problems);
}

fn place(info: &ScenarioInfo, index: usize) -> Place {
    node_place(index, &info.nodes[index])
}

/// The nodes that are children, without indices that lead nowhere.
fn known<'a>(info: &'a ScenarioInfo, node: &'a TaskNode) -> impl Iterator<Item = usize> + 'a {
    node.children.iter().map(|child| child.index()).filter(|&child| child < info.nodes.len())
}

fn check_children(info: &ScenarioInfo, index: usize, node: &TaskNode, problems: &mut Problems) {
    let nodes = info.nodes.len();
    for &NodeId(child) in node.children.iter().filter(|child| child.index() >= nodes) {
        let place = place(info, index);
        problems.add(InfoProblem::NoSuchNode { place, role: "child", index: child, nodes });
    }
    match node.kind {
        NodeKind::Task if node.children.is_empty() => {}
        NodeKind::Task => {
            let children = node.children.len();
            problems.add(InfoProblem::TaskWithChildren { node: place(info, index), children });
        }
        NodeKind::WeightedSet | NodeKind::SequentialSet if node.children.is_empty() => {
            problems.add(InfoProblem::EmptySet { node: place(info, index) });
        }
        NodeKind::WeightedSet | NodeKind::SequentialSet => {
            let has_known = known(info, node).next().is_some();
            if has_known && known(info, node).all(|child| info.nodes[child].weight == 0) {
                problems.add(InfoProblem::SetWithoutWeight { node: place(info, index) });
            }
        }
    }
}

/// The parent of each node: the first that names it.
fn parents(info: &ScenarioInfo, problems: &mut Problems) -> Vec<Option<usize>> {
    let mut parents: Vec<Option<usize>> = vec![None; info.nodes.len()];
    for (index, node) in info.nodes.iter().enumerate() {
        for child in known(info, node) {
            match parents[child] {
                None => parents[child] = Some(index),
                Some(first) => problems.add(InfoProblem::TwoParents {
                    node: place(info, child),
                    first: place(info, first),
                    second: place(info, index),
                }),
            }
        }
    }
    parents
}

/// Goes down from every node without a parent; what is not reached is below a cycle, or in one.
fn check_depth_and_cycles(info: &ScenarioInfo, parents: &[Option<usize>], problems: &mut Problems) {
    let mut reached = vec![false; parents.len()];
    let mut open: Vec<(usize, usize)> =
        (0..parents.len()).filter(|&node| parents[node].is_none()).map(|node| (node, 1)).collect();
    while let Some((index, depth)) = open.pop() {
        reached[index] = true;
        if depth == TASK_DEPTH_MAX + 1 {
            problems.add(InfoProblem::TooDeep { node: place(info, index), depth });
        }
        // A second parent does not lead here again: it is not the node's `parent`.
        let children = known(info, &info.nodes[index]).filter(|&c| parents[c] == Some(index));
        open.extend(children.filter(|&c| !reached[c]).map(|child| (child, depth + 1)));
    }
    for start in 0..parents.len() {
        if !reached[start] {
            report_cycle(info, parents, start, &mut reached, problems);
        }
    }
}

/// Goes up from a node that no root leads to, until it meets its own way, and says the cycle; or
/// something already known, and then it hangs below a cycle that was said before.
fn report_cycle(
    info: &ScenarioInfo,
    parents: &[Option<usize>],
    start: usize,
    reached: &mut [bool],
    problems: &mut Problems,
) {
    const NAMES_MAX: usize = 8;
    let mut way = Vec::new();
    let mut node = start;
    while !reached[node] {
        reached[node] = true;
        way.push(node);
        match parents[node] {
            Some(parent) => node = parent,
            None => return,
        }
    }
    let Some(begin) = way.iter().position(|&step| step == node) else { return };
    let cycle = &way[begin..];
    let mut names: Vec<String> =
        cycle.iter().rev().take(NAMES_MAX).map(|&step| place(info, step).to_string()).collect();
    if cycle.len() > NAMES_MAX {
        names.push(format!("{} more", cycle.len() - NAMES_MAX));
    }
    // The way goes up, so its reverse goes down: it begins below `node` and ends with it.
    let top = place(info, node);
    let path = format!("{top} > {}", names.join(" > "));
    problems.add(InfoProblem::Cycle { node: top, path });
}

fn check_roots(info: &ScenarioInfo, parents: &[Option<usize>], problems: &mut Problems) {
    let nodes = info.nodes.len();
    for (index, class) in info.classes.iter().enumerate() {
        let class_place = Place::Class(index, super::Shown::new(&class.name));
        let root = class.root.index();
        let Some(node) = info.nodes.get(root) else {
            let (place, index) = (class_place, class.root.0);
            problems.add(InfoProblem::NoSuchNode { place, role: "root", index, nodes });
            continue;
        };
        if node.kind == NodeKind::Task {
            let (class, node) = (class_place.clone(), place(info, root));
            problems.add(InfoProblem::RootIsTask { class, node });
        }
        if let Some(parent) = parents[root] {
            let (node, parent) = (place(info, root), place(info, parent));
            problems.add(InfoProblem::RootHasParent { class: class_place, node, parent });
        }
    }
}
