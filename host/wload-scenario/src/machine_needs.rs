//! What the users of a component take from the machine before any of them does anything.
//!
//! Upstream: `loader.rs`, which knows what the component declares. Downstream: the command line, which
//! compares it with what this machine has, before the run. Why before: a process that runs out of memory
//! maps cannot even allocate, and aborts in the middle of the run. Pure: nothing here looks at a machine.

/// Maps of one linear memory that is in use: its image, its heap, and a guard on either side.
const MAPS_OF_MEMORY: u64 = 4;
/// The same where it is not in a pool, in which neighbours share a guard.
const MAPS_OF_OWN_MEMORY: u64 = 5;
/// Most maps of instances with memory of their own: most machines allow a process 65,530.
const OWN_MAPS_MAX: u64 = 60_000;
/// Maps of one fiber stack: itself and its guard. A pool has them from the start, for all places.
const MAPS_OF_STACK: u64 = 2;
/// Maps of everything else: code, libraries, threads, the allocator's large blocks.
const MAPS_OF_PROCESS: u64 = 2_000;
/// Memory of an active user of a Rust scenario, measured: its own pages, its connection, its stack.
const MEMORY_OF_USER: u64 = 80 << 10;

/// Memory of a user that waits without instance, measured: its bytes, its client, its connection.
const MEMORY_OF_WAITING_USER: u64 = 8 << 10;

/// What so many users need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MachineNeeds {
    /// Regions of memory that the kernel keeps for a process.
    pub maps: u64,
    /// How many of `maps` are one user's.
    pub maps_of_user: u64,
    /// How many of `maps` are there without any user.
    pub maps_of_process: u64,
    /// Address space that is reserved for memories and stacks; most of it is never used.
    pub address_space_bytes: u64,
    /// About what active users take of the machine's memory: an estimate, not a reservation.
    pub memory_bytes: u64,
}

/// Whether so many instances can have memory of their own, outside of a pool.
pub(crate) fn may_have_own_memory(places: u32, memories_each: u32) -> bool {
    maps_of(MAPS_OF_OWN_MEMORY, memories_each).saturating_mul(places.into()) <= OWN_MAPS_MAX
}

fn maps_of(memory: u64, memories_each: u32) -> u64 {
    memory * u64::from(memories_each.max(1)) + MAPS_OF_STACK
}

impl MachineNeeds {
    /// Of `users` in `places` instances with `memories_each` linear memories, with so much address space
    /// for all of them.
    pub(crate) fn new(
        users: u32,
        places: u32,
        memories_each: u32,
        address_space_bytes: u64,
    ) -> Self {
        let waiting = users.saturating_sub(places);
        let is_own = may_have_own_memory(places, memories_each);
        let memory = if is_own { MAPS_OF_OWN_MEMORY } else { MAPS_OF_MEMORY };
        let maps_of_user = maps_of(memory, memories_each);
        Self {
            maps: maps_of_user.saturating_mul(u64::from(places)).saturating_add(MAPS_OF_PROCESS),
            maps_of_user,
            maps_of_process: MAPS_OF_PROCESS,
            address_space_bytes,
            memory_bytes: MEMORY_OF_USER * u64::from(users.min(places))
                + MEMORY_OF_WAITING_USER * u64::from(waiting),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_users_fit_into_the_usual_limit_of_maps_and_twelve_thousand_do_not() {
        let maps = |users| MachineNeeds::new(users, users, 1, 0).maps;
        assert!(maps(10_000) <= 65_530);
        assert_eq!(maps(12_000), 74_000);
        assert!(maps(0) > 0, "a process without users has maps as well");
        assert!(may_have_own_memory(8_000, 1) && !may_have_own_memory(9_000, 1));
        assert_eq!(maps(8_000), 58_000);
    }

    #[test]
    fn the_largest_numbers_do_not_overflow() {
        let needs = MachineNeeds::new(u32::MAX, u32::MAX, u32::MAX, u64::MAX);
        assert_eq!((needs.maps, needs.address_space_bytes), (u64::MAX, u64::MAX));
        assert!(needs.memory_bytes > u64::from(u32::MAX));
    }
}
