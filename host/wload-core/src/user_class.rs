//! What a scenario declares: user classes and the task tree.
//!
//! Upstream: `describe` of the scenario, checked by [`ScenarioInfo::check`]. Downstream: dispatch
//! (shares), the engine (task picking, wait times), `wload check` (printing).
//! Invariants after `check`: indices are in range, each node has at most one parent, there are no
//! cycles, numbers are finite and not negative.

use std::time::Duration;

use crate::ids::{ClassId, NodeId};

/// How long a user waits between two tasks (Locust: `wait_time`).
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WaitTime {
    /// Not at all.
    None,
    /// Always the same time.
    Constant(Duration),
    /// Uniform between the first (included) and the second (excluded).
    Between(Duration, Duration),
    /// Tasks start this far apart (Locust: `constant_pacing`).
    Pacing(Duration),
    /// Tasks per second and user (Locust: `constant_throughput`).
    Throughput(f64),
    /// The scenario is asked after each task.
    Custom,
}

/// How many of the users are of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Share {
    /// In proportion to the other weights.
    Weight(f64),
    /// Exactly so many, before any weighted class gets one.
    FixedCount(u32),
}

/// What a node of the task tree is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// One task.
    Task,
    /// Picks each next child at random by weight (Locust: `TaskSet`).
    WeightedSet,
    /// Runs its children in order, again and again (Locust: `SequentialTaskSet`).
    SequentialSet,
}

/// One node of the task tree.
#[derive(Clone, Debug, PartialEq)]
pub struct TaskNode {
    /// The name in reports.
    pub name: String,
    /// Task or kind of set.
    pub kind: NodeKind,
    /// Relative frequency, or repetitions in a sequence; 0 is never.
    pub weight: u32,
    /// For `--tags` and `--exclude-tags`.
    pub tags: Vec<String>,
    /// Children of a set, in order of declaration.
    pub children: Vec<NodeId>,
    /// A set's own wait time.
    pub wait: Option<WaitTime>,
    /// The set wants `on-start` and `on-stop`.
    pub has_hooks: bool,
}

/// One kind of user.
#[derive(Clone, Debug, PartialEq)]
pub struct UserClass {
    /// Unique in the scenario.
    pub name: String,
    /// Weight or fixed count.
    pub share: Share,
    /// Base URL, unless the command line names one.
    pub target_host: Option<String>,
    /// How its tasks wait.
    pub wait: WaitTime,
    /// The root set.
    pub root: NodeId,
    /// The class wants `on-start` and `on-stop`.
    pub has_hooks: bool,
    /// Why its users cannot be saved while they wait; none: they can.
    pub pinned: Option<String>,
}

/// What an option takes on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum OptionKind {
    /// Any text.
    #[default]
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// Nothing; being there is `true`.
    Flag,
    /// Nothing; being there is `false`.
    InverseFlag,
    /// Any number of texts; the value has one a line.
    Several,
}

/// An option of the scenario, set by `--option name=value` or its flags.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct OptionSpec {
    /// Its name.
    pub name: String,
    /// One line.
    pub help: String,
    /// Used when the command line does not set it.
    pub default_value: Option<String>,
    /// Empty: any value.
    pub choices: Vec<String>,
    /// Not shown in reports.
    pub secret: bool,
    /// Flags that set it, dashes included.
    pub flags: Vec<String>,
    /// What may follow its flags.
    pub kind: OptionKind,
    /// An environment variable that sets it.
    pub variable: Option<String>,
    /// A run needs a value.
    pub required: bool,
}

/// A table of test data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSpec {
    /// The name the scenario opens it by.
    pub name: String,
    /// Relative path of the CSV file.
    pub path: String,
    /// The first row names the columns.
    pub has_header: bool,
}

/// All that a scenario declares.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct ScenarioInfo {
    /// User classes, in order of declaration.
    pub classes: Vec<UserClass>,
    /// The nodes of all task trees.
    pub nodes: Vec<TaskNode>,
    /// Options.
    pub options: Vec<OptionSpec>,
    /// Tables.
    pub tables: Vec<TableSpec>,
    /// The scenario has a load shape.
    pub has_shape: bool,
    /// The scenario wants test start and stop.
    pub has_hooks: bool,
}

impl ScenarioInfo {
    /// The class with this id.
    #[must_use]
    pub fn class(&self, id: ClassId) -> &UserClass {
        &self.classes[id.index()]
    }

    /// The node with this id.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &TaskNode {
        &self.nodes[id.index()]
    }
}
