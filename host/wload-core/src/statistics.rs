//! Everything that a run saw, and what a snapshot says of it.
//!
//! Upstream: the aggregator applies the deltas of all cores. Downstream: [`Snapshot`], once a second
//! and at the end; [`RowDetail`] at the end.
//! Invariants: a delta is counted once in its row and once in `Aggregated`, so the rows add up to
//! it; percentiles lie between minimum and maximum and are true to 0.1 %.
//!
//! Where Locust counts "current" rates up to the last request, this counts up to the time of the
//! snapshot: when nothing is answered any more, current rates go to 0 instead of standing still.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::delta::{
    ExceptionKey, FailureKey, Occurrences, RowDelta, StatsDelta, WINDOW_SECONDS, merge_exceptions,
    merge_failures, merge_metrics,
};
use crate::event::RowDetail;
use crate::histogram::Histogram;
use crate::limits::StatisticsLimits;
use crate::metric::{MetricDelta, MetricKey};
use crate::percentile::{REPORTED, median_rank, rank};
use crate::snapshot::{
    ExceptionRow, FailureRow, GeneratorHealth, MetricRow, RequestKey, RowSnapshot, Snapshot,
};
use crate::units::bucket_milliseconds;

/// Name of the row of all requests together.
pub const AGGREGATED_NAME: &str = "Aggregated";

/// Seconds before a snapshot that current rates leave out (Locust: 2): the deltas of slow cores have
/// not arrived yet.
const UNSETTLED_SECONDS: u64 = 2;

/// All statistics of a run. Made by the aggregator.
#[derive(Debug)]
pub struct Statistics {
    full_history: bool,
    limits: StatisticsLimits,
    /// When counting began, since the start of the run: 0, or the last reset.
    start: Duration,
    rows: BTreeMap<RequestKey, Row>,
    aggregated: Row,
    failures: HashMap<FailureKey, Occurrences>,
    exceptions: HashMap<ExceptionKey, Occurrences>,
    metrics: HashMap<MetricKey, MetricDelta>,
    interrupted: u64,
    repeated: u64,
}

/// What a snapshot says beside the statistics.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SnapshotInput {
    /// Since the start of the run.
    pub elapsed: Duration,
    /// Users that are running.
    pub user_count: u32,
    /// The target they are ramping to.
    pub user_target: u32,
    /// The generator itself.
    pub health: GeneratorHealth,
}

impl Statistics {
    /// Empty ones. With full history, snapshots have percentiles of the last ten seconds; the
    /// recorders must have been made with full history too.
    #[must_use]
    pub fn new(full_history: bool) -> Self {
        Self::with_limits(full_history, StatisticsLimits::default())
    }

    /// As [`new`](Self::new), with tables of these sizes.
    #[must_use]
    pub fn with_limits(full_history: bool, limits: StatisticsLimits) -> Self {
        Self {
            full_history,
            limits,
            start: Duration::ZERO,
            rows: BTreeMap::new(),
            aggregated: Row::default(),
            failures: HashMap::new(),
            exceptions: HashMap::new(),
            metrics: HashMap::new(),
            interrupted: 0,
            repeated: 0,
        }
    }

    /// Counts what a core saw.
    pub fn apply(&mut self, delta: StatsDelta) {
        for (key, row) in delta.rows {
            self.aggregated.apply(&row);
            if !self.full_history
                && let Some(last) = row.last_request
            {
                // A delta is about half a second: near enough for ten.
                let second = u32::try_from(last.as_secs()).unwrap_or(u32::MAX);
                self.aggregated.total.recent.add(second, &row.times);
            }
            self.row(key).apply(&row);
        }
        merge_failures(&mut self.failures, delta.failures, &self.limits);
        merge_exceptions(&mut self.exceptions, delta.exceptions, &self.limits);
        merge_metrics(&mut self.metrics, delta.metrics, &self.limits);
        self.interrupted += delta.interrupted;
        self.repeated += delta.repeated;
    }

    /// Starts counting again (Locust: `--reset-stats`). Rows stay, with zeros. Exceptions stay as
    /// they are: they are about the scenario, and decide the exit code.
    pub fn reset(&mut self, now: Duration) {
        self.start = now;
        for row in self.rows.values_mut().chain([&mut self.aggregated]) {
            *row = Row::default();
            row.total.first_seen = Some(now);
        }
        self.failures.clear();
        self.metrics.clear();
        self.interrupted = 0;
        self.repeated = 0;
    }

