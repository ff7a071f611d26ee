use wload_core::ids::UserId;
use wload_core::user_class::{Share, TaskNode, UserClass};

use super::*;

const INTERRUPT: TaskEnd = TaskEnd::Interrupt { reschedule: true };
const INTERRUPT_AND_WAIT: TaskEnd = TaskEnd::Interrupt { reschedule: false };

/// A tree from lines `name kind weight children`, the root first. Kinds: `t`ask, `w`eighted,
/// `s`equential; a set with `:ms` has a wait time of its own, of so many milliseconds.
pub(super) fn tree(lines: &[&str]) -> Arc<TaskTree> {
    let fields: Vec<Vec<&str>> = lines.iter().map(|line| line.split(' ').collect()).collect();
    let index = |name: &str| fields.iter().position(|field| field[0] == name).unwrap() as u32;
    let node = |field: &Vec<&str>| {
        let (kind, wait) = field[1].split_once(':').map_or((field[1], None), |(k, w)| (k, Some(w)));
        TaskNode {
            name: field[0].to_owned(),
            kind: match kind {
                "t" => NodeKind::Task,
                "w" => NodeKind::WeightedSet,
                "s" => NodeKind::SequentialSet,
                _ => panic!("no such kind: {kind}"),
            },
            weight: field[2].parse().unwrap(),
            tags: Vec::new(),
            children: field[3..].iter().map(|name| NodeId(index(name))).collect(),
            wait: wait.map(|ms| WaitTime::Constant(Duration::from_millis(ms.parse().unwrap()))),
            has_hooks: kind != "t",
        }
    };
    let class = UserClass {
        name: "U".to_owned(),
        share: Share::Weight(1.0),
        target_host: None,
        wait: WaitTime::Constant(Duration::from_millis(1)),
        root: NodeId(0),
        has_hooks: false,
    };
    let nodes = fields.iter().map(node).collect();
    let info = ScenarioInfo { classes: vec![class], nodes, ..ScenarioInfo::default() };
    Arc::new(TaskTree::new(Arc::new(info)))
}

/// Runs a user whose every call ends as `ends` says, in order, at last with `StopUser`. Shown are
/// `+` entered, `-` left, `.` with milliseconds waited, and tasks by their name.
pub(super) fn run(tree: &Arc<TaskTree>, ends: impl IntoIterator<Item = TaskEnd>) -> String {
    let mut ends = ends.into_iter();
    let mut random = UserRandom::new(0, UserId(0));
    let mut picker = TaskPicker::new(tree.clone(), ClassId(0), Duration::ZERO);
    let mut shown = Vec::new();
    let name = |node: NodeId| &tree.info().node(node).name;
    loop {
        match picker.next(Duration::ZERO, &mut random) {
            Step::EnterSet(node) => {
                shown.push(format!("+{}", name(node)));
                picker.after(ends.next().unwrap_or(TaskEnd::StopUser));
            }
            Step::RunTask(node) => {
                shown.push(name(node).clone());
                picker.after(ends.next().unwrap_or(TaskEnd::StopUser));
            }
            Step::LeaveSet(node) => shown.push(format!("-{}", name(node))),
            Step::Wait => match picker.wait(Duration::ZERO, &mut random) {
                Pause::For(time) => shown.push(format!(".{}", time.as_millis())),
                Pause::Ask(node) => panic!("no wait of these trees is custom: {node:?}"),
            },
            Step::UserDone => return shown.join(" "),
        }
    }
}

#[track_caller]
fn check(lines: &[&str], ends: &[TaskEnd], expected: &str) {
    assert_eq!(run(&tree(lines), ends.iter().copied()), expected, "{lines:?} with {ends:?}");
}

use TaskEnd::{Exception, Next, Reschedule, StopUser};

const SEQUENCE: &[&str] = &["R s 1 a b c", "a t 2", "b t 0", "c t 1"];

#[test]
fn a_sequence_runs_each_child_weight_times_in_a_row_again_and_again() {
    check(SEQUENCE, &[Next; 6], "+R a .1 a .1 c .1 a .1 a .1 c -R");
    check(&["R s 1 a", "a t 1"], &[Next; 4], "+R a .1 a .1 a .1 a -R");
}

#[test]
fn after_a_task_and_after_an_exception_the_user_waits_but_not_after_a_reschedule() {
    check(SEQUENCE, &[Next, Exception, Reschedule, Next], "+R a .1 a c .1 a -R");
}

const NESTED: &[&str] =
    &["R s 1 x y", "x t 1", "y s:2 1 p q", "p t 1", "q w:3 1 deep", "deep t 1"];

#[test]
fn a_nested_set_is_entered_when_picked_and_never_left_unless_interrupted() {
    check(
        NESTED,
        &[Next, Next, Next, Next, Next, Next, Next, Next],
        "+R x .1 +y p .2 +q deep .3 deep .3 deep -q -y -R",
    );
}

