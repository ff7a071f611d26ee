//! What a scenario may declare: each refusal, its words, and that checking never panics.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::ids::NodeId;
use crate::user_class::NodeKind;

fn task(name: &str) -> TaskNode {
    TaskNode {
        name: name.to_owned(),
        kind: NodeKind::Task,
        weight: 1,
        tags: Vec::new(),
        children: Vec::new(),
        wait: None,
        has_hooks: false,
    }
}

fn set(name: &str, children: &[u32]) -> TaskNode {
    let children = children.iter().map(|&child| NodeId(child)).collect();
    TaskNode { kind: NodeKind::WeightedSet, children, ..task(name) }
}

fn class(name: &str, root: u32) -> UserClass {
    UserClass {
        name: name.to_owned(),
        share: Share::Weight(1.0),
        target_host: None,
        wait: WaitTime::None,
        root: NodeId(root),
        has_hooks: false,
        pinned: None,
    }
}

fn option(name: &str) -> OptionSpec {
    OptionSpec {
        name: name.to_owned(),
        help: String::new(),
        default_value: None,
        choices: Vec::new(),
        ..OptionSpec::default()
    }
}

fn table(name: &str, path: &str) -> TableSpec {
    TableSpec { name: name.to_owned(), path: path.to_owned(), has_header: true }
}

/// A good scenario: one class, a set, a task and a set in it with a task.
fn good() -> ScenarioInfo {
    ScenarioInfo {
        classes: vec![class("Shop", 0)],
        nodes: vec![set("root", &[1, 2]), task("browse"), set("buy", &[3]), task("pay")],
        options: vec![option("users-file")],
        tables: vec![table("users", "data/users.csv")],
        ..ScenarioInfo::default()
    }
}

/// Spoils the good scenario and expects exactly these problems.
#[track_caller]
fn check(spoil: impl FnOnce(&mut ScenarioInfo), expected: &[&str]) {
    let mut info = good();
    spoil(&mut info);
    let found = info.check(&LoadLimits::default()).err().unwrap_or_default();
    let found: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert_eq!(found, expected);
}

#[test]
fn a_good_scenario_passes() {
    check(|_| {}, &[]);
    check(|info| info.classes.push(class("Second", 0)), &[]);
    check(|info| info.nodes.push(task("nowhere")), &[]);
    check(|info| info.classes[0].share = Share::Weight(0.0), &[]);
    check(|info| info.classes[0].wait = WaitTime::Between(Duration::ZERO, Duration::ZERO), &[]);
}

#[test]
fn a_tree_that_is_none_is_refused() {
    check(
        |info| info.nodes[2].children = vec![NodeId(4), NodeId(u32::MAX)],
        &[
            "node 2 `buy` names node 4 as its child, there are 4 nodes, counted from 0",
            "node 2 `buy` names node 4294967295 as its child, there are 4 nodes, counted from 0",
        ],
    );
    check(
        |info| info.nodes[0].children.push(NodeId(3)),
        &[
            "node 3 `pay` is a child of node 0 `root` and again of node 2 `buy`, it may be a child only once",
        ],
    );
    check(
        |info| info.nodes[2].children.push(NodeId(3)),
        &[
            "node 3 `pay` is a child of node 2 `buy` and again of node 2 `buy`, it may be a child only once",
        ],
    );
    check(
        |info| info.nodes[1].children.push(NodeId(3)),
        &[
            "node 1 `browse` is a task and has 1 children, only task sets have children",
            "node 3 `pay` is a child of node 1 `browse` and again of node 2 `buy`, it may be a child only once",
        ],
    );
    check(
        |info| info.nodes[2].children.clear(),
        &["node 2 `buy` is a task set without tasks, it needs at least one"],
    );
    check(
        |info| info.nodes[3].weight = 0,
        &[
            "node 2 `buy` is a task set in which everything has weight 0, at least one weight must be more",
        ],
    );
}

#[test]
fn cycles_are_refused_and_said_once() {
    check(
        |info| info.nodes.extend([set("a", &[5]), set("b", &[6, 1]), set("c", &[4])]),
        &[
            "node 1 `browse` is a child of node 0 `root` and again of node 5 `b`, it may be a child only once",
            "node 4 `a` is below itself: node 4 `a` > node 5 `b` > node 6 `c` > node 4 `a`",
        ],
    );
    check(
        |info| info.nodes.push(set("self", &[4])),
        &["node 4 `self` is below itself: node 4 `self` > node 4 `self`"],
    );
    // Nodes 4 and 5 hang below the cycle of 6 and 7.
    check(
        |info| {
            info.nodes.extend([
                set("low", &[1]),
                set("mid", &[4]),
                set("x", &[7, 5]),
                set("y", &[6]),
            ]);
            info.nodes[0].children = vec![NodeId(2)];
        },
        &["node 6 `x` is below itself: node 6 `x` > node 7 `y` > node 6 `x`"],
    );
    check(
        |info| info.nodes[2].children.push(NodeId(0)),
        &[
            "node 0 `root` is below itself: node 0 `root` > node 2 `buy` > node 0 `root`",
            "the root of user class 0 `Shop` is node 0 `root`, which is a child of node 2 `buy`; a root has no parent",
        ],
    );
}

