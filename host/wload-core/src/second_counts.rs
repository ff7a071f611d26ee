//! Requests and failures of each second of the run.
//!
//! Upstream: the recorder. Downstream: deltas (merge), statistics (current rates), JSON.
//! Invariants: ascending by second, without empty seconds; the newest
//! [`SECONDS_KEPT`] entries stay.

use std::collections::VecDeque;

use crate::limits::SECONDS_KEPT;
use crate::metric::pick;

/// What ended in one second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecondCount {
    /// Since the start of the run, cut.
    pub(crate) second: u32,
    pub(crate) requests: u32,
    pub(crate) failures: u32,
}

/// Counts per second.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SecondCounts(VecDeque<SecondCount>);

impl SecondCounts {
    /// Adds counts of one second. Cheap for the newest one, which is nearly always asked for.
    pub(crate) fn add(&mut self, count: SecondCount) {
        let later = self.0.iter().rev().take_while(|known| known.second > count.second).count();
        let at = self.0.len() - later;
        match at.checked_sub(1).and_then(|before| self.0.get_mut(before)) {
            Some(known) if known.second == count.second => {
                known.requests = known.requests.saturating_add(count.requests);
                known.failures = known.failures.saturating_add(count.failures);
            }
            _ => {
                self.0.insert(at, count);
                if self.0.len() as u64 > SECONDS_KEPT {
                    self.0.pop_front();
                }
            }
        }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        for count in &other.0 {
            self.add(*count);
        }
    }

    /// Requests and failures per second, the mean over the seconds `from..to`.
    pub(crate) fn rates(&self, from: u64, to: u64) -> (f64, f64) {
        let Some(span) = to.checked_sub(from).filter(|span| *span > 0) else { return (0.0, 0.0) };
        let (mut requests, mut failures) = (0, 0);
        for count in self.0.iter().rev().take_while(|count| u64::from(count.second) >= from) {
            if u64::from(count.second) < to {
                requests += u64::from(count.requests);
                failures += u64::from(count.failures);
            }
        }
        (requests as f64 / span as f64, failures as f64 / span as f64)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = SecondCount> + '_ {
        self.0.iter().copied()
    }

    /// First and last second.
    #[cfg(test)]
    pub(crate) fn span(&self) -> Option<(u32, u32)> {
        Some((self.0.front()?.second, self.0.back()?.second))
    }

    /// What was counted since the last time; the memory stays.
    pub(crate) fn take(&mut self) -> Self {
        let taken = Self(self.0.iter().copied().collect());
        self.0.clear();
        taken
    }
}

/// The earlier of two moments that may be missing.
pub(crate) fn earlier<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    pick(left, right, Ord::min)
}

/// The later of two moments that may be missing.
pub(crate) fn later<T: Ord>(left: Option<T>, right: Option<T>) -> Option<T> {
    pick(left, right, Ord::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(second: u32, requests: u32, failures: u32) -> SecondCount {
        SecondCount { second, requests, failures }
    }

    fn counts(list: &[(u32, u32, u32)]) -> SecondCounts {
        let mut counts = SecondCounts::default();
        for (second, requests, failures) in list {
            counts.add(count(*second, *requests, *failures));
        }
        counts
    }

    #[test]
    fn seconds_stay_in_order_whatever_the_order_of_the_samples() {
        let shuffled = counts(&[(3, 1, 0), (1, 1, 1), (3, 2, 0), (2, 1, 0), (1, 1, 0)]);
        assert_eq!(shuffled, counts(&[(1, 2, 1), (2, 1, 0), (3, 3, 0)]));
    }

    #[test]
    fn rates_are_means_over_a_window() {
        let counts = counts(&[(1, 100, 0), (2, 10, 1), (4, 10, 3), (5, 100, 0)]);
        assert_eq!(counts.rates(2, 5), (20.0 / 3.0, 4.0 / 3.0));
        assert_eq!(counts.rates(7, 17), (0.0, 0.0));
        assert_eq!(counts.rates(5, 5), (0.0, 0.0));
        assert_eq!(counts.rates(5, 2), (0.0, 0.0));
    }

    #[test]
    fn the_oldest_seconds_are_forgotten() {
        let mut counts = SecondCounts::default();
        let kept = u32::try_from(SECONDS_KEPT).unwrap();
        for second in 0..kept + 5 {
            counts.add(count(second, 1, 0));
        }
        assert_eq!(counts.span(), Some((5, kept + 4)));
    }
}
