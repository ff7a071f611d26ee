//! Packages of Debian-like systems that are unpacked and not installed: that needs no root, and starts no server.
//!
//! Upstream: the tools of `setup`. Downstream: apt and dpkg, and a folder in `target/tools`.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::command::{program, run};

/// Fetches a package and unpacks it into this folder.
///
/// # Errors
/// When apt is not there or cannot fetch it.
pub(super) fn unpack(folder: &Path, package: &str) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))?;
    let download = || run(program("apt-get", folder, ["--quiet", "download", package]));
    if download().is_err() {
        // A new machine has no lists yet; only root may fetch them.
        run(program("apt-get", folder, ["--quiet", "update"]))
            .and_then(|()| download())
            .with_context(|| {
                format!("failed to fetch {package}; install it with your package manager")
            })?;
    }
    let entries =
        fs::read_dir(folder).with_context(|| format!("failed to list `{}`", folder.display()))?;
    let fetched = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .find(|path| path.extension().is_some_and(|extension| extension == "deb"))
        .with_context(|| format!("apt fetched {package}, but there is no package"))?;
    run(program("dpkg-deb", folder, ["--extract".as_ref(), fetched.as_os_str(), ".".as_ref()]))
        .with_context(|| format!("failed to unpack {package}"))
}
