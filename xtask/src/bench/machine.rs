//! This machine: which core is whose, and how it is called in a table.
//!
//! Upstream: `/proc`, which makes benchmarks a matter of Linux. Downstream: the words that put a process on
//! a core, and one line for the reader of figures.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use crate::command::{output, program};

/// Files that a generator has open besides its users' connections.
const OTHER_FILES: u64 = 100;

/// Who runs where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Machine {
    generator_core: usize,
    target_core: usize,
    model: String,
    cores: usize,
    memory_gib: u64,
    kernel: String,
    /// Files that a process may have open, connections included, when it asks for all.
    files_max: u64,
}

impl Machine {
    /// Looks at the machine.
    ///
    /// # Errors
    /// When it is not Linux, or has no `taskset`.
    pub(super) fn look() -> Result<Self> {
        let read = |path: &str| {
            fs::read_to_string(path)
                .with_context(|| format!("failed to read `{path}`: benchmarks run on Linux only"))
        };
        let here = Path::new(".");
        output(program("taskset", here, ["--version"]))
            .context("`taskset` pins processes to cores; it is in the package util-linux")?;
        let status = read("/proc/self/status")?;
        let list = field(&status, "Cpus_allowed_list").context("the kernel names no cores")?;
        let cores = core_list(list);
        ensure!(!cores.is_empty(), "found no core in `{list}`");
        let cpu = read("/proc/cpuinfo")?;
        let memory = read("/proc/meminfo")?;
        let kib = field(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
        Ok(Self {
            generator_core: cores[0],
            target_core: cores[cores.len() - 1],
            model: field(&cpu, "model name").unwrap_or("unknown processor").to_owned(),
            cores: cores.len(),
            memory_gib: kib.unwrap_or(0u64).div_ceil(1 << 20),
            kernel: read("/proc/sys/kernel/osrelease")?.trim().to_owned(),
            files_max: files_max(&read("/proc/self/limits")?).unwrap_or(u64::MAX),
        })
    }

    /// Why so many users cannot have a connection each; none when they can.
    pub(super) fn too_many(&self, users: u32) -> Option<String> {
        let needed = u64::from(users) + OTHER_FILES;
        (needed > self.files_max).then(|| {
            format!(
                "{users} users need {needed} open files, and this machine allows a process {} (`ulimit -Hn`)",
                self.files_max
            )
        })
    }

    /// What stands before the words of a generator.
    pub(super) fn on_generator_core(&self) -> [OsString; 3] {
        pin(self.generator_core)
    }

    /// What stands before the words of the target.
    pub(super) fn on_target_core(&self) -> [OsString; 3] {
        pin(self.target_core)
    }

    /// Whether generator and target have to share a core, which makes both slower.
    pub(super) fn is_shared(&self) -> bool {
        self.generator_core == self.target_core
    }

    /// The machine in one line.
    pub(super) fn line(&self) -> String {
        let Self { model, cores, memory_gib, kernel, .. } = self;
        let noun = if *cores == 1 { "core" } else { "cores" };
        format!("{model}, {cores} {noun}, {memory_gib} GiB, Linux {kernel}")
    }
}

/// Of the line `Max open files  1024  20000  files` the second number.
fn files_max(limits: &str) -> Option<u64> {
    let line = limits.lines().find(|line| line.starts_with("Max open files"))?;
    line.split_whitespace().nth(4)?.parse().ok()
}

fn pin(core: usize) -> [OsString; 3] {
    ["taskset".into(), "--cpu-list".into(), core.to_string().into()]
}

/// The value of `name:` in a file of the kernel.
fn field<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    text.lines().find_map(|line| {
        let (found, value) = line.split_once(':')?;
        (found.trim() == name).then(|| value.trim())
    })
}

/// The cores of a list such as `0-2,5`.
fn core_list(list: &str) -> Vec<usize> {
    let range = |part: &str| {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        Some(first.trim().parse::<usize>().ok()?..=last.trim().parse().ok()?)
    };
    list.split(',').filter_map(range).flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_cores_are_read() {
        assert_eq!(core_list("0-2,5\n"), [0, 1, 2, 5]);
        assert_eq!(core_list("3"), [3]);
        assert!(core_list("").is_empty());
    }

    #[test]
    fn values_are_found_by_their_whole_name() {
        let text = "MemTotalX:  1 kB\nMemTotal:       24576000 kB\nmodel name\t: Fast One\n";
        assert_eq!(field(text, "MemTotal"), Some("24576000 kB"));
        assert_eq!(field(text, "model name"), Some("Fast One"));
        assert_eq!(field(text, "none"), None);
    }
}
