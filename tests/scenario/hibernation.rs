//! A scenario behaves the same in each mode of isolation.
//!
//! Upstream: the guest `hibernating`, whose users hold everything that a user can hold, and leave each step in
//! the target's log. Downstream: the log by user, and the statistics.

use std::collections::BTreeMap;
use std::path::PathBuf;

use wload_tests::files::{Report, Table};
use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder};
use wload_tests::target;

/// Classes that must behave the same.
const CLASSES: &str = "Holder Member Measurer Waiter Nested Stepper Unsaved Refuser";
const USERS: u32 = 24;
/// Fewer than half of the users, so that each of them is saved again and again.
const INSTANCES: u32 = 3;

/// What one run left behind.
struct Lived {
    finished: Finished,
    /// The steps of each user in order.
    steps: BTreeMap<String, Vec<String>>,
    /// Requests and failures of each row.
    rows: BTreeMap<String, (u64, u64)>,
    report: Report,
    folder: PathBuf,
}

fn live(name: &str, classes: &str, users: u32, mode: &str) -> Lived {
    live_within(name, classes, users, mode, &format!("instances={INSTANCES}"))
}

fn live_within(name: &str, classes: &str, users: u32, mode: &str, limit: &str) -> Lived {
    let target = target::start();
    let folder = empty_folder(&format!("hibernation/{name}-{mode}"));
    std::fs::write(folder.join("words.csv"), "word,length\nant,3\nbee,3\nhorse,5\n").unwrap();
    let args = format!(
        "{classes} -u {users} -r 1000 --cores 1 --seed 7 --isolation {mode} \
         --limit {limit} --limit kept-values=64KiB --only-summary --csv run --json-file run --data-dir ."
    );
    let run = Wload::run(&guest("hibernating"), &target.url(), &args).in_folder(&folder);
    let finished = run.output();
    let mut steps = BTreeMap::<String, Vec<String>>::new();
    for step in target::log(&target) {
        let mut parts = step.splitn(3, ' ');
        let (class, number) = (parts.next().unwrap(), parts.next().unwrap());
        let what = parts.next().unwrap().to_owned();
        steps.entry(format!("{class} {number}")).or_default().push(what);
    }
    let report = Report::read(&folder);
    let rows = report.stats.rows().map(|row| {
        let name = format!("{} {}", row.text("Type"), row.text("Name"));
        (name, (row.count("Request Count"), row.count("Failure Count")))
    });
    Lived { steps, rows: rows.collect(), finished, report, folder }
}

impl Lived {
    /// How often users were saved.
    fn saves(&self) -> u64 {
        let line = self.finished.stderr.lines().find(|line| line.contains(", users saved "));
        let rest = line.and_then(|line| line.split(", users saved ").nth(1));
        let number =
            rest.and_then(|rest| rest.split(' ').next()).and_then(|text| text.parse().ok());
        number.unwrap_or_else(|| panic!("nobody was saved: {}", self.finished))
    }

    /// Values and sums of metrics.
    fn metrics(&self) -> BTreeMap<String, (u64, String)> {
        let table = Table::read(&self.folder.join("run"), "metrics");
        let rows = table.rows();
        rows.map(|row| {
            (row.text("Name").to_owned(), (row.count("Count"), row.text("Sum").to_owned()))
        })
        .collect()
    }

    fn exceptions(&self) -> BTreeMap<&str, u64> {
        let rows = self.report.exceptions.rows();
        rows.map(|row| (row.text("Message"), row.count("Count"))).collect()
    }
}