#[test]
fn a_root_is_a_set_above_all() {
    check(
        |info| info.classes = vec![class("A", 9), class("B", 1), class("C", 2)],
        &[
            "user class 0 `A` names node 9 as its root, there are 4 nodes, counted from 0",
            "the root of user class 1 `B` is node 1 `browse`, a task; it must be a task set",
            "the root of user class 1 `B` is node 1 `browse`, which is a child of node 0 `root`; a root has no parent",
            "the root of user class 2 `C` is node 2 `buy`, which is a child of node 0 `root`; a root has no parent",
        ],
    );
}

/// A chain of sets under the root, `depth` nodes in all.
fn chain(depth: u32) -> Vec<TaskNode> {
    let sets = (0..depth - 1).map(|index| set("set", &[index + 1]));
    sets.chain([task("deepest")]).collect()
}

#[test]
fn a_tree_that_is_too_deep_is_refused() {
    check(|info| info.nodes = chain(64), &[]);
    check(
        |info| info.nodes = chain(65),
        &["node 64 `deepest` is at depth 65 of its task tree, at most 64 are allowed"],
    );
    check(
        |info| info.nodes = chain(10_000),
        &["node 64 `set` is at depth 65 of its task tree, at most 64 are allowed"],
    );
}

#[test]
fn names_must_be_there_unique_and_printable() {
    check(
        |info| {
            info.classes.extend([class("Shop", 0), class("Shop", 0), class(" ", 0)]);
            info.nodes[1].name = "\u{1b}[2Jgone".to_owned();
            info.nodes[3].name = "p".repeat(257);
            info.nodes[3].tags = vec![String::new()];
            info.options.push(option("users-file"));
            info.options.push(option("a=b"));
            info.tables.push(table("users", "other.csv"));
        },
        &[
            "two user classes are called `Shop`, names must be unique",
            "two options are called `users-file`, names must be unique",
            "two tables are called `users`, names must be unique",
            "the name of user class 3 ` ` is empty",
            "the name of node 1 `\\u{1b}[2Jgone` contains control characters: `\\u{1b}[2Jgone`",
            &format!(
                "the name of node 3 `{}...` has 257 bytes, at most 256 are allowed",
                "p".repeat(80)
            ),
            &format!("a tag of node 3 `{}...` is empty", "p".repeat(80)),
            "the name of option 2 `a=b` contains `=`, which ends a name in `--option name=value`",
        ],
    );
}

#[test]
fn numbers_must_be_finite_and_in_range() {
    let bad_weight = |weight: f64, shown: &str| {
        let allowed = "the weight of user class 0 `Shop` must be a number from 0 to 1000000000";
        let message = format!("{allowed}, found {shown}");
        check(|info| info.classes[0].share = Share::Weight(weight), &[&message]);
    };
    bad_weight(f64::NAN, "NaN");
    bad_weight(-0.5, "-0.5");
    bad_weight(f64::INFINITY, "inf");
    bad_weight(f64::NEG_INFINITY, "-inf");
    bad_weight(2e9, "2000000000");
    let bad_throughput = |rate: f64, shown: &str| {
        let allowed = "the throughput of node 2 `buy` must be a finite number greater than 0";
        let message = format!("{allowed}, found {shown}");
        check(|info| info.nodes[2].wait = Some(WaitTime::Throughput(rate)), &[&message]);
    };
    bad_throughput(f64::NAN, "NaN");
    bad_throughput(0.0, "0");
    bad_throughput(-1.0, "-1");
    bad_throughput(f64::INFINITY, "inf");
    check(
        |info| {
            info.classes[0].share = Share::FixedCount(u32::MAX);
            let (low, high) = (Duration::from_secs(5), Duration::from_millis(1_500));
            info.classes[0].wait = WaitTime::Between(low, high);
        },
        &[
            "the fixed count of user class 0 `Shop` must be at most 1000000, found 4294967295",
            "the largest wait time of user class 0 `Shop` must be at least its smallest, 5s, found 1.5s",
        ],
    );
}

#[test]
fn tables_stay_in_the_folder_of_the_scenario() {
    for path in ["users.csv", "./a/b..c/users.csv", "..data/x.csv"] {
        check(|info| info.tables[0].path = path.to_owned(), &[]);
    }
    for (path, reason) in [
        ("/etc/passwd", "is absolute"),
        ("C:users.csv", "is absolute"),
        ("../users.csv", "leads upwards"),
        ("a/../../users.csv", "leads upwards"),
        ("a/..", "leads upwards"),
        ("a\\..\\users.csv", "contains `\\`"),
        ("", "is empty"),
        ("data/", "is a folder"),
    ] {
        let shown = path.replace('\\', "\\\\");
        let message = format!(
            "the path of table 0 `users` is `{shown}`, which {reason}; it must be relative to the \
             scenario's folder, with `/`, without `..`"
        );
        check(|info| info.tables[0].path = path.to_owned(), &[&message]);
    }
    check(
        |info| info.tables[0].path = "a\0b".to_owned(),
        &["the path of table 0 `users` contains control characters: `a\\0b`"],
    );
}

