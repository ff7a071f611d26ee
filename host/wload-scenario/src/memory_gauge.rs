//! Whether the process has room for one more instance.
//!
//! A Rust instance takes some 60 KiB and one of Python 2 MiB: a number of instances that is right for one would fill
//! the machine with the other. So memory is looked at, too. What an instance has written cannot be asked for
//! cheaply; what the whole process has can. Users have a share of it that does not go when they are saved: their
//! connections, their statistics, what was saved of them.
//!
//! Upstream: the system. Downstream: `pool.rs`, a hundred times a second. Where the system does not say how much
//! memory there is in use, there is always room, and the number of instances is the only limit.

use std::sync::atomic::{AtomicU32, Ordering};

/// What a user may take besides its instance. A saved Rust user with its connection takes 6 KiB.
const BYTES_OF_USER: u64 = 16 << 10;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MemoryRoom {
    /// Instances may be made.
    Plenty,
    /// None is made while another one can be taken over.
    Full,
    /// Instances go when their users are done.
    Over,
}

/// The memory of a process beyond what it had at first.
#[derive(Debug)]
pub(crate) struct MemoryGauge {
    bytes_max: u64,
    bytes_at_start: u64,
    users: AtomicU32,
}

impl MemoryGauge {
    /// From now on so much more may be taken.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let bytes_at_start = own_bytes().unwrap_or(0);
        Self { bytes_max, bytes_at_start, users: AtomicU32::new(0) }
    }

    pub(crate) fn user_begins(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn user_ends(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }

    /// Asks the system.
    pub(crate) fn room(&self) -> MemoryRoom {
        let taken = own_bytes().unwrap_or(0).saturating_sub(self.bytes_at_start);
        room(taken, self.users.load(Ordering::Relaxed), self.bytes_max)
    }
}

fn room(taken: u64, users: u32, max: u64) -> MemoryRoom {
    let of_instances = taken.saturating_sub(u64::from(users) * BYTES_OF_USER);
    if of_instances <= max {
        MemoryRoom::Plenty
    } else if of_instances - max <= max / 4 {
        // Between the two nothing is made and nothing goes: an instance that goes costs the next user more
        // than one that is taken over.
        MemoryRoom::Full
    } else {
        MemoryRoom::Over
    }
}

/// Bytes that belong to this process alone: resident, and not pages of a file. Some 15 us.
#[cfg(target_os = "linux")]
fn own_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    kib.checked_mul(1_024)
}

#[cfg(not(target_os = "linux"))]
fn own_bytes() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn users_may_have_their_share_and_the_rest_is_of_instances() {
        assert_eq!(room(0, 0, 0), MemoryRoom::Plenty);
        assert_eq!(room(100 * MIB, 0, 100 * MIB), MemoryRoom::Plenty);
        assert_eq!(room(116 * MIB, 1_024, 100 * MIB), MemoryRoom::Plenty);
        assert_eq!(room(117 * MIB, 1_024, 100 * MIB), MemoryRoom::Full);
        assert_eq!(room(142 * MIB, 1_024, 100 * MIB), MemoryRoom::Over);
        assert_eq!(room(MIB, 0, 0), MemoryRoom::Over);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn memory_that_is_written_is_seen() {
        let gauge = MemoryGauge::new(4 << 20);
        assert_eq!(gauge.room(), MemoryRoom::Plenty);
        let written = vec![1_u8; 64 << 20];
        assert_eq!(gauge.room(), MemoryRoom::Over);
        assert_eq!(written.iter().map(|byte| u64::from(*byte)).sum::<u64>(), 64 * MIB);
    }
}
