//! `cargo xtask bench`: what a request and a user cost, beside other tools, on this machine.
//!
//! Upstream: a person. Downstream: the tools, one after the other against our own target, which counts
//! what arrives; tables on stdout, JSON and the README when asked to. `docs/benchmarks.md` says what each
//! figure means.
//!
//! Rounds are interleaved: every tool runs once in each, so that a machine which becomes slower becomes
//! slower for all. Nothing is dropped. A tool that fails is named, and the others go on.

mod machine;
mod measure;
mod options;
mod process;
mod statistics;
mod table;
mod target;
mod tools;
mod workload;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};

pub(crate) use self::options::BenchOptions;

use self::machine::Machine;
use self::measure::{Run, Setting};
use self::table::Row;
use self::target::Target;
use self::tools::{Installed, Job, Tool, Wload};
use self::workload::{Case, Workload};
use crate::command::{cargo, run_for_output};
use crate::repository::Repository;
use crate::{demo, guests, printer};

/// Where tools run and leave what they say.
const FOLDER: &str = "target/bench";

/// Measures everything that was asked for.
///
/// # Errors
/// When wload cannot be built, or the target cannot be started.
pub(crate) fn run(repository: &Repository, options: &BenchOptions) -> Result<()> {
    let machine = Machine::look()?;
    if machine.is_shared() {
        printer::talk("this machine gives us one core: generator and target share it");
    }
    guests::build_bench(repository)?;
    let wload = build(repository)?;
    let tools = prepare(repository, options, &wload)?;
    let bench = Bench { repository, options, machine: &machine, wload: &wload, tools: &tools };
    for workload in &options.workloads {
        let rows = bench.workload(*workload)?;
        printer::data(&table::of(*workload, &rows));
    }
    printer::data(&machine.line());
    Ok(())
}

/// Builds what is measured: the release binary.
fn build(repository: &Repository) -> Result<PathBuf> {
    // As in the demo, all packages have a say in the features, and wasmtime is built once.
    let words = ["build", "--release", "--workspace", "--bin", "wload"];
    let mut command = cargo(repository.root(), words);
    command.arg("--message-format=json-render-diagnostics");
    let messages = run_for_output(command)?;
    demo::executable(&messages).context("cargo built `wload` and does not say where")
}

/// Finds and installs the tools; those that are missing are named.
fn prepare(
    repository: &Repository,
    options: &BenchOptions,
    wload: &Path,
) -> Result<Vec<(Box<dyn Tool>, Installed)>> {
    let peers = options.peers.iter().filter_map(|name| tools::peer(name));
    let wload: Box<dyn Tool> = Box::new(Wload { program: wload.to_owned() });
    let mut ready = Vec::new();
    // Ours comes second, after the one that all are measured by.
    let mut all: Vec<Box<dyn Tool>> = peers.collect();
    all.insert(all.len().min(1), wload);
    for tool in all {
        match tool.prepare(repository) {
            Ok(installed) => {
                let version = &installed.version;
                printer::talk(&format!("{}: {version}", tool.name()));
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
    tools: &'a [(Box<dyn Tool>, Installed)],
}

impl Bench<'_> {
    /// All rounds of one workload: a row for each tool and case.
    fn workload(&self, workload: Workload) -> Result<Vec<Row>> {
        printer::talk(&format!("\n{}: {}", workload.name(), workload.about()));
        let mut target = Target::start(self.machine, self.wload, workload.target_flags())?;
        let cases = workload.cases();
        let mut rows = Vec::new();
        for (tool, _) in self.tools {
            if workload.has_peers() || tool.name() == "wload" {
                rows.extend(cases.iter().map(|case| Row::new(tool.name(), *case)));
            }
        }
        for round in 1..=self.options.rounds {
            for row in rows.iter_mut().filter(|row| row.refusal.is_none()) {
                let found = self.tools.iter().find(|(tool, _)| tool.name() == row.tool);
                let (tool, installed) = found.context("a row has a tool")?;
                self.once(tool.as_ref(), installed, row, &mut target, round)?;
            }
        }
        Ok(rows)
    }

    /// One run of one tool; what goes wrong is said, and is in its row.
    fn once(
        &self,
        tool: &dyn Tool,
        installed: &Installed,
        row: &mut Row,
        target: &mut Target,
        round: usize,
    ) -> Result<()> {
        let folder = self.repository.path(FOLDER).join(tool.name());
        let setting =
            Setting { machine: self.machine, folder: &folder, seconds: self.options.seconds };
        let case: Case = row.case;
        let url = target.url().to_owned();
        let job = Job {
            repository: self.repository,
            program: &installed.program,
            case,
            url: &url,
            seconds: setting.run_seconds(),
        };
        let words = match tool.words(&job) {
            Ok(words) => words,
            Err(reason) => {
                row.refusal = Some(reason.to_owned());
                return Ok(());
            }
        };
        let rounds = self.options.rounds;
        let label = format!("  round {round}/{rounds}  {:<12} {:>6} users", row.tool, case.users);
        match measure::run(setting, tool, &job, &words, target) {
            Ok(run) => {
                printer::talk(&format!("{label}  {}", shown(&run)));
                row.runs.push(run);
            }
            Err(error) => {
                printer::failure(&error.context(label));
                row.errors += 1;
            }
        }
        Ok(())
    }
}

fn shown(run: &Run) -> String {
    let cost = run.cpu_us().map_or("-".to_owned(), |cost| format!("{cost:.2}"));
    let mib = run.private_kib / 1024.0;
    format!("{:>9.0} requests/s  {cost:>8} us  {mib:>8.1} MiB", run.rate())
}
