//! Locustfiles: packages of their requirements are in the component, a new scenario in Python runs as it is, and
//! many users share few instances.
//!
//! Upstream: files that each test writes. Downstream: componentize-py in wload's tool folder, which is fetched from PyPI
//! once; where that fails these tests are skipped, loudly. Packages are wheels in a folder: no index is asked.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use wload_tests::process::{Finished, Wload, empty_folder, under_load};
use wload_tests::skips::skip;
use wload_tests::target;

/// Fetching the tool, building and compiling, on a machine that has other work.
const BUILD_TIME: Duration = Duration::from_secs(300);
/// What wload says when PyPI is not there.
const UNREACHABLE: [&str; 2] = ["failed to fetch componentize-py", "pip could not reach its index"];

/// Writes wheels: `NAME TAG NEEDS` and then files of the package as `PATH=CONTENT`.
const WHEEL: &str = r#"
import sys, zipfile
folder, name, tag, needs, *files = sys.argv[1:]
info = f"{name}-1.0.dist-info"
with zipfile.ZipFile(f"{folder}/{name}-1.0-{tag}.whl", "w") as wheel:
    texts = dict(file.split("=", 1) for file in files)
    texts[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n" + needs
    texts[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: {tag}\n"
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in texts)
    for path, text in texts.items():
        wheel.writestr(path, text)
"#;

/// A folder with its files.
fn folder(name: &str, files: &[(&str, &str)]) -> PathBuf {
    let folder = empty_folder(name);
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn wheel(folder: &Path, name: &str, tag: &str, needs: &str, files: &[&str]) {
    let wheels = folder.join("wheels");
    fs::create_dir_all(&wheels).unwrap();
    let mut python = Command::new("python3");
    python.args(["-c", WHEEL]).arg(wheels).args([name, tag, needs]).args(files);
    assert!(python.status().unwrap().success(), "{name}");
}

fn wload(folder: &Path, args: &str) -> Wload {
    Wload::new(args).in_folder(folder).within(BUILD_TIME)
}

/// The end of it; none, and this test is skipped, when PyPI is needed and not there.
fn ended(test: &str, wload: Wload) -> Option<Finished> {
    let finished = wload.output();
    if UNREACHABLE.iter().any(|text| finished.stderr.contains(text)) {
        skip(test, "PyPI cannot be reached");
        return None;
    }
    Some(finished)
}

const GREETER: &str = r#"
import importlib
import random

import greeting
from locust import HttpUser, constant, task

OWN = random.Random()


class Greeter(HttpUser):
    wait_time = constant(60)

    @task
    def greet(self):
        late = importlib.import_module("greeting.late")
        self.client.get(f"/log/{late.word()}-{greeting.text()}-{','.join(greeting.names())}")
        self.client.get(f"/log/{OWN.getrandbits(64)}")
"#;

const GREETING: [&str; 4] = [
    "greeting/__init__.py=import pkgutil\nfrom importlib import resources\n\n\ndef text():\n    folder = \
     resources.files(__name__) / 'data'\n    found = {file.name: file.read_text() for file in folder.iterdir() if \
     file.is_file()}\n    return found.get('hello.txt')\n\n\n\
     def names():\n    return [name for _, name, _ in pkgutil.iter_modules(__path__)]\n",
    "greeting/late.py=from .deep import inner\n\n\ndef word():\n    return inner.WORD\n",
    "greeting/deep/inner.py=WORD = 'late'\n",
    "greeting/data/hello.txt=hello",
];

#[test]
fn a_package_is_in_the_component_with_modules_that_are_imported_late_and_its_data() {
    let _turn = under_load();
    let requirements = "--no-index\n--find-links wheels\nlocust==2.31.1  # ours\ngreeting\n";
    let files = [("locustfile.py", GREETER), ("requirements.txt", requirements)];
    let folder = folder("python_packages", &files);
    let needs = "Requires-Dist: requests\nRequires-Dist: absent; sys_platform != 'wasi'\n";
    let deep = [GREETING.as_slice(), &["greeting/deep/__init__.py="]].concat();
    wheel(&folder, "greeting", "py3-none-any", needs, &deep);
    let target = target::start();
    let run = || wload(&folder, "run -u 2 -r 100 -t 3s -s 5 --host").arg(target.url());
    let test = "a_package_is_in_the_component_with_modules_that_are_imported_late_and_its_data";
    let Some(first) = ended(test, run()) else { return };
    assert_eq!(first.code, Some(0), "{first}");
    let line = "Using requirements.txt: greeting (wload stands in for locust)";
    assert!(first.stderr.contains(line), "{first}");
    let log = target::log(&target);
    let greetings = log.iter().filter(|step| *step == "late-hello-deep,late").count();
    assert_eq!(greetings, 2, "{log:?}");
    let mut numbers: Vec<_> = log.iter().filter(|step| step.parse::<u64>().is_ok()).collect();
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 2, "each user draws for itself: {log:?}");
    let again = run().args("--offline").expect(0);
    assert!(!again.stderr.contains("Fetching"), "{again}");
    fs::write(folder.join("more.txt"), format!("{requirements}other\n")).unwrap();
    let missing = run().args("--offline --requirements more.txt").expect(3);
    assert!(missing.stderr.contains("the packages of `more.txt` are not in"), "{missing}");
    let unknown = run().args("--requirements more.txt").expect(3);
    assert!(unknown.stderr.contains("pip found no package `other`"), "{unknown}");
}

#[test]
fn a_package_with_native_code_is_refused_with_who_needs_it() {
    let requirements = "--no-index\n--find-links wheels\nshop\n";
    let files = [("locustfile.py", "import shop\n"), ("requirements.txt", requirements)];
    let folder = folder("python_native", &files);
    let needs = "Requires-Dist: orjson\n";
    wheel(&folder, "shop", "py3-none-any", needs, &["shop.py=import orjson\n"]);
    wheel(&folder, "orjson", "cp314-cp314-manylinux_2_17_x86_64", "", &["orjson.so=x"]);
    let test = "a_package_with_native_code_is_refused_with_who_needs_it";
    let Some(refused) = ended(test, wload(&folder, "build")) else { return };
    assert_eq!(refused.code, Some(3), "{refused}");
    let text = "error: package `orjson` 1.0, which `shop` needs, has native code, and a user runs in a sandbox that \
                loads only Python\nhint: use `json` instead of `shop`\n";
    assert!(refused.stderr.ends_with(text), "{refused}");
    assert!(!folder.join("locustfile.wasm").exists());
}

#[test]
fn packages_of_this_machine_and_missing_ones_are_not_found() {
    let files = [
        ("locustfile.py", "import faker\n"),
        ("venv/lib/python3/site-packages/faker.py", "X = 1\n"),
    ];
    let folder = folder("python_missing", &files);
    let test = "packages_of_this_machine_and_missing_ones_are_not_found";
    let build = wload(&folder, "build").env("VIRTUAL_ENV", folder.join("venv"));
    let Some(refused) = ended(test, build) else { return };
    assert_eq!(refused.code, Some(3), "{refused}");
    assert!(refused.stderr.contains("locustfile.py:1: ModuleNotFoundError"), "{refused}");
    assert!(refused.stderr.contains("write its name into `requirements.txt`"), "{refused}");
    let refused = wload(&folder, "build --requirements dev.txt").expect(2);
    assert!(refused.stderr.contains("--requirements: there is no file `dev.txt`"), "{refused}");
}

#[test]
fn a_package_of_pypi_without_a_pure_wheel_is_built_from_its_source() {
    let scenario = "import jinja2\nimport markupsafe\nfrom locust import HttpUser, task\n\n\n\
                    class Reader(HttpUser):\n    @task\n    def read(self):\n        \
                    step = jinja2.Template('{{ x|e }}').render(x='a')\n        self.client.get(f'/log/{step}')\n";
    let files =
        [("locustfile.py", scenario), ("requirements.txt", "jinja2==3.1.6\nmarkupsafe==3.0.2\n")];
    let folder = folder("python_pypi", &files);
    let test = "a_package_of_pypi_without_a_pure_wheel_is_built_from_its_source";
    let target = target::start();
    let check = wload(&folder, "check --host").arg(target.url());
    let Some(checked) = ended(test, check) else { return };
    assert_eq!(checked.code, Some(0), "{checked}");
    assert_eq!(target::log(&target), ["a"], "{checked}");
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
