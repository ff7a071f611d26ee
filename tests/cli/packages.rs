//! Packages of a requirements file: what is fetched is in the component, and what cannot be is said in a sentence.
//!
//! Upstream: files that each test writes. Downstream: pip in wload's tool folder. Packages are wheels in a folder, unless a
//! test says otherwise: no index is asked.

use std::fs;
use std::path::Path;
use std::process::Command;

use wload_tests::process::under_load;
use wload_tests::target;

use crate::python::{ended, folder, wload};

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

fn wheel(folder: &Path, name: &str, tag: &str, needs: &str, files: &[&str]) {
    let wheels = folder.join("wheels");
    fs::create_dir_all(&wheels).unwrap();
    let mut python = Command::new("python3");
    python.args(["-c", WHEEL]).arg(wheels).args([name, tag, needs]).args(files);
    assert!(python.status().unwrap().success(), "{name}");
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

/// Makes a repository of git: a project that builds its wheel itself, so that no tool is fetched for it.
const BACKEND: &str = r#"
import zipfile


def build_wheel(folder, settings=None, metadata=None):
    name, info = "branch-1.0-py3-none-any.whl", "branch-1.0.dist-info"
    texts = {
        "branch.py": "WORD = 'branch'\n",
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: branch\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    texts[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in texts)
    with zipfile.ZipFile(f"{folder}/{name}", "w") as wheel:
        for path, text in texts.items():
            wheel.writestr(path, text)
    return name
"#;

const PROJECT: &str = "[build-system]\nrequires = []\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\
                       [project]\nname = \"branch\"\nversion = \"1.0\"\n";

#[test]
fn packages_come_from_addresses_and_from_git_as_well() {
    let scenario = "import address\nimport branch\nfrom locust import HttpUser, task\n\n\n\
                    class Reader(HttpUser):\n    @task\n    def read(self):\n        \
                    self.client.get(f'/log/{branch.WORD}-{address.WORD}')\n";
    let files = [
        ("locustfile.py", scenario),
        ("repository/backend.py", BACKEND),
        ("repository/pyproject.toml", PROJECT),
    ];
    let folder = folder("python_addresses", &files);
    let repository = folder.join("repository");
    let git =
        "git init -q && git add . && git -c user.name=t -c user.email=t@localhost commit -qm t";
    let made = Command::new("sh").args(["-c", git]).current_dir(&repository).status().unwrap();
    assert!(made.success(), "git is needed, as for the checkout of wload itself");
    wheel(&folder, "address", "py3-none-any", "", &["address.py=WORD = 'address'\n"]);
    let (git, archives) = (repository.display(), folder.join("wheels"));
    let archives = archives.display();
    let requirements = format!(
        "--no-index\ngit+file://{git}\naddress @ file://{archives}/address-1.0-py3-none-any.whl\n"
    );
    fs::write(folder.join("requirements.txt"), requirements).unwrap();
    let target = target::start();
    let check = wload(&folder, "check --host").arg(target.url());
    let Some(checked) = ended("packages_come_from_addresses_and_from_git_as_well", check) else {
        return;
    };
    assert_eq!(checked.code, Some(0), "{checked}");
    assert_eq!(target::log(&target), ["branch-address"], "{checked}");
}

#[test]
fn a_package_that_has_another_hash_is_refused_with_both() {
    let folder = folder("python_hashes", &[("locustfile.py", LOCUSTFILE_WITH_WORD)]);
    wheel(&folder, "word", "py3-none-any", "", &["word.py=WORD = 'word'\n"]);
    let sum = "import hashlib; print(hashlib.sha256(open('wheels/word-1.0-py3-none-any.whl', 'rb').read()).hexdigest())";
    let sum = Command::new("python3").args(["-c", sum]).current_dir(&folder).output().unwrap();
    let right = String::from_utf8(sum.stdout).unwrap().trim().to_owned();
    let wrong = "0".repeat(64);
    let asked = |hash: &str| {
        format!(
            "--no-index\n--find-links wheels\nlocust==2.31.1 --hash=sha256:{wrong}\n\
             word==1.0 --hash=sha256:{hash}\n"
        )
    };
    fs::write(folder.join("requirements.txt"), asked(&right)).unwrap();
    let test = "a_package_that_has_another_hash_is_refused_with_both";
    let target = target::start();
    let check = wload(&folder, "check --host").arg(target.url());
    let Some(checked) = ended(test, check) else { return };
    assert_eq!(checked.code, Some(0), "{checked}");
    assert_eq!(target::log(&target), ["word"], "{checked}");
    fs::write(folder.join("requirements.txt"), asked(&wrong)).unwrap();
    let refused = wload(&folder, "build").expect(3);
    for part in ["pip could not install the requirements", &right, &wrong] {
        assert!(refused.stderr.contains(part), "{part}: {refused}");
    }
}

const LOCUSTFILE_WITH_WORD: &str = "import word\nfrom locust import HttpUser, task\n\n\nclass Reader(HttpUser):\n    \
                                    @task\n    def read(self):\n        self.client.get(f'/log/{word.WORD}')\n";

#[test]
fn an_index_that_cannot_be_reached_is_said_so() {
    let files = [("locustfile.py", LOCUSTFILE_WITH_WORD), ("requirements.txt", "--no-index\n")];
    let folder = folder("python_unreached", &files);
    // The tool itself is fetched first, where it must be.
    let test = "an_index_that_cannot_be_reached_is_said_so";
    if ended(test, wload(&folder, "build")).is_none() {
        return;
    }
    // Nobody listens at the first port.
    let requirements = "--index-url http://me:secret@127.0.0.1:1/simple\nword\n";
    fs::write(folder.join("requirements.txt"), requirements).unwrap();
    let refused = wload(&folder, "build").env("PIP_RETRIES", "1").expect(3);
    let sentence = "error: pip could not reach its index http://127.0.0.1:1/simple\n";
    assert!(refused.stderr.contains(sentence), "{refused}");
    assert!(!refused.stderr.contains("secret"), "{refused}");
    assert!(refused.stderr.contains("hint: look at the network"), "{refused}");
}
