//! What a user does next, told as a line of steps by small trees; Locust's order.

use wload_core::ids::UserId;
use wload_core::user_class::{Share, TaskNode, UserClass};

use super::TaskEnd::{Exception, Next, Reschedule, StopUser};
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
        pinned: None,
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

const NESTED: &[&str] = &["R s 1 x y", "x t 1", "y s:2 1 p q", "p t 1", "q w:3 1 deep", "deep t 1"];

#[test]
fn a_nested_set_is_entered_when_picked_and_never_left_unless_interrupted() {
    check(
        NESTED,
        &[Next, Next, Next, Next, Next, Next, Next, Next],
        "+R x .1 +y p .2 +q deep .3 deep .3 deep .3 deep -q -y -R",
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

/// The same tree with other wait times: of the class, and of one set.
fn with_waits(lines: &[&str], class: WaitTime, set: (usize, WaitTime)) -> TaskPicker {
    let mut info = ScenarioInfo::clone(tree(lines).info());
    info.classes[0].wait = class;
    info.nodes[set.0].wait = Some(set.1);
    TaskPicker::new(Arc::new(TaskTree::new(Arc::new(info))), ClassId(0), Duration::ZERO)
}

#[test]
fn pacing_is_counted_by_the_set_or_the_user_that_declares_it() {
    let pacing = |millis| WaitTime::Pacing(Duration::from_millis(millis));
    let lines = &["R s 1 x y", "x t 1", "y s 1 p", "p t 1"];
    let mut picker = with_waits(lines, pacing(100), (2, pacing(1_000)));
    let mut random = UserRandom::new(0, UserId(0));
    let mut check = |now: u64, step: Step, end: Option<TaskEnd>, wait: Option<u64>| {
        let now = Duration::from_millis(now);
        assert_eq!(picker.next(now, &mut random), step, "at {now:?}");
        if let Some(end) = end {
            picker.after(end);
        }
        if let Some(wait) = wait {
            let pause = Pause::For(Duration::from_millis(wait));
            assert_eq!(picker.wait(now, &mut random), pause, "at {now:?}");
        }
    };
    check(0, Step::EnterSet(NodeId(0)), Some(Next), None);
    check(0, Step::RunTask(NodeId(1)), Some(Next), None);
    check(30, Step::Wait, None, Some(70));
    check(100, Step::EnterSet(NodeId(2)), Some(Next), None);
    check(100, Step::RunTask(NodeId(3)), Some(Next), None);
    check(400, Step::Wait, None, Some(700));
    check(1_100, Step::RunTask(NodeId(3)), Some(INTERRUPT_AND_WAIT), None);
    check(1_150, Step::LeaveSet(NodeId(2)), None, None);
    check(1_150, Step::Wait, None, Some(0));
    check(1_150, Step::RunTask(NodeId(1)), Some(Next), None);
    check(1_160, Step::Wait, None, Some(90));
}

#[test]
fn a_custom_wait_is_asked_of_the_set_or_the_user_that_declares_it() {
    let lines = &["R s 1 y", "y s 1 z", "z s 1 p", "p t 1"];
    let mut random = UserRandom::new(0, UserId(0));
    let mut asked = |mut picker: TaskPicker| {
        for _ in 0..4 {
            picker.next(Duration::ZERO, &mut random);
            picker.after(Next);
        }
        assert_eq!(picker.next(Duration::ZERO, &mut random), Step::Wait);
        picker.wait(Duration::ZERO, &mut random)
    };
    let picker = with_waits(lines, WaitTime::None, (1, WaitTime::Custom));
    assert_eq!(asked(picker), Pause::Ask(Some(NodeId(1))), "as the enclosing set");
    let picker = with_waits(lines, WaitTime::Custom, (3, WaitTime::None));
    assert_eq!(asked(picker), Pause::Ask(None), "at last as the user class");
}

#[test]
fn a_weighted_set_draws_by_weight_and_remembers_nothing() {
    let tree = tree(&["R w 1 a b c d", "a t 1", "b t 0", "c t 3", "d t 6"]);
    let mut random = UserRandom::new(11, UserId(0));
    let mut picker = TaskPicker::new(tree, ClassId(0), Duration::ZERO);
    picker.next(Duration::ZERO, &mut random);
    picker.after(Next);
    let mut counts = [0_u32; 5];
    // How often each pair of a and d follows one another: with memory they would not be independent.
    let mut pairs = 0_u32;
    let mut last = 0;
    for _ in 0..50_000 {
        let Step::RunTask(node) = picker.next(Duration::ZERO, &mut random) else {
            panic!("only tasks here")
        };
        counts[node.index()] += 1;
        pairs += u32::from(last == 4 && node.index() == 4);
        last = node.index();
        picker.after(Reschedule);
    }
    let off =
        |found: u32, share: f64| (f64::from(found) - 50_000.0 * share).powi(2) / (50_000.0 * share);
    // Chi-square with 2 degrees of freedom: 13.8 is the 99.9th percentile.
    let chi = off(counts[1], 0.1) + off(counts[3], 0.3) + off(counts[4], 0.6);
    assert!(chi < 13.8, "{counts:?}");
    assert_eq!(counts[2], 0, "weight 0 is never");
    assert!((17_500..18_500).contains(&pairs), "0.6 * 0.6 of 50,000 expected, found {pairs}");
}
