//! Chances that come out the same for the same seed.
//!
//! Upstream: nothing. Downstream: `latency` and `routes`, which ask whether something rare happens now.

use std::sync::atomic::{AtomicU64, Ordering};

/// The step of splitmix64: odd, so that every state is visited once.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A sequence of random numbers that all threads draw from without a lock.
#[derive(Debug)]
pub(crate) struct Chance {
    seed: u64,
    state: AtomicU64,
}

impl Chance {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, state: AtomicU64::new(seed) }
    }

    /// The next number of the sequence.
    pub(crate) fn next(&self) -> u64 {
        let state = self.state.fetch_add(STEP, Ordering::Relaxed);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Whether something that happens in this share of all cases happens now. Draws a number only when
    /// the outcome is open, so that a rate of zero does not shift the sequence of the others.
    pub(crate) fn happens(&self, share: f64) -> bool {
        if share <= 0.0 {
            return false;
        }
        // 53 bits are what a double holds exactly.
        share >= 1.0 || ((self.next() >> 11) as f64) < share * (1u64 << 53) as f64
    }

    /// A number of the standard normal distribution, by the method of Box and Muller.
    pub(crate) fn normal(&self) -> f64 {
        // Never zero, whose logarithm is infinite.
        let radius = (((self.next() >> 11) + 1) as f64 / (1u64 << 53) as f64).ln() * -2.0;
        let turn = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        radius.sqrt() * (turn * std::f64::consts::TAU).cos()
    }

    /// Starts the sequence again.
    pub(crate) fn rewind(&self) {
        self.state.store(self.seed, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_sequence_again() {
        let (one, other) = (Chance::new(3), Chance::new(4));
        let first: Vec<u64> = (0..8).map(|_| one.next()).collect();
        one.rewind();
        assert_eq!(first, (0..8).map(|_| one.next()).collect::<Vec<_>>());
        assert_ne!(first, (0..8).map(|_| other.next()).collect::<Vec<_>>());
    }

    #[test]
    fn never_and_always_are_exact() {
        let chance = Chance::new(5);
        assert!((0..1000).all(|_| !chance.happens(0.0) && chance.happens(1.0)));
    }
}
