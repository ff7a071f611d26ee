//! Packages that a locustfile needs: its requirements file, installed once into the cache folder.
//!
//! Upstream: `python.rs`. Downstream: pip of the tool folder, by the scripts in `guest-sdk/python/build/packages`, which
//! know what pure Python is. Invariant: a folder of packages in its place is whole; its name is the content of what was
//! asked for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use include_dir::{Dir, include_dir};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{PythonSource, tool, unpack, unwritable};
use crate::env::Env;
use crate::error::CliError;
use crate::printer::Printer;

/// Reads requirements, and installs them.
static SCRIPTS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python/build/packages");
/// The file that is taken without being named.
const REQUIREMENTS: &str = "requirements.txt";
/// Names that are shown; more are counted.
const NAMES_SHOWN: usize = 8;

/// A folder of packages, perhaps an empty one.
pub(super) struct Packages {
    pub(super) folder: PathBuf,
    /// Its content; nothing when there are no packages.
    pub(super) key: String,
}

/// What the scripts answer.
#[derive(Deserialize)]
#[serde(untagged)]
enum Answer<T> {
    Refused { refused: String, details: Vec<String>, hint: Option<String> },
    Done(T),
}

#[derive(Debug, Deserialize)]
struct Listed {
    key: String,
    names: Vec<String>,
    passed_over: Vec<String>,
}

#[derive(Deserialize)]
struct Installed {
    packages: Vec<(String, String)>,
    built: Vec<String>,
}

/// The packages of these locustfiles; fetched when they are not there.
///
/// # Errors
/// When one is not pure Python, and when they cannot be fetched.
pub(super) fn ready(
    env: &Env,
    printer: &Printer,
    tool: &tool::Tool,
    source: &PythonSource,
    cache: &Path,
    work: &Path,
) -> Result<Packages, CliError> {
    let nothing = || {
        let folder = work.join("packages");
        fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, &error))?;
        Ok(Packages { folder, key: String::new() })
    };
    let Some(file) = requirements(env, source)? else { return nothing() };
    let scripts = work.join("scripts");
    unpack(&SCRIPTS, &scripts)?;
    let path = env.path(&file);
    let listed: Listed = ask(env, tool, &scripts, &["key".as_ref(), path.as_ref()])?;
    printer.talk(&summary(&file, &listed));
    if listed.names.is_empty() {
        return nothing();
    }
    let folder = cache.join("packages").join(&listed.key);
    let packages = Packages { folder, key: listed.key.clone() };
    if packages.folder.is_dir() {
        return Ok(packages);
    }
    if source.is_offline {
        return Err(absent(&file, &listed, &packages.folder));
    }
    let names = shortened(&listed.names);
    printer.talk(&format!("Fetching packages into {} (once): {names} ...", cache.display()));
    let words = ["install".as_ref(), path.as_ref(), packages.folder.as_ref()];
    let installed = ask(env, tool, &scripts, &words)?;
    printer.talk(&fetched(&installed));
    Ok(packages)
}

/// The file that was named, or the one beside the locustfile.
fn requirements(env: &Env, source: &PythonSource) -> Result<Option<String>, CliError> {
    if let Some(named) = &source.requirements {
        return if env.path(named).is_file() {
            Ok(Some(named.clone()))
        } else {
            Err(CliError::usage(format!("--requirements: there is no file `{named}`")))
        };
    }
    let first = source.files.first().map_or("", String::as_str);
    let folder = if env.path(first).is_dir() {
        Path::new(first)
    } else {
        Path::new(first).parent().unwrap_or(Path::new(""))
    };
    let file = folder.join(REQUIREMENTS);
    let is_there = env.folder.join(&file).is_file();
    Ok(is_there.then(|| file.display().to_string()))
}

