//! nginx, for the tests that compare what wload sends with what curl sends.
//!
//! Upstream: a server that is installed, or the package of a Debian-like system. Downstream:
//! `target/tools/nginx`, where tests look for it. The package is unpacked and not installed:
//! installing it would start a server on port 80.

use std::env;
use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result};

use super::debian;
use crate::command::{output, program};
use crate::printer;
use crate::repository::Repository;

/// Where the package is unpacked.
const FOLDER: &str = "target/tools/nginx";
/// Folders where servers are that are not on everybody's path.
const FOLDERS: [&str; 3] = ["/usr/sbin", "/usr/local/sbin", "/opt/homebrew/bin"];

/// Finds nginx or unpacks it. Without it few tests are skipped, so that is no error.
pub(super) fn install(repository: &Repository) {
    let folder = repository.path(FOLDER);
    let unpacked = folder.join("usr/sbin/nginx");
    let path = env::var_os("PATH").unwrap_or_default();
    let installed = env::split_paths(&path).chain(FOLDERS.map(PathBuf::from));
    let mut programs = installed.map(|folder| folder.join("nginx")).chain([unpacked]);
    if let Some(found) = programs.find(|program| program.is_file()) {
        printer::talk(&format!("nginx: found `{}`", found.display()));
        return;
    }
    printer::talk(&format!("nginx: not found, apt has it, it is unpacked into {FOLDER}"));
    if let Err(error) = unpack(repository) {
        printer::failure(&error);
        // What does not run should not be found by tests; what cannot be removed is named next time.
        let _ = fs::remove_dir_all(&folder);
        printer::talk("nginx: goes on without it; the tests that need it are skipped");
    }
}

fn unpack(repository: &Repository) -> Result<()> {
    let folder = repository.path(FOLDER);
    debian::unpack(&folder, "nginx")?;
    let version = output(program(folder.join("usr/sbin/nginx"), &folder, ["-v"]));
    version.map(drop).context("the nginx of the package does not run here")
}
