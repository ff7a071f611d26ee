//! Samples in, nothing out until a delta is taken: the end of the hot path.
//!
//! Upstream: the users of one core, which share one recorder. Downstream: the core takes a
//! [`StatsDelta`] about once a second and sends it on.
//! Invariants: [`Recorder::record`] does not allocate once its row is warm, does not format, and
//! hashes only for failures; whatever was recorded is in exactly one delta; every table is bounded.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::delta::{
    ExceptionKey, FailureKey, Occurrences, RecentTimes, RowDelta, StatsDelta, bounded,
};
use crate::histogram::{Histogram, TimeBuffer};
use crate::limits::{MESSAGE_BYTES_MAX, REQUEST_NAME_BYTES_MAX, StatisticsLimits, TRACE_BYTES_MAX};
use crate::metric::{MetricDelta, MetricId, MetricInterner, MetricKindMismatch};
use crate::request_key::{KeyId, KeyInterner, cut};
use crate::sample::{Exception, Sample};
use crate::second_counts::{SecondCount, SecondCounts};
use crate::snapshot::MetricKind;

/// The statistics of one core since the last delta.
#[derive(Debug, Default)]
pub struct Recorder {
    full_history: bool,
    limits: StatisticsLimits,
    keys: KeyInterner,
    /// By [`KeyId`].
    rows: Vec<Row>,
    /// Rows with samples since the last delta.
    touched: Vec<KeyId>,
    failures: FailureTable,
    exceptions: HashMap<ExceptionKey, Occurrences>,
    metric_keys: MetricInterner,
    /// By [`MetricId`].
    metrics: Vec<MetricDelta>,
    interrupted: u64,
    repeated: u64,
}

impl Recorder {
    /// An empty one. With full history deltas also say which response times belong to which of the
    /// last seconds.
    #[must_use]
    pub fn new(full_history: bool) -> Self {
        Self::with_limits(full_history, StatisticsLimits::default())
    }

    /// As [`new`](Self::new), with tables of these sizes.
    #[must_use]
    pub fn with_limits(full_history: bool, limits: StatisticsLimits) -> Self {
        Self { full_history, limits, ..Self::default() }
    }

    /// The row of a request type and name: the same for the life of this recorder. Names are cut
    /// at [`REQUEST_NAME_BYTES_MAX`]; what is over [`StatisticsLimits::request_keys_max`] gets the row
    /// `(other)`.
    pub fn intern(&mut self, method: &str, name: &str) -> KeyId {
        let id = self.keys.intern(method, name, self.limits.request_keys_max);
        if self.rows.len() < self.keys.len() {
            self.rows.resize_with(self.keys.len(), Row::default);
        }
        id
    }

    /// Counts a finished request.
    ///
    /// # Panics
    /// When the sample's key was interned by another recorder.
    pub fn record(&mut self, sample: &Sample<'_>) {
        let row = &mut self.rows[sample.key.index()];
        if row.requests == 0 {
            self.touched.push(sample.key);
        }
        row.record(sample, self.full_history);
        if let Some(message) = sample.failure {
            let message = cut(message, MESSAGE_BYTES_MAX);
            self.failures.add(sample.key, message, sample.ended, self.limits.failure_rows_max);
        }
    }

    /// Counts an error or a trap of the scenario.
    pub fn record_exception(&mut self, exception: &Exception<'_>) {
        let key = ExceptionKey {
            class: Arc::from(cut(exception.class, REQUEST_NAME_BYTES_MAX)),
            task: Arc::from(cut(exception.task, REQUEST_NAME_BYTES_MAX)),
            message: Arc::from(cut(exception.message, MESSAGE_BYTES_MAX)),
            trace: Arc::from(cut(exception.trace, TRACE_BYTES_MAX)),
        };
        let len_max = self.limits.exception_rows_max;
        bounded(&mut self.exceptions, key, len_max, ExceptionKey::overflow).add(exception.at);
    }

    /// The metric of this name and kind: the same for the life of this recorder. What is over
    /// [`StatisticsLimits::metrics_max`] gets the metric `(other)` of its kind.
    ///
    /// # Errors
    /// When the name was given with another kind before.
    pub fn intern_metric(
        &mut self,
        name: &str,
        kind: MetricKind,
    ) -> Result<MetricId, MetricKindMismatch> {
        let id = self.metric_keys.intern(name, kind, self.limits.metrics_max)?;
        if self.metrics.len() <= id.index() {
            self.metrics.resize_with(id.index() + 1, MetricDelta::default);
        }
        Ok(id)
    }

    /// Adds a value that [`MetricKind::check`] has found good; another one is not added.
    ///
    /// # Panics
    /// When the metric was interned by another recorder.
    pub fn add_metric(&mut self, id: MetricId, value: f64, at: Duration) {
        let kind = self.metric_keys.key(id).kind;
        if kind.check(value).is_ok() {
            self.metrics[id.index()].add(kind, value, at);
        }
    }

    /// Counts a request that had left when its user was stopped, and whose end nobody waited for.
    pub fn record_interrupted(&mut self) {
        self.interrupted += 1;
    }

    /// Counts requests that were sent again because the server had closed their connection: safe each
    /// time, one row entry all the same, but the target has seen more than the tables.
    pub fn record_repeated(&mut self, times: u32) {
        self.repeated += u64::from(times);
    }

