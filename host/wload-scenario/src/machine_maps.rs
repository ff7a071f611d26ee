//! Memory maps: the kernel's limit on how many regions a process may have, checked before a run.
//!
//! Upstream: `loader.rs`, which knows the users and what the component needs. Downstream: an error
//! that says what is short. Why before: a process that runs out of maps cannot even allocate, and
//! aborts in the middle of the run.

use crate::error::ScenarioError;

/// Maps of one linear memory that is in use: its image, its heap, and a guard on either side.
const MAPS_OF_MEMORY: u64 = 4;
/// Maps of one fiber stack: itself and its guard. They exist from the start, for all places.
const MAPS_OF_STACK: u64 = 2;
/// Maps of everything else: code, libraries, threads, the allocator's large blocks.
const MAPS_OF_PROCESS: u64 = 2_000;
/// Where Linux says its limit; other systems have none that we know of.
const LIMIT_FILE: &str = "/proc/sys/vm/max_map_count";

/// Whether this machine has the maps for so many users with so many memories each.
pub(crate) fn check(users: u32, memories_each: u32) -> Result<(), ScenarioError> {
    let limit = std::fs::read_to_string(LIMIT_FILE).ok().and_then(|text| text.trim().parse().ok());
    match limit {
        Some(limit) => compare(users, memories_each, limit),
        None => Ok(()),
    }
}

fn compare(users: u32, memories_each: u32, limit: u64) -> Result<(), ScenarioError> {
    let of_user = MAPS_OF_MEMORY * u64::from(memories_each.max(1)) + MAPS_OF_STACK;
    let needed = of_user.saturating_mul(u64::from(users)).saturating_add(MAPS_OF_PROCESS);
    if needed <= limit {
        return Ok(());
    }
    let users_possible = limit.saturating_sub(MAPS_OF_PROCESS) / of_user;
    Err(ScenarioError::Maps { users, needed, limit, users_possible })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_users_fit_into_the_usual_limit_and_twelve_thousand_do_not() {
        compare(10_000, 1, 65_530).unwrap();
        let error = compare(12_000, 1, 65_530).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("74000") && text.contains("65530"), "{text}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("vm.max_map_count=74000") && hint.contains("10588 users"), "{hint}");
    }

    #[test]
    fn a_limit_below_what_any_process_needs_is_an_error_as_well() {
        assert!(compare(1, 1, 100).is_err());
        assert!(compare(u32::MAX, u32::MAX, u64::MAX).is_ok());
    }
}
