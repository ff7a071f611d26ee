//! The tools that are compared, wload among them.
//!
//! Upstream: a [`Job`]. Downstream: the words of a command line, and what the tool reported. Each
//! tool is one file: where it comes from, what it can do, how its output is read. A tool that cannot do
//! a job says why; one that is missing is named with what would install it.

mod goose;
mod h2load;
mod hey;
mod k6;
mod locust;
mod oha;
mod wload;
mod wrk;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::workload::Case;
use crate::command::{cargo, program, run};
use crate::printer;
use crate::repository::Repository;

pub(super) use wload::{Variant, Wload};

/// All tools but ours, in the order of tables, and wload with Locust's file. The first is what the others are
/// measured by.
pub(crate) const PEERS: [&str; 9] =
    ["wrk", "h2load", "oha", "hey", "goose", "k6", "wload-python", "locust-fast", "locust"];

/// A tool that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Installed {
    pub(super) program: PathBuf,
    pub(super) version: String,
}

/// What a tool is to do.
#[derive(Clone, Copy, Debug)]
pub(super) struct Job<'a> {
    pub(super) repository: &'a Repository,
    pub(super) program: &'a Path,
    pub(super) case: Case,
    /// The target, without a slash at the end.
    pub(super) url: &'a str,
    /// How long the tool is to run.
    pub(super) seconds: u64,
}

/// What a tool left behind.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) stdout: String,
    pub(super) stderr: String,
    /// Where it ran, and left files.
    pub(super) folder: PathBuf,
}

/// A load tester.
pub(super) trait Tool {
    /// As it is typed and shown.
    fn name(&self) -> &'static str;

    /// Finds it, or installs it from its registry.
    ///
    /// # Errors
    /// When it is not there and cannot be installed: what would install it.
    fn prepare(&self, repository: &Repository) -> Result<Installed>;

    /// What stands after the program to do this job.
    ///
    /// # Errors
    /// Why the tool cannot do it.
    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str>;

    /// The percentiles it reported, in microseconds; none when it reports none.
    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]>;

    /// Whether it says that it was the bottleneck; none when it says nothing about itself.
    fn says_saturated(&self, _: &Said) -> Option<bool> {
        None
    }

    /// How late it says that its own timers were, 99 of 100; none when it says nothing.
    fn lag_p99_us(&self, _: &Said) -> Option<f64> {
        None
    }
}

/// The tool of this name; ours is this program.
pub(super) fn peer(name: &str, wload: &Path) -> Option<Box<dyn Tool>> {
    match name {
        Wload::NAME_PYTHON => Some(Box::new(Wload::new(wload, Variant::Python))),
        "wrk" => Some(Box::new(wrk::Wrk)),
        "h2load" => Some(Box::new(h2load::H2load)),
        "oha" => Some(Box::new(oha::Oha)),
        "hey" => Some(Box::new(hey::Hey)),
        "goose" => Some(Box::new(goose::Goose)),
        "k6" => Some(Box::new(k6::K6)),
        "locust-fast" => Some(Box::new(locust::Locust { is_fast: true })),
        "locust" => Some(Box::new(locust::Locust { is_fast: false })),
        _ => None,
    }
}

/// A program of a Debian package, installed when we may.
fn debian(repository: &Repository, name: &str, package: &str) -> Result<PathBuf> {
    if let Some(found) = on_path(name) {
        return Ok(found);
    }
    let install = || {
        let apt =
            |words: &[&str]| crate::command::run(program("apt-get", repository.root(), words));
        let words = ["--quiet", "--yes", "--no-install-recommends", "install", package];
        // A new machine has no lists yet.
        apt(&words).or_else(|_| apt(&["--quiet", "update"]).and_then(|()| apt(&words)))
    };
    install().with_context(|| {
        format!("`{name}` is missing; as root, `apt-get install {package}` installs it")
    })?;
    on_path(name).with_context(|| format!("`{package}` was installed and has no `{name}`"))
}

/// A program of crates.io, built into `target/tools`.
fn crates_io(repository: &Repository, name: &str, version: &str) -> Result<PathBuf> {
    let root = format!("target/tools/{name}");
    let path = repository.path(&root).join("bin").join(name);
    if version_of(repository, &path, &["--version"]) != version {
        printer::talk(&format!("{name}: cargo builds {version} into {root}, which takes minutes"));
        let words = ["install", "--locked", "--root", &root, "--version", version, name];
        run(cargo(repository.root(), words)).with_context(|| format!("failed to build {name}"))?;
    }
    Ok(path)
}

/// The URL of a tool that sends one kind of request.
fn one_url(job: &Job<'_>) -> Result<OsString, &'static str> {
    let path = job.case.action.path().ok_or("it sends one kind of request and has no users")?;
    Ok(format!("{}{path}", job.url).into())
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(name)).find(|path| path.is_file())
}

/// The first word with a digit of what a program says about itself, whatever it ends with.
fn version_of(repository: &Repository, path: &Path, words: &[&str]) -> String {
    let told = std::process::Command::new(path)
        .args(words)
        .current_dir(repository.root())
        .stdin(std::process::Stdio::null())
        .output();
    let told = told.map(|told| [told.stdout, told.stderr].concat()).unwrap_or_default();
    first_version(&String::from_utf8_lossy(&told)).unwrap_or("unknown").to_owned()
}

fn first_version(text: &str) -> Option<&str> {
    let is_version = |word: &&str| {
        let word = word.trim_start_matches('v');
        word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.')
    };
    text.split([' ', '/', '\n', '[', ']', ','])
        .find(is_version)
        .map(|word| word.trim_start_matches('v'))
}

/// Words of a command line, from things that can be shown.
fn words(parts: &[&dyn std::fmt::Display]) -> Vec<OsString> {
    parts.iter().map(|part| part.to_string().into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_its_tool() {
        for name in PEERS {
            assert_eq!(peer(name, Path::new("wload")).map(|tool| tool.name()), Some(name));
        }
        assert!(peer("ab", Path::new("wload")).is_none());
    }

    #[test]
    fn versions_are_found_in_what_tools_say() {
        for (text, version) in [
            ("wrk debian/4.1.0-3+b2 [epoll] Copyright (C) 2012 Will Glozer", "4.1.0-3+b2"),
            ("h2load nghttp2/1.52.0", "1.52.0"),
            ("oha 1.16.0", "1.16.0"),
            ("k6 v1.8.1 (go1.26.8, linux/amd64)", "1.8.1"),
        ] {
            assert_eq!(first_version(text), Some(version));
        }
        assert_eq!(first_version("no version"), None);
    }
}
