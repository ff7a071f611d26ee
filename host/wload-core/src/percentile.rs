//! Which percentiles are reported, what they are called, and which value each of them is.
//!
//! Upstream: nothing. Downstream: statistics (values), reporters (labels).
//! Invariant: ranks count from 0 in ascending order, and are less than the count.

/// The percentiles of every table, as fractions (Locust: `PERCENTILES_TO_REPORT`).
pub const REPORTED: [f64; 11] = [0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0];

/// What [`REPORTED`] are called in headers.
pub const LABELS: [&str; REPORTED.len()] =
    ["50%", "66%", "75%", "80%", "90%", "95%", "98%", "99%", "99.9%", "99.99%", "100%"];

/// The rank of a percentile among `count` values: `floor(count * fraction)`, as Locust counts it,
/// so that for the values 0 to 99 the 50th percentile is 50. None when there is no value.
#[must_use]
pub fn rank(count: u64, fraction: f64) -> Option<u64> {
    let last = count.checked_sub(1)?;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the same floating point product as Locust's; a negative one saturates to 0"
    )]
    let rank = (count as f64 * fraction) as u64;
    Some(rank.min(last))
}

/// The rank of the median among `count` values: the lower of the two in the middle. None when there
/// is no value.
#[must_use]
pub fn median_rank(count: u64) -> Option<u64> {
    count.checked_sub(1).map(|last| last / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_the_fractions_in_percent() {
        for (fraction, label) in REPORTED.iter().zip(LABELS) {
            let percent: f64 = label.trim_end_matches('%').parse().unwrap();
            assert!((percent / 100.0 - fraction).abs() < 1e-9, "{label} is not {fraction}");
        }
    }

    #[test]
    fn ranks_of_a_hundred_values_are_as_in_locust() {
        assert_eq!(rank(100, 0.5), Some(50));
        assert_eq!(rank(100, 0.6), Some(60));
        assert_eq!(rank(100, 0.95), Some(95));
        assert_eq!(rank(100, 1.0), Some(99));
        assert_eq!(rank(1, 0.5), Some(0));
        assert_eq!(rank(0, 0.5), None);
    }

    #[test]
    fn the_median_of_an_even_number_of_values_is_the_lower_one() {
        assert_eq!(median_rank(0), None);
        assert_eq!(median_rank(1), Some(0));
        assert_eq!(median_rank(2), Some(0));
        assert_eq!(median_rank(3), Some(1));
        assert_eq!(median_rank(4), Some(1));
    }
}
