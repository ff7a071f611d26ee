//! Fuzzers: what a scenario may declare, and what a load shape may answer.
//!
//! Upstream: seeds of `wload_fuzz`. Downstream: `ScenarioInfo::check` and `Dispatcher`. What must hold:
//! no panic; what is accepted can be used; there are never more users than were asked for, and every
//! count is the sum of its parts.

use std::time::Duration;

use wload_core::dispatch::{Batch, Change, DispatchClass, Dispatcher};
use wload_core::ids::{ClassId, CoreId, NodeId};
use wload_core::limits::{DESCRIBE_PROBLEMS_MAX, LoadLimits};
use wload_core::shape::Tick;
use wload_core::user_class::{
    NodeKind, OptionSpec, ScenarioInfo, Share, TableSpec, TaskNode, UserClass, WaitTime,
};
use wload_fuzz::Noise;

/// Seeds of a test run.
const RUNS: u64 = 200;
/// Users of one tick: more would only take longer.
const USERS_MAX: usize = 300;
/// Batches looked at before the next tick.
const BATCHES_MAX: usize = 400;

fn name(noise: &mut Noise) -> String {
    if noise.once_in(6) { noise.text(300) } else { noise.words(&["a", "b", "c", " "], 4) }
}

fn wait(noise: &mut Noise) -> WaitTime {
    let time = |noise: &mut Noise| Duration::from_nanos(noise.size());
    match noise.below(6) {
        0 => WaitTime::None,
        1 => WaitTime::Constant(time(noise)),
        2 => WaitTime::Between(time(noise), time(noise)),
        3 => WaitTime::Pacing(time(noise)),
        4 => WaitTime::Throughput(noise.float()),
        _ => WaitTime::Custom,
    }
}

fn share(noise: &mut Noise) -> Share {
    if noise.once_in(3) {
        Share::FixedCount(noise.size() as u32)
    } else {
        Share::Weight(noise.float())
    }
}

fn node(noise: &mut Noise, index: usize, nodes: usize) -> TaskNode {
    let child = |noise: &mut Noise| match noise.below(8) {
        0 => NodeId(noise.size() as u32),
        // Mostly forward, so that some of the trees are trees.
        _ => NodeId((index + 1 + noise.below(3)).min(nodes + 1) as u32),
    };
    let kind = *noise.pick(&[NodeKind::Task, NodeKind::WeightedSet, NodeKind::SequentialSet]);
    let children = match kind {
        NodeKind::Task if !noise.once_in(10) => 0,
        _ => noise.below(4),
    };
    TaskNode {
        name: name(noise),
        kind,
        weight: noise.size() as u32,
        tags: (0..noise.below(3)).map(|_| name(noise)).collect(),
        children: (0..children).map(|_| child(noise)).collect(),
        wait: noise.once_in(3).then(|| wait(noise)),
        has_hooks: noise.once_in(2),
    }
}

fn info(noise: &mut Noise) -> ScenarioInfo {
    let nodes = noise.below(8);
    let class = |noise: &mut Noise| UserClass {
        name: name(noise),
        share: share(noise),
        target_host: noise.once_in(3).then(|| name(noise)),
        wait: wait(noise),
        root: NodeId(noise.below(nodes + 2) as u32),
        has_hooks: noise.once_in(2),
        pinned: None,
    };
    let option = |noise: &mut Noise| OptionSpec {
        name: name(noise),
        help: name(noise),
        default_value: noise.once_in(2).then(|| name(noise)),
        choices: (0..noise.below(3)).map(|_| name(noise)).collect(),
        secret: noise.once_in(2),
        flags: (0..noise.below(3)).map(|_| noise.words(&["-", "--", "a", "=", " "], 4)).collect(),
        ..OptionSpec::default()
    };
    let table = |noise: &mut Noise| TableSpec {
        name: name(noise),
        path: noise.words(&["a", "/", "..", ".", "\\", "C:", "\0"], 5),
        has_header: noise.once_in(2),
    };
    ScenarioInfo {
        classes: (0..noise.below(4)).map(|_| class(noise)).collect(),
        nodes: (0..nodes).map(|index| node(noise, index, nodes)).collect(),
        options: (0..noise.below(3)).map(|_| option(noise)).collect(),
        tables: (0..noise.below(3)).map(|_| table(noise)).collect(),
        has_shape: noise.once_in(2),
        has_hooks: noise.once_in(2),
    }
}

