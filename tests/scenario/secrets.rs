//! Nothing of a user is found by the next one, wherever it was put, in each mode of isolation.
//!
//! Upstream: the guest `secret`, whose users hide secrets in all of their memory and look for those of
//! others. Downstream: the statistics and the last lines of the console.

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder};
use wload_tests::target;

/// Users, and how many instances are kept for them: so many that tasks rarely need more at once.
const USERS: u64 = 12;
const INSTANCES: u64 = 4;
const TASKS: u64 = 150;

struct Searched {
    finished: Finished,
    report: Report,
}

/// More users than instances, where that may be. `name` is that of the test.
fn search(name: &str, mode: &str, more: &str) -> Searched {
    let target = target::start();
    let folder = empty_folder(&format!("secrets/{name}"));
    let args = format!(
        "-u {USERS} -r 20 -i {TASKS} --cores 1 --isolation {mode} --limit instances={INSTANCES} \
         {more} --only-summary --csv run --json-file run"
    );
    let run = Wload::run(&guest("secret"), &target.url(), &args).in_folder(&folder);
    let finished = run.output();
    Searched { finished, report: Report::read(&folder) }
}

impl Searched {
    /// How often an event of this type and name was recorded.
    fn count(&self, kind: &str, name: &str) -> u64 {
        let mut rows = self.report.stats.rows();
        let row = rows.find(|row| row.text("Type") == kind && row.text("Name") == name);
        row.map_or(0, |row| row.count("Request Count"))
    }

    /// The number in front of these words in the line on isolation.
    fn told(&self, before: &str, after: &str) -> u64 {
        let mut lines = self.finished.stderr.lines();
        let line = lines.rfind(|line| line.starts_with("Isolation ")).unwrap_or("");
        let end = line.find(after).unwrap_or_else(|| panic!("`{after}` in {}", self.finished));
        let text = line[..end].trim_end();
        let text = text.strip_suffix(before).map_or(text, str::trim_end);
        text.rsplit(' ').next().unwrap_or("").parse().unwrap_or_else(|_| panic!("`{line}`"))
    }

    /// Nothing was found, by users that would have found it.
    fn check(&self) {
        assert_eq!(self.finished.code, Some(0), "{}", self.finished);
        let scans = self.count("SCAN", "whole memory");
        assert_eq!(scans, TASKS, "{}", self.finished);
        for place in ["the stack", "static data", "the heap"] {
            assert_eq!(self.count("OWN", place), scans, "{place} is searched: {}", self.finished);
        }
    }
}

#[test]
fn users_with_an_instance_of_their_own_find_no_secret_of_others() {
    search("pinned", "pinned", "").check();
}

#[test]
fn users_that_go_on_in_fresh_instances_find_no_secret_of_others() {
    let searched = search("fresh", "fresh", "");
    searched.check();
    assert!(searched.told("", " times") > USERS, "{}", searched.finished);
}

#[test]
fn users_that_take_turns_in_one_instance_find_no_secret_of_others() {
    let searched = search("reuse", "reuse", "");
    searched.check();
    let (saves, replaced) = (searched.told("", " times"), searched.told("", " instances replaced"));
    // All but those of the first users, which were not made to be reused, and few that have grown.
    assert!(saves > USERS && replaced < saves / 4, "{saves}, {replaced}: {}", searched.finished);
}

#[test]
fn an_instance_whose_memory_has_grown_is_replaced_because_it_cannot_be_made_like_new() {
    let searched = search("grown", "reuse", "--option grow=1000000");
    searched.check();
    let (saves, replaced) = (searched.told("", " times"), searched.told("", " instances replaced"));
    assert!(replaced > saves / 2, "{saves}, {replaced}: {}", searched.finished);
}
