//! How often each task runs: `--show-task-ratio`.
//!
//! Upstream: a checked scenario. Downstream: the command line, which prints it as text or JSON.
//! The arithmetic is Locust's: the shares of classes are those of whole users, fixed counts first,
//! rounded half to even; what has weight 0 is left out of the trees.

use crate::ids::{ClassId, NodeId};
use crate::user_class::{NodeKind, ScenarioInfo, Share};

/// A class, set or task with its share.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioNode {
    /// Its name.
    pub name: String,
    /// Its share of the parent, or of all, 0 to 1.
    pub ratio: f64,
    /// A class or set: what is in it. None for a task.
    pub tasks: Option<Vec<RatioNode>>,
}

/// Both trees.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskRatio {
    /// Each class with its share of the users, below it shares of the parent.
    pub per_class: Vec<RatioNode>,
    /// The same tree with shares of everything.
    pub total: Vec<RatioNode>,
}

impl ScenarioInfo {
    /// The ratios of these classes when there are `users`; none: as many as the weights together,
    /// or 1 where there are fixed counts.
    #[must_use]
    pub fn task_ratio(&self, classes: &[ClassId], users: Option<u32>) -> TaskRatio {
        let counts = self.user_counts(classes, users);
        let sum: f64 = counts.iter().sum();
        let sum = if sum == 0.0 { 1.0 } else { sum };
        let tree = |is_total: bool| {
            let node = |(&id, count): (&ClassId, &f64)| {
                let class = self.class(id);
                let ratio = count / sum;
                let below = if is_total { ratio } else { 1.0 };
                let tasks = Some(self.ratios_in(class.root, below, is_total));
                RatioNode { name: class.name.clone(), ratio, tasks }
            };
            classes.iter().zip(&counts).map(node).collect()
        };
        TaskRatio { per_class: tree(false), total: tree(true) }
    }

    /// Whole users per class.
    fn user_counts(&self, classes: &[ClassId], users: Option<u32>) -> Vec<f64> {
        let (mut fixed, mut weights) = (0.0, 0.0);
        for &id in classes {
            match self.class(id).share {
                Share::FixedCount(count) => fixed += f64::from(count),
                Share::Weight(weight) => weights += weight,
            }
        }
        let default = if fixed == 0.0 { weights } else { 1.0 };
        let users = users.filter(|&users| users > 0).map_or(default, f64::from);
        let weighted = (users - fixed).max(0.0);
        let count = |&id: &ClassId| match self.class(id).share {
            Share::FixedCount(count) => f64::from(count),
            Share::Weight(weight) if weights > 0.0 => {
                (weight / weights * weighted).round_ties_even()
            }
            Share::Weight(_) => 0.0,
        };
        classes.iter().map(count).collect()
    }

    /// Recursion is bounded: a checked tree has a greatest depth.
    fn ratios_in(&self, set: NodeId, parent: f64, is_total: bool) -> Vec<RatioNode> {
        let children = self.node(set).children.iter().map(|&id| (id, self.node(id)));
        let weighted: Vec<_> = children.filter(|(_, child)| child.weight > 0).collect();
        let sum: f64 = weighted.iter().map(|(_, child)| f64::from(child.weight)).sum();
        let node = |&(id, child): &(NodeId, &crate::user_class::TaskNode)| {
            let ratio = f64::from(child.weight) * parent / sum;
            let below = if is_total { ratio } else { 1.0 };
            let is_set = child.kind != NodeKind::Task;
            let tasks = is_set.then(|| self.ratios_in(id, below, is_total));
            RatioNode { name: child.name.clone(), ratio, tasks }
        };
        weighted.iter().map(node).collect()
    }
}

#[cfg(test)]
mod tests;
