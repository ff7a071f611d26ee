//! What runs of what is declared: chosen classes, tags, equal weights, as in Locust.
//!
//! Control. Upstream: `claims.rs`. Downstream: the scenario is prepared with the answer. Invariant:
//! classes and nodes keep their places, because the scenario knows them by number; what does not
//! run has weight 0 or is nobody's child.

use wload_core::ids::NodeId;
use wload_core::plan::RunPlan;
use wload_core::user_class::{NodeKind, ScenarioInfo, Share};

/// The share of a class that gets no users.
pub(super) const NOBODY: Share = Share::Weight(0.0);

/// The part of the declaration that runs, and the classes that the tags leave without a task.
pub(super) fn select(info: &ScenarioInfo, plan: &RunPlan) -> (ScenarioInfo, Vec<String>) {
    let mut selected = info.clone();
    let mut without_tasks = Vec::new();
    let empty = selected.filter_tags(&plan.tags, &plan.exclude_tags);
    for (index, class) in selected.classes.iter_mut().enumerate() {
        let is_chosen = plan.classes.is_empty() || plan.classes.contains(&class.name);
        let is_empty = empty.iter().any(|id| id.index() == index);
        if is_chosen && is_empty && class.share != NOBODY {
            without_tasks.push(class.name.clone());
        }
        if !is_chosen || is_empty {
            class.share = NOBODY;
        }
    }
    if plan.equal_weights {
        let roots: Vec<NodeId> = selected.classes.iter().map(|class| class.root).collect();
        for root in roots {
            flatten(&mut selected, root);
        }
    }
    (selected, without_tasks)
}

/// Every task once, directly in the root (Locust: `--equal-weights`).
fn flatten(info: &mut ScenarioInfo, root: NodeId) {
    let mut tasks = Vec::new();
    let mut open = std::mem::take(&mut info.nodes[root.index()].children);
    open.reverse();
    while let Some(id) = open.pop() {
        let node = &mut info.nodes[id.index()];
        if node.weight == 0 {
            continue;
        }
        if node.kind == NodeKind::Task {
            node.weight = 1;
            tasks.push(id);
        } else {
            open.extend(std::mem::take(&mut node.children).into_iter().rev());
        }
    }
    let root = &mut info.nodes[root.index()];
    root.kind = NodeKind::WeightedSet;
    root.children = tasks;
}

#[cfg(test)]
mod tests {
    use wload_core::user_class::{TaskNode, UserClass, WaitTime};

    use super::*;

    fn node(name: &str, weight: u32, tags: &[&str], children: &[u32]) -> TaskNode {
        let kind = if children.is_empty() { NodeKind::Task } else { NodeKind::SequentialSet };
        TaskNode {
            name: name.to_owned(),
            kind,
            weight,
            tags: tags.iter().map(|tag| (*tag).to_owned()).collect(),
            children: children.iter().map(|id| NodeId(*id)).collect(),
            wait: None,
            has_hooks: false,
        }
    }

    fn class(name: &str, share: Share, root: u32) -> UserClass {
        UserClass {
            name: name.to_owned(),
            share,
            target_host: None,
            wait: WaitTime::None,
            root: NodeId(root),
            has_hooks: false,
            pinned: None,
        }
    }

    /// `A` has `look` and the set `checkout` of `pay` and `confirm`; `B` has `admin`.
    fn shop() -> ScenarioInfo {
        ScenarioInfo {
            classes: vec![class("A", Share::Weight(3.0), 0), class("B", Share::FixedCount(2), 5)],
            nodes: vec![
                node("root", 1, &[], &[1, 2]),
                node("look", 5, &["read"], &[]),
                node("checkout", 2, &["write"], &[3, 4]),
                node("pay", 3, &["money"], &[]),
                node("confirm", 1, &[], &[]),
                node("root", 1, &[], &[6]),
                node("admin", 1, &[], &[]),
            ],
            ..ScenarioInfo::default()
        }
    }

    fn names(info: &ScenarioInfo, set: u32) -> Vec<String> {
        let children = &info.node(NodeId(set)).children;
        children.iter().map(|child| info.node(*child).name.clone()).collect()
    }

    fn strings(names: &[&str]) -> Vec<String> {
        names.iter().map(|name| (*name).to_owned()).collect()
    }

    #[test]
    fn classes_that_are_not_chosen_keep_their_place_and_get_no_users() {
        let plan = RunPlan { classes: strings(&["B"]), ..RunPlan::default() };
        let (selected, without_tasks) = select(&shop(), &plan);
        assert_eq!(selected.classes[0].share, Share::Weight(0.0));
        assert_eq!(selected.classes[1].share, Share::FixedCount(2));
        assert_eq!(without_tasks, strings(&[]));
    }

    #[test]
    fn tags_of_a_set_hold_for_all_in_it_and_exclusion_wins() {
        let plan = RunPlan {
            tags: strings(&["write"]),
            exclude_tags: strings(&["money"]),
            ..RunPlan::default()
        };
        let (selected, without_tasks) = select(&shop(), &plan);
        assert_eq!(names(&selected, 0), ["checkout"]);
        assert_eq!(names(&selected, 2), ["confirm"]);
        assert_eq!(without_tasks, ["B"]);
        assert_eq!(selected.classes[1].share, Share::Weight(0.0), "it could do nothing");
    }

    #[test]
    fn a_set_without_tasks_is_gone() {
        let plan = RunPlan { exclude_tags: strings(&["write"]), ..RunPlan::default() };
        let (selected, _) = select(&shop(), &plan);
        assert_eq!(names(&selected, 0), ["look"]);
    }

    #[test]
    fn equal_weights_are_every_task_once() {
        let plan = RunPlan { equal_weights: true, ..RunPlan::default() };
        let (selected, _) = select(&shop(), &plan);
        assert_eq!(names(&selected, 0), ["look", "pay", "confirm"]);
        assert!(selected.nodes[0].children.iter().all(|id| selected.node(*id).weight == 1));
        assert_eq!(selected.nodes[0].kind, NodeKind::WeightedSet);
    }

    #[test]
    fn nothing_said_changes_nothing() {
        assert_eq!(select(&shop(), &RunPlan::default()), (shop(), Vec::new()));
    }
}