    /// All numbers at this moment.
    pub fn snapshot(&mut self, input: SnapshotInput) -> Snapshot {
        let moment = Moment {
            elapsed: input.elapsed,
            start: self.start,
            last_request: self.aggregated.total.last_request,
            full_history: self.full_history,
        };
        let aggregated = RequestKey { name: Arc::from(AGGREGATED_NAME), method: Arc::from("") };
        let mut aggregated = self.aggregated.snapshot(aggregated, &moment);
        aggregated.first_seen = self.start;
        Snapshot {
            elapsed: input.elapsed,
            user_count: input.user_count,
            user_target: input.user_target,
            rows: self
                .rows
                .iter_mut()
                .map(|(key, row)| row.snapshot(key.clone(), &moment))
                .collect(),
            aggregated,
            failures: failure_rows(&self.failures),
            exceptions: exception_rows(&self.exceptions),
            metrics: metric_rows(&self.metrics),
            interrupted: self.interrupted,
            repeated: self.repeated,
            health: input.health,
        }
    }

    /// The distribution of each row that has requests, in the order of first appearance.
    #[must_use]
    pub fn details(&self) -> Vec<RowDetail> {
        let mut rows: Vec<_> = self.rows.iter().filter(|(_, row)| row.total.requests > 0).collect();
        // Stable: rows that appeared together stay sorted by key.
        rows.sort_by_key(|(_, row)| row.total.first_seen);
        rows.into_iter().map(|(key, row)| row.detail(key)).collect()
    }

    /// The response time that this fraction of a row's requests does not exceed; without a key, of all.
    #[must_use]
    pub fn percentile_us(&self, key: Option<&RequestKey>, fraction: f64) -> Option<u64> {
        let total = &self.find(key)?.total;
        point_of(&total.times, total, fraction)
    }

    /// The same over about the last ten seconds; of one row none without full history.
    pub fn current_percentile_us(
        &mut self,
        key: Option<&RequestKey>,
        fraction: f64,
        now: Duration,
    ) -> Option<u64> {
        let row = match key {
            Some(key) => self.rows.get_mut(key)?,
            None => &mut self.aggregated,
        };
        row.total.recent.forget((now.as_secs() + 1).saturating_sub(WINDOW_SECONDS));
        point_of(&row.total.recent.whole(), &row.total, fraction)
    }

    fn find(&self, key: Option<&RequestKey>) -> Option<&Row> {
        match key {
            Some(key) => self.rows.get(key),
            None => Some(&self.aggregated),
        }
    }

    fn row(&mut self, key: RequestKey) -> &mut Row {
        let is_full = self.rows.len() >= self.limits.request_keys_max;
        let key =
            if is_full && !self.rows.contains_key(&key) { RequestKey::overflow() } else { key };
        self.rows.entry(key).or_default()
    }
}

/// What all rows of a snapshot have in common.
struct Moment {
    elapsed: Duration,
    start: Duration,
    last_request: Option<Duration>,
    full_history: bool,
}

impl Moment {
    /// The seconds `from..to` over which current rates are means.
    fn rate_window(&self) -> (u64, u64) {
        let now = self.elapsed.as_secs();
        let from = now.saturating_sub(WINDOW_SECONDS + UNSETTLED_SECONDS);
        (from.max(self.start.as_secs()), now.saturating_sub(UNSETTLED_SECONDS))
    }

    /// `count` per second from the start to the last request of any row.
    fn whole_rate(&self, count: u64) -> f64 {
        let span = self.last_request.map_or(Duration::ZERO, |last| last.saturating_sub(self.start));
        if span.is_zero() { 0.0 } else { count as f64 / span.as_secs_f64() }
    }
}

/// One row of the table.
#[derive(Debug, Default)]
struct Row {
    total: RowDelta,
    /// Median and percentiles, until the next request.
    points: Option<Points>,
}

#[derive(Clone, Debug)]
struct Points {
    median_us: Option<u64>,
    percentiles_us: Vec<u64>,
}

impl Row {
    fn apply(&mut self, delta: &RowDelta) {
        self.total.merge_ref(delta);
        self.points = None;
    }

    fn points(&mut self) -> Points {
        let total = &self.total;
        self.points.get_or_insert_with(|| points_of(&total.times, total)).clone()
    }

