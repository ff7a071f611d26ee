//! The whole gate: `cargo xtask test`, which is all that CI runs.
//!
//! Upstream: `.ci/run`, or a person. Downstream: the steps below, one after the other; one that fails
//! does not hold up the next, so that one run shows everything. The last line is the closing line of
//! the tests, and the exit code is 0 only when every step passed.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{self, cargo, output, program};
use crate::printer;
use crate::repository::{Repository, is_ci};
use crate::tally::Tally;
use crate::{agreement, bench, check, deps, guests, setup, skips, tidy};

/// What one step did.
struct Outcome {
    name: &'static str,
    took: Duration,
    result: Result<()>,
}

/// Runs all steps, then shows how each ended.
///
/// # Errors
/// When the list of skipped tests cannot be read; what a step finds is in the exit code.
pub(crate) fn run(repository: &Repository) -> Result<ExitCode> {
    let mut tally = Tally::default();
    let mut outcomes = Vec::new();
    let mut step = |name: &'static str, action: &mut dyn FnMut() -> Result<()>| {
        printer::talk(&format!("\n==> {name}"));
        let started = Instant::now();
        let result = action();
        let took = started.elapsed();
        if let Err(error) = &result {
            printer::failure(error);
        }
        let end = if result.is_ok() { "passed" } else { "FAILED" };
        printer::talk(&format!("<== {name}: {end} after {}", seconds(took)));
        outcomes.push(Outcome { name, took, result });
    };
    step("set-up", &mut || setup::for_gate(repository));
    step("format", &mut || check::format(repository));
    step("tidy", &mut || tidy::check(repository));
    step("dependencies", &mut || deps::check(repository));
    step("clippy", &mut || check::clippy(repository));
    step("guests", &mut || guests::build(repository));
    step("clippy of guests", &mut || guests::clippy(repository));
    step("build", &mut || build(repository));
    step("tests", &mut || tests(repository, &mut tally));
    step("Python SDK", &mut || python_sdk(repository));
    step("agreement", &mut || agreement(repository));
    step("instructions", &mut || instructions(repository));
    step("documentation", &mut || documentation(repository));
    step("generated files", &mut || nothing_changed(repository));
    summary(&outcomes, &tally, &skips::read(repository)?);
    let is_passed = outcomes.iter().all(|outcome| outcome.result.is_ok());
    Ok(if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The binary that tests run, with the features that their own build chooses, and the tests.
///
/// # Errors
/// When something does not build.
pub(crate) fn build(repository: &Repository) -> Result<()> {
    command::run(cargo(repository.root(), ["build", "--workspace", "--bin", "wload", "--tests"]))
}

/// All tests of the workspace, the examples in the documentation included.
fn tests(repository: &Repository, tally: &mut Tally) -> Result<()> {
    skips::forget(repository)?;
    let command = cargo(repository.root(), ["test", "--workspace", "--no-fail-fast"]);
    command::run_observed(command, |line| tally.observe(line))?;
    ensure!(tally.passed > 0, "`cargo test` ran no test");
    Ok(())
}

/// The parts of the Python SDK that need no host, in plain Python.
fn python_sdk(repository: &Repository) -> Result<()> {
    for suite in ["http", "packages", "state", "tasks"] {
        let suite = format!("guest-sdk/python/tests/{suite}");
        // `-B`: nothing is written beside the sources.
        let words = ["-B", "-m", "unittest", "discover", "-s", &suite];
        command::run(program("python3", repository.root(), words))?;
    }
    Ok(())
}

/// wload and the real Locust on the same locustfiles. Without Locust they are not compared at home, and that is an
/// error in CI.
fn agreement(repository: &Repository) -> Result<()> {
    match setup::locust(repository) {
        Ok(_) => agreement::compare(repository, &[]),
        Err(error) if !is_ci() => {
            printer::failure(&error);
            printer::talk("Locust: goes on without it; NOTHING IS COMPARED WITH LOCUST");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// The cost of the hot paths, in instructions. Without valgrind it is not checked at home, and that is an error
/// in CI.
fn instructions(repository: &Repository) -> Result<()> {
    match setup::valgrind(repository) {
        Ok(_) => bench::instructions::run(repository, false),
        Err(error) if !is_ci() => {
            printer::failure(&error);
            printer::talk("valgrind: goes on without it; NO INSTRUCTIONS ARE COUNTED");
            Ok(())
        }
        Err(error) => Err(error),
    }
}

/// Our own documentation, where a warning is mostly a link to nowhere.
fn documentation(repository: &Repository) -> Result<()> {
    let mut command = cargo(repository.root(), ["doc", "--workspace", "--no-deps"]);
    command.env("RUSTDOCFLAGS", "-D warnings");
    command::run(command)
}

/// Tests compare the golden files themselves. In CI, where nobody edits, no step may have changed a
/// tracked file: a lock file that is out of date, above all.
fn nothing_changed(repository: &Repository) -> Result<()> {
    if !is_ci() || !repository.is_git_checkout() {
        printer::talk("compared by the tests; that no tracked file changed is checked in CI");
        return Ok(());
    }
    let words = ["status", "--porcelain", "--untracked-files=no"];
    let changed = output(program("git", repository.root(), words))
        .context("failed to ask git which files changed")?;
    if !changed.is_empty() {
        bail!(
            "these files are out of date, build at home and commit them:\n{}",
            changed.trim_end()
        );
    }
    Ok(())
}

fn summary(outcomes: &[Outcome], tally: &Tally, skips: &[String]) {
    printer::data("\nsummary");
    for Outcome { name, took, result } in outcomes {
        let end = if result.is_ok() { "passed" } else { "FAILED" };
        printer::data(&format!("  {end}  {name:<17} {:>8}", seconds(*took)));
    }
    let total = outcomes.iter().map(|outcome| outcome.took).sum();
    printer::data(&format!("          {:<17} {:>8}", "all", seconds(total)));
    for name in &tally.failed_tests {
        printer::data(&format!("FAILED test {name}"));
    }
    for skip in skips {
        printer::data(&format!("SKIPPED test {skip}"));
    }
    for Outcome { name, result, .. } in outcomes {
        if let Err(error) = result {
            printer::data(&format!("FAILED step {name}: {error}"));
        }
    }
    printer::data(&tally.closing_line(skips.len()));
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
