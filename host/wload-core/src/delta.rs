//! What one core, one process or one worker saw since it was last asked.
//!
//! Upstream: [`Recorder::take_delta`](crate::recorder::Recorder::take_delta). Downstream:
//! [`Statistics::apply`](crate::statistics::Statistics::apply), perhaps merged with others before.
//! Invariant: [`StatsDelta::merge`] is associative and commutative in its counts; only *which* row
//! overflows into `(other)` may depend on the order, and sums of floats on rounding.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;
use std::sync::Arc;
use std::time::Duration;

use crate::histogram::Histogram;
use crate::limits::{OVERFLOW_NAME, StatisticsLimits};
use crate::metric::{MetricDelta, MetricKey};
use crate::second_counts::{SecondCounts, earlier, later};
use crate::snapshot::RequestKey;

/// Seconds that a current value looks back.
pub(crate) const WINDOW_SECONDS: u64 = 10;

/// Everything since the last time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StatsDelta {
    /// How large its tables may be: those of its recorder.
    pub(crate) limits: StatisticsLimits,
    pub(crate) rows: HashMap<RequestKey, RowDelta>,
    pub(crate) failures: HashMap<FailureKey, Occurrences>,
    pub(crate) exceptions: HashMap<ExceptionKey, Occurrences>,
    pub(crate) metrics: HashMap<MetricKey, MetricDelta>,
    pub(crate) interrupted: u64,
    pub(crate) repeated: u64,
}

impl StatsDelta {
    /// Nothing happened.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
            && self.failures.is_empty()
            && self.exceptions.is_empty()
            && self.metrics.is_empty()
            && self.interrupted == 0
            && self.repeated == 0
    }

    /// Finished requests of all rows.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.rows.values().map(|row| row.requests).sum()
    }

    /// Takes everything of another one in.
    pub fn merge(&mut self, other: Self) {
        self.limits = self.limits.max(other.limits);
        let limits = &self.limits;
        for (key, row) in other.rows {
            bounded(&mut self.rows, key, limits.request_keys_max, RequestKey::overflow).merge(row);
        }
        merge_failures(&mut self.failures, other.failures, limits);
        merge_exceptions(&mut self.exceptions, other.exceptions, limits);
        merge_metrics(&mut self.metrics, other.metrics, limits);
        self.interrupted += other.interrupted;
        self.repeated += other.repeated;
    }
}

pub(crate) fn merge_failures(
    into: &mut HashMap<FailureKey, Occurrences>,
    from: HashMap<FailureKey, Occurrences>,
    limits: &StatisticsLimits,
) {
    for (key, seen) in from {
        bounded(into, key, limits.failure_rows_max, FailureKey::overflow).merge(seen);
    }
}

pub(crate) fn merge_exceptions(
    into: &mut HashMap<ExceptionKey, Occurrences>,
    from: HashMap<ExceptionKey, Occurrences>,
    limits: &StatisticsLimits,
) {
    for (key, seen) in from {
        bounded(into, key, limits.exception_rows_max, ExceptionKey::overflow).merge(seen);
    }
}

pub(crate) fn merge_metrics(
    into: &mut HashMap<MetricKey, MetricDelta>,
    from: HashMap<MetricKey, MetricDelta>,
    limits: &StatisticsLimits,
) {
    for (key, delta) in from {
        let kind = key.kind;
        bounded(into, key, limits.metrics_max, || MetricKey::overflow(kind)).merge(delta);
    }
}

/// The value of a key, made when it is not there; that of the overflow key when the map is full.
pub(crate) fn bounded<K: Eq + Hash, V: Default>(
    map: &mut HashMap<K, V>,
    key: K,
    len_max: usize,
    overflow: impl FnOnce() -> K,
) -> &mut V {
    let is_full = map.len() >= len_max;
    let key = if is_full && !map.contains_key(&key) { overflow() } else { key };
    match map.entry(key) {
        Entry::Occupied(entry) => entry.into_mut(),
        Entry::Vacant(entry) => entry.insert(V::default()),
    }
}

