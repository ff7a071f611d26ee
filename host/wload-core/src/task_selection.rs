//! Which classes and tasks of a scenario take part in a run: by name and by tag.
//!
//! Control. Upstream: what the command line names. Downstream: dispatch (classes) and task picking
//! (tasks). Invariants: ids stay what `describe` said, because the guest knows them; so classes are
//! selected by a list of ids, and nodes are taken out of their parents but stay where they are.

use crate::describe_check::Shown;
use crate::dispatch::DispatchClass;
use crate::ids::{ClassId, NodeId};
use crate::user_class::{NodeKind, ScenarioInfo, Share};

/// Names that no class has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scenario has no user class {}; it has {}", Shown::list(.unknown), Shown::list(.known))]
pub struct UnknownClasses {
    /// The names that were asked for.
    pub unknown: Vec<String>,
    /// Those that there are.
    pub known: Vec<String>,
}

impl ScenarioInfo {
    /// The classes with these names, in order of declaration; all when there is no name.
    ///
    /// # Errors
    /// [`UnknownClasses`]: all names that no class has.
    pub fn select_classes(&self, names: &[String]) -> Result<Vec<ClassId>, UnknownClasses> {
        let is_unknown = |name: &&String| self.classes.iter().all(|class| class.name != **name);
        let unknown: Vec<String> = names.iter().filter(is_unknown).cloned().collect();
        if !unknown.is_empty() {
            let known = self.classes.iter().map(|class| class.name.clone()).collect();
            return Err(UnknownClasses { unknown, known });
        }
        let chosen = |name: &String| names.is_empty() || names.contains(name);
        Ok((0..)
            .map(ClassId)
            .zip(&self.classes)
            .filter(|(_, class)| chosen(&class.name))
            .map(|(id, _)| id)
            .collect())
    }

    /// What dispatch needs to know about these classes. With `equal_weights` every weight that is
    /// more than 0 is 1; fixed counts stay.
    #[must_use]
    pub fn dispatch_classes(&self, ids: &[ClassId], equal_weights: bool) -> Vec<DispatchClass> {
        let dispatched = ids.iter().map(|&id| {
            let class = self.class(id);
            let share = match class.share {
                Share::Weight(weight) if equal_weights && weight > 0.0 => Share::Weight(1.0),
                share => share,
            };
            DispatchClass { id, name: class.name.clone(), share }
        });
        dispatched.collect()
    }

    /// Takes out every task that the tags do not let through, and every set that is empty then.
    /// A task needs at least one tag of `include`, unless that is empty, and none of `exclude`;
    /// tags of a set hold for all in it. Returns the classes that have no task left.
    pub fn filter_tags(&mut self, include: &[String], exclude: &[String]) -> Vec<ClassId> {
        if include.is_empty() && exclude.is_empty() {
            return Vec::new();
        }
        let mut roots: Vec<NodeId> = self.classes.iter().map(|class| class.root).collect();
        roots.sort_unstable();
        roots.dedup();
        for root in roots {
            self.filter_set(root, (false, false), &Tags { include, exclude });
        }
        let is_empty = |&id: &ClassId| !self.can_run(self.class(id).root);
        (0..).map(ClassId).take(self.classes.len()).filter(is_empty).collect()
    }

    /// Recursion is bounded: a checked tree has a greatest depth.
    fn filter_set(&mut self, set: NodeId, outer: (bool, bool), tags: &Tags<'_>) {
        let met = tags.met(&self.node(set).tags, outer);
        let mut children = std::mem::take(&mut self.nodes[set.index()].children);
        children.retain(|&child| {
            if self.node(child).kind != NodeKind::Task {
                self.filter_set(child, met, tags);
                return self.can_run(child);
            }
            let (included, excluded) = tags.met(&self.node(child).tags, met);
            !excluded && (included || tags.include.is_empty())
        });
        self.nodes[set.index()].children = children;
    }

    fn can_run(&self, set: NodeId) -> bool {
        self.node(set).children.iter().any(|&child| self.node(child).weight > 0)
    }
}

struct Tags<'a> {
    include: &'a [String],
    exclude: &'a [String],
}

impl Tags<'_> {
    /// Whether a node is included and excluded by its own tags or by those of the sets around it.
    fn met(&self, own: &[String], (included, excluded): (bool, bool)) -> (bool, bool) {
        let any = |list: &[String]| own.iter().any(|tag| list.contains(tag));
        (included || any(self.include), excluded || any(self.exclude))
    }
}

#[cfg(test)]
mod tests;
