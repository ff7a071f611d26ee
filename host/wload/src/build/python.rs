//! Locustfiles to a component: gathered, then built by componentize-py in wload's own tool folder.
//!
//! Upstream: `resolve.rs` decided that the scenario is Python. Downstream: the path of a component in the cache folder,
//! named by the content of everything that went into it.
//! Invariant: a component in the cache is whole, because it was moved there; building the same again is never needed.

mod image;
mod immortal;
mod one_module;
mod packages;
mod rehearsal;
mod report;
mod tool;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use include_dir::{Dir, DirEntry, include_dir};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::env::Env;
use crate::error::CliError;
use crate::printer::Printer;

/// What goes into every Python component.
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python/src");
/// The contract.
static WIT: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../wit");
/// Gathers the author's files.
const STAGE: &str = include_str!("../../../../guest-sdk/python/build/stage.py");

/// The name of a component that is being built.
const COMPONENT: &str = "out.wasm";

/// What was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PythonSource {
    /// Files and folders, as typed.
    pub(crate) files: Vec<String>,
    /// Patterns of files that go into the component.
    pub(crate) include: Vec<String>,
    /// The packages that they need; none: the file beside them, when there is one.
    pub(crate) requirements: Option<String>,
    /// Nothing may be fetched.
    pub(crate) is_offline: bool,
}

/// A component of Python, and what is worth knowing about its source.
pub(crate) struct PythonComponent {
    pub(crate) path: PathBuf,
    /// Where data files are looked for.
    pub(crate) folder: PathBuf,
    /// Module globals that users change: isolated users do not share them.
    pub(crate) shared: Vec<String>,
}

/// What `stage.py` answers.
#[derive(Deserialize)]
#[serde(untagged)]
enum Staged {
    Refused { refused: String },
    Done { key: String, folder: PathBuf, sources: report::Sources, shared: Vec<SharedState> },
}

#[derive(Deserialize)]
struct SharedState {
    path: String,
    line: u32,
    name: String,
    advice: String,
}

/// The component of these locustfiles.
///
/// # Errors
/// When a tool is missing, and when the author's files cannot be imported.
pub(crate) fn component(
    env: &Env,
    printer: &Printer,
    source: &PythonSource,
    cache: &Path,
) -> Result<PythonComponent, CliError> {
    let tool = tool::ready(env, printer, cache, source.is_offline)?;
    let folder = cache.join("python");
    let work = folder.join(format!("work-{}", std::process::id()));
    let _removed = RemovedAtEnd(work.clone());
    let stage = work.join("stage");
    fs::create_dir_all(&stage).map_err(|error| unwritable(&stage, &error))?;
    let (key, place, sources, shared) = match gather(env, &tool, source, &stage)? {
        Staged::Refused { refused } => return Err(CliError::usage(refused)),
        Staged::Done { key, folder, sources, shared } => (key, folder, sources, shared),
    };
    let shared = shared.into_iter().map(|state| {
        let SharedState { path, line, name, advice } = state;
        format!(
            "{path}:{line}: `{name}` is changed by a user, but each user has its own copy; {advice}"
        )
    });
    let shared = shared.collect();
    let packages = packages::ready(env, printer, &tool, source, &folder, &work)?;
    let path = folder.join(format!("{}.wasm", content(&[&key, &packages.key])));
    let complaint = path.with_extension("unrehearsed");
    if path.is_file() {
        warn_of(&complaint, printer);
        return Ok(PythonComponent { path, folder: place, shared });
    }
    let _notice = printer.notice_when_slow(format!("Building {} ...", source.files.join(", ")));
    unpack(&SDK, &work.join("sdk"))?;
    unpack(&WIT, &work.join("wit"))?;
    if let Some(reason) = build(&tool, &work, &packages, &sources)? {
        fs::write(&complaint, reason).map_err(|error| unwritable(&complaint, &error))?;
    }
    warn_of(&complaint, printer);
    fs::rename(work.join(COMPONENT), &path).map_err(|error| unwritable(&path, &error))?;
    Ok(PythonComponent { path, folder: place, shared })
}

/// Warns of users that were not rehearsed, where the reason stands beside the component.
fn warn_of(complaint: &Path, printer: &Printer) {
    if let Ok(reason) = fs::read_to_string(complaint) {
        printer.warning(&format!(
            "users could not be rehearsed at build time, so that each takes more memory and CPU: {reason}"
        ));
    }
}

