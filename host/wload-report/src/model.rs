//! The JSON report as types: Locust's fields in Locust's order, and then our own.
//!
//! Upstream: [`RunSummary`](wload_core::event::RunSummary). Downstream: `json.rs`. The names and the
//! order of the fields are a promise to readers; new fields come at the end.

use serde::{Serialize, Serializer};
use wload_core::event::RowDetail;
use wload_core::percentile::LABELS;
use wload_core::snapshot::RowSnapshot;
use wload_core::units::milliseconds;

use crate::figures::{Figures, Number};

/// One row of the report. Times are milliseconds, moments are seconds since 1970.
#[derive(Debug, Serialize)]
pub struct StatsEntry<'a> {
    name: &'a str,
    method: &'a str,
    last_request_timestamp: Option<f64>,
    start_time: f64,
    num_requests: u64,
    num_none_requests: u64,
    num_failures: u64,
    total_response_time: f64,
    max_response_time: JsonNumber,
    min_response_time: Option<f64>,
    total_content_length: u64,
    response_times: Pairs<u64>,
    num_reqs_per_sec: Pairs<u64>,
    num_fail_per_sec: Pairs<u64>,
    /// Ours: milliseconds with three digits, where Locust only has buckets.
    percentiles: Pairs<f64>,
}

impl<'a> StatsEntry<'a> {
    /// The entry of a row; `started` is the start of the run in seconds since 1970.
    #[must_use]
    pub fn new(row: &'a RowSnapshot, detail: &RowDetail, started: f64) -> Self {
        // A second of the run is labelled with the second in which it began.
        let first_second = started as u64;
        let seconds = |counts: &[(u64, u64)]| {
            Pairs::numbered(counts.iter().map(|(second, count)| (first_second + second, *count)))
        };
        Self {
            name: &row.key.name,
            method: &row.key.method,
            last_request_timestamp: row.last_request.map(|at| started + at.as_secs_f64()),
            start_time: started + row.first_seen.as_secs_f64(),
            num_requests: row.requests,
            num_none_requests: row.untimed,
            num_failures: row.failures,
            total_response_time: milliseconds(row.response_time_us_total),
            max_response_time: JsonNumber(Figures::of(row).max),
            min_response_time: row.response_time_us_min.map(milliseconds),
            total_content_length: row.content_length_total,
            response_times: Pairs::numbered(detail.response_times_ms.iter().copied()),
            num_reqs_per_sec: seconds(&detail.requests_per_second),
            num_fail_per_sec: seconds(&detail.failures_per_second),
            percentiles: Pairs(
                LABELS
                    .iter()
                    .zip(&row.percentiles_us)
                    .map(|(label, us)| ((*label).to_owned(), milliseconds(*us)))
                    .collect(),
            ),
        }
    }
}

/// A JSON object whose members keep their order.
#[derive(Debug)]
struct Pairs<V>(Vec<(String, V)>);

impl Pairs<u64> {
    fn numbered(pairs: impl Iterator<Item = (u64, u64)>) -> Self {
        Self(pairs.map(|(key, value)| (key.to_string(), value)).collect())
    }
}

impl<V: Serialize> Serialize for Pairs<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(key, value)| (key, value)))
    }
}

#[derive(Debug)]
struct JsonNumber(Number);

impl Serialize for JsonNumber {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Number::Integer(value) => serializer.serialize_u64(value),
            Number::Float(value) => serializer.serialize_f64(value),
        }
    }
}
