//! Is what a scenario declares something that can be run?
//!
//! Upstream: the answer of `describe`, which a hostile or broken component may have written.
//! Downstream: everything that takes a [`ScenarioInfo`] and indexes with its ids.
//! Invariants: nothing here panics or takes more than linear time and memory, whatever is declared;
//! all problems are found at once, as far as [`DESCRIBE_PROBLEMS_MAX`].

#[cfg(test)]
mod tests;
mod tree_check;

use std::collections::BTreeSet;
use std::fmt;

use crate::limits::{
    CLASS_WEIGHT_MAX, DECLARED_NAME_BYTES_MAX, DECLARED_TEXT_BYTES_MAX, DESCRIBE_PROBLEMS_MAX,
    LoadLimits, NODE_TAGS_MAX, OPTION_CHOICES_MAX, OPTION_FLAGS_MAX, OPTIONS_MAX, TABLES_MAX,
    TASK_DEPTH_MAX, USERS_MAX,
};
use crate::user_class::{
    OptionSpec, ScenarioInfo, Share, TableSpec, TaskNode, UserClass, WaitTime,
};

/// One thing that is wrong with a declaration.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InfoProblem {
    /// Nothing to run.
    #[error("no user class is declared, at least one is needed")]
    NoClasses,
    /// More than a limit.
    #[error("{place} has {found} {what}, at most {max} are allowed")]
    TooMany {
        /// Where.
        place: Place,
        /// Of what.
        what: &'static str,
        /// How many there are.
        found: usize,
        /// How many there may be.
        max: usize,
    },
    /// A text that is empty, too long or not printable.
    #[error("{what} of {place} {reason}")]
    Text {
        /// Where.
        place: Place,
        /// Which text.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A name that stands for two things.
    #[error("two {what} are called `{name}`, names must be unique")]
    Duplicate {
        /// Of what kind.
        what: &'static str,
        /// The name.
        name: Shown,
    },
    /// A number out of its range.
    #[error("{what} of {place} must be {allowed}, found {found}")]
    Number {
        /// Where.
        place: Place,
        /// Which number.
        what: &'static str,
        /// Its range.
        allowed: String,
        /// The number.
        found: String,
    },
    /// An index that leads nowhere.
    #[error("{place} names node {index} as its {role}, there are {nodes} nodes, counted from 0")]
    NoSuchNode {
        /// Where.
        place: Place,
        /// `root` or `child`.
        role: &'static str,
        /// The index.
        index: u32,
        /// How many nodes there are.
        nodes: usize,
    },
    /// A root must be a set.
    #[error("the root of {class} is {node}, a task; it must be a task set")]
    RootIsTask {
        /// The class.
        class: Place,
        /// Its root.
        node: Place,
    },
    /// A root stands above all.
    #[error("the root of {class} is {node}, which is a child of {parent}; a root has no parent")]
    RootHasParent {
        /// The class.
        class: Place,
        /// Its root.
        node: Place,
        /// The parent.
        parent: Place,
    },
    /// A node in two places.
    #[error("{node} is a child of {first} and again of {second}, it may be a child only once")]
    TwoParents {
        /// The node.
        node: Place,
        /// Its parent.
        first: Place,
        /// The other one, or the same.
        second: Place,
    },
    /// A task tree that is none.
    #[error("{node} is below itself: {path}")]
    Cycle {
        /// A node of the cycle.
        node: Place,
        /// The way around.
        path: String,
    },
    /// A tree that is too deep.
    #[error("{node} is at depth {depth} of its task tree, at most {TASK_DEPTH_MAX} are allowed")]
    TooDeep {
        /// The first node that is too deep on its path.
        node: Place,
        /// Its depth; the root has 1.
        depth: usize,
    },
    /// Only sets have children.
    #[error("{node} is a task and has {children} children, only task sets have children")]
    TaskWithChildren {
        /// The task.
        node: Place,
        /// How many children.
        children: usize,
    },
    /// A set that could never do anything.
    #[error("{node} is a task set without tasks, it needs at least one")]
    EmptySet {
        /// The set.
        node: Place,
    },
    /// The same.
    #[error(
        "{node} is a task set in which everything has weight 0, at least one weight must be more"
    )]
    SetWithoutWeight {
        /// The set.
        node: Place,
    },
    /// A table outside of the scenario's folder.
    #[error(
        "the path of {place} is `{path}`, which {reason}; it must be relative to the scenario's folder, with `/`, without `..`"
    )]
    TablePath {
        /// The table.
        place: Place,
        /// The path.
        path: Shown,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A default that could not be typed.
    #[error("the default value of {place} is `{value}`, which is none of its choices")]
    DefaultIsNoChoice {
        /// The option.
        place: Place,
        /// Its default.
        value: Shown,
    },
    /// The end of a long list.
    #[error("{0} more problems are not listed")]
    More(usize),
}

