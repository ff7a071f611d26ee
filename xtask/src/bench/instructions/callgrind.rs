//! Programs under callgrind, and its files.
//!
//! Upstream: `instructions` says what to run. Downstream: valgrind. What would differ from run to run or from machine
//! to machine is switched off: the address space is not shuffled, and libc takes the same routines on every
//! processor with AVX2.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::output;
use crate::setup::Valgrind;

/// The largest routine of libc that repeats a byte move counts as one instruction or many, as the processor likes.
const TUNABLES: &str = "glibc.cpu.hwcaps=-ERMS,-FSRM";
/// Where wload keeps compiled scenarios.
const CACHE_DIR: &str = "WLOAD_CACHE_DIR";
/// How callgrind's files begin.
const OUT: &str = "callgrind.out";

/// The program, and the folder of its parts where it is not installed.
#[derive(Clone, Debug)]
pub(super) struct Callgrind {
    pub(super) program: Valgrind,
}

impl Callgrind {
    /// As it says itself.
    pub(super) fn version(&self, folder: &Path) -> Result<String> {
        let told = output(self.program.command(folder, ["--version"]))?;
        Ok(told.trim().trim_start_matches("valgrind-").to_owned())
    }

    /// Runs a program and its children without counting.
    pub(super) fn watched(
        &self,
        folder: &Path,
        cache: &Path,
        of: &Path,
        words: &[&str],
    ) -> Result<()> {
        fs::create_dir_all(folder)
            .with_context(|| format!("failed to make `{}`", folder.display()))?;
        let flags = ["--tool=none", "--quiet", "--trace-children=yes"].map(OsString::from);
        let mut command = self.command(folder, &flags, of, words);
        command.env(CACHE_DIR, cache);
        output(command).map(drop)
    }

    /// Instructions inside of the functions that are called `counted_...`.
    pub(super) fn in_counted_functions(
        &self,
        folder: &Path,
        of: &Path,
        words: &[&str],
    ) -> Result<u64> {
        let flags = flags(&["--toggle-collect=*counted_*"]);
        self.counts(self.command(folder, &flags, of, words), folder)
            .map(|counts| counts.iter().sum())
    }

    /// Instructions of the thread that has most of them.
    pub(super) fn on_busiest_thread(
        &self,
        folder: &Path,
        cache: &Path,
        of: &Path,
        words: &[&str],
    ) -> Result<u64> {
        let flags = flags(&["--separate-threads=yes"]);
        let mut command = self.command(folder, &flags, of, words);
        command.env(CACHE_DIR, cache);
        let counts = self.counts(command, folder)?;
        counts.into_iter().max().context("callgrind counted no thread")
    }

    fn command(&self, folder: &Path, flags: &[OsString], of: &Path, words: &[&str]) -> Command {
        let words = words.iter().map(OsString::from);
        let all = flags.iter().cloned().chain([of.into()]).chain(words);
        let mut command = self.program.command(folder, all);
        command.env("GLIBC_TUNABLES", TUNABLES);
        command
    }

    /// Runs it; the totals of the files it leaves.
    fn counts(&self, command: Command, folder: &Path) -> Result<Vec<u64>> {
        forget(folder)?;
        output(command)?;
        let texts = files(folder)?.into_iter().map(|path| {
            fs::read_to_string(&path)
                .with_context(|| format!("failed to read `{}`", path.display()))
        });
        let totals: Vec<Option<u64>> =
            texts.map(|text| Ok(total(&text?))).collect::<Result<_>>()?;
        // Besides those of the threads there is an empty file.
        let totals: Vec<u64> = totals.into_iter().flatten().collect();
        forget(folder)?;
        Ok(totals)
    }
}

fn flags(own: &[&str]) -> Vec<OsString> {
    let out = format!("--callgrind-out-file={OUT}.%p");
    let common = ["--tool=callgrind", "--quiet", out.as_str()];
    common.iter().chain(own).map(OsString::from).collect()
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let shown = || format!("failed to list `{}`", folder.display());
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).with_context(shown)? {
        let entry = entry.with_context(shown)?;
        if entry.file_name().to_string_lossy().starts_with(OUT) {
            found.push(entry.path());
        }
    }
    Ok(found)
}

fn forget(folder: &Path) -> Result<()> {
    for path in files(folder)? {
        fs::remove_file(&path).with_context(|| format!("failed to remove `{}`", path.display()))?;
    }
    Ok(())
}

/// What a file of callgrind counts in all: `summary: N`, or `totals: N` where there is one part.
fn total(text: &str) -> Option<u64> {
    text.lines().find_map(|line| {
        let rest = line.strip_prefix("summary: ").or_else(|| line.strip_prefix("totals: "))?;
        rest.split_whitespace().next()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_file_is_found() {
        assert_eq!(
            total("version: 1\nevents: Ir\nsummary: 34432050\n\nob=(1)\n"),
            Some(34_432_050)
        );
        assert_eq!(total("fn=(1) main\n1 2\ntotals: 7\n"), Some(7));
        assert_eq!(total(""), None);
    }
}