    /// Everything since the last time. Costs as much as the rows that had samples.
    pub fn take_delta(&mut self) -> StatsDelta {
        let mut rows = HashMap::with_capacity(self.touched.len());
        for id in self.touched.drain(..) {
            rows.insert(self.keys.key(id).clone(), self.rows[id.index()].take(self.full_history));
        }
        let mut metrics = HashMap::new();
        for (index, metric) in self.metrics.iter_mut().enumerate() {
            if !metric.is_empty() {
                let id = MetricId(u32::try_from(index).expect("the number is limited"));
                metrics.insert(self.metric_keys.key(id).clone(), std::mem::take(metric));
            }
        }
        StatsDelta {
            limits: self.limits,
            rows,
            failures: self.failures.take(&self.keys),
            exceptions: std::mem::take(&mut self.exceptions),
            metrics,
            interrupted: std::mem::take(&mut self.interrupted),
            repeated: std::mem::take(&mut self.repeated),
        }
    }
}

/// One row since the last delta; its memory is used again.
#[derive(Debug, Default)]
struct Row {
    requests: u64,
    failures: u64,
    untimed: u64,
    us_total: u64,
    us_min: Option<u64>,
    us_max: Option<u64>,
    content_length: u64,
    first_seen: Duration,
    last_request: Duration,
    seconds: SecondCounts,
    /// Of the whole interval; with full history only of `buffered_second`.
    buffer: TimeBuffer,
    buffered_second: u32,
    /// With full history: what was in the buffer before.
    times_before: Histogram,
    recent: RecentTimes,
}

impl Row {
    fn record(&mut self, sample: &Sample<'_>, full_history: bool) {
        let second = u32::try_from(sample.ended.as_secs()).unwrap_or(u32::MAX);
        let failed = u32::from(sample.failure.is_some());
        if self.requests == 0 {
            (self.first_seen, self.last_request) = (sample.ended, sample.ended);
            self.buffered_second = second;
        }
        self.first_seen = self.first_seen.min(sample.ended);
        self.last_request = self.last_request.max(sample.ended);
        self.requests += 1;
        self.failures += u64::from(failed);
        self.content_length = self.content_length.saturating_add(sample.response_length);
        self.seconds.add(SecondCount { second, requests: 1, failures: failed });
        let Some(time) = sample.response_time else {
            self.untimed += 1;
            return;
        };
        let us = microseconds(time);
        self.us_total = self.us_total.saturating_add(us);
        self.us_min = Some(self.us_min.map_or(us, |min| min.min(us)));
        self.us_max = Some(self.us_max.map_or(us, |max| max.max(us)));
        if full_history && second != self.buffered_second {
            self.empty_buffer();
            self.buffered_second = second;
        }
        self.buffer.record(us);
    }

    /// Puts the buffer down as the times of its second.
    fn empty_buffer(&mut self) {
        let times = self.buffer.take();
        self.recent.add(self.buffered_second, &times);
        self.times_before.merge(&times);
    }

    fn take(&mut self, full_history: bool) -> RowDelta {
        let times = if full_history {
            self.empty_buffer();
            std::mem::take(&mut self.times_before)
        } else {
            self.buffer.take()
        };
        RowDelta {
            requests: std::mem::take(&mut self.requests),
            failures: std::mem::take(&mut self.failures),
            untimed: std::mem::take(&mut self.untimed),
            us_total: std::mem::take(&mut self.us_total),
            us_min: self.us_min.take(),
            us_max: self.us_max.take(),
            content_length: std::mem::take(&mut self.content_length),
            times,
            seconds: self.seconds.take(),
            recent: std::mem::take(&mut self.recent),
            first_seen: Some(self.first_seen),
            last_request: Some(self.last_request),
        }
    }
}

/// Failures since the last delta. A failure that is known already costs two lookups and no
/// allocation.
#[derive(Debug, Default)]
struct FailureTable {
    rows: HashMap<KeyId, HashMap<Box<str>, Occurrences>>,
    len: usize,
    /// What is over the limit.
    overflow: Occurrences,
}

impl FailureTable {
    fn add(&mut self, key: KeyId, message: &str, at: Duration, len_max: usize) {
        if let Some(seen) = self.rows.get_mut(&key).and_then(|texts| texts.get_mut(message)) {
            seen.add(at);
        } else if self.len < len_max {
            self.len += 1;
            self.rows.entry(key).or_default().entry(Box::from(message)).or_default().add(at);
        } else {
            self.overflow.add(at);
        }
    }

    fn take(&mut self, keys: &KeyInterner) -> HashMap<FailureKey, Occurrences> {
        let mut taken = HashMap::with_capacity(self.len);
        for (id, texts) in self.rows.drain() {
            for (message, seen) in texts {
                let key = FailureKey { key: keys.key(id).clone(), message: Arc::from(message) };
                taken.insert(key, seen);
            }
        }
        let overflow = std::mem::take(&mut self.overflow);
        if overflow.count > 0 {
            taken.entry(FailureKey::overflow()).or_default().merge(overflow);
        }
        self.len = 0;
        taken
    }
}

/// Rounded to the nearest.
fn microseconds(time: Duration) -> u64 {
    u64::try_from((time.as_nanos() + 500) / 1_000).unwrap_or(u64::MAX)
}

#[cfg(test)]
pub(crate) mod tests;
