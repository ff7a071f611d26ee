//! Whether the process has room for one more instance.
//!
//! A Rust instance takes some 60 KiB and one of Python 2 MiB: a number of instances that is right for one would fill
//! the machine with the other. So memory is looked at, too. What an instance has written cannot be asked for
//! cheaply; what the whole process has can. Users have a share of it that does not go when they are saved: their
//! connections, their statistics, what was saved of them.
//!
//! Where there are far more users than instances could be kept for, keeping many is of little use: the next user is
//! mostly one without. Then a small part of the memory has to do.
//!
//! Upstream: the system. Downstream: `pool.rs`, a hundred times a second. Where the system does not say how much
//! memory there is in use, there is always room, and the number of instances is the only limit.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

/// What a user may take besides its instance. A saved one with its connection takes 6 KiB, of Rust as of Python.
const BYTES_OF_USER: u64 = 8 << 10;

/// A small part of the memory: what instances of users who wait for long may have.
const SMALL_SHARE: u64 = 5;
/// The part that instances have which nobody is in, where users are many: some tens of Python's, some hundreds of
/// Rust's. More are for tasks that are under way at once.
const IDLE_SHARE: u64 = 16;
/// Users are many where there are more for each instance that could be kept: few would find theirs.
const USERS_PER_INSTANCE_MANY: u64 = 2;

/// How much room there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MemoryRoom {
    /// Instances may be made.
    Plenty,
    /// None is made while there is one whose user waits for long: memory is for those who come back soon.
    Enough,
    /// None is made while another one can be taken over.
    Full,
    /// Instances go when their users are done, as long as there are others that can be taken over.
    Ample,
    /// Instances go when their users are done.
    Over,
}

/// The memory of a process beyond what it had at first.
#[derive(Debug)]
pub(crate) struct MemoryGauge {
    bytes_max: u64,
    bytes_at_start: u64,
    users: AtomicU32,
    instances: AtomicU32,
    /// Users are so many that few instances are kept.
    has_many_users: AtomicBool,
}

impl MemoryGauge {
    /// From now on so much more may be taken.
    pub(crate) fn new(bytes_max: usize) -> Self {
        let bytes_max = u64::try_from(bytes_max).unwrap_or(u64::MAX);
        let bytes_at_start = own_bytes().unwrap_or(0);
        Self {
            bytes_max,
            bytes_at_start,
            users: AtomicU32::new(0),
            instances: AtomicU32::new(0),
            has_many_users: AtomicBool::new(false),
        }
    }

    pub(crate) fn user_begins(&self) {
        self.users.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn user_ends(&self) {
        self.users.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn instance_begins(&self) {
        self.instances.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn instance_ends(&self) {
        self.instances.fetch_sub(1, Ordering::Relaxed);
    }

    /// Asks the system.
    pub(crate) fn room(&self) -> MemoryRoom {
        let taken = own_bytes().unwrap_or(0).saturating_sub(self.bytes_at_start);
        let users = u64::from(self.users.load(Ordering::Relaxed));
        let instances = u64::from(self.instances.load(Ordering::Relaxed));
        let of_instances = of_instances(taken, users);
        let was = self.has_many_users.load(Ordering::Relaxed);
        let has_many_users = are_many(users, instances, of_instances, self.bytes_max, was);
        self.has_many_users.store(has_many_users, Ordering::Relaxed);
        room(of_instances, self.bytes_max, has_many_users)
    }

    /// Users are so many that few instances are kept: whoever waits will soon be saved.
    pub(crate) fn has_many_users(&self) -> bool {
        self.has_many_users.load(Ordering::Relaxed)
    }
}

/// What is left of the taken memory when users have their share.
fn of_instances(taken: u64, users: u64) -> u64 {
    taken.saturating_sub(users * BYTES_OF_USER)
}

/// Whether there are more users than are worth keeping instances for. What was so before stays so a little longer.
fn are_many(users: u64, instances: u64, of_instances: u64, max: u64, was: bool) -> bool {
    let Some(bytes_each) = of_instances.checked_div(instances).filter(|bytes| *bytes > 0) else {
        return was;
    };
    let kept = max / bytes_each;
    let few =
        if was { kept * USERS_PER_INSTANCE_MANY * 3 / 4 } else { kept * USERS_PER_INSTANCE_MANY };
    users > few
}

fn room(of_instances: u64, max: u64, has_many_users: bool) -> MemoryRoom {
    let kept = if has_many_users { max / IDLE_SHARE } else { max };
    if of_instances <= kept / SMALL_SHARE {
        MemoryRoom::Plenty
    } else if of_instances <= kept {
        MemoryRoom::Enough
    } else if of_instances <= kept + kept / 4 {
        // Between the two nothing is made and nothing goes: an instance that goes costs the next user more
        // than one that is taken over.
        MemoryRoom::Full
    } else if of_instances <= max + max / 4 {
        MemoryRoom::Ample
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
        assert_eq!(of_instances(100 * MIB, 0), 100 * MIB);
        assert_eq!(of_instances(108 * MIB, 1_024), 100 * MIB);
        assert_eq!(of_instances(MIB, 1_024), 0);
    }

    #[test]
    fn between_enough_and_over_nothing_is_made_and_nothing_goes() {
        let room_of = |bytes, max| room(bytes, max, false);
        assert_eq!(room_of(0, 0), MemoryRoom::Plenty);
        assert_eq!(room_of(20 * MIB, 100 * MIB), MemoryRoom::Plenty);
        assert_eq!(room_of(21 * MIB, 100 * MIB), MemoryRoom::Enough);
        assert_eq!(room_of(100 * MIB, 100 * MIB), MemoryRoom::Enough);
        assert_eq!(room_of(101 * MIB, 100 * MIB), MemoryRoom::Full);
        assert_eq!(room_of(126 * MIB, 100 * MIB), MemoryRoom::Over);
        assert_eq!(room_of(MIB, 0), MemoryRoom::Over);
    }

    #[test]
    fn of_many_users_few_instances_are_kept_and_more_are_made_for_their_tasks() {
        let room_of = |bytes| room(bytes, 640 * MIB, true);
        assert_eq!(room_of(8 * MIB), MemoryRoom::Plenty);
        assert_eq!(room_of(40 * MIB), MemoryRoom::Enough);
        assert_eq!(room_of(50 * MIB), MemoryRoom::Full);
        assert_eq!(room_of(51 * MIB), MemoryRoom::Ample);
        assert_eq!(room_of(800 * MIB), MemoryRoom::Ample);
        assert_eq!(room_of(801 * MIB), MemoryRoom::Over);
    }

    #[test]
    fn far_more_users_than_instances_make_the_rest_of_them_useless() {
        // 640 instances of a MiB could be kept.
        let many = |users, was| are_many(users, 100, 100 * MIB, 640 * MIB, was);
        assert!(!many(1_280, false));
        assert!(many(1_281, false));
        assert!(many(961, true), "what was so stays so for a while");
        assert!(!many(960, true));
        assert!(!are_many(5_000, 0, 0, 640 * MIB, false), "nothing is known yet");
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