/// Removes a folder when it is dropped.
struct RemovedAtEnd(PathBuf);

impl Drop for RemovedAtEnd {
    fn drop(&mut self) {
        // What is left is a folder in the cache that nobody looks at.
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn gather(
    env: &Env,
    tool: &tool::Tool,
    source: &PythonSource,
    stage: &Path,
) -> Result<Staged, CliError> {
    let mut command = Command::new(tool.python());
    command.args(["-I", "-c", STAGE, "--stage"]).arg(stage);
    for pattern in &source.include {
        command.arg("--include").arg(pattern);
    }
    let output = command
        .arg("--")
        .args(&source.files)
        .current_dir(&env.folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| CliError::broken("failed to run Python").caused_by(&error))?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        CliError::broken("failed to gather the files of the locustfile").with_details(vec![said])
    })
}

/// Runs componentize-py on what was gathered; why users were not rehearsed, if they were not.
fn build(
    tool: &tool::Tool,
    work: &Path,
    packages: &packages::Packages,
    sources: &report::Sources,
) -> Result<Option<String>, CliError> {
    let output = tool
        .componentize()
        // Without an environment of its own it would take the packages of this machine.
        .env("VIRTUAL_ENV", work)
        .args(["-d", "wit", "-w", "full", "componentize"])
        .args(["-p", "sdk", "-p", "stage", "-p"])
        .arg(&packages.folder)
        .args(["wload_app", "-o", COMPONENT])
        .current_dir(work)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| CliError::broken("failed to run componentize-py").caused_by(&error))?;
    let component = work.join(COMPONENT);
    let said = String::from_utf8_lossy(&output.stderr);
    if output.status.success() && component.is_file() {
        return finish(&component);
    }
    Err(report::error(&said, sources))
}

/// What only wload does with a component: see `one_module.rs` and `immortal.rs`.
fn finish(path: &Path) -> Result<Option<String>, CliError> {
    let component = fs::read(path).map_err(|error| {
        CliError::broken(format!("failed to read `{}`", path.display())).caused_by(&error)
    })?;
    let failed = |what: &str, reason| {
        CliError::broken(format!("failed to {what}"))
            .with_details(vec![reason])
            .with_hint("this is a bug in wload")
    };
    let mut component = one_module::apply(&component)
        .map_err(|reason| failed("make one module of the component's", reason))?;
    immortal::apply(&mut component)
        .map_err(|reason| failed("make the objects of the component immortal", reason))?;
    let unrehearsed = rehearsal::complaint(&component)
        .map_err(|error| failed("look through the component", error.to_string()))?;
    fs::write(path, component).map_err(|error| unwritable(path, &error))?;
    Ok(unrehearsed)
}

/// A name for everything that the component is made of.
fn content(keys: &[&str]) -> String {
    let mut digest = Sha256::new();
    for key in keys {
        digest.update(key);
        digest.update([0]);
    }
    digest.update(tool::VERSION);
    for source in immortal::SOURCE.into_iter().chain(one_module::SOURCE) {
        digest.update(source);
        digest.update([0]);
    }
    for folder in [&SDK, &WIT] {
        for file in files(folder) {
            digest.update(file.path().as_os_str().as_encoded_bytes());
            digest.update([0]);
            digest.update(file.contents());
            digest.update([0]);
        }
    }
    format!("{:x}", digest.finalize())
}

fn unpack(folder: &Dir<'_>, to: &Path) -> Result<(), CliError> {
    for file in files(folder) {
        let path = to.join(file.path());
        let parent = path.parent().unwrap_or(to);
        fs::create_dir_all(parent)
            .and_then(|()| fs::write(&path, file.contents()))
            .map_err(|error| unwritable(&path, &error))?;
    }
    Ok(())
}

/// All files below, in order, without what Python left there.
fn files<'a>(folder: &'a Dir<'a>) -> Vec<&'a include_dir::File<'a>> {
    let mut found = Vec::new();
    for entry in folder.entries() {
        match entry {
            DirEntry::Dir(inner) if inner.path().ends_with("__pycache__") => {}
            DirEntry::Dir(inner) => found.extend(files(inner)),
            DirEntry::File(file) => found.push(file),
        }
    }
    found
}

fn unwritable(path: &Path, error: &std::io::Error) -> CliError {
    CliError::broken(format!("failed to write `{}`", path.display()))
        .caused_by(error)
        .with_hint("name another folder by WLOAD_CACHE_DIR")
}
