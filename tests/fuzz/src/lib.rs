//! Seeds and noise for fuzzers: functions of a seed that make hostile input and check what must hold.
//!
//! Upstream: `cargo test`, which runs a fixed number of seeds, and `cargo xtask fuzz NAME [SEED]`, which
//! goes on with others. Downstream: the fuzzers, each beside the crate that it is about. Invariants: the
//! same seed makes the same input; the seed of a failure is said. No dependencies, so that every crate
//! may use it.

use std::io::Write;

/// Names the first seed; without it the seeds are those of every test run.
const SEED: &str = "FUZZ_SEED";
/// Names the number of seeds.
const RUNS: &str = "FUZZ_RUNS";

/// Runs a fuzzer with `runs` seeds from 0 on, unless the environment says otherwise.
pub fn run(runs: u64, fuzzer: impl Fn(&mut Noise)) {
    let (first, runs) = (number(SEED).unwrap_or(0), number(RUNS).unwrap_or(runs));
    for seed in (0..runs).map(|run| first.wrapping_add(run)) {
        let _told = Told(seed);
        fuzzer(&mut Noise::new(seed));
    }
}

fn number(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    text.parse().ok()
}

/// Says the seed when its run panics.
struct Told(u64);

impl Drop for Told {
    fn drop(&mut self) {
        if std::thread::panicking() {
            // There is nobody else to tell.
            let _ = writeln!(std::io::stderr(), "{SEED}={} {RUNS}=1 repeats it", self.0);
        }
    }
}

/// Numbers, choices and texts of one seed. The generator is SplitMix64.
#[derive(Clone, Debug)]
pub struct Noise(u64);

impl Noise {
    /// All of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number below `bound`, which is not 0. The bias of the remainder is no matter here.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.number() % bound as u64) as usize
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// One of these.
    ///
    /// # Panics
    /// When there are none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// Small numbers often, edges of their types sometimes.
    pub fn size(&mut self) -> u64 {
        let any = self.number();
        match self.below(8) {
            0 => *self.pick(&[0, 1, u64::MAX, u64::from(u32::MAX), 1 << 31, 1 << 63]),
            1 => any,
            2 => any % 1_000_000,
            _ => any % 20,
        }
    }

    /// Floats of every kind.
    pub fn float(&mut self) -> f64 {
        match self.below(6) {
            0 => {
                *self.pick(&[0.0, -0.0, -1.0, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE, f64::MAX])
            }
            1 => f64::from_bits(self.number()),
            _ => self.below(1_000) as f64 / 10.0,
        }
    }

    /// Up to `max` bytes.
    pub fn bytes(&mut self, max: usize) -> Vec<u8> {
        let length = self.below(max + 1);
        (0..length).map(|_| self.number() as u8).collect()
    }

    /// Up to `max` pieces of these, joined.
    pub fn words(&mut self, pieces: &[&str], max: usize) -> String {
        let length = self.below(max + 1);
        (0..length).map(|_| *self.pick(pieces)).collect()
    }

    /// Up to `max` characters, control characters and rare planes among them.
    pub fn text(&mut self, max: usize) -> String {
        let length = self.below(max + 1);
        (0..length).map(|_| self.character()).collect()
    }

    fn character(&mut self) -> char {
        let code = match self.below(10) {
            0 => self.below(32),
            1 => self.below(0x11_0000),
            _ => 32 + self.below(95),
        };
        char::from_u32(code as u32).unwrap_or('\u{fffd}')
    }

    /// Changes, cuts, doubles or inserts a few bytes.
    pub fn mutate(&mut self, bytes: &mut Vec<u8>) {
        for _ in 0..=self.below(4) {
            if bytes.is_empty() {
                return;
            }
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes[at] = self.number() as u8,
                1 => bytes[at] ^= 1 << self.below(8),
                2 => bytes.truncate(at),
                3 => drop(bytes.drain(at..(at + 1 + self.below(8)).min(bytes.len()))),
                4 => bytes.insert(at, self.number() as u8),
                _ => {
                    let end = (at + 1 + self.below(64)).min(bytes.len());
                    let copy = bytes[at..end].to_vec();
                    bytes.splice(at..at, copy);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_input() {
        let input = |seed| {
            let mut noise = Noise::new(seed);
            let mut bytes = noise.bytes(50);
            noise.mutate(&mut bytes);
            (bytes, noise.text(20), noise.size(), noise.float().to_bits())
        };
        assert_eq!(input(7), input(7));
        assert_ne!(input(7), input(8));
    }

    #[test]
    fn every_run_has_a_seed_of_its_own() {
        let seen = RefCell::new(Vec::new());
        run(50, |noise| seen.borrow_mut().push(noise.number()));
        let mut seen = seen.into_inner();
        let count = seen.len();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), count);
    }
}
