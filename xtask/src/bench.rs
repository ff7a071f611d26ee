//! `cargo xtask bench`: what a request and a user cost, beside other tools, on this machine.
//!
//! Upstream: a person. Downstream: the tools, one after the other against our own target, which counts
//! what arrives; tables on stdout, JSON and the README when asked to. `docs/benchmarks.md` says what each
//! figure means.
//!
//! Rounds are interleaved: every tool runs once in each, so that a machine which becomes slower becomes
//! slower for all. Nothing is dropped. A tool that fails is named, and the others go on.

pub(crate) mod instructions;
mod machine;
mod measure;
mod options;
mod process;
mod report;
mod results;
mod statistics;
mod summary;
mod table;
mod target;
mod tools;
mod workload;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub(crate) use self::options::BenchOptions;

use self::machine::Machine;
use self::measure::{Run, Setting};
use self::report::Report;
use self::results::{Results, Row};
use self::target::Target;
use self::tools::{Installed, Job, Tool, Variant, Wload};
use self::workload::Workload;
use crate::command::{cargo, run_for_output};
use crate::repository::Repository;
use crate::{demo, guests, printer};

/// Where tools run and leave what they say.
const FOLDER: &str = "target/bench";

/// Measures everything that was asked for.
///
/// # Errors
/// When wload cannot be built, the target cannot be started, or a file cannot be written.
pub(crate) fn run(repository: &Repository, options: &BenchOptions) -> Result<()> {
    let machine = Machine::look()?;
    if machine.is_shared() {
        printer::talk("this machine gives us one core: generator and target share it");
    }
    guests::build_bench(repository)?;
    let wload = build(repository)?;
    let tools = prepare(repository, options, &wload)?;
    let bench = Bench { repository, options, machine: &machine, wload: &wload, tools: &tools };
    let mut report = Report::new(repository, &machine, options, &tools)?;
    for workload in &options.workloads {
        let results = bench.workload(*workload)?;
        printer::data(&format!("\n{}", table::of(&results).trim_end()));
        report.add(results);
        // After each workload, so that an hour of work survives the failure of its last minute.
        report.write_json(options)?;
    }
    printer::data(&format!("\n{}", report.machine_line()));
    if options.update_readme {
        report.update_documents(repository)?;
    }
    Ok(())
}

/// Builds what is measured: the release binary.
fn build(repository: &Repository) -> Result<PathBuf> {
    // As in the demo, all packages have a say in the features, and wasmtime is built once.
    let words = ["build", "--release", "--workspace", "--bin", "wload"];
    let mut command = cargo(repository.root(), words);
    command.arg("--message-format=json-render-diagnostics");
    let messages = run_for_output(command)?;
    demo::executable(&messages, Wload::NAME).context("cargo built `wload` and does not say where")
}

/// A tool that can run.
type Ready = (Box<dyn Tool>, Installed);

/// Finds and installs the tools; those that are missing are named.
fn prepare(repository: &Repository, options: &BenchOptions, wload: &Path) -> Result<Vec<Ready>> {
    let mut all: Vec<Box<dyn Tool>> =
        options.peers.iter().filter_map(|name| tools::peer(name, wload)).collect();
    // Ours comes second, after the one that all are measured by.
    for variant in [Variant::Pinned, Variant::Saved] {
        all.insert(options.peers.len().min(1), Box::new(Wload::new(wload, variant)));
    }
    let mut ready = Vec::new();
    for tool in all {
        match tool.prepare(repository) {
            Ok(installed) => {
                printer::talk(&format!("{}: {}", tool.name(), installed.version));
                ready.push((tool, installed));
            }
            Err(error) => {
                printer::failure(&error.context(format!("goes on without {}", tool.name())));
            }
        }
    }
    ensure!(!ready.is_empty(), "no tool can be run");
    Ok(ready)
}

/// Everything that all workloads share.
struct Bench<'a> {
    repository: &'a Repository,
    options: &'a BenchOptions,
    machine: &'a Machine,
    wload: &'a Path,
    tools: &'a [Ready],
}

impl Bench<'_> {
    /// All rounds of one workload: a row for each tool and case.
    fn workload(&self, workload: Workload) -> Result<Results> {
        printer::talk(&format!("\n{}: {}", workload.name(), workload.about()));
        let mut target = Target::start(self.machine, self.wload, workload.target_flags())?;
        let is_for = |name: &str| match name {
            Wload::NAME => true,
            Wload::NAME_PINNED => workload.has_waits(),
            _ => workload.has_peers(),
        };
        let tools = self.tools.iter().filter(|(tool, _)| is_for(tool.name()));
        let mut rows: Vec<(&Ready, Row)> = Vec::new();
        for ready in tools {
            for case in workload.cases() {
                let mut row = Row::new(ready.0.name(), case);
                row.refusal = self.machine.too_many(case.users);
                rows.push((ready, row));
            }
        }
        for round in 1..=self.options.rounds {
            for (ready, row) in rows.iter_mut().filter(|(_, row)| row.refusal.is_none()) {
                self.once(ready, row, &mut target, round);
            }
        }
        Ok(Results { workload, rows: rows.into_iter().map(|(_, row)| row).collect() })
    }

    /// One run of one tool; what goes wrong is said, and is in its row.
    fn once(&self, (tool, installed): &Ready, row: &mut Row, target: &mut Target, round: usize) {
        let folder = self.repository.path(FOLDER).join(tool.name());
        let (machine, seconds) = (self.machine, self.options.seconds);
        let setting = Setting { machine, folder: &folder, seconds, round };
        let url = target.url().to_owned();
        let job = Job {
            repository: self.repository,
            program: &installed.program,
            case: row.case,
            url: &url,
            seconds: setting.run_seconds(row.case),
        };
        let words = match tool.words(&job) {
            Ok(words) => words,
            Err(reason) => {
                row.refusal = Some(reason.to_owned());
                return;
            }
        };
        let (rounds, users) = (self.options.rounds, row.case.users);
        let label = format!("  round {round}/{rounds}  {:<12} {users:>6} users", row.tool);
        match measure::run(setting, tool.as_ref(), &job, &words, target) {
            Ok(run) => {
                printer::talk(&format!("{label}  {}", shown(&run)));
                row.runs.push(run);
            }
            Err(error) => {
                row.errors.push(format!("{error:#}"));
                printer::failure(&error.context(label));
            }
        }
    }
}

fn shown(run: &Run) -> String {
    let cost = run.cpu_us().map_or("-".to_owned(), |cost| format!("{cost:.2}"));
    let mib = run.private_kib / 1024.0;
    format!("{:>9.0} requests/s  {cost:>8} us  {mib:>8.1} MiB", run.rate())
}
