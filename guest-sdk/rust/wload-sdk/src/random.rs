//! Random choices that a run with the same `--seed` repeats.
//!
//! Upstream: tasks. Downstream: the host's numbers, derived from the run's seed and the user's id.
//! They are for choices, not for secrets.

use std::ops::Range;

use crate::bindings::wload::scenario::random;

/// Any number.
pub fn number() -> u64 {
    random::get_u64()
}

/// A whole number in `range`, its end excluded; its start when the range is empty.
pub fn range(range: Range<i64>) -> i64 {
    if range.is_empty() { range.start } else { random::get_range(range.start, range.end) }
}

/// A number from 0 to 1, 1 excluded.
pub fn float() -> f64 {
    random::get_float()
}

/// True this often: `chance(0.1)` in one of ten cases.
pub fn chance(probability: f64) -> bool {
    float() < probability
}

/// One of the items; none when there are none.
pub fn choice<T>(items: &[T]) -> Option<&T> {
    items.get(index(items.len())?)
}

/// Puts the items in any order.
pub fn shuffle<T>(items: &mut [T]) {
    for last in (1..items.len()).rev() {
        if let Some(other) = index(last + 1) {
            items.swap(last, other);
        }
    }
}

/// A place in a list of this length.
fn index(len: usize) -> Option<usize> {
    let len = i64::try_from(len).ok().filter(|len| *len > 0)?;
    usize::try_from(random::get_range(0, len)).ok()
}
