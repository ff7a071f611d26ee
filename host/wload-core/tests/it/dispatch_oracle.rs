//! The sequence of dispatch compared with Locust's own, user by user.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use wload_core::dispatch::{DispatchClass, Dispatcher};
use wload_core::ids::{ClassId, CoreId, UserId};
use wload_core::random::UserRandom;
use wload_core::shape::Tick;
use wload_core::user_class::Share;

/// One user per second: a batch of ours and an iteration of Locust's are then one user each.
const RATE: f64 = 1.0;

struct Case {
    classes: Vec<DispatchClass>,
    cores: u16,
    ticks: Vec<CaseTick>,
}

struct CaseTick {
    users: u32,
    /// Indices into the case's classes.
    classes: Vec<usize>,
    /// Batches before the next tick; none: all.
    steps: Option<u32>,
}

fn pick<T: Copy>(random: &mut UserRandom, from: &[T]) -> T {
    from[random.below(from.len() as u64) as usize]
}

fn any_share(random: &mut UserRandom) -> Share {
    match random.below(10) {
        0..4 => Share::Weight((1 + random.below(12)) as f64),
        4..6 => Share::Weight(pick(random, &[10.0, 30.0, 100.0, 2_000.0])),
        6..8 => Share::Weight(0.01 + random.float() * 5.0),
        _ => Share::FixedCount(1 + random.below(7) as u32),
    }
}

fn any_case(random: &mut UserRandom) -> Case {
    // Out of the order of their names, because dispatch goes by names and not by ids.
    let names = ["Shop", "Admin", "user", "Browser", "Zed"];
    let number = 1 + random.below(names.len() as u64) as usize;
    let classes: Vec<_> = (0..)
        .zip(&names[..number])
        .map(|(id, &name)| DispatchClass {
            id: ClassId(id),
            name: name.to_owned(),
            share: any_share(random),
        })
        .collect();
    let ticks = (0..1 + random.below(7)).map(|_| {
        let some: Vec<usize> = (0..number).filter(|_| random.below(2) == 0).collect();
        let all = some.is_empty() || random.below(2) == 0;
        CaseTick {
            users: random.below(60) as u32,
            classes: if all { (0..number).collect() } else { some },
            steps: (random.below(3) == 0).then(|| random.below(20) as u32),
        }
    });
    let ticks = ticks.collect();
    Case { classes, cores: 1 + random.below(4) as u16, ticks }
}

/// The steady proportions of many users, whose order depends on the last bits of the keys.
fn large_case(weights: &[f64]) -> Case {
    let class = |(id, &weight): (u32, &f64)| DispatchClass {
        id: ClassId(id),
        name: format!("C{id}"),
        share: Share::Weight(weight),
    };
    let classes: Vec<_> = (0..).zip(weights).map(class).collect();
    let all = (0..classes.len()).collect();
    Case { classes, cores: 3, ticks: vec![CaseTick { users: 2_000, classes: all, steps: None }] }
}

fn case_json(case: &Case) -> String {
    let class = |class: &DispatchClass| {
        let share = match class.share {
            Share::Weight(weight) => format!("\"weight\":{weight:?}"),
            Share::FixedCount(count) => format!("\"fixed_count\":{count}"),
        };
        format!("{{\"name\":\"{}\",{share}}}", class.name)
    };
    let tick = |tick: &CaseTick| {
        let names = tick.classes.iter().map(|&index| format!("\"{}\"", case.classes[index].name));
        let names = names.collect::<Vec<_>>().join(",");
        let steps = tick.steps.map_or(-1, i64::from);
        format!("{{\"users\":{},\"classes\":[{names}],\"steps\":{steps}}}", tick.users)
    };
    let classes = case.classes.iter().map(class).collect::<Vec<_>>().join(",");
    let ticks = case.ticks.iter().map(tick).collect::<Vec<_>>().join(",");
    format!("{{\"classes\":[{classes}],\"cores\":{},\"ticks\":[{ticks}]}}", case.cores)
}

/// What our dispatcher hands out, in the form that the oracle prints.
fn run(case: &Case) -> String {
    let mut dispatcher = Dispatcher::new(&case.classes, case.cores).unwrap();
    let mut printed = String::new();
    for tick in &case.ticks {
        let classes = tick.classes.iter().map(|&index| case.classes[index].name.clone()).collect();
        dispatcher.retarget(&Tick { users: tick.users, spawn_rate: RATE, classes }).unwrap();
        let mut steps = 0;
        while tick.steps.is_none_or(|max| steps < max)
            && let Some(batch) = dispatcher.next_batch()
        {
            steps += 1;
            let cores = (0..case.cores).map(CoreId);
            let users: Vec<String> = cores
                .flat_map(|core| batch.counts.of_core(core))
                .map(|(_, users)| users.to_string())
                .collect();
            printed.push_str(&users.join(" "));
            printed.push('\n');
        }
    }
    printed.push_str("--\n");
    printed
}

#[test]
fn users_are_dispatched_in_the_sequence_of_locust() {
    let Some(python) = locust_python("users_are_dispatched_in_the_sequence_of_locust") else {
        return;
    };
    let mut random = UserRandom::new(31_415, UserId(0));
    let mut cases: Vec<Case> = (0..300).map(|_| any_case(&mut random)).collect();
    for weights in [
        &[1.0, 2.0, 3.0][..],
        &[10.0, 20.0, 30.0],
        &[100.0, 30.0, 10.0],
        &[0.8, 1.0],
        &[1.0 / 23.0, 2.0 / 23.0, 3.0 / 23.0],
        &[std::f64::consts::E, std::f64::consts::PI, 0.001],
        &[1e9, 1.0, 1e-3],
    ] {
        cases.push(large_case(weights));
    }
    let input = cases.iter().map(case_json).collect::<Vec<_>>();
    let printed = ask_locust(&python, &format!("[{}]", input.join(",")));
    let mut answers = printed.split_inclusive("--\n");
    for (case, json) in cases.iter().zip(&input) {
        let locust = answers.next().expect("one answer per case");
        let ours = run(case);
        if ours != locust {
            let line = ours.lines().zip(locust.lines()).take_while(|(a, b)| a == b).count();
            let at = |text: &str| text.lines().nth(line).unwrap_or("nothing").to_owned();
            panic!("{json}\nstep {line}: ours {}, Locust {}", at(&ours), at(locust));
        }
    }
    assert_eq!(answers.next(), None, "one answer per case");
}

fn ask_locust(python: &Path, input: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/locust_dispatch.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// A Python that has Locust; without one the test is skipped, loudly.
fn locust_python(test: &str) -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target");
    let python = std::env::var_os("WLOAD_LOCUST_PYTHON")
        .map_or_else(|| target.join("tools/locust/bin/python"), PathBuf::from);
    if python.exists() {
        return Some(python);
    }
    eprintln!("SKIPPED {test}: Locust is not installed, run `cargo xtask setup`");
    let list = target.join("skipped-tests.txt");
    let mut list = std::fs::OpenOptions::new().create(true).append(true).open(list).unwrap();
    writeln!(list, "{test}").unwrap();
    None
}