#[test]
fn users_live_the_same_lives_in_each_mode() {
    let pinned = live("same", CLASSES, USERS, "pinned");
    assert_eq!(pinned.steps.len(), USERS as usize, "{}", pinned.finished);
    let last_turns =
        pinned.steps.values().filter(|steps| steps.iter().any(|step| is_last_turn(step))).count();
    assert_eq!(last_turns, USERS as usize, "{:?}", pinned.steps);
    for mode in ["reuse", "fresh"] {
        let saved = live("same", CLASSES, USERS, mode);
        for (user, steps) in &pinned.steps {
            assert_eq!(saved.steps.get(user), Some(steps), "{user}, {mode}: {}", saved.finished);
        }
        assert_eq!(saved.rows, pinned.rows, "{mode}: {}", saved.finished);
        assert_eq!(saved.metrics(), pinned.metrics(), "{mode}");
        assert_eq!(saved.exceptions(), pinned.exceptions(), "{mode}");
        assert_eq!(saved.finished.code, pinned.finished.code, "{mode}");
        assert!(saved.saves() > u64::from(USERS), "{mode}: {}", saved.finished);
    }
}

#[test]
fn memory_limits_the_instances_that_are_kept_as_their_number_does() {
    let users = 400;
    let roomy = live_within("roomy", "Waiter", users, "reuse", "instance-memory=640MiB");
    assert!(roomy.finished.stderr.contains("users saved 0 times"), "{}", roomy.finished);
    let short = live_within("short", "Waiter", users, "reuse", "instance-memory=0");
    assert!(short.saves() > 0, "{}", short.finished);
    assert_eq!(short.rows, roomy.rows, "{}", short.finished);
}

/// Each runs one task and waits. Nobody comes who wants an instance, and none may be kept.
#[test]
fn what_a_wave_of_tasks_has_left_is_let_go_though_nobody_wants_it() {
    let target = target::start();
    let args = "Waiter -u 20 -r 1000 -t 3s --cores 1 --limit instance-memory=0 --only-summary";
    let finished = Wload::run(&guest("bench"), &target.url(), args).expect(0);
    assert!(finished.stderr.contains("users saved 20 times"), "{finished}");
    assert_eq!(target.counts().total.received, 20, "{finished}");
}

fn is_last_turn(step: &str) -> bool {
    step.starts_with("12 ")
}

#[test]
fn what_a_user_keeps_beside_its_state_goes_with_it_and_is_found_by_nobody_else() {
    let lives = ["pinned", "reuse", "fresh"].map(|mode| live("kept", "Keeper", 8, mode));
    for lived in &lives {
        assert_eq!(lived.steps, lives[0].steps, "{}", lived.finished);
        assert!(lived.exceptions().is_empty(), "{}", lived.finished);
    }
    let steps = &lives[0].steps["Keeper 5"];
    assert_eq!(steps[0], "1 1 None 1000 true");
    assert_eq!(steps[11], "12 1 Some(\"5 in turn 10\") 1000 true");
    let snooped = live("snooped", "Keeper Snooper --iterations 12", 8, "reuse");
    let exceptions = snooped.exceptions();
    let message = "the user keeps no value with the number 0";
    assert!(exceptions.keys().all(|said| said.contains(message)), "{exceptions:?}");
    let found = snooped.steps.values().flatten().filter(|step| step.contains("found")).count();
    assert_eq!((found, exceptions.len()), (0, 1), "{:?}", snooped.steps);
}

#[test]
fn who_cannot_be_saved_is_named_and_counted() {
    let told = |lived: &Lived, words: &str| {
        assert!(lived.finished.stderr.contains(words), "`{words}` in {}", lived.finished);
    };
    let unsaved = live("unsaved", "Unsaved Holder", 9, "reuse");
    told(&unsaved, "`Unsaved` is not `Serialize` and `Deserialize`");
    told(&unsaved, "3 users kept theirs because they cannot be saved");
    let refuser = live("refuser", "Refuser", 8, "reuse");
    told(&refuser, "a user keeps its instance: `Refuser`: it holds what cannot be copied");
}

#[test]
fn a_user_that_cannot_be_read_back_is_an_exception_and_begins_anew() {
    let lived = live("forgetful", "Forgetful", 8, "fresh");
    let exceptions = lived.exceptions();
    let (message, times) = exceptions.iter().next().unwrap();
    assert!(message.contains("`Forgetful`: it does not know any more"), "{exceptions:?}");
    let begins = lived.steps.values().flatten().filter(|step| step.ends_with("begins")).count();
    assert_eq!(begins as u64, 8 + times, "{:?}: {}", lived.steps, lived.finished);
}
