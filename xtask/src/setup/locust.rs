//! Locust, for the tests that compare wload with it.
//!
//! Upstream: `xtask/locust-requirements.txt`. Downstream: a virtual environment of Python in
//! `target/tools/locust`, where tests look for it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::command::{output, program, run};
use crate::printer;
use crate::repository::Repository;

/// Locust and its dependencies, pinned.
const REQUIREMENTS: &str = "xtask/locust-requirements.txt";
/// The virtual environment that Locust is installed in.
const FOLDER: &str = "target/tools/locust";
/// Names that a Python may have, the common one first.
const PYTHONS: [&str; 5] = ["python3", "python3.14", "python3.13", "python3.12", "python3.11"];
/// Ends well where the Python can run Locust, which wants 3.11.
const IS_NEW_ENOUGH: &str = "import sys; sys.exit(sys.version_info < (3, 11))";
/// Prints the version of a Locust that can be imported.
const PRINT_VERSION: &str =
    "from importlib.metadata import version; import locust.stats; print(version('locust'))";

/// Finds Locust in its virtual environment or in the one that a variable names, or installs it; answers the
/// Python that has it, and its version.
///
/// # Errors
/// When it is not there and cannot be installed.
pub(super) fn install(repository: &Repository) -> Result<(PathBuf, String)> {
    let requirements_path = repository.path(REQUIREMENTS);
    let requirements = fs::read_to_string(&requirements_path)
        .with_context(|| format!("failed to read `{}`", requirements_path.display()))?;
    let wanted = pinned_version(&requirements, "locust")
        .with_context(|| format!("`{REQUIREMENTS}` has no line `locust==...`"))?;
    if let Some(python) = env::var_os("WLOAD_LOCUST_PYTHON") {
        let found = version_of(repository, Path::new(&python))
            .context("failed to find Locust where WLOAD_LOCUST_PYTHON says")?;
        printer::talk(&format!("Locust: {found} as WLOAD_LOCUST_PYTHON says"));
        return Ok((python.into(), found));
    }
    let folder = repository.path(FOLDER);
    let python = folder.join("bin/python");
    // Written last, so that an installation which was cut short is done again.
    let stamp = folder.join("installed-requirements.txt");
    let is_installed = fs::read_to_string(&stamp).is_ok_and(|stamp| stamp == requirements);
    if is_installed && version_of(repository, &python).is_ok_and(|found| found == wanted) {
        printer::talk(&format!("Locust: found {wanted} in {FOLDER}"));
        return Ok((python, wanted.to_owned()));
    }
    printer::talk(&format!("Locust: pip installs {wanted} into {FOLDER}"));
    let pip = ["-m", "pip", "--disable-pip-version-check"];
    if output(program(&python, repository.root(), pip.iter().chain(&["--version"]))).is_err() {
        let creator = new_enough_python(repository)?;
        let venv = program(creator, repository.root(), ["-m", "venv", "--clear", FOLDER]);
        run(venv).context(
            "failed to make a virtual environment of Python (Debian and Ubuntu have it in the \
             package python3-venv)",
        )?;
    }
    let install = ["install", "--quiet", "--requirement", REQUIREMENTS];
    run(program(&python, repository.root(), pip.iter().chain(&install)))
        .context("failed to install Locust from PyPI")?;
    let found = version_of(repository, &python)?;
    if found != wanted {
        bail!("pip installed Locust {found}, expected {wanted}");
    }
    fs::write(&stamp, &requirements)
        .with_context(|| format!("failed to write `{}`", stamp.display()))?;
    Ok((python, found))
}

fn version_of(repository: &Repository, python: &Path) -> Result<String> {
    let version = output(program(python, repository.root(), ["-c", PRINT_VERSION]))?;
    Ok(version.trim().to_owned())
}

/// A Python that can run Locust.
fn new_enough_python(repository: &Repository) -> Result<PathBuf> {
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
