//! Both runs: started once, looked at by all tests.
//!
//! Upstream: the tests. Downstream: Locust in `target/tools/locust` or where `WLOAD_LOCUST_PYTHON` says, and
//! the binary. Invariant: each run has a target of its own, so that both see the same numbers of orders.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::Value;
use wload_tests::files::{Row, Table};
use wload_tests::guest::{guest, repository};
use wload_tests::process::{Wload, empty_folder};
use wload_tests::target::{Counts, start};

/// Visits of a run, in all.
pub(crate) const VISITS: u64 = 40;
/// Every flag is Locust's or that of its plugins; the time only ends what hangs.
const FLAGS: &str = "--headless --only-summary -u 4 -r 100 -i 40 -t 60";

/// What a program wrote and how it ended.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// One run, and what its target counted.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) counts: Counts,
    pub(crate) output: Output,
    /// Of the CSV files.
    pub(crate) prefix: PathBuf,
    /// What a second run with `--json` wrote.
    pub(crate) json: Vec<Value>,
}

/// The same flow by both.
#[derive(Debug)]
pub(crate) struct Runs {
    pub(crate) locust: Run,
    pub(crate) wload: Run,
}

/// Who runs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Program {
    Locust,
    Wload,
}

/// Both runs; none, loudly, without Locust.
pub(crate) fn runs(test: &str) -> Option<&'static Runs> {
    static RUNS: OnceLock<Runs> = OnceLock::new();
    python(test)?;
    Some(RUNS.get_or_init(|| Runs { locust: run(Program::Locust), wload: run(Program::Wload) }))
}

impl Run {
    /// One of the CSV files.
    pub(crate) fn table(&self, name: &str) -> Table {
        Table::read(&self.prefix, name)
    }

    /// One of the CSV files as it stands.
    pub(crate) fn text(&self, name: &str) -> String {
        let path = format!("{}_{name}.csv", self.prefix.display());
        std::fs::read_to_string(path).unwrap()
    }
}

impl Runs {
    /// Locust's first.
    pub(crate) fn both(&self) -> [&Run; 2] {
        [&self.locust, &self.wload]
    }
}

/// Rows by type and name.
pub(crate) fn by_key(table: &Table) -> BTreeMap<(String, String), Row<'_>> {
    let key = |row: &Row<'_>| (row.text("Type").to_owned(), row.text("Name").to_owned());
    table.rows().map(|row| (key(&row), row)).collect()
}

fn run(program: Program) -> Run {
    let folder = empty_folder(&format!("locust/{program:?}"));
    let prefix = folder.join("shop");
    let target = start();
    let csv = ["--host", &target.url(), "--csv", prefix.to_str().unwrap()].map(String::from);
    let output = execute(program, &format!("{FLAGS} "), &csv);
    let counts = target.counts();
    let target = start();
    let json = execute(program, FLAGS, &["--json".into(), "--host".into(), target.url()]);
    let json = serde_json::from_str(&json.stdout)
        .unwrap_or_else(|error| panic!("{program:?} wrote no JSON ({error}): {json:?}"));
    Run { counts, output, prefix, json }
}

/// Runs the visit with these flags and arguments.
pub(crate) fn execute(program: Program, flags: &str, args: &[String]) -> Output {
    match program {
        Program::Wload => {
            let command = Wload::new("run").arg(guest("locust-shop")).args(flags);
            let ended = args.iter().fold(command, Wload::arg).output();
            Output { code: ended.code, stdout: ended.stdout, stderr: ended.stderr }
        }
        Program::Locust => {
            let shop = repository().join("tests/locust/shop.py");
            let mut words = vec!["-m".into(), "locust".into(), "-f".into()];
            words.push(shop.to_str().unwrap().to_owned());
            words.extend(flags.split_whitespace().map(String::from));
            words.extend_from_slice(args);
            run_python(&words)
        }
    }
}

/// Runs the Python that has Locust, in an empty folder and without the tester's own configuration.
pub(crate) fn run_python(words: &[String]) -> Output {
    let python = find_python().expect("it was asked for before");
    let home = empty_folder(&format!("locust/home-{:?}", std::thread::current().id()));
    let ended = Command::new(python)
        .args(words)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", &home)
        // Compiled files would land beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(&home)
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Output { code: ended.status.code(), stdout: text(ended.stdout), stderr: text(ended.stderr) }
}

fn find_python() -> Option<PathBuf> {
    let path = std::env::var_os("WLOAD_LOCUST_PYTHON")
        .map_or_else(|| repository().join("target/tools/locust/bin/python"), PathBuf::from);
    path.exists().then_some(path)
}

/// The Python that has Locust; without it this test is skipped, and said to be.
pub(crate) fn python(test: &str) -> Option<PathBuf> {
    if let Some(path) = find_python() {
        return Some(path);
    }
    let missing = "Locust is not installed, run `cargo xtask setup`";
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{test}: {missing}");
    // Not `eprintln!`, whose text the test harness keeps to itself when a test passes.
    io::stderr().write_all(format!("SKIPPED {test}: {missing}\n").as_bytes()).unwrap();
    let list = repository().join("target/skipped-tests.txt");
    let mut list = OpenOptions::new().create(true).append(true).open(list).unwrap();
    // In one piece: other tests append at the same time.
    list.write_all(format!("{test}\n").as_bytes()).unwrap();
    None
}
