//! Locustfiles: a new scenario in Python runs as it is, and many users share few instances.
//!
//! Upstream: files that each test writes. Downstream: componentize-py in wload's tool folder, which is fetched from PyPI
//! once; where that fails these tests are skipped, loudly.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use wload_tests::process::{Finished, Wload, empty_folder, under_load};
use wload_tests::skips::skip;
use wload_tests::target;

/// Fetching the tool, building and compiling, on a machine that has other work.
const BUILD_TIME: Duration = Duration::from_secs(300);
/// What wload says when PyPI is not there.
const UNREACHABLE: [&str; 2] = ["failed to fetch componentize-py", "pip could not reach its index"];

/// A folder with its files.
pub(crate) fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = empty_folder(name);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

pub(crate) fn wload(folder: &Path, args: &str) -> Wload {
    Wload::new(args).in_folder(folder).within(BUILD_TIME)
}

/// The end of it; none, and this test is skipped, when PyPI is needed and not there.
pub(crate) fn ended(test: &str, wload: Wload) -> Option<Finished> {
    let finished = wload.output();
    if UNREACHABLE.iter().any(|text| finished.stderr.contains(text)) {
        skip(test, "PyPI cannot be reached");
        return None;
    }
    Some(finished)
}

#[test]
fn a_new_scenario_in_python_runs_as_it_is() {
    let _turn = under_load();
    let folder = empty_folder("new_python");
    let target = target::start();
    let created = wload(&folder, "new --lang python first-steps").expect(0);
    assert!(created.stderr.contains("wload run --host"), "it says what is next: {created}");
    let folder = folder.join("first-steps");
    let test = "a_new_scenario_in_python_runs_as_it_is";
    let check = wload(&folder, "check --host").arg(target.url());
    let Some(checked) = ended(test, check) else { return };
    for part in ["Visitor: weight 3", "Buyer: weight 1", "accounts.csv", "POST /orders: 201"] {
        assert!(checked.stdout.contains(part), "{part}: {checked}");
    }
    target.reset();
    let run = wload(&folder, "run --host").arg(target.url());
    let finished = run.args("-u 8 -r 100 -t 4s --stop-timeout 10 --page-size 5").expect(0);
    let counts = target.counts().total;
    let verdict = format!("passed: {} requests, 0 failures, 0 exceptions", counts.received);
    assert!(finished.verdict().starts_with(&verdict), "{verdict} in {finished}");
    assert!(counts.received > 8, "{counts:?}");
    let shaped = wload(&folder, "check locustfile.py,_stages.py").expect(0);
    assert!(shaped.stdout.contains("Load shape: yes"), "{shaped}");
}

const CROWD: &str = r#"
from locust import FastHttpUser, constant, events, task


@events.init_command_line_parser.add_listener
def _(parser):
    parser.add_argument("--where")


class Visitor(FastHttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get(self.environment.parsed_options.where)
"#;

/// All of them wait for the target at once, and ask for more instances than there are places at the same moment. Those
/// that were saved meanwhile find their options again.
#[test]
fn a_crowd_at_a_slow_target_waits_for_the_few_instances_that_there_may_be() {
    let folder = folder("python/crowd", &[("locustfile.py", CROWD)]);
    let target = target::start_slow("fixed:100ms");
    let args = format!(
        "run locustfile.py --host {} -u 300 -r 10000 -i 600 --cores 1 --limit instances=2 \
         --only-summary --where /ok",
        target.url()
    );
    let test = "a_crowd_at_a_slow_target_waits_for_the_few_instances_that_there_may_be";
    let Some(finished) = ended(test, wload(&folder, &args)) else { return };
    assert!(finished.stderr.contains("600 requests, 0 failures, 0 exceptions"), "{finished}");
    assert!(finished.stderr.contains("up to 20 instances"), "{finished}");
}

const KINDS: &str = r#"
from locust import FastHttpUser, HttpUser, User, task


class Plain(User):
    @task
    def nothing(self):
        pass


class Usual(HttpUser, Plain):
    pass


class Fast(FastHttpUser, Plain):
    pass
"#;

/// Code of the author's that stands in for ours, and fails where there is no host.
const REPLACED: &str = "\n\ndef refuse(*_, **__):\n    raise KeyError('no session here')\n\n\n\
                        FastHttpUser.__init__ = refuse\n";

#[test]
fn users_of_each_kind_are_rehearsed_and_when_they_cannot_be_it_is_said() {
    let replaced = format!("{KINDS}{REPLACED}");
    let files = [("kinds.py", KINDS), ("replaced.py", replaced.as_str())];
    let folder = folder("python/rehearsed", &files);
    let test = "users_of_each_kind_are_rehearsed_and_when_they_cannot_be_it_is_said";
    let Some(built) = ended(test, wload(&folder, "build kinds.py")) else { return };
    assert_eq!(built.code, Some(0), "{built}");
    assert!(!built.stderr.contains("rehearsed"), "{built}");
    let text = "warning: users could not be rehearsed at build time, so that each takes more memory and CPU: \
                'no session here'\n";
    // Built, and then from the cache.
    for _ in 0..2 {
        let replaced = wload(&folder, "build replaced.py").expect(0);
        assert!(replaced.stderr.contains(text), "{replaced}");
    }
}
