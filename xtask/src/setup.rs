//! What this repository needs on a machine: checked, and installed where it is missing.
//!
//! Upstream: `cargo xtask setup`, the gate, the demo. Downstream: rustup, pip, apt, git. Each thing is
//! named with what was found or done. Doing it twice changes nothing. Nothing is installed outside of
//! the Rust toolchain and `target/tools`.

mod debian;
mod locust;
mod nginx;
mod valgrind;

pub(crate) use self::valgrind::Valgrind;

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, program, run};
use crate::printer;
use crate::repository::{Repository, is_ci};

/// What guests are compiled to.
const WASM_TARGET: &str = "wasm32-wasip2";
/// Where git looks for hooks.
const HOOKS: &str = ".githooks";

/// Everything that a developer needs.
///
/// # Errors
/// When something cannot be installed: what, and what to do.
pub(crate) fn everything(repository: &Repository) -> Result<()> {
    rust(repository)?;
    locust(repository)?;
    nginx::install(repository);
    if let Err(error) = valgrind(repository) {
        printer::failure(&error);
        printer::talk("valgrind: goes on without it; no instructions are counted");
    }
    git_hook(repository)
}

/// What the gate needs. Without Locust its tests are skipped at home and an error in CI.
///
/// # Errors
/// When something that is needed cannot be installed.
pub(crate) fn for_gate(repository: &Repository) -> Result<()> {
    rust(repository)?;
    nginx::install(repository);
    match locust(repository).map(drop) {
        Err(error) if !is_ci() => {
            printer::failure(&error);
            printer::talk("Locust: goes on without it; the tests that compare with it are skipped");
            Ok(())
        }
        other => other,
    }
}

/// Locust: the Python that has it, and its version.
///
/// # Errors
/// When it is not there and cannot be installed.
pub(crate) fn locust(repository: &Repository) -> Result<(PathBuf, String)> {
    locust::install(repository)
}

/// valgrind, which counts instructions.
///
/// # Errors
/// When it is not there and cannot be unpacked.
pub(crate) fn valgrind(repository: &Repository) -> Result<Valgrind> {
    valgrind::install(repository)
}

/// The tools that come with Rust.
fn rust(repository: &Repository) -> Result<()> {
    component(repository, "fmt", "rustfmt")?;
    component(repository, "clippy", "clippy")?;
    wasm_target(repository)
}

fn component(repository: &Repository, subcommand: &str, name: &str) -> Result<()> {
    if output(cargo(repository.root(), [subcommand, "--version"])).is_ok() {
        printer::talk(&format!("{name}: found"));
        return Ok(());
    }
    printer::talk(&format!("{name}: not found, rustup installs it"));
    run(program("rustup", repository.root(), ["component", "add", name])).with_context(|| {
        format!(
            "failed to install {name}; install rustup from https://rustup.rs and run `rustup \
             component add {name}`, or install your distribution's package of it"
        )
    })
}

/// The standard library that guests are linked with.
///
/// # Errors
/// When it is missing and rustup cannot install it.
pub(crate) fn wasm_target(repository: &Repository) -> Result<()> {
    if has_wasm_target(repository)? {
        printer::talk(&format!("{WASM_TARGET}: found"));
        return Ok(());
    }
    printer::talk(&format!("{WASM_TARGET}: not found, rustup installs it"));
    run(program("rustup", repository.root(), ["target", "add", WASM_TARGET])).with_context(
        || {
            format!(
                "failed to install the Rust target {WASM_TARGET}; install rustup from \
             https://rustup.rs and run `rustup target add {WASM_TARGET}`, or install your \
             distribution's package of Rust's standard library for that target"
            )
        },
    )?;
    if !has_wasm_target(repository)? {
        bail!(
            "rustup has the target {WASM_TARGET}, but `rustc` does not: is the first `rustc` on \
             the PATH another one?"
        );
    }
    Ok(())
}

fn has_wasm_target(repository: &Repository) -> Result<bool> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let arguments = ["--print", "target-libdir", "--target", WASM_TARGET];
    let folder = output(program(rustc, repository.root(), arguments))?;
    Ok(Path::new(folder.trim()).is_dir())
}

/// Runs the fast checks before each commit; a machine makes none.
fn git_hook(repository: &Repository) -> Result<()> {
    if !repository.is_git_checkout() || is_ci() {
        printer::talk("git hook: not needed here");
        return Ok(());
    }
    let setting = ["config", "core.hooksPath"];
    let found = output(program("git", repository.root(), setting)).unwrap_or_default();
    match found.trim() {
        HOOKS => printer::talk("git hook: found"),
        "" => {
            run(program("git", repository.root(), setting.iter().chain(&[HOOKS])))
                .context("failed to enable the git hook")?;
            printer::talk("git hook: `cargo xtask check --fast` runs before each commit");
        }
        own => printer::talk(&format!(
            "git hook: not enabled, because core.hooksPath is `{own}`; `git config core.hooksPath \
             {HOOKS}` enables it"
        )),
    }
    Ok(())
}