/// Runs the scripts.
fn ask<T: DeserializeOwned>(
    env: &Env,
    tool: &tool::Tool,
    scripts: &Path,
    words: &[&std::ffi::OsStr],
) -> Result<T, CliError> {
    let output = Command::new(tool.python())
        .args(["-B", "-I"])
        .arg(scripts)
        .args(words)
        .current_dir(&env.folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| CliError::broken("failed to run Python").caused_by(&error))?;
    match serde_json::from_slice(&output.stdout) {
        Ok(Answer::Done(done)) => Ok(done),
        Ok(Answer::Refused { refused, details, hint }) => {
            let error = CliError::broken(refused).with_details(details);
            Err(hint.into_iter().fold(error, CliError::with_hint))
        }
        Err(_) => {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            Err(CliError::broken("failed to read the requirements").with_details(vec![said]))
        }
    }
}

/// What is taken of a requirements file, in one line.
fn summary(file: &str, listed: &Listed) -> String {
    let own = listed.passed_over.join(", ");
    match (listed.names.as_slice(), own.as_str()) {
        ([], "") => format!("Using {file}: it names no package"),
        ([], own) => format!("Using {file}: nothing to fetch, wload stands in for {own}"),
        (names, "") => format!("Using {file}: {}", shortened(names)),
        (names, own) => format!("Using {file}: {} (wload stands in for {own})", shortened(names)),
    }
}

fn shortened(names: &[String]) -> String {
    let shown = names[..names.len().min(NAMES_SHOWN)].join(", ");
    match names.len().saturating_sub(NAMES_SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

fn fetched(installed: &Installed) -> String {
    let names: Vec<String> =
        installed.packages.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let text = format!("Fetched {}", names.join(", "));
    if installed.built.is_empty() {
        return text;
    }
    format!("{text}; built from source as pure Python: {}", installed.built.join(", "))
}

fn absent(file: &str, listed: &Listed, folder: &Path) -> CliError {
    let names = shortened(&listed.names);
    let shown = folder.display();
    let message = format!(
        "the packages of `{file}` are not in `{shown}`, and --offline forbids to fetch them: {names}"
    );
    CliError::broken(message)
        .with_hint("run once without --offline, or copy this folder from another machine")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(names: &[&str], passed_over: &[&str]) -> Listed {
        let owned = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
        Listed { key: "k".to_owned(), names: owned(names), passed_over: owned(passed_over) }
    }

    #[test]
    fn one_line_says_what_is_taken_of_the_file_and_what_is_not() {
        let text =
            |names: &[&str], own: &[&str]| summary("a/requirements.txt", &listed(names, own));
        assert_eq!(text(&["faker"], &[]), "Using a/requirements.txt: faker");
        let both = "Using a/requirements.txt: faker, jinja2 (wload stands in for locust)";
        assert_eq!(text(&["faker", "jinja2"], &["locust"]), both);
        let none = "Using a/requirements.txt: nothing to fetch, wload stands in for locust";
        assert_eq!(text(&[], &["locust"]), none);
        let many = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        assert!(text(&many, &[]).ends_with("g, h and 2 more"));
    }

    #[test]
    fn the_file_beside_the_locustfile_is_taken_unless_another_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let env = Env { folder: folder.path().to_owned(), ..Env::default() };
        fs::create_dir(folder.path().join("load")).unwrap();
        let source = |files: &[&str], requirements: Option<&str>| PythonSource {
            files: files.iter().map(|file| (*file).to_owned()).collect(),
            include: Vec::new(),
            requirements: requirements.map(str::to_owned),
            is_offline: false,
        };
        assert_eq!(requirements(&env, &source(&["load/a.py"], None)).unwrap(), None);
        fs::write(folder.path().join("load/requirements.txt"), "").unwrap();
        let beside = Some("load/requirements.txt".to_owned());
        for files in [["load/a.py"], ["load"]] {
            assert_eq!(requirements(&env, &source(&files, None)).unwrap(), beside);
        }
        assert_eq!(requirements(&env, &source(&["a.py"], None)).unwrap(), None);
        let error = requirements(&env, &source(&["load/a.py"], Some("dev.txt"))).unwrap_err();
        assert_eq!(error.text(), "--requirements: there is no file `dev.txt`");
    }
}