/// What one row saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RowDelta {
    pub(crate) requests: u64,
    pub(crate) failures: u64,
    pub(crate) untimed: u64,
    pub(crate) us_total: u64,
    pub(crate) us_min: Option<u64>,
    pub(crate) us_max: Option<u64>,
    pub(crate) content_length: u64,
    pub(crate) times: Histogram,
    pub(crate) seconds: SecondCounts,
    pub(crate) recent: RecentTimes,
    pub(crate) first_seen: Option<Duration>,
    pub(crate) last_request: Option<Duration>,
}

impl RowDelta {
    pub(crate) fn merge(&mut self, other: Self) {
        self.merge_ref(&other);
    }

    pub(crate) fn merge_ref(&mut self, other: &Self) {
        self.requests += other.requests;
        self.failures += other.failures;
        self.untimed += other.untimed;
        self.us_total = self.us_total.saturating_add(other.us_total);
        self.us_min = earlier(self.us_min, other.us_min);
        self.us_max = later(self.us_max, other.us_max);
        self.content_length = self.content_length.saturating_add(other.content_length);
        self.times.merge(&other.times);
        self.seconds.merge(&other.seconds);
        self.recent.merge(&other.recent);
        self.first_seen = earlier(self.first_seen, other.first_seen);
        self.last_request = later(self.last_request, other.last_request);
    }
}

/// Response times by the second in which their requests ended, for percentiles of the last ten
/// seconds. Without full history only [`Statistics`](crate::statistics::Statistics) has them, of all rows together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RecentTimes(Vec<(u32, Histogram)>);

impl RecentTimes {
    pub(crate) fn add(&mut self, second: u32, times: &Histogram) {
        if times.count() == 0 {
            return;
        }
        match self.0.binary_search_by_key(&second, |entry| entry.0) {
            Ok(at) => self.0[at].1.merge(times),
            Err(at) => self.0.insert(at, (second, times.clone())),
        }
        // The newest one may be only a part of its second.
        let newest = self.0.last().map_or(0, |entry| entry.0);
        self.forget(u64::from(newest).saturating_sub(WINDOW_SECONDS));
    }

    /// Forgets what ended before a second.
    pub(crate) fn forget(&mut self, before: u64) {
        self.0.retain(|(second, _)| u64::from(*second) >= before);
    }

    /// All together.
    pub(crate) fn whole(&self) -> Histogram {
        let mut whole = Histogram::default();
        for (_, times) in &self.0 {
            whole.merge(times);
        }
        whole
    }

    fn merge(&mut self, other: &Self) {
        for (second, times) in &other.0 {
            self.add(*second, times);
        }
    }
}

/// A row of the failures table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct FailureKey {
    pub(crate) key: RequestKey,
    pub(crate) message: Arc<str>,
}

impl FailureKey {
    pub(crate) fn overflow() -> Self {
        Self { key: RequestKey::overflow(), message: Arc::from(OVERFLOW_NAME) }
    }
}

/// A row of the exceptions table.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct ExceptionKey {
    pub(crate) class: Arc<str>,
    pub(crate) task: Arc<str>,
    pub(crate) message: Arc<str>,
    pub(crate) trace: Arc<str>,
}

impl ExceptionKey {
    pub(crate) fn overflow() -> Self {
        let (other, empty): (Arc<str>, Arc<str>) = (Arc::from(OVERFLOW_NAME), Arc::from(""));
        Self { class: other.clone(), task: other.clone(), message: other, trace: empty }
    }
}

/// How often, first and last time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Occurrences {
    pub(crate) count: u64,
    pub(crate) first_seen: Option<Duration>,
    pub(crate) last_seen: Option<Duration>,
}

impl Occurrences {
    pub(crate) fn add(&mut self, at: Duration) {
        self.merge(Self { count: 1, first_seen: Some(at), last_seen: Some(at) });
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.first_seen = earlier(self.first_seen, other.first_seen);
        self.last_seen = later(self.last_seen, other.last_seen);
    }
}
