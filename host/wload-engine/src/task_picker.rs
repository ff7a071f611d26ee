//! Which task a user runs next: Locust's task sets, as a stack of indices.
//!
//! Control. Upstream: the checked task tree, and how each call into the guest ended. Downstream:
//! the user loop, which does what each [`Step`] says and reports back by [`TaskPicker::after`].
//! Invariants: pure; a step allocates nothing, except when a user enters a deeper set than ever
//! before.
//!
//! The rules, each as in Locust:
//! - a set is entered when its parent picks it, and left only by an interrupt or when the user stops;
//! - a weighted set draws among its children by weight and remembers nothing;
//! - a sequential set runs its children in order, each `weight` times in a row, again and again,
//!   and begins at its first child each time it is entered;
//! - after a task the user waits, also after an exception; not after a reschedule;
//! - an interrupt leaves the innermost set (its `on-stop` is called), then the parent goes on: at
//!   once, or after a wait;
//! - a set whose `on-start` fails or interrupts is left without `on-stop`;
//! - a user that stops leaves its open sets innermost first.

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use wload_core::ids::{ClassId, NodeId};
use wload_core::random::UserRandom;
use wload_core::user_class::{NodeKind, ScenarioInfo, WaitTime};

use crate::wait_time::WaitClock;

/// The task tree of a scenario, prepared for picking. Made once per run, shared by all its users.
#[derive(Debug)]
pub(crate) struct TaskTree {
    info: Arc<ScenarioInfo>,
    /// Per node the running sums of its children's weights.
    weight_sums: Box<[Box<[u64]>]>,
}

/// What a user does next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Enter a set. If it has hooks: call its `on-start` and report how that ended.
    EnterSet(NodeId),
    /// Run a task and report how it ended.
    RunTask(NodeId),
    /// Leave a set. If it has hooks: call its `on-stop`. There is nothing to report.
    LeaveSet(NodeId),
    /// Wait as long as [`TaskPicker::wait`] says.
    Wait,
    /// No set is open any more: call `on-stop` of the user.
    UserDone,
}

/// How a task, or the `on-start` of a set, ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TaskEnd {
    /// Normally.
    Next,
    /// Normally, and without a wait. In `on-start` the same as an interrupt.
    Reschedule,
    /// Leave the innermost set; the parent goes on at once or after a wait.
    Interrupt {
        /// At once.
        reschedule: bool,
    },
    /// The user stops.
    StopUser,
    /// With an error. (After a trap there is no user that could go on.)
    Exception,
}

/// How long a user waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pause {
    /// So long.
    For(Duration),
    /// As long as the scenario's `get-wait-time` says for this set; none: for the user class.
    Ask(Option<NodeId>),
}

/// A set that the user is in.
#[derive(Clone, Copy, Debug)]
struct OpenSet {
    node: NodeId,
    /// In a sequence: the child that is running, and how many times it was picked in a row.
    child: u32,
    repetition: u32,
    clock: WaitClock,
}

#[derive(Clone, Copy, Debug)]
enum Due {
    /// Enter the root set.
    Begin,
    Wait,
    Pick,
    /// Leave the innermost set, then pick at once or wait.
    Leave {
        reschedule: bool,
    },
    /// Leave everything.
    Stop,
}

/// What a report by [`TaskPicker::after`] is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Nothing,
    OnStart,
    Task,
}

/// Where one user is in its task tree. Made when the user starts, owned by its loop.
#[derive(Clone, Debug)]
pub(crate) struct TaskPicker {
    tree: Arc<TaskTree>,
    class: ClassId,
    stack: Vec<OpenSet>,
    due: Due,
    asked: Asked,
    user_clock: WaitClock,
}

impl TaskTree {
    /// Prepares a checked scenario.
    #[must_use]
    pub(crate) fn new(info: Arc<ScenarioInfo>) -> Self {
        let sums = info.nodes.iter().map(|node| {
            let mut sum = 0;
            let weights = node.children.iter().map(|&child| u64::from(info.node(child).weight));
            weights
                .map(|weight| {
                    sum += weight;
                    sum
                })
                .collect()
        });
        Self { weight_sums: sums.collect(), info }
    }

    /// What it was made from.
    #[must_use]
    pub(crate) fn info(&self) -> &Arc<ScenarioInfo> {
        &self.info
    }

    /// The next child of an open set; none when it has none that may run, which a checked tree
    /// does not have.
    fn pick(&self, set: &mut OpenSet, random: &mut UserRandom) -> Option<NodeId> {
        let node = self.info.node(set.node);
        if node.kind == NodeKind::SequentialSet {
            return self.pick_in_order(set, &node.children);
        }
        let sums = &self.weight_sums[set.node.index()];
        let total = sums.last().copied().filter(|&total| total > 0)?;
        let drawn = random.below(total);
        Some(node.children[sums.partition_point(|&sum| sum <= drawn)])
    }