/// What a problem is about: what it is, its index and its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// The whole declaration.
    Scenario,
    /// A user class.
    Class(usize, Shown),
    /// A task or task set.
    Node(usize, Shown),
    /// An option.
    Option(usize, Shown),
    /// A table.
    Table(usize, Shown),
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scenario => out.write_str("the scenario"),
            Self::Class(index, name) => write!(out, "user class {index} `{name}`"),
            Self::Node(index, name) => write!(out, "node {index} `{name}`"),
            Self::Option(index, name) => write!(out, "option {index} `{name}`"),
            Self::Table(index, name) => write!(out, "table {index} `{name}`"),
        }
    }
}

/// Foreign text that is safe to print: escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// Of this text.
    #[must_use]
    pub fn new(text: &str) -> Self {
        const CHARS_MAX: usize = 80;
        let mut shown: String = text.chars().take(CHARS_MAX).flat_map(char::escape_debug).collect();
        if text.chars().nth(CHARS_MAX).is_some() {
            shown.push_str("...");
        }
        Self(shown)
    }

    /// Names in backticks, with commas.
    #[must_use]
    pub fn list<T: AsRef<str>>(names: &[T]) -> String {
        let shown = names.iter().map(|name| format!("`{}`", Self::new(name.as_ref())));
        shown.collect::<Vec<_>>().join(", ")
    }
}

impl fmt::Display for Shown {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl ScenarioInfo {
    /// Can it be run? Everything that takes a [`ScenarioInfo`] later relies on this.
    ///
    /// # Errors
    /// All problems, in the order of the declaration.
    pub fn check(&self, limits: &LoadLimits) -> Result<(), Vec<InfoProblem>> {
        let mut problems = Problems::default();
        check_numbers_of_things(self, limits, &mut problems);
        // What is too much is not looked at in detail.
        if problems.list.is_empty() {
            check_names(self, &mut problems);
            for (index, class) in self.classes.iter().enumerate() {
                check_class(index, class, &mut problems);
            }
            for (index, node) in self.nodes.iter().enumerate() {
                check_node(index, node, &mut problems);
            }
            tree_check::check(self, &mut problems);
            for (index, option) in self.options.iter().enumerate() {
                check_option(index, option, &mut problems);
            }
            for (index, table) in self.tables.iter().enumerate() {
                check_table(index, table, &mut problems);
            }
        }
        problems.into_result()
    }
}

/// Collects problems up to the limit.
#[derive(Default)]
struct Problems {
    list: Vec<InfoProblem>,
    left_off: usize,
}

impl Problems {
    fn add(&mut self, problem: InfoProblem) {
        if self.list.len() < DESCRIBE_PROBLEMS_MAX {
            self.list.push(problem);
        } else {
            self.left_off += 1;
        }
    }

    fn at_most(&mut self, place: Place, what: &'static str, found: usize, max: usize) {
        if found > max {
            self.add(InfoProblem::TooMany { place, what, found, max });
        }
    }

