//! What this machine gives to one process.
//!
//! Upstream: the kernel's files and limits. Downstream: `machine.rs`. What cannot be read is no limit:
//! other systems have other files, and a run must not fail for the want of a number.

use std::path::Path;

use rustix::process::{Resource, getrlimit};

/// How many memory maps a process may have.
const MAPS: &str = "/proc/sys/vm/max_map_count";
/// The first and the last port for connections that do not name one.
const PORTS: &str = "/proc/sys/net/ipv4/ip_local_port_range";
/// What the machine has in memory.
const MEMORY: &str = "/proc/meminfo";
/// The control group of this process.
const GROUP: &str = "/proc/self/cgroup";
/// Where control groups are.
const GROUPS: &str = "/sys/fs/cgroup";

/// Limits of this machine; none where there is none or it is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) descriptors: Option<u64>,
    pub(crate) maps: Option<u64>,
    /// Local ports for connections to one address.
    pub(crate) ports: Option<u64>,
    /// That can be had without swapping.
    pub(crate) memory_bytes: Option<u64>,
    pub(crate) address_space_bytes: Option<u64>,
}

impl Machine {
    /// As it is now.
    pub(crate) fn read() -> Self {
        let available = text(MEMORY).and_then(|text| available_bytes(&text));
        Self {
            descriptors: getrlimit(Resource::Nofile).current,
            maps: text(MAPS).and_then(|text| text.trim().parse().ok()),
            ports: text(PORTS).and_then(|text| ports(&text)),
            memory_bytes: [available, group_bytes_max()].into_iter().flatten().min(),
            address_space_bytes: getrlimit(Resource::As).current,
        }
    }
}

fn text(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok()
}

/// The number of ports of a range such as `32768 60999`.
fn ports(range: &str) -> Option<u64> {
    let (first, last) = range.trim().split_once(char::is_whitespace)?;
    let (first, last): (u64, u64) = (first.parse().ok()?, last.trim().parse().ok()?);
    (last + 1).checked_sub(first)
}

fn available_bytes(memory: &str) -> Option<u64> {
    let line = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

/// What a container or a service may have of the machine's memory.
fn group_bytes_max() -> Option<u64> {
    let group = text(GROUP)?;
    let folder = group.lines().find_map(|line| line.strip_prefix("0::/"))?;
    // `max` is no number, and no limit.
    text(Path::new(GROUPS).join(folder).join("memory.max"))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_files_are_understood() {
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(ports("5 5"), Some(1));
        for text in ["", "1", "9 1", "a b"] {
            assert_eq!(ports(text), None, "{text}");
        }
        let memory = "MemTotal:       24644876 kB\nMemFree: 1 kB\nMemAvailable:   16000000 kB\n";
        assert_eq!(available_bytes(memory), Some(16_000_000 << 10));
        assert_eq!(available_bytes("MemTotal: 5 kB\n"), None);
    }
}