#[test]
fn after_an_interrupt_the_parent_goes_on_at_once_or_waits_by_its_own_wait_time() {
    let enter = [Next, Next, Next, Next, Next];
    check(
        NESTED,
        &[&enter[..], &[INTERRUPT, Next]].concat(),
        "+R x .1 +y p .2 +q deep -q p .2 +q -y -R",
    );
    check(
        NESTED,
        &[&enter[..], &[INTERRUPT_AND_WAIT, Next]].concat(),
        "+R x .1 +y p .2 +q deep -q .2 p .2 +q -y -R",
    );
    check(NESTED, &[Next, Next, Next, INTERRUPT_AND_WAIT], "+R x .1 +y p -y .1 x -R");
}

#[test]
fn a_sequence_begins_again_when_it_is_entered_again() {
    let tree = &["R s 1 y", "y s 1 p q", "p t 1", "q t 1"];
    check(tree, &[Next, Next, INTERRUPT, Next, Next, Next], "+R +y p -y +y p .1 q .1 p -y -R");
}

#[test]
fn an_interrupt_in_the_root_set_stops_the_user() {
    check(SEQUENCE, &[Next, INTERRUPT], "+R a -R");
    check(SEQUENCE, &[Next, INTERRUPT_AND_WAIT], "+R a -R");
}

#[test]
fn a_set_whose_on_start_does_not_succeed_is_left_without_on_stop() {
    let tree = &["R s 1 y x", "y s 1 p", "p t 1", "x t 1"];
    check(tree, &[Next, Exception, Next, Next], "+R +y .1 x .1 +y p -y -R");
    check(tree, &[Next, INTERRUPT_AND_WAIT], "+R +y .1 x -R");
    check(tree, &[Next, INTERRUPT], "+R +y x -R");
    check(tree, &[Next, Reschedule], "+R +y x -R");
    check(tree, &[Next, StopUser], "+R +y -R");
    for end in [Exception, INTERRUPT, INTERRUPT_AND_WAIT, Reschedule, StopUser] {
        check(tree, &[end], "+R");
    }
}

#[test]
fn a_set_with_nothing_to_run_stops_the_user_instead_of_spinning() {
    check(&["R s 1 a", "a t 0"], &[Next; 2], "+R -R");
    check(&["R w 1 a", "a t 0"], &[Next; 2], "+R -R");
    check(&["R s 1"], &[Next; 2], "+R -R");
    check(&["R w 1"], &[Next; 2], "+R -R");
}

#[test]
fn a_user_that_is_told_to_stop_leaves_its_sets_whatever_its_task_reports() {
    for end in [Next, Reschedule, INTERRUPT, INTERRUPT_AND_WAIT, Exception, StopUser] {
        let tree = tree(&["R s 1 y", "y s 1 p", "p t 1"]);
        let mut random = UserRandom::new(0, UserId(0));
        let mut picker = TaskPicker::new(tree, ClassId(0), Duration::ZERO);
        let mut next = |picker: &mut TaskPicker| picker.next(Duration::ZERO, &mut random);
        // Sets without hooks are not reported on.
        assert_eq!(next(&mut picker), Step::EnterSet(NodeId(0)));
        assert_eq!(next(&mut picker), Step::EnterSet(NodeId(1)));
        assert_eq!(next(&mut picker), Step::RunTask(NodeId(2)));
        picker.stop();
        picker.after(end);
        assert_eq!(next(&mut picker), Step::LeaveSet(NodeId(1)), "{end:?}");
        picker.after(Next);
        assert_eq!(next(&mut picker), Step::LeaveSet(NodeId(0)));
        assert_eq!(next(&mut picker), Step::UserDone);
        assert_eq!(next(&mut picker), Step::UserDone);
    }
}

#[test]
fn a_user_that_is_stopped_before_it_began_enters_nothing() {
    let mut picker = TaskPicker::new(tree(SEQUENCE), ClassId(0), Duration::ZERO);
    picker.stop();
    let mut random = UserRandom::new(0, UserId(0));
    assert_eq!(picker.next(Duration::ZERO, &mut random), Step::UserDone);
}

#[test]
fn pacing_is_counted_by_the_set_or_the_user_that_declares_it() {
    let pacing = |ms| WaitTime::Pacing(Duration::from_millis(ms));
    let plain = tree(&["R s 1 x y", "x t 1", "y s 1 p", "p t 1"]);
    let mut info = ScenarioInfo::clone(plain.info());
    info.classes[0].wait = pacing(100);
    info.nodes[2].wait = Some(pacing(1_000));
    let tree = Arc::new(TaskTree::new(Arc::new(info)));
    let mut random = UserRandom::new(0, UserId(0));
    let at = Duration::from_millis;
    let mut picker = TaskPicker::new(tree, ClassId(0), at(0));
    let steps: Vec<Step> = (0..3).map(|_| picker.next(at(10), &mut random)).collect();
    assert_eq!(steps, [Step::EnterSet(NodeId(0)), Step::RunTask(NodeId(1)), Step::RunTask(NodeId(1))]);
}
