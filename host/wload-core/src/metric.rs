//! Custom metrics of a scenario: counters, gauges, trends.
//!
//! Upstream: the scenario, through the recorder of its core. Downstream: deltas and statistics.
//! Invariants: values are finite; a metric is its name and its kind, so that two cores that were
//! told different kinds for one name do not mix their numbers; counts merge associatively.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::limits::{
    OVERFLOW_NAME, REQUEST_NAME_BYTES_MAX, TREND_MAGNITUDE_MAX, TREND_MAGNITUDE_MIN,
};
use crate::percentile::{REPORTED, rank};
use crate::request_key::cut;
use crate::snapshot::{MetricKind, MetricRow};

/// A metric of one recorder: an index. Made by
/// [`Recorder::intern_metric`](crate::recorder::Recorder::intern_metric).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MetricId(pub u32);

impl MetricId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A metric was named again with another kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("metric `{name}` is a {known}, and cannot also be a {asked}")]
pub struct MetricKindMismatch {
    /// The metric.
    pub name: String,
    /// What it was first.
    pub known: MetricKind,
    /// What it should be now.
    pub asked: MetricKind,
}

/// A value that a metric does not take.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum MetricValueError {
    /// NaN or infinite.
    #[error("a metric takes finite values, not {0}")]
    NotFinite(f64),
    /// A counter only grows.
    #[error("a counter takes values of 0 and more, not {0}")]
    Negative(f64),
}

impl MetricKind {
    /// Whether a metric of this kind takes the value; asked at the border of the scenario.
    ///
    /// # Errors
    /// What is wrong with the value.
    pub fn check(self, value: f64) -> Result<(), MetricValueError> {
        if !value.is_finite() {
            Err(MetricValueError::NotFinite(value))
        } else if self == Self::Counter && value < 0.0 {
            Err(MetricValueError::Negative(value))
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for MetricKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Trend => "trend",
        })
    }
}

/// Which metric, in every recorder.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct MetricKey {
    pub(crate) name: Arc<str>,
    pub(crate) kind: MetricKind,
}

impl MetricKey {
    /// The metric that takes what is over the limit.
    pub(crate) fn overflow(kind: MetricKind) -> Self {
        Self { name: Arc::from(OVERFLOW_NAME), kind }
    }
}

/// All metrics of one recorder.
#[derive(Debug, Default)]
pub(crate) struct MetricInterner {
    ids: HashMap<Arc<str>, MetricId>,
    keys: Vec<MetricKey>,
    overflow: BTreeMap<MetricKind, MetricId>,
}

impl MetricInterner {
    pub(crate) fn intern(
        &mut self,
        name: &str,
        kind: MetricKind,
        len_max: usize,
    ) -> Result<MetricId, MetricKindMismatch> {
        let name = cut(name, REQUEST_NAME_BYTES_MAX);
        if let Some(id) = self.ids.get(name) {
            let known = self.key(*id).kind;
            return if known == kind {
                Ok(*id)
            } else {
                Err(MetricKindMismatch { name: name.to_owned(), known, asked: kind })
            };
        }
        if self.ids.len() < len_max {
            let name: Arc<str> = Arc::from(name);
            let id = self.add(MetricKey { name: name.clone(), kind });
            self.ids.insert(name, id);
            return Ok(id);
        }
        if let Some(id) = self.overflow.get(&kind) {
            return Ok(*id);
        }
        let id = self.add(MetricKey::overflow(kind));
        self.overflow.insert(kind, id);
        Ok(id)
    }

    pub(crate) fn key(&self, id: MetricId) -> &MetricKey {
        &self.keys[id.index()]
    }

    fn add(&mut self, key: MetricKey) -> MetricId {
        let id = MetricId(u32::try_from(self.keys.len()).expect("the number is limited"));
        self.keys.push(key);
        id
    }
}

/// What a metric saw.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct MetricDelta {
    count: u64,
    sum: f64,
    min: Option<f64>,
    max: Option<f64>,
    /// When, and what.
    last: Option<(Duration, f64)>,
    /// Empty unless the metric is a trend.
    trend: Trend,
}