/// One that is a tree, so that what comes after the check is reached as well.
fn sound(noise: &mut Noise) -> ScenarioInfo {
    let tasks = 1 + noise.below(5) as u32;
    let of = |kind, weight, children| TaskNode {
        name: "n".to_owned(),
        kind,
        weight,
        tags: Vec::new(),
        children,
        wait: None,
        has_hooks: false,
    };
    let root = of(NodeKind::WeightedSet, 1, (1..=tasks).map(NodeId).collect());
    let mut nodes = vec![root];
    nodes.extend((0..tasks).map(|_| of(NodeKind::Task, 1 + noise.size() as u32 / 2, Vec::new())));
    let class = UserClass {
        name: "C".to_owned(),
        share: share(noise),
        target_host: None,
        wait: WaitTime::None,
        root: NodeId(0),
        has_hooks: false,
        pinned: None,
    };
    ScenarioInfo { classes: vec![class], nodes, ..ScenarioInfo::default() }
}

#[test]
fn fuzz_describe() {
    wload_fuzz::run(RUNS * 10, |noise| {
        let info = if noise.once_in(4) { sound(noise) } else { info(noise) };
        match info.check(&LoadLimits::default()) {
            Ok(()) => {
                let classes: Vec<ClassId> =
                    (0..info.classes.len()).map(|index| ClassId(index as u32)).collect();
                let users = noise.once_in(2).then(|| noise.size() as u32);
                let _ = info.task_ratio(&classes, users);
                for class in &info.classes {
                    assert_ne!(info.node(class.root).kind, NodeKind::Task, "{info:?}");
                }
            }
            Err(problems) => {
                assert!((1..=DESCRIBE_PROBLEMS_MAX + 1).contains(&problems.len()));
                for problem in problems {
                    let text = problem.to_string();
                    assert!(!text.chars().any(char::is_control), "{text:?}");
                    assert!(text.len() < 4_000, "{text}");
                }
            }
        }
    });
}

fn classes(noise: &mut Noise) -> Vec<DispatchClass> {
    let count = 1 + noise.below(5);
    let class = |index: usize, noise: &mut Noise| DispatchClass {
        id: ClassId(index as u32),
        name: format!("{}{index}", noise.pick(&["a", "b", ""])),
        share: if noise.once_in(3) {
            Share::FixedCount(noise.below(50) as u32)
        } else {
            Share::Weight(noise.float())
        },
    };
    (0..count).map(|index| class(index, noise)).collect()
}

/// What the changes of all batches add up to.
fn check_batch(batch: &Batch, running: &mut [[i64; 5]], before: u32, target: u32) {
    for change in &batch.changes {
        let (core, class, by) = match *change {
            Change::Start(core, class) => (core, class, 1),
            Change::Stop(core, class) => (core, class, -1),
        };
        let users = &mut running[usize::from(core.0)][class.index()];
        *users += by;
        assert!(*users >= 0, "a user is stopped that was never started");
    }
    let total: i64 = running.iter().flatten().sum();
    assert_eq!(i64::from(batch.counts.total()), total);
    for (core, expected) in running.iter().enumerate() {
        for (class, users) in batch.counts.of_core(CoreId(core as u16)) {
            assert_eq!(i64::from(users), expected[class.index()]);
        }
    }
    let of_classes: u32 = batch.counts.of_classes().map(|(_, users)| users).sum();
    assert_eq!(of_classes, batch.counts.total());
    let (low, high) = (before.min(target), before.max(target));
    assert!((low..=high).contains(&batch.counts.total()), "{low} {high} {batch:?}");
}

#[test]
fn fuzz_shapes() {
    wload_fuzz::run(RUNS, |noise| {
        let cores = 1 + noise.below(8) as u16;
        let classes = classes(noise);
        let Ok(mut dispatcher) = Dispatcher::new(&classes, cores) else { return };
        let mut running = vec![[0_i64; 5]; usize::from(cores)];
        for _ in 0..10 {
            let tick = Tick {
                users: if noise.once_in(20) { u32::MAX } else { noise.below(USERS_MAX) as u32 },
                spawn_rate: noise.float(),
                classes: (0..noise.below(3))
                    .map(|_| {
                        if noise.once_in(8) {
                            name(noise)
                        } else {
                            noise.pick(&classes).name.clone()
                        }
                    })
                    .collect(),
            };
            let (total, target) = (dispatcher.total(), dispatcher.target());
            if dispatcher.retarget(&tick).is_err() {
                assert_eq!((dispatcher.total(), dispatcher.target()), (total, target));
            }
            // Sometimes the next tick comes before the ramp is done.
            for _ in 0..noise.below(BATCHES_MAX) {
                let before = dispatcher.total();
                let Some(batch) = dispatcher.next_batch() else { break };
                check_batch(&batch, &mut running, before, dispatcher.target());
            }
        }
    });
}
