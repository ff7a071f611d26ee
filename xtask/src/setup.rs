//! What this repository needs on a machine: checked, and installed where it is missing.
//!
//! Upstream: `cargo xtask setup`, the gate, the demo. Downstream: rustup, pip, git. Each thing is named
//! with what was found or done. Doing it twice changes nothing. Nothing is installed outside of the
//! Rust toolchain and `target/tools`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{cargo, output, program, run};
use crate::printer;
use crate::repository::{Repository, is_ci};

/// What guests are compiled to.
const WASM_TARGET: &str = "wasm32-wasip2";
/// Locust and its dependencies, pinned.
const REQUIREMENTS: &str = "xtask/locust-requirements.txt";
/// The virtual environment that Locust is installed in; tests look for it there.
const LOCUST_FOLDER: &str = "target/tools/locust";
/// Where git looks for hooks.
const HOOKS: &str = ".githooks";
/// Names that a Python may have, the common one first.
const PYTHONS: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
/// Ends well where the Python can run Locust, which wants 3.11.
const IS_NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
/// Prints the version of Locust.
const LOCUST_VERSION: &str =
    "from importlib.metadata import version; import locust.stats; print(version('locust'))";

/// Everything that a developer needs.
///
/// # Errors
/// When something cannot be installed: what, and what to do.
pub(crate) fn everything(repository: &Repository) -> Result<()> {
    rust(repository)?;
    locust(repository)?;
    git_hook(repository)
}

/// What the gate needs. Without Locust its tests are skipped at home and an error in CI.
///
/// # Errors
/// When something that is needed cannot be installed.
pub(crate) fn for_gate(repository: &Repository) -> Result<()> {
    rust(repository)?;
    match locust(repository) {
        Err(error) if !is_ci() => {
            printer::failure(&error);
            printer::talk("Locust: goes on without it; the tests that compare with it are skipped");
            Ok(())
        }
        other => other,
    }
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

/// Locust in its virtual environment, or the one that a variable names.
fn locust(repository: &Repository) -> Result<()> {
    let requirements_path = repository.path(REQUIREMENTS);
    let requirements = fs::read_to_string(&requirements_path)
        .with_context(|| format!("failed to read `{}`", requirements_path.display()))?;
    let wanted = pinned_version(&requirements, "locust")
        .with_context(|| format!("`{REQUIREMENTS}` has no line `locust==...`"))?;
    if let Some(python) = env::var_os("WLOAD_LOCUST_PYTHON") {
        let found = locust_version(repository, Path::new(&python))
            .context("failed to find Locust where WLOAD_LOCUST_PYTHON says")?;
        printer::talk(&format!("Locust: {found} as WLOAD_LOCUST_PYTHON says"));
        return Ok(());
    }
    let folder = repository.path(LOCUST_FOLDER);
    let python = folder.join("bin/python");
    // Written last, so that an installation which was cut short is done again.
    let stamp = folder.join("installed-requirements.txt");
    let is_installed = fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == requirements);
    if is_installed && locust_version(repository, &python).is_ok_and(|found| found == wanted) {
        printer::talk(&format!("Locust: found {wanted} in {LOCUST_FOLDER}"));
        return Ok(());
    }
    printer::talk(&format!("Locust: pip installs {wanted} into {LOCUST_FOLDER}"));
    let pip = ["-m", "pip", "--disable-pip-version-check"];
    if output(program(&python, repository.root(), pip.iter().chain(&["--version"]))).is_err() {
        let creator = python_for_locust(repository)?;
        let venv = program(creator, repository.root(), ["-m", "venv", "--clear", LOCUST_FOLDER]);
        run(venv).context(
            "failed to make a virtual environment of Python (Debian and Ubuntu have it in the \
             package python3-venv)",
        )?;
    }
    let install = ["install", "--quiet", "--requirement", REQUIREMENTS];
    run(program(&python, repository.root(), pip.iter().chain(&install)))
        .context("failed to install Locust from PyPI")?;
    let found = locust_version(repository, &python)?;
    if found != wanted {
        bail!("pip installed Locust {found}, expected {wanted}");
    }
    fs::write(&stamp, &requirements)
        .with_context(|| format!("failed to write `{}`", stamp.display()))
}

fn locust_version(repository: &Repository, python: &Path) -> Result<String> {
    let version = output(program(python, repository.root(), ["-c", LOCUST_VERSION]))?;
    Ok(version.trim().to_owned())
}

/// A Python that can run Locust.
fn python_for_locust(repository: &Repository) -> Result<PathBuf> {
    PYTHONS
        .iter()
        .find(|name| output(program(name, repository.root(), ["-c", IS_NEW_ENOUGH])).is_ok())
        .map(PathBuf::from)
        .context("found no Python 3.11 or newer, which Locust needs; install python3 and its venv")
}

/// The version that a requirements file pins for a package.
fn pinned_version<'a>(requirements: &'a str, name: &str) -> Option<&'a str> {
    requirements.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix("=="))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_a_package_is_the_pinned_one() {
        let requirements = "# Locust\nlocust-plugins==9\nlocust==2.47.0\nzope.event==6.2\n";
        assert_eq!(pinned_version(requirements, "locust"), Some("2.47.0"));
        assert_eq!(pinned_version(requirements, "flask"), None);
    }

    #[test]
    fn all_requirements_are_pinned() {
        let repository = Repository::here().unwrap();
        let requirements = fs::read_to_string(repository.path(REQUIREMENTS)).unwrap();
        let lines = requirements.lines().filter(|line| !line.starts_with('#'));
        assert!(lines.clone().all(|line| line.contains("==")), "{requirements}");
        assert!(lines.count() > 1);
        assert!(pinned_version(&requirements, "locust").is_some());
    }
}