    fn snapshot(&mut self, key: RequestKey, moment: &Moment) -> RowSnapshot {
        let Points { median_us, percentiles_us } = self.points();
        let current_percentiles_us = if moment.full_history {
            let now = moment.elapsed.as_secs();
            // The second that has begun is one of the ten.
            self.total.recent.forget((now + 1).saturating_sub(WINDOW_SECONDS));
            points_of(&self.total.recent.whole(), &self.total).percentiles_us
        } else {
            Vec::new()
        };
        let total = &self.total;
        let (from, to) = moment.rate_window();
        let (current_rps, current_failures_per_second) = total.seconds.rates(from, to);
        RowSnapshot {
            key,
            requests: total.requests,
            failures: total.failures,
            untimed: total.untimed,
            response_time_us_total: total.us_total,
            response_time_us_min: total.us_min,
            response_time_us_max: total.us_max,
            content_length_total: total.content_length,
            median_us,
            percentiles_us,
            current_percentiles_us,
            current_rps,
            current_failures_per_second,
            total_rps: moment.whole_rate(total.requests),
            total_failures_per_second: moment.whole_rate(total.failures),
            first_seen: total.first_seen.unwrap_or(moment.start),
            last_request: total.last_request,
        }
    }

    fn detail(&self, key: &RequestKey) -> RowDetail {
        let mut buckets = BTreeMap::<u64, u64>::new();
        self.total.times.for_each(|us, count| {
            *buckets.entry(bucket_milliseconds(us)).or_default() += count;
        });
        let per_second = |count: fn(&crate::second_counts::SecondCount) -> u32| {
            self.total
                .seconds
                .iter()
                .filter(|entry| count(entry) > 0)
                .map(|entry| (u64::from(entry.second), u64::from(count(&entry))))
                .collect()
        };
        RowDetail {
            key: key.clone(),
            response_times_ms: buckets.into_iter().collect(),
            requests_per_second: per_second(|entry| entry.requests),
            failures_per_second: per_second(|entry| entry.failures),
        }
    }
}

/// Median and percentiles of `times`, which are some of a row's: between its exact minimum and
/// maximum.
fn points_of(times: &Histogram, row: &RowDelta) -> Points {
    let (Some(min), Some(max), Some(median_rank)) =
        (row.us_min, row.us_max, median_rank(times.count()))
    else {
        return Points { median_us: None, percentiles_us: Vec::new() };
    };
    // The lower median is never after the 50th percentile: ranks ascend.
    let ranks: Vec<u64> = std::iter::once(median_rank)
        .chain(REPORTED.iter().filter_map(|fraction| rank(times.count(), *fraction)))
        .collect();
    let mut values = times.at_ranks(&ranks);
    for (value, rank) in values.iter_mut().zip(&ranks) {
        *value = (*value).clamp(min, max);
        if times.count() == row.times.count() && rank + 1 == times.count() {
            *value = max;
        }
    }
    let median_us = values.remove(0);
    Points { median_us: Some(median_us), percentiles_us: values }
}

/// One percentile of some of a row's times, between its exact minimum and maximum.
fn point_of(times: &Histogram, row: &RowDelta, fraction: f64) -> Option<u64> {
    let rank = rank(times.count(), fraction)?;
    let value = times.at_ranks(&[rank]).first().copied()?.clamp(row.us_min?, row.us_max?);
    let is_last = times.count() == row.times.count() && rank + 1 == times.count();
    Some(if is_last { row.us_max? } else { value })
}

/// In the order of first appearance; what appeared together is sorted by key.
fn by_appearance<K: Ord>(map: &HashMap<K, Occurrences>) -> Vec<(&K, &Occurrences)> {
    let mut rows: Vec<_> = map.iter().collect();
    rows.sort_unstable_by(|left, right| {
        left.1.first_seen.cmp(&right.1.first_seen).then_with(|| left.0.cmp(right.0))
    });
    rows
}

fn failure_rows(failures: &HashMap<FailureKey, Occurrences>) -> Vec<FailureRow> {
    by_appearance(failures)
        .into_iter()
        .map(|(failure, seen)| FailureRow {
            key: failure.key.clone(),
            message: failure.message.clone(),
            occurrences: seen.count,
            first_seen: seen.first_seen.unwrap_or_default(),
            last_seen: seen.last_seen.unwrap_or_default(),
        })
        .collect()
}

fn exception_rows(exceptions: &HashMap<ExceptionKey, Occurrences>) -> Vec<ExceptionRow> {
    by_appearance(exceptions)
        .into_iter()
        .map(|(exception, seen)| ExceptionRow {
            class: exception.class.clone(),
            task: exception.task.clone(),
            message: exception.message.clone(),
            trace: exception.trace.clone(),
            count: seen.count,
            first_seen: seen.first_seen.unwrap_or_default(),
            last_seen: seen.last_seen.unwrap_or_default(),
        })
        .collect()
}

fn metric_rows(metrics: &HashMap<MetricKey, MetricDelta>) -> Vec<MetricRow> {
    let mut rows: Vec<_> = metrics.iter().collect();
    rows.sort_unstable_by_key(|(key, _)| *key);
    rows.into_iter().map(|(key, metric)| metric.row(key)).collect()
}

#[cfg(test)]
mod tests;
