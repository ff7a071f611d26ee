//! `cargo xtask bench --instructions`: how many instructions the hot paths take, counted by callgrind.
//!
//! Upstream: a person, and the gate. Downstream: `xtask/instruction-counts.txt`, which a change may not exceed by
//! more than [`GROWTH_MAX`]. Counts do not depend on how busy or how fast a machine is, so they can be a test where
//! times cannot.
//!
//! `record` and `merge` are counted inside of one function of `tests/instructions`. `empty-task` and `get` are
//! counted on the thread of one core of `wload run` with one user, everything included: the user's loop, the call into the
//! guest, the client, the timers. What differs from run to run there is only added, an early answer or a
//! timer that fired, so each is run [`RUNS`] times and the least counts. They are counts of the dev profile,
//! which the gate builds anyway: more than a release build takes, and growing alike.

mod callgrind;
mod ledger;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

use self::callgrind::Callgrind;
use self::ledger::{Conditions, Ledger};
use super::machine::Machine;
use super::target::Target;
use crate::command::{cargo, output, program, run_for_output};
use crate::repository::Repository;
use crate::{demo, printer, setup};

/// Growth from which a change needs somebody who accepts it.
const GROWTH_MAX: f64 = 0.05;
/// The same where the counts were made under other conditions: enough for a doubling to be seen.
const GROWTH_MAX_ELSEWHERE: f64 = 0.30;
/// How often each is run; the least counts.
const RUNS: usize = 3;
/// The counts that are accepted.
const LEDGER: &str = "xtask/instruction-counts.txt";
/// Where callgrind leaves its files, and wload its compiled scenario.
const FOLDER: &str = "target/bench/instructions";
/// The scenario, where guests are built.
const SCENARIO: &str = "target/guests/wasm32-wasip2/release/bench.wasm";
/// What accepts the counts of today.
const ACCEPT: &str = "cargo xtask bench --instructions --update";

/// What is counted, and how often it is done in one run: often enough that the start is under 1 %.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operation {
    /// A sample into the recorder.
    Record,
    /// The delta of a core into the run's.
    Merge,
    /// A task that does nothing.
    EmptyTask,
    /// A prepared request and its small answer.
    Get,
}

impl Operation {
    const ALL: [Self; 4] = [Self::Record, Self::Merge, Self::EmptyTask, Self::Get];

    fn name(self) -> &'static str {
        match self {
            Self::Record => "record",
            Self::Merge => "merge",
            Self::EmptyTask => "empty-task",
            Self::Get => "get",
        }
    }

    fn times(self) -> u64 {
        match self {
            Self::Record => 100_000,
            Self::Merge => 50,
            Self::EmptyTask => 10_000,
            Self::Get => 2_000,
        }
    }
}

/// Counts, and writes what it counted when asked to; else compares.
///
/// # Errors
/// When something cannot be counted, or takes more than it should.
pub(crate) fn run(repository: &Repository, is_update: bool) -> Result<()> {
    let callgrind = Callgrind { program: setup::valgrind(repository)? };
    let conditions = conditions(repository, &callgrind)?;
    let counts = count(repository, &callgrind)?;
    let found = Ledger { conditions, counts };
    let path = repository.path(LEDGER);
    if is_update {
        found.write(&path)?;
        printer::data(&format!("wrote {LEDGER}\n{}", found.lines()));
        return Ok(());
    }
    let accepted = Ledger::read(&path)?;
    let limit = if accepted.conditions == found.conditions {
        GROWTH_MAX
    } else {
        printer::talk(&format!(
            "the counts in {LEDGER} were made with {}, these with {}: they cannot be compared \
             closely, so {:.0} % more are let pass; where this is the new normal, run `{ACCEPT}`",
            accepted.conditions,
            found.conditions,
            GROWTH_MAX_ELSEWHERE * 100.0
        ));
        GROWTH_MAX_ELSEWHERE
    };
    let comparison = ledger::compare(&accepted.counts, &found.counts, limit);
    printer::data(&comparison.lines.join("\n"));
    ensure!(
        comparison.grown.is_empty(),
        "more instructions than accepted: {}; find out why, or accept it with `{ACCEPT}` and say why \
         in the commit",
        comparison.grown.join(", ")
    );
    Ok(())
}

/// Counts everything.
fn count(repository: &Repository, callgrind: &Callgrind) -> Result<Vec<(String, u64)>> {
    let binaries = Binaries::build(repository)?;
    let machine = Machine::look()?;
    let folder = repository.path(FOLDER);
    let scenario = repository.path(SCENARIO);
    ensure!(scenario.is_file(), "`{SCENARIO}` is not built; run `cargo xtask guests`");
    let target = Target::start(&machine, &binaries.wload, &[])?;
    let cache = folder.join("cache");
    // Machine code fits the processor that is found, and under valgrind that is another one.
    callgrind.watched(&folder, &cache, &binaries.wload, &["run", &text(&scenario), "--list"])?;
    let mut counts = Vec::new();
    for operation in Operation::ALL {
        let times = operation.times().to_string();
        let mut least = u64::MAX;
        for _ in 0..RUNS {
            let instructions = match operation {
                Operation::Record | Operation::Merge => {
                    let words = [operation.name(), &times];
                    callgrind.in_counted_functions(&folder, &binaries.instructions, &words)?
                }
                Operation::EmptyTask | Operation::Get => {
                    let class = if operation == Operation::Get { "Getter" } else { "Idler" };
                    let scenario = text(&scenario);
                    let words = [
                        "run",
                        &scenario,
                        class,
                        "--host",
                        target.url(),
                        "--users",
                        "1",
                        "--cores",
                        "1",
                        "--seed",
                        "1",
                        "--iterations",
                        &times,
                        "--only-summary",
                    ];
                    callgrind.on_busiest_thread(&folder, &cache, &binaries.wload, &words)?
                }
            };
            least = least.min(instructions);
        }
        let each = least / operation.times();
        ensure!(each > 0, "no instruction was counted for {}", operation.name());
        printer::talk(&format!("  {:<10} {each:>9} instructions", operation.name()));
        counts.push((operation.name().to_owned(), each));
    }
    Ok(counts)
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// What is run under callgrind.
struct Binaries {
    wload: PathBuf,
    instructions: PathBuf,
}

impl Binaries {
    /// As the gate builds them, so that mostly nothing is left to do.
    fn build(repository: &Repository) -> Result<Self> {
        let words = ["build", "--workspace", "--bin", "wload", "--bin", "wload-instructions"];
        let mut command = cargo(repository.root(), words);
        command.arg("--message-format=json-render-diagnostics");
        let messages = run_for_output(command)?;
        let find = |name: &str| {
            demo::executable(&messages, name)
                .with_context(|| format!("cargo built `{name}` and does not say where"))
        };
        Ok(Self { wload: find("wload")?, instructions: find("wload-instructions")? })
    }
}

/// Everything besides our code that decides a count.
fn conditions(repository: &Repository, callgrind: &Callgrind) -> Result<Conditions> {
    let root = repository.root();
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let rustc = output(program(rustc, root, ["--version", "--verbose"]))?;
    let field = |name: &str| {
        let value = rustc.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        value.map(str::to_owned).with_context(|| format!("rustc does not say its {name}"))
    };
    // Where libc is another one it cannot be asked, and is another condition all the same.
    let libc = output(program("getconf", root, ["GNU_LIBC_VERSION"]));
    Ok(Conditions {
        rustc: field("release")?,
        target: field("host")?,
        libc: libc.map_or("unknown".to_owned(), |libc| libc.trim().to_owned()),
        valgrind: callgrind.version(root)?,
    })
}