    fn pick_in_order(&self, set: &mut OpenSet, children: &[NodeId]) -> Option<NodeId> {
        // One child more than there are: the running one may be the only one that may run.
        for _ in 0..=children.len() {
            let child = *children.get(set.child as usize)?;
            if set.repetition < self.info.node(child).weight {
                set.repetition += 1;
                return Some(child);
            }
            set.child = (set.child + 1) % children.len() as u32;
            set.repetition = 0;
        }
        None
    }
}

impl TaskPicker {
    /// A user of this class that starts now.
    #[must_use]
    pub(crate) fn new(tree: Arc<TaskTree>, class: ClassId, now: Duration) -> Self {
        Self {
            tree,
            class,
            stack: Vec::with_capacity(1),
            due: Due::Begin,
            asked: Asked::Nothing,
            user_clock: WaitClock::new(now),
        }
    }

    /// What to do now. Endless: after [`Step::UserDone`] it is that again.
    pub(crate) fn next(&mut self, now: Duration, random: &mut UserRandom) -> Step {
        self.asked = Asked::Nothing;
        match self.due {
            Due::Begin => self.enter(self.tree.info.class(self.class).root, now),
            Due::Wait => {
                self.due = Due::Pick;
                Step::Wait
            }
            Due::Pick => {
                let picked = self.stack.last_mut().and_then(|set| self.tree.pick(set, random));
                let Some(node) = picked else {
                    self.due = Due::Stop;
                    return self.leave();
                };
                if self.tree.info.node(node).kind != NodeKind::Task {
                    return self.enter(node, now);
                }
                self.asked = Asked::Task;
                Step::RunTask(node)
            }
            Due::Leave { reschedule } => {
                self.due = if reschedule { Due::Pick } else { Due::Wait };
                self.leave()
            }
            Due::Stop => self.leave(),
        }
    }

    /// How the task, or the `on-start`, of the last step ended.
    pub(crate) fn after(&mut self, end: TaskEnd) {
        let asked = std::mem::replace(&mut self.asked, Asked::Nothing);
        let was_stopped = matches!(self.due, Due::Stop);
        self.due = match (asked, end) {
            (Asked::Nothing, _) => return,
            (Asked::OnStart, TaskEnd::Next) | (Asked::Task, TaskEnd::Reschedule) => Due::Pick,
            (Asked::Task, TaskEnd::Next | TaskEnd::Exception) => Due::Wait,
            (Asked::Task, TaskEnd::Interrupt { reschedule }) => Due::Leave { reschedule },
            (Asked::Task, TaskEnd::StopUser) => Due::Stop,
            (Asked::OnStart, end) => {
                self.stack.pop();
                match end {
                    TaskEnd::Reschedule | TaskEnd::Interrupt { reschedule: true } => Due::Pick,
                    TaskEnd::StopUser => Due::Stop,
                    _ => Due::Wait,
                }
            }
        };
        if was_stopped || self.stack.is_empty() {
            self.due = Due::Stop;
        }
    }

    /// The user is to stop: from now on only sets are left. In the middle of a task or `on-start`
    /// this may be said before its end is reported.
    pub(crate) fn stop(&mut self) {
        self.due = Due::Stop;
    }

    /// How long a [`Step::Wait`] takes: by the innermost open set that has a wait time of its own,
    /// else by the user class.
    pub(crate) fn wait(&mut self, now: Duration, random: &mut UserRandom) -> Pause {
        let info = &self.tree.info;
        for set in self.stack.iter_mut().rev() {
            if let Some(wait_time) = &info.node(set.node).wait {
                let time = set.clock.wait(wait_time, now, random);
                return time.map_or(Pause::Ask(Some(set.node)), Pause::For);
            }
        }
        let wait_time: &WaitTime = &info.class(self.class).wait;
        self.user_clock.wait(wait_time, now, random).map_or(Pause::Ask(None), Pause::For)
    }

    /// The class of the user.
    #[must_use]
    pub(crate) fn class(&self) -> ClassId {
        self.class
    }

    fn enter(&mut self, node: NodeId, now: Duration) -> Step {
        self.stack.push(OpenSet { node, child: 0, repetition: 0, clock: WaitClock::new(now) });
        self.due = Due::Pick;
        self.asked = Asked::OnStart;
        Step::EnterSet(node)
    }

    fn leave(&mut self) -> Step {
        let Some(set) = self.stack.pop() else { return Step::UserDone };
        if self.stack.is_empty() {
            self.due = Due::Stop;
        }
        Step::LeaveSet(set.node)
    }
}