impl MetricDelta {
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0
    }

    pub(crate) fn add(&mut self, kind: MetricKind, value: f64, at: Duration) {
        self.count += 1;
        self.sum += value;
        self.min = Some(self.min.map_or(value, |min| min.min(value)));
        self.max = Some(self.max.map_or(value, |max| max.max(value)));
        if self.last.is_none_or(|(last_at, _)| at >= last_at) {
            self.last = Some((at, value));
        }
        if kind == MetricKind::Trend {
            self.trend.add(value);
        }
    }

    /// Of two last values at the same time the larger one stays, so that the order of merging does
    /// not matter.
    pub(crate) fn merge(&mut self, other: Self) {
        let later = |left: (Duration, f64), right: (Duration, f64)| {
            if left.0.cmp(&right.0).then(left.1.total_cmp(&right.1)).is_ge() { left } else { right }
        };
        self.count += other.count;
        self.sum += other.sum;
        self.min = pick(self.min, other.min, f64::min);
        self.max = pick(self.max, other.max, f64::max);
        self.last = pick(self.last, other.last, later);
        self.trend.merge(other.trend);
    }

    pub(crate) fn row(&self, key: &MetricKey) -> MetricRow {
        let (min, max) = (self.min.unwrap_or(0.0), self.max.unwrap_or(0.0));
        let mut percentiles = self.trend.percentiles();
        for value in &mut percentiles {
            *value = value.clamp(min, max);
        }
        if let Some(last) = percentiles.last_mut() {
            *last = max;
        }
        MetricRow {
            name: key.name.clone(),
            kind: key.kind,
            count: self.count,
            sum: self.sum,
            min: self.min,
            max: self.max,
            last: self.last.map(|(_, value)| value),
            percentiles,
        }
    }
}

/// Of two that may be missing: the one that is there, or the chosen one.
pub(crate) fn pick<T>(left: Option<T>, right: Option<T>, choose: impl Fn(T, T) -> T) -> Option<T> {
    match (left, right) {
        (Some(left), Some(right)) => Some(choose(left, right)),
        (left, right) => left.or(right),
    }
}

/// A distribution of finite numbers of any sign, true to 0.4 %: a bucket is the sign, the exponent
/// and seven bits of the mantissa.
#[derive(Clone, Debug, Default, PartialEq)]
struct Trend {
    buckets: BTreeMap<i32, u64>,
    count: u64,
}

/// Bits of the mantissa that a bucket forgets.
const FORGOTTEN_BITS: u32 = 52 - 7;

impl Trend {
    fn add(&mut self, value: f64) {
        *self.buckets.entry(bucket_of(value)).or_default() += 1;
        self.count += 1;
    }

    fn merge(&mut self, other: Self) {
        for (bucket, count) in other.buckets {
            *self.buckets.entry(bucket).or_default() += count;
        }
        self.count += other.count;
    }

    fn percentiles(&self) -> Vec<f64> {
        let mut values = Vec::with_capacity(REPORTED.len());
        let mut seen = 0;
        for (bucket, count) in &self.buckets {
            seen += count;
            while REPORTED
                .get(values.len())
                .and_then(|fraction| rank(self.count, *fraction))
                .is_some_and(|rank| rank < seen)
            {
                values.push(middle_of(*bucket));
            }
        }
        values
    }
}

/// Ascending with the value; 0 for what is too small to tell.
fn bucket_of(value: f64) -> i32 {
    let magnitude = value.abs().min(TREND_MAGNITUDE_MAX);
    if magnitude < TREND_MAGNITUDE_MIN {
        return 0;
    }
    let bucket = i32::try_from(magnitude.to_bits() >> FORGOTTEN_BITS)
        .expect("11 bits of exponent and 7 of mantissa");
    if value < 0.0 { -bucket } else { bucket }
}

fn middle_of(bucket: i32) -> f64 {
    if bucket == 0 {
        return 0.0;
    }
    let low = u64::from(bucket.unsigned_abs()) << FORGOTTEN_BITS;
    let magnitude = f64::from_bits(low + (1 << (FORGOTTEN_BITS - 1)));
    if bucket < 0 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests;