    /// A name: printable, not empty, not too long.
    fn name(&mut self, place: &Place, what: &'static str, text: &str) {
        if text.trim().is_empty() {
            let reason = "is empty".to_owned();
            self.add(InfoProblem::Text { place: place.clone(), what, reason });
        }
        self.text(place, what, text, DECLARED_NAME_BYTES_MAX);
    }

    fn text(&mut self, place: &Place, what: &'static str, text: &str, bytes_max: usize) {
        let reason = if text.len() > bytes_max {
            format!("has {} bytes, at most {bytes_max} are allowed", text.len())
        } else if text.chars().any(char::is_control) {
            format!("contains control characters: `{}`", Shown::new(text))
        } else {
            return;
        };
        self.add(InfoProblem::Text { place: place.clone(), what, reason });
    }

    fn number(&mut self, place: &Place, what: &'static str, allowed: String, found: String) {
        self.add(InfoProblem::Number { place: place.clone(), what, allowed, found });
    }

    fn into_result(mut self) -> Result<(), Vec<InfoProblem>> {
        if self.left_off > 0 {
            self.list.push(InfoProblem::More(self.left_off));
        }
        if self.list.is_empty() { Ok(()) } else { Err(self.list) }
    }
}

fn check_numbers_of_things(info: &ScenarioInfo, limits: &LoadLimits, problems: &mut Problems) {
    if info.classes.is_empty() {
        problems.add(InfoProblem::NoClasses);
    }
    let children = info.nodes.iter().map(|node| node.children.len()).sum();
    for (what, found, max) in [
        ("user classes", info.classes.len(), limits.user_classes_max),
        ("nodes", info.nodes.len(), limits.task_nodes_max),
        ("children of nodes", children, limits.task_nodes_max),
        ("options", info.options.len(), OPTIONS_MAX),
        ("tables", info.tables.len(), TABLES_MAX),
    ] {
        problems.at_most(Place::Scenario, what, found, max);
    }
}

fn check_names(info: &ScenarioInfo, problems: &mut Problems) {
    unique("user classes", info.classes.iter().map(|class| &class.name), problems);
    unique("options", info.options.iter().map(|option| &option.name), problems);
    unique("tables", info.tables.iter().map(|table| &table.name), problems);
}

fn unique<'a>(
    what: &'static str,
    names: impl Iterator<Item = &'a String>,
    problems: &mut Problems,
) {
    let mut seen = BTreeSet::new();
    let mut said = BTreeSet::new();
    for name in names {
        if !seen.insert(name) && said.insert(name) {
            problems.add(InfoProblem::Duplicate { what, name: Shown::new(name) });
        }
    }
}

fn check_class(index: usize, class: &UserClass, problems: &mut Problems) {
    let place = Place::Class(index, Shown::new(&class.name));
    problems.name(&place, "the name", &class.name);
    if let Some(host) = &class.target_host {
        problems.text(&place, "the base URL", host, DECLARED_TEXT_BYTES_MAX);
    }
    match class.share {
        Share::Weight(weight) if !(0.0..=CLASS_WEIGHT_MAX).contains(&weight) => {
            let allowed = format!("a number from 0 to {CLASS_WEIGHT_MAX}");
            problems.number(&place, "the weight", allowed, weight.to_string());
        }
        Share::FixedCount(count) if count > USERS_MAX => {
            let allowed = format!("at most {USERS_MAX}");
            problems.number(&place, "the fixed count", allowed, count.to_string());
        }
        Share::Weight(_) | Share::FixedCount(_) => {}
    }
    check_wait(&place, &class.wait, problems);
}

