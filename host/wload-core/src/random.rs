//! Random numbers of one user: small, fast, and the same again for the same seed.
//!
//! Control. Upstream: the run's seed and the user's id. Downstream: task picking, wait times and
//! the scenario's own `random` import.
//!
//! The generator is xoshiro256** 1.0, its state is filled by SplitMix64; both are by David Blackman
//! and Sebastiano Vigna and in the public domain (<https://prng.di.unimi.it/>). The numbers are for
//! choices, not for secrets.

use crate::ids::UserId;

/// The random numbers of one user. Made when the user starts, owned by it, gone with it.
#[derive(Clone, Debug)]
pub struct UserRandom {
    state: [u64; 4],
}

impl UserRandom {
    /// The generator of this user in a run with this seed.
    #[must_use]
    pub fn new(run_seed: u64, user: UserId) -> Self {
        // Both numbers go through SplitMix64 one after the other: neighbouring ids, and seeds that
        // differ by an id, give unrelated states.
        let mut mix = SplitMix64(run_seed);
        let mut mix = SplitMix64(mix.next() ^ user.0);
        let mut state = [0; 4];
        for word in &mut state {
            *word = mix.next();
        }
        Self { state }
    }

    /// Any number.
    pub fn u64(&mut self) -> u64 {
        let [s0, s1, s2, s3] = &mut self.state;
        let result = s1.wrapping_mul(5).rotate_left(7).wrapping_mul(9);
        let shifted = *s1 << 17;
        *s2 ^= *s0;
        *s3 ^= *s1;
        *s1 ^= *s2;
        *s0 ^= *s3;
        *s2 ^= shifted;
        *s3 = s3.rotate_left(45);
        result
    }

    /// Uniform in `0..bound` without bias; 0 when `bound` is 0.
    ///
    /// The method is Lemire's ("Fast Random Integer Generation in an Interval", 2019): the upper
    /// half of a product, and another number when the lower half falls into the uneven rest.
    pub fn below(&mut self, bound: u64) -> u64 {
        let mut product = u128::from(self.u64()) * u128::from(bound);
        if (product as u64) < bound {
            let rest = bound.wrapping_neg() % bound;
            while (product as u64) < rest {
                product = u128::from(self.u64()) * u128::from(bound);
            }
        }
        (product >> 64) as u64
    }

    /// Uniform in `low..high`; none when there is no number between them.
    pub fn range(&mut self, low: i64, high: i64) -> Option<i64> {
        if low >= high {
            return None;
        }
        let width = high.wrapping_sub(low) as u64;
        Some(low.wrapping_add(self.below(width) as i64))
    }

    /// Uniform in 0..1, 1 excluded: all multiples of 2^-53.
    pub fn float(&mut self) -> f64 {
        (self.u64() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }
}

/// Steele, Lea and Flood's generator of well-mixed words from any seed.
struct SplitMix64(u64);

impl SplitMix64 {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splitmix64_gives_its_published_numbers() {
        let mut mix = SplitMix64(1_234_567);
        let words: Vec<u64> = (0..3).map(|_| mix.next()).collect();
        assert_eq!(
            words,
            [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]
        );
    }

    #[test]
    fn xoshiro256_gives_its_published_numbers() {
        let mut random = UserRandom { state: [1, 2, 3, 4] };
        let words: Vec<u64> = (0..4).map(|_| random.u64()).collect();
        assert_eq!(words, [11_520, 0, 1_509_978_240, 1_215_971_899_390_074_240]);
    }

    #[test]
    fn the_same_seed_and_user_give_the_same_numbers_and_others_do_not() {
        let words = |seed, user| {
            let mut random = UserRandom::new(seed, UserId(user));
            [random.u64(), random.u64()]
        };
        assert_eq!(words(7, 3), words(7, 3));
        let mut all: Vec<[u64; 2]> =
            (0..30).flat_map(|seed| (0..30).map(move |user| words(seed, user))).collect();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 900, "a seed and an id may not stand for one another");
    }

    #[test]
    fn a_range_stays_in_its_bounds() {
        let mut random = UserRandom::new(1, UserId(0));
        assert_eq!(random.range(5, 5), None);
        assert_eq!(random.range(6, 5), None);
        assert_eq!(random.range(i64::MAX - 1, i64::MAX), Some(i64::MAX - 1));
        assert_eq!(random.below(0), 0);
        for _ in 0..1_000 {
            let number = random.range(-3, 4).unwrap();
            assert!((-3..4).contains(&number), "{number}");
            assert!(random.range(i64::MIN, i64::MAX).unwrap() < i64::MAX);
        }
    }

    /// Chi-square of `counts` against equal shares.
    fn chi_square(counts: &[u32]) -> f64 {
        let expected = f64::from(counts.iter().sum::<u32>()) / counts.len() as f64;
        counts.iter().map(|&n| (f64::from(n) - expected).powi(2) / expected).sum()
    }

    #[test]
    fn ranges_and_floats_are_uniform_also_across_users() {
        // 9 degrees of freedom: 27.9 is the 99.9th percentile.
        let (mut ranges, mut floats, mut firsts) = ([0; 10], [0; 10], [0; 10]);
        let mut random = UserRandom::new(42, UserId(7));
        for user in 0..20_000 {
            ranges[random.below(10) as usize] += 1;
            floats[(random.float() * 10.0) as usize] += 1;
            firsts[UserRandom::new(42, UserId(user)).below(10) as usize] += 1;
        }
        for counts in [ranges, floats, firsts] {
            assert!(chi_square(&counts) < 27.9, "{counts:?}");
        }
    }

    #[test]
    fn a_bound_that_does_not_divide_the_words_has_no_bias() {
        // With a plain remainder the lower half of this range would come twice as often.
        let bound = 3_u64 << 62;
        let mut random = UserRandom::new(9, UserId(1));
        let low = (0..20_000).filter(|_| random.below(bound) < bound / 2).count();
        assert!((9_700..10_300).contains(&low), "{low}");
    }
}
