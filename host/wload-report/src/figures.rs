//! What a row of a snapshot shows in reports: Locust's figures, in milliseconds.
//!
//! Upstream: [`RowSnapshot`]. Downstream: console, CSV, JSON; all of them show the same numbers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use wload_core::percentile::LABELS;
use wload_core::snapshot::{RequestKey, RowSnapshot};
use wload_core::statistics::AGGREGATED_NAME;
use wload_core::units::{
    average_milliseconds, milliseconds, python_float, ratio, whole_milliseconds,
};

/// A number that Locust shows as an integer or as a float, depending on where it comes from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// Without a point.
    Integer(u64),
    /// As Python shows it.
    Float(f64),
}

impl Number {
    /// Locust's 0 of a value that was never set is an integer, and so is the time 0.
    fn float_or_zero(value: f64) -> Self {
        if value == 0.0 { Self::Integer(0) } else { Self::Float(value) }
    }

    /// As in CSV.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Self::Integer(value) => value.to_string(),
            Self::Float(value) => python_float(value),
        }
    }

    /// Cut to an integer, as on the console.
    #[must_use]
    pub fn cut(self) -> u64 {
        match self {
            Self::Integer(value) => value,
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "times are not negative, and cutting is what is wanted"
            )]
            Self::Float(value) => value as u64,
        }
    }
}

/// The figures of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// The median: whole milliseconds, or the exact minimum or maximum when rounding leaves their
    /// range.
    pub median: Number,
    /// Mean response time.
    pub average: f64,
    /// Smallest response time; 0 when nothing was timed.
    pub min: Number,
    /// Largest response time; 0 when nothing was timed.
    pub max: Number,
    /// Mean bytes per request.
    pub average_content_length: Number,
    /// Failures among requests, 0 to 1.
    pub failure_ratio: f64,
}

impl Figures {
    /// The figures of a row.
    #[must_use]
    pub fn of(row: &RowSnapshot) -> Self {
        let timed = row.requests - row.untimed.min(row.requests);
        let min = milliseconds(row.response_time_us_min.unwrap_or(0));
        let max = milliseconds(row.response_time_us_max.unwrap_or(0));
        let average_content_length = if row.requests == 0 {
            Number::Integer(0)
        } else {
            Number::Float(ratio(row.content_length_total as f64, row.requests))
        };
        Self {
            median: median(row.median_us.unwrap_or(0), min, max),
            average: average_milliseconds(row.response_time_us_total, timed),
            min: Number::float_or_zero(min),
            max: Number::float_or_zero(max),
            average_content_length,
            failure_ratio: ratio(row.failures as f64, row.requests),
        }
    }
}

fn median(us: u64, min: f64, max: f64) -> Number {
    let whole = whole_milliseconds(us);
    if whole as f64 > max {
        Number::float_or_zero(max)
    } else if (whole as f64) < min {
        Number::float_or_zero(min)
    } else {
        Number::Integer(whole)
    }
}

/// Percentiles in whole milliseconds; zeros when nothing was timed.
#[must_use]
pub fn percentile_cells(percentiles_us: &[u64]) -> Vec<u64> {
    if percentiles_us.is_empty() {
        return vec![0; LABELS.len()];
    }
    percentiles_us.iter().map(|us| whole_milliseconds(*us)).collect()
}

/// The row of all requests before the first one.
#[must_use]
pub fn empty_aggregated() -> RowSnapshot {
    RowSnapshot {
        key: RequestKey { name: Arc::from(AGGREGATED_NAME), method: Arc::from("") },
        requests: 0,
        failures: 0,
        untimed: 0,
        response_time_us_total: 0,
        response_time_us_min: None,
        response_time_us_max: None,
        content_length_total: 0,
        median_us: None,
        percentiles_us: Vec::new(),
        current_percentiles_us: Vec::new(),
        current_rps: 0.0,
        current_failures_per_second: 0.0,
        total_rps: 0.0,
        total_failures_per_second: 0.0,
        first_seen: Duration::ZERO,
        last_request: None,
    }
}

/// A moment since 1970; 0 for one before.
pub(crate) fn since_epoch(at: SystemTime) -> Duration {
    at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median_text(us: u64, min: f64, max: f64) -> String {
        median(us, min, max).text()
    }

    #[test]
    fn the_median_stays_between_minimum_and_maximum() {
        assert_eq!(median_text(147_200, 12.0, 3_432.9), "147");
        assert_eq!(median_text(12_345, 12.345, 147.2), "12.345");
        assert_eq!(median_text(12_700, 1.5, 12.7), "12.7");
        assert_eq!(median_text(6_034_000, 6_034.0, 6_034.0), "6034");
        assert_eq!(median_text(0, 0.0, 0.0), "0");
    }

    #[test]
    fn a_row_without_requests_is_all_zeros() {
        let figures = Figures::of(&empty_aggregated());
        assert_eq!(figures.min.text(), "0");
        assert_eq!(figures.max.text(), "0");
        assert_eq!(figures.average_content_length.text(), "0");
        assert_eq!((figures.average, figures.failure_ratio), (0.0, 0.0));
    }

    #[test]
    fn the_console_cuts_where_csv_shows_digits() {
        assert_eq!(Number::Float(147.9).cut(), 147);
        assert_eq!(Number::Float(20.0).text(), "20.0");
        assert_eq!(Number::Integer(20).text(), "20");
    }
}