fn check_node(index: usize, node: &TaskNode, problems: &mut Problems) {
    let place = node_place(index, node);
    problems.name(&place, "the name", &node.name);
    if node.tags.len() > NODE_TAGS_MAX {
        problems.at_most(place.clone(), "tags", node.tags.len(), NODE_TAGS_MAX);
    } else {
        for tag in &node.tags {
            problems.name(&place, "a tag", tag);
        }
    }
    if let Some(wait) = &node.wait {
        check_wait(&place, wait, problems);
    }
}

fn check_wait(place: &Place, wait: &WaitTime, problems: &mut Problems) {
    match *wait {
        WaitTime::Between(low, high) if low > high => {
            let allowed = format!("at least its smallest, {low:?}");
            problems.number(place, "the largest wait time", allowed, format!("{high:?}"));
        }
        WaitTime::Throughput(rate) if !(rate.is_finite() && rate > 0.0) => {
            let allowed = "a finite number greater than 0".to_owned();
            problems.number(place, "the throughput", allowed, rate.to_string());
        }
        _ => {}
    }
}

fn check_option(index: usize, option: &OptionSpec, problems: &mut Problems) {
    let place = Place::Option(index, Shown::new(&option.name));
    problems.name(&place, "the name", &option.name);
    if option.name.contains('=') {
        let reason = "contains `=`, which ends a name in `--option name=value`".to_owned();
        problems.add(InfoProblem::Text { place: place.clone(), what: "the name", reason });
    }
    problems.text(&place, "the help", &option.help, DECLARED_TEXT_BYTES_MAX);
    if let Some(value) = &option.default_value {
        problems.text(&place, "the default value", value, DECLARED_TEXT_BYTES_MAX);
        if !option.choices.is_empty() && !option.choices.contains(value) {
            let value = Shown::new(value);
            problems.add(InfoProblem::DefaultIsNoChoice { place: place.clone(), value });
        }
    }
    if option.choices.len() > OPTION_CHOICES_MAX {
        problems.at_most(place, "choices", option.choices.len(), OPTION_CHOICES_MAX);
        return;
    }
    for choice in &option.choices {
        problems.text(&place, "a choice", choice, DECLARED_NAME_BYTES_MAX);
    }
    check_flags(&place, option, problems);
}

fn check_flags(place: &Place, option: &OptionSpec, problems: &mut Problems) {
    if option.flags.len() > OPTION_FLAGS_MAX {
        problems.at_most(place.clone(), "flags", option.flags.len(), OPTION_FLAGS_MAX);
        return;
    }
    for flag in &option.flags {
        problems.text(place, "a flag", flag, DECLARED_NAME_BYTES_MAX);
        let word = flag.strip_prefix("--").or_else(|| flag.strip_prefix('-')).unwrap_or("");
        if word.is_empty() || word.contains(|letter: char| letter == '=' || letter.is_whitespace())
        {
            let reason = "is not of the form `--word` or `-w`".to_owned();
            problems.add(InfoProblem::Text { place: place.clone(), what: "a flag", reason });
        }
    }
    if let Some(variable) = &option.variable {
        problems.text(place, "the variable", variable, DECLARED_NAME_BYTES_MAX);
    }
}

fn check_table(index: usize, table: &TableSpec, problems: &mut Problems) {
    let place = Place::Table(index, Shown::new(&table.name));
    problems.name(&place, "the name", &table.name);
    problems.text(&place, "the path", &table.path, DECLARED_TEXT_BYTES_MAX);
    let path = table.path.as_str();
    let reason = if path.trim().is_empty() {
        "is empty"
    } else if path.starts_with('/') || path.chars().nth(1) == Some(':') {
        "is absolute"
    } else if path.contains('\\') {
        "contains `\\`"
    } else if path.split('/').any(|part| part == "..") {
        "leads upwards"
    } else if path.ends_with('/') {
        "is a folder"
    } else {
        return;
    };
    problems.add(InfoProblem::TablePath { place, path: Shown::new(path), reason });
}

fn node_place(index: usize, node: &TaskNode) -> Place {
    Place::Node(index, Shown::new(&node.name))
}
