//! valgrind, which counts instructions.
//!
//! Upstream: a valgrind that is installed, or the package of a Debian-like system. Downstream:
//! `target/tools/valgrind`, where the package is unpacked and not installed, so that root is not needed.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::debian;
use crate::command::{output, program};
use crate::printer;
use crate::repository::Repository;

/// Where the package is unpacked.
const FOLDER: &str = "target/tools/valgrind";

/// Where valgrind is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Valgrind {
    pub(crate) program: PathBuf,
    /// The folder of its tools, when it was unpacked and not installed.
    pub(crate) tools: Option<PathBuf>,
}

impl Valgrind {
    /// A command that runs it.
    pub(crate) fn command<S: AsRef<OsStr>>(
        &self,
        folder: &Path,
        words: impl IntoIterator<Item = S>,
    ) -> Command {
        let mut command = program(&self.program, folder, words);
        if let Some(tools) = &self.tools {
            command.env("VALGRIND_LIB", tools);
        }
        command
    }
}

/// Finds valgrind or unpacks it.
///
/// # Errors
/// When it is not there and cannot be had, or does not run here.
pub(super) fn install(repository: &Repository) -> Result<Valgrind> {
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&path).map(|folder| folder.join("valgrind"));
    if let Some(program) = installed.into_iter().find(|program| program.is_file()) {
        printer::talk(&format!("valgrind: found `{}`", program.display()));
        return Ok(Valgrind { program, tools: None });
    }
    let folder = repository.path(FOLDER);
    if let Ok(found) = unpacked(&folder) {
        printer::talk(&format!("valgrind: found in {FOLDER}"));
        return Ok(found);
    }
    printer::talk(&format!("valgrind: not found, apt has it, it is unpacked into {FOLDER}"));
    debian::unpack(&folder, "valgrind")?;
    let found = unpacked(&folder);
    if found.is_err() {
        // What does not run should not be found; what cannot be removed is named next time.
        let _ = fs::remove_dir_all(&folder);
    }
    found
}

fn unpacked(folder: &Path) -> Result<Valgrind> {
    // The name that a person types is a script which looks for the program in its own place.
    let program = folder.join("usr/bin/valgrind.bin");
    let tools = folder.join("usr/libexec/valgrind");
    ensure!(program.is_file() && tools.is_dir(), "the package has no valgrind");
    let valgrind = Valgrind { program, tools: Some(tools) };
    output(valgrind.command(folder, ["--version"]))
        .context("the valgrind of the package does not run here")?;
    Ok(valgrind)
}
