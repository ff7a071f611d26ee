//! Tags and names: what stays of a tree, by small trees.

use super::*;
use crate::user_class::{TaskNode, UserClass, WaitTime};

/// Nodes from lines `name weight tags children`, where tags and children are joined by commas and
/// `-` is none; a node with children is a set. Each class is `name root`.
fn info(classes: &[&str], lines: &[&str]) -> ScenarioInfo {
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let index = |name: &str| NodeId(fields.iter().position(|f| f[0] == name).unwrap() as u32);
    let list = |text: &'static str| text.split(',').filter(|part| *part != "-");
    let node = |field: &Vec<&str>| TaskNode {
        name: field[0].to_owned(),
        kind: if field[3] == "-" { NodeKind::Task } else { NodeKind::WeightedSet },
        weight: field[1].parse().unwrap(),
        tags: list(field[2].to_owned().leak()).map(str::to_owned).collect(),
        children: list(field[3].to_owned().leak()).map(index).collect(),
        wait: None,
        has_hooks: false,
    };
    let class = |line: &&str| {
        let (name, root) = line.split_once(' ').unwrap();
        UserClass {
            name: name.to_owned(),
            share: Share::Weight(2.0),
            target_host: None,
            wait: WaitTime::None,
            root: index(root),
            has_hooks: false,
            pinned: None,
        }
    };
    let nodes = fields.iter().map(node).collect();
    let classes = classes.iter().map(class).collect();
    let info = ScenarioInfo { classes, nodes, ..ScenarioInfo::default() };
    info.check(&crate::limits::LoadLimits::default()).unwrap();
    info
}

fn names(list: &[&str]) -> Vec<String> {
    list.iter().map(|&name| name.to_owned()).collect()
}

/// The tasks that can still be reached, by class.
fn left(info: &ScenarioInfo) -> String {
    let class = |class: &UserClass| {
        let mut open = vec![class.root];
        let mut tasks = Vec::new();
        while let Some(node) = open.pop() {
            let node = info.node(node);
            match node.kind {
                NodeKind::Task => tasks.push(node.name.as_str()),
                _ => open.extend(node.children.iter().rev()),
            }
        }
        format!("{}: {}", class.name, tasks.join(" "))
    };
    info.classes.iter().map(class).collect::<Vec<_>>().join("; ")
}

const SHOP: &[&str] =
    &["root 1 - a,b,c,set", "a 1 x -", "b 1 x,y -", "c 1 - -", "set 1 y d,e", "d 1 x -", "e 1 z -"];

#[track_caller]
fn check(lines: &[&str], include: &[&str], exclude: &[&str], expected: &str, empty: &[u32]) {
    let mut info = info(&["U root"], lines);
    let found = info.filter_tags(&names(include), &names(exclude));
    assert_eq!(left(&info), format!("U: {expected}"), "with {include:?} without {exclude:?}");
    assert_eq!(found, empty.iter().map(|&id| ClassId(id)).collect::<Vec<_>>());
    assert_eq!(info.nodes.len(), lines.len(), "ids must stay what they are");
}

#[test]
fn without_tags_everything_stays() {
    check(SHOP, &[], &[], "a b c d e", &[]);
}

#[test]
fn a_task_needs_one_of_the_included_tags_and_none_of_the_excluded() {
    check(SHOP, &["x"], &[], "a b d", &[]);
    check(SHOP, &["x", "z"], &[], "a b d e", &[]);
    check(SHOP, &[], &["x"], "c e", &[]);
    check(SHOP, &["x"], &["y"], "a", &[]);
    check(SHOP, &["x"], &["x"], "", &[0]);
}

#[test]
fn tags_of_a_set_hold_for_all_in_it() {
    check(SHOP, &["y"], &[], "b d e", &[]);
    check(SHOP, &[], &["y"], "a c", &[]);
    check(&["root 1 x a,s", "a 1 - -", "s 1 - b", "b 1 y -"], &["x"], &[], "a b", &[]);
}

#[test]
fn sets_that_are_left_empty_disappear_and_so_do_sets_of_them() {
    let mut info = info(
        &["U root", "V other"],
        &["root 1 - a,s", "a 1 - -", "s 1 - t", "t 1 - b", "b 1 x -", "other 1 - c", "c 1 x -"],
    );
    assert_eq!(info.filter_tags(&[], &names(&["x"])), [ClassId(1)]);
    assert_eq!(left(&info), "U: a; V: ");
    assert_eq!(info.node(NodeId(0)).children, [NodeId(1)]);
}

#[test]
fn what_has_weight_0_does_not_keep_a_set_alive() {
    let lines = &["root 1 - a,s", "a 1 - -", "s 1 - b,c", "b 0 - -", "c 1 x -"];
    check(lines, &[], &["x"], "a", &[]);
    check(&["root 1 - b,c", "b 0 - -", "c 1 x -"], &[], &["x"], "b", &[0]);
}

#[test]
fn classes_with_one_root_are_filtered_once() {
    let mut info = info(&["U root", "V root"], SHOP);
    assert_eq!(info.filter_tags(&names(&["nothing"]), &[]), [ClassId(0), ClassId(1)]);
}

#[test]
fn classes_are_selected_by_name_and_keep_their_ids() {
    let info = info(&["A root", "B root", "C root"], SHOP);
    let select = |list: &[&str]| info.select_classes(&names(list));
    assert_eq!(select(&[]), Ok(vec![ClassId(0), ClassId(1), ClassId(2)]));
    assert_eq!(select(&["C", "A", "A"]), Ok(vec![ClassId(0), ClassId(2)]));
    assert_eq!(
        select(&["X", "A", "a"]).unwrap_err().to_string(),
        "the scenario has no user class `X`, `a`; it has `A`, `B`, `C`"
    );
}

#[test]
fn equal_weights_are_1_where_there_is_a_weight() {
    let mut info = info(&["A root", "B root", "C root"], SHOP);
    info.classes[1].share = Share::Weight(0.0);
    info.classes[2].share = Share::FixedCount(3);
    let ids = [ClassId(0), ClassId(1), ClassId(2)];
    let shares = |equal| info.dispatch_classes(&ids, equal).into_iter().map(|class| class.share);
    let (none, fixed) = (Share::Weight(0.0), Share::FixedCount(3));
    assert!(shares(false).eq([Share::Weight(2.0), none, fixed]));
    assert!(shares(true).eq([Share::Weight(1.0), none, fixed]));
    assert_eq!(info.dispatch_classes(&ids[2..], false)[0].name, "C");
}
