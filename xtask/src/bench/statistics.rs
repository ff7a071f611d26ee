//! Medians, ranges and percentiles of a few numbers.
//!
//! Upstream: the runs of all rounds. Downstream: tables. Pure. Nothing is dropped: a run that was disturbed
//! is in the range.

/// The middle of some numbers and how far they are apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// None without numbers.
    pub(crate) fn of(numbers: impl IntoIterator<Item = f64>) -> Option<Self> {
        let mut sorted: Vec<f64> = numbers.into_iter().collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let (min, max) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self { median, min, max })
    }
}

/// Which percentiles are compared: those that every tool reports.
pub(crate) const PERCENTILES: [u32; 2] = [50, 99];

/// The percentiles of some times, by the nearest rank: the least time that at least so many percent of all
/// do not exceed. None without times.
pub(crate) fn percentiles(mut times: Vec<u64>) -> Option<[f64; 2]> {
    if times.is_empty() {
        return None;
    }
    times.sort_unstable();
    Some(PERCENTILES.map(|percent| {
        let rank = (times.len() * percent as usize).div_ceil(100).max(1);
        times[rank - 1] as f64
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle_or_between_two() {
        let spread = |median, min, max| Some(Spread { median, min, max });
        assert_eq!(Spread::of([3.0, 1.0, 8.0]), spread(3.0, 1.0, 8.0));
        assert_eq!(Spread::of([4.0, 1.0]), spread(2.5, 1.0, 4.0));
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn percentiles_are_times_that_occurred() {
        assert_eq!(percentiles((1..=200).rev().collect()), Some([100.0, 198.0]));
        assert_eq!(percentiles(vec![7]), Some([7.0, 7.0]));
        assert_eq!(percentiles(Vec::new()), None);
    }
}
