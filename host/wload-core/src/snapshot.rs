//! The merged state of the statistics at one moment: what reporters see.
//!
//! Upstream: [`Statistics::snapshot`](crate::statistics::Statistics::snapshot), once a second and at
//! the end. Downstream: every reporter, through [`RunEvent`](crate::event::RunEvent).
//! Invariants: times are measured from the start of the run, response times are microseconds;
//! `Aggregated` is a row like the others, kept apart.

use std::sync::Arc;
use std::time::Duration;

use crate::ids::CoreId;
use crate::isolation::Isolation;

/// A row key: what is shown as type and name (Locust: `(method, name)`).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RequestKey {
    /// The request name.
    pub name: Arc<str>,
    /// The request type: an HTTP method, or the type of a custom event.
    pub method: Arc<str>,
}

/// Numbers of one row, or of all together.
#[derive(Clone, Debug, PartialEq)]
pub struct RowSnapshot {
    /// Its key; for `Aggregated` the name is `Aggregated` and the method is empty.
    pub key: RequestKey,
    /// Finished requests, failed ones included.
    pub requests: u64,
    /// Failed requests.
    pub failures: u64,
    /// Requests without a response time; counted, but in no average and percentile.
    pub untimed: u64,
    /// Sum of response times.
    pub response_time_us_total: u64,
    /// Smallest response time; none when nothing was timed.
    pub response_time_us_min: Option<u64>,
    /// Largest response time; none when nothing was timed.
    pub response_time_us_max: Option<u64>,
    /// Sum of response lengths in bytes.
    pub content_length_total: u64,
    /// The median, exact to the histogram: the value at rank (n-1)/2; none when nothing was timed.
    pub median_us: Option<u64>,
    /// Response times at [`REPORTED`](crate::percentile::REPORTED), whole run; empty when nothing
    /// was timed.
    pub percentiles_us: Vec<u64>,
    /// The same over about the last ten seconds; only with full history, else empty.
    pub current_percentiles_us: Vec<u64>,
    /// Requests per second over about the last ten seconds.
    pub current_rps: f64,
    /// Failures per second over about the last ten seconds.
    pub current_failures_per_second: f64,
    /// Requests per second over the run.
    pub total_rps: f64,
    /// Failures per second over the run.
    pub total_failures_per_second: f64,
    /// When the row appeared, since the start of the run.
    pub first_seen: Duration,
    /// End of the last request, since the start of the run; none when there were only failures
    /// without a request.
    pub last_request: Option<Duration>,
}

/// A row of the failures table.
#[derive(Clone, Debug, PartialEq)]
pub struct FailureRow {
    /// Which requests.
    pub key: RequestKey,
    /// Why.
    pub message: Arc<str>,
    /// How often.
    pub occurrences: u64,
    /// First time, since the start of the run.
    pub first_seen: Duration,
    /// Last time, since the start of the run.
    pub last_seen: Duration,
}

/// A row of the exceptions table: errors and traps of the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct ExceptionRow {
    /// The user class.
    pub class: Arc<str>,
    /// The task, or `on_start`, `on_stop`.
    pub task: Arc<str>,
    /// One line.
    pub message: Arc<str>,
    /// Where, in the scenario's own form; may be empty.
    pub trace: Arc<str>,
    /// How often.
    pub count: u64,
    /// First time, since the start of the run.
    pub first_seen: Duration,
    /// Last time, since the start of the run.
    pub last_seen: Duration,
}

/// What a custom metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MetricKind {
    /// A sum.
    Counter,
    /// The last value.
    Gauge,
    /// A distribution.
    Trend,
}

/// A custom metric of the scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricRow {
    /// Its name.
    pub name: Arc<str>,
    /// Its kind.
    pub kind: MetricKind,
    /// How many values were added.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The smallest; none when there is no value.
    pub min: Option<f64>,
    /// The largest; none when there is no value.
    pub max: Option<f64>,
    /// The last in time; none when there is no value.
    pub last: Option<f64>,
    /// A trend's values at [`REPORTED`](crate::percentile::REPORTED); empty for the others.
    pub percentiles: Vec<f64>,
}

/// How the generator itself did: when it is slow, what it measured is not the target.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct GeneratorHealth {
    /// How users and instances belong together.
    pub isolation: Isolation,
    /// Each core.
    pub cores: Vec<CoreHealth>,
}

/// How one core did.
#[derive(Clone, Debug, PartialEq)]
pub struct CoreHealth {
    /// Which.
    pub core: CoreId,
    /// Share of CPU time since the last snapshot that reported it, 0 to 1.
    pub cpu: f64,
    /// Highest share of CPU time over any interval so far.
    pub cpu_max: f64,
    /// How late its timers fired since the last snapshot: 99th percentile, microseconds.
    pub lag_us_p99: u64,
    /// The latest any timer has fired so far, microseconds.
    pub lag_us_max: u64,
    /// 99th percentile of how late its timers fired, over the whole run, microseconds.
    pub lag_us_p99_run: u64,
    /// Users on it now.
    pub users: u32,
    /// The instances that they live in.
    pub instances: InstanceCounts,
}

/// Instances of a scenario, and the users that take turns in them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct InstanceCounts {
    /// How many are kept for users that can be saved; the largest number when no user is saved.
    pub kept_max: u32,
    /// Alive now.
    pub live: u32,
    /// The most that were alive at once.
    pub peak: u32,
    /// Users alive that keep their instance though others take turns: they cannot be saved.
    pub pinned: u32,
    /// The most of them that there were at once.
    pub pinned_peak: u32,
    /// Users that were saved, so far.
    pub saves: u64,
    /// Users that went on from what was saved, so far.
    pub restores: u64,
    /// Instances that were replaced instead of taken over by the next user, so far.
    pub replaced: u64,
    /// Tasks that waited for an instance because there was no place for one more, so far.
    pub waits: u64,
}

impl InstanceCounts {
    /// Of two cores together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            kept_max: self.kept_max.saturating_add(other.kept_max),
            live: self.live + other.live,
            peak: self.peak + other.peak,
            pinned: self.pinned + other.pinned,
            pinned_peak: self.pinned_peak + other.pinned_peak,
            saves: self.saves + other.saves,
            restores: self.restores + other.restores,
            replaced: self.replaced + other.replaced,
            waits: self.waits + other.waits,
        }
    }
}

impl GeneratorHealth {
    /// The instances of all cores.
    #[must_use]
    pub fn instances(&self) -> InstanceCounts {
        let of_cores = self.cores.iter().map(|core| core.instances);
        of_cores.fold(InstanceCounts::default(), InstanceCounts::plus)
    }
}

/// Everything at one moment.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// Since the start of the run.
    pub elapsed: Duration,
    /// Users that are running.
    pub user_count: u32,
    /// The target they are ramping to.
    pub user_target: u32,
    /// One row per key, sorted by name, then method.
    pub rows: Vec<RowSnapshot>,
    /// All together.
    pub aggregated: RowSnapshot,
    /// Failures, in order of first appearance.
    pub failures: Vec<FailureRow>,
    /// Exceptions, in order of first appearance.
    pub exceptions: Vec<ExceptionRow>,
    /// Custom metrics, sorted by name.
    pub metrics: Vec<MetricRow>,
    /// Requests that had left when their user was stopped, and whose end was not waited for: in no
    /// row, but known to the target.
    pub interrupted: u64,
    /// Requests that were sent again because the server had closed their connection, or had refused
    /// them untouched: the target has seen so many more than the tables.
    pub repeated: u64,
    /// The generator itself.
    pub health: GeneratorHealth,
}