#[test]
fn a_default_value_is_one_of_the_choices() {
    let spoil = |default: &'static str| {
        move |info: &mut ScenarioInfo| {
            info.options[0].choices = vec!["small".to_owned(), "large".to_owned()];
            info.options[0].default_value = Some(default.to_owned());
        }
    };
    check(spoil("small"), &[]);
    check(
        spoil("huge"),
        &["the default value of option 0 `users-file` is `huge`, which is none of its choices"],
    );
}

#[test]
fn what_is_too_much_is_refused_without_a_look_inside() {
    check(
        |info| {
            info.classes = (0..1_001).map(|_| class("", 7)).collect();
            info.nodes[0].children = vec![NodeId(1); 10_001];
            info.tables = (0..101).map(|_| table("", "")).collect();
            info.options = (0..1_001).map(|_| option("")).collect();
        },
        &[
            "the scenario has 1001 user classes, at most 1000 are allowed",
            "the scenario has 10002 children of nodes, at most 10000 are allowed",
            "the scenario has 1001 options, at most 1000 are allowed",
            "the scenario has 101 tables, at most 100 are allowed",
        ],
    );
    check(
        |info| info.nodes.extend((0..10_000).map(|_| task("t"))),
        &["the scenario has 10004 nodes, at most 10000 are allowed"],
    );
    check(
        |info| {
            info.nodes[1].tags = vec![String::new(); 101];
            info.options[0].choices = vec!["x".repeat(300); 1_001];
        },
        &[
            "node 1 `browse` has 101 tags, at most 100 are allowed",
            "option 0 `users-file` has 1001 choices, at most 1000 are allowed",
        ],
    );
    check(
        |info| *info = ScenarioInfo::default(),
        &["no user class is declared, at least one is needed"],
    );
}

#[test]
fn a_long_list_of_problems_is_cut_and_counted() {
    let mut info = good();
    info.nodes.extend((0..150).map(|_| task("")));
    let problems = info.check(&LoadLimits::default()).unwrap_err();
    assert_eq!(problems.len(), DESCRIBE_PROBLEMS_MAX + 1);
    assert_eq!(problems.last(), Some(&InfoProblem::More(50)));
}

/// A forest: each node hangs below an earlier one, `None` makes it a root. Then some edges that may
/// be anything.
fn forest(parents: &[Option<u32>], edges: &[(u32, u32)], weights: &[u32]) -> ScenarioInfo {
    let mut children: Vec<Vec<u32>> = vec![Vec::new(); parents.len()];
    let mut roots = Vec::new();
    for (node, parent) in (0_u32..).zip(parents) {
        match parent.and_then(|parent| parent.checked_rem(node)) {
            Some(parent) => children[parent as usize].push(node),
            None => roots.push(node),
        }
    }
    for &(parent, child) in edges {
        children[parent as usize % parents.len()].push(child);
    }
    let node = |(children, &weight): (&Vec<u32>, &u32)| {
        let node = if children.is_empty() { task("task") } else { set("set", children) };
        TaskNode { weight, ..node }
    };
    ScenarioInfo {
        nodes: children.iter().zip(weights).map(node).collect(),
        classes: roots.iter().map(|root| class(&root.to_string(), *root)).collect(),
        ..ScenarioInfo::default()
    }
}

/// The promise of the module: what passes can be walked from every root, and only then passes.
fn is_forest_of_sets(info: &ScenarioInfo) -> bool {
    let nodes = info.nodes.len();
    let mut visited = 0;
    for class in &info.classes {
        let mut open = vec![class.root];
        while let Some(id) = open.pop() {
            let Some(node) = info.nodes.get(id.index()) else { return false };
            visited += 1;
            let is_root = id == class.root;
            let weights = node.children.iter().filter_map(|c| info.nodes.get(c.index()));
            let can_run = weights.map(|child| child.weight).any(|weight| weight > 0);
            if visited > nodes || can_run == (node.kind == NodeKind::Task) {
                return false;
            }
            if is_root && node.kind == NodeKind::Task {
                return false;
            }
            open.extend(&node.children);
        }
    }
    visited == nodes
}

proptest! {
    #[test]
    fn whatever_is_declared_is_refused_or_is_a_forest(
        parents in prop::collection::vec(prop::option::weighted(0.9, 0_u32..9), 2..9),
        edges in prop::collection::vec((0_u32..9, 0_u32..9), 0..2),
        weights in prop::collection::vec(prop_oneof![4 => Just(1_u32), 1 => Just(0)], 9),
    ) {
        let info = forest(&parents, &edges, &weights);
        let expected = is_forest_of_sets(&info);
        let found = info.check(&LoadLimits::default());
        prop_assert_eq!(found.is_ok(), expected, "{:?}", found);
    }
}
