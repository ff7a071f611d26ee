//! What the kernel says about a running process: CPU time and memory.
//!
//! Upstream: `/proc/PID`. Downstream: `measure`. The parsers are pure.

use std::fs;

use anyhow::{Context, Result};

/// The kernel's unit of time in `/proc`, on every architecture that Rust has Linux for.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds that a process has used, user and system, with those of its children that have ended.
///
/// # Errors
/// When it is gone.
pub(super) fn cpu_seconds(pid: u32) -> Result<f64> {
    let path = format!("/proc/{pid}/stat");
    let stat = fs::read_to_string(&path).with_context(|| format!("failed to read `{path}`"))?;
    let ticks = cpu_ticks(&stat).with_context(|| format!("failed to understand `{path}`"))?;
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// The most memory it has had resident so far, in KiB.
pub(super) fn peak_rss_kib(pid: u32) -> Option<u64> {
    kib(&fs::read_to_string(format!("/proc/{pid}/status")).ok()?, &["VmHWM"])
}

/// The memory that is its alone, in KiB: what would be free if it ended.
pub(super) fn private_kib(pid: u32) -> Option<u64> {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    kib(&rollup, &["Private_Clean", "Private_Dirty"])
}

fn cpu_ticks(stat: &str) -> Option<u64> {
    // The name in brackets may hold anything, brackets and spaces included.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace().skip(11);
    let mut next = || fields.next()?.parse::<u64>().ok();
    Some(next()? + next()? + next()? + next()?)
}

/// The sum of these lines.
fn kib(text: &str, names: &[&str]) -> Option<u64> {
    names.iter().try_fold(0, |sum, name| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
        Some(sum + line.split_whitespace().next()?.parse::<u64>().ok()?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_time_is_found_behind_any_name() {
        let stat = "7 (a b) c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 7 3 20 0 1 0 100";
        assert_eq!(cpu_ticks(stat), Some(310));
        assert_eq!(cpu_ticks("7 (a) S 1"), None);
    }

    #[test]
    fn memory_is_the_sum_of_its_lines() {
        let text = "Rss:  900 kB\nPrivate_Clean:       8 kB\nPrivate_Dirty:     512 kB\n";
        assert_eq!(kib(text, &["Private_Clean", "Private_Dirty"]), Some(520));
        assert_eq!(kib(text, &["VmHWM"]), None);
    }

    #[test]
    fn this_process_has_used_both() {
        let pid = std::process::id();
        assert!(cpu_seconds(pid).is_ok());
        assert!(peak_rss_kib(pid).is_some_and(|kib| kib > 0));
        assert!(private_kib(pid).is_some_and(|kib| kib > 0));
    }
}
