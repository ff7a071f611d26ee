//! The run as a whole: its phase, its users, and its statistics so far.
//!
//! Upstream: hooks, load shapes and, for phase and number of users, tasks. Downstream: the host.
//! Invariant: statistics are the run's and not a user's: a task that asks for them panics.
//!
//! ```no_run
//! use std::time::Duration;
//! use wload_sdk::prelude::*;
//!
//! struct Judge;
//!
//! impl Hooks for Judge {
//!     fn test_stop(&mut self) -> HookResult {
//!         let total = run::total();
//!         let slow = run::percentile(run::Row::All, 0.95) > Some(Duration::from_millis(800));
//!         if total.fail_ratio() > 0.01 || slow {
//!             control::set_exit_code(Some(1));
//!         }
//!         Ok(())
//!     }
//! }
//! ```

use std::time::Duration;

use crate::bindings::wload::scenario::{control, options, run};

/// How far the run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// No user has been started yet.
    Starting,
    /// The number of users is on its way to the target.
    Spawning,
    /// The target is reached.
    Running,
    /// Users are being stopped.
    Stopping,
    /// The last user has left.
    Stopped,
}

/// A row of the statistics, as of the last report of each core (twice a second). In
/// [`test_stop`](crate::Hooks::test_stop) and [`quitting`](crate::Hooks::quitting) nothing is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// `GET`, or what an event said; empty for all requests together.
    pub request_type: String,
    /// `/products/{id}`; `Aggregated` for all requests together.
    pub name: String,
    /// All, failed ones included.
    pub requests: u64,
    /// Those that failed.
    pub failures: u64,
    /// Those without a response time.
    pub untimed: u64,
    /// Mean response time. None: nothing was timed; also in the next three.
    pub mean: Option<Duration>,
    /// Shortest response time.
    pub min: Option<Duration>,
    /// Longest response time.
    pub max: Option<Duration>,
    /// Median response time.
    pub median: Option<Duration>,
    /// Bytes.
    pub mean_length: f64,
    /// Over the whole run.
    pub requests_per_second: f64,
    /// Over the whole run.
    pub failures_per_second: f64,
    /// Over about the last ten seconds.
    pub current_requests_per_second: f64,
    /// Over about the last ten seconds.
    pub current_failures_per_second: f64,
    /// When the row appeared, since the start of the run.
    pub first_request: Duration,
    /// When its last request ended, since the start of the run.
    pub last_request: Option<Duration>,
}

/// The failures of one kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorEntry {
    /// `GET`, or what an event said.
    pub request_type: String,
    /// The row's name.
    pub name: String,
    /// What the row of the report says.
    pub message: String,
    /// How often.
    pub occurrences: u64,
}

/// Which requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row<'a> {
    /// All of the run.
    All,
    /// Those of one row: type and name.
    Of(&'a str, &'a str),
}

impl Row<'_> {
    fn parts(self) -> (Option<String>, Option<String>) {
        match self {
            Row::All => (None, None),
            Row::Of(request_type, name) => (Some(request_type.to_owned()), Some(name.to_owned())),
        }
    }
}

impl Entry {
    /// The share of requests that failed, 0 to 1; 0 without requests.
    pub fn fail_ratio(&self) -> f64 {
        if self.requests == 0 { 0.0 } else { self.failures as f64 / self.requests as f64 }
    }
}

/// How far the run is.
pub fn phase() -> Phase {
    match run::phase() {
        run::RunPhase::Starting => Phase::Starting,
        run::RunPhase::Spawning => Phase::Spawning,
        run::RunPhase::Running => Phase::Running,
        run::RunPhase::Stopping => Phase::Stopping,
        run::RunPhase::Stopped => Phase::Stopped,
    }
}

/// Users of the whole run, on all cores.
pub fn user_count() -> u32 {
    run::user_count()
}

/// What the number of users is on its way to.
pub fn target_user_count() -> u32 {
    run::target_user_count()
}

/// All requests together. In hooks and load shapes only: in a task this panics, as do the next four.
pub fn total() -> Entry {
    entry(run::total())
}

/// Every row of the statistics.
pub fn entries() -> Vec<Entry> {
    run::entries().into_iter().map(entry).collect()
}

/// Every kind of failure.
pub fn errors() -> Vec<ErrorEntry> {
    let errors = run::errors().into_iter().map(|error| ErrorEntry {
        request_type: error.request_type,
        name: error.name,
        message: error.message,
        occurrences: error.occurrences,
    });
    errors.collect()
}

/// The response time that this fraction (0 to 1) of the requests does not exceed. None: there is no such row,
/// or nothing was timed.
pub fn percentile(row: Row<'_>, fraction: f64) -> Option<Duration> {
    let (request_type, name) = row.parts();
    run::percentile(request_type.as_deref(), name.as_deref(), fraction).map(Duration::from_nanos)
}

/// The same over about the last ten seconds. Of one row it is known only with `--csv-full-history`, as in
/// Locust.
pub fn current_percentile(row: Row<'_>, fraction: f64) -> Option<Duration> {
    let (request_type, name) = row.parts();
    run::current_percentile(request_type.as_deref(), name.as_deref(), fraction)
        .map(Duration::from_nanos)
}

/// What every user finds in [`state`]. In [`init`](crate::Hooks::init) and
/// [`test_start`](crate::Hooks::test_start) only, elsewhere this panics, as it does over the limit of the
/// host (`--limit run-state`). The last call counts.
pub fn set_state(state: &[u8]) {
    control::set_run_state(state);
}

/// What a hook left for every user; empty when none did.
pub fn state() -> Vec<u8> {
    options::run_state()
}

fn entry(entry: run::Entry) -> Entry {
    Entry {
        request_type: entry.request_type,
        name: entry.name,
        requests: entry.requests,
        failures: entry.failures,
        untimed: entry.untimed,
        mean: entry.mean.map(Duration::from_nanos),
        min: entry.min.map(Duration::from_nanos),
        max: entry.max.map(Duration::from_nanos),
        median: entry.median.map(Duration::from_nanos),
        mean_length: entry.mean_length,
        requests_per_second: entry.requests_per_second,
        failures_per_second: entry.failures_per_second,
        current_requests_per_second: entry.current_requests_per_second,
        current_failures_per_second: entry.current_failures_per_second,
        first_request: Duration::from_nanos(entry.first_request),
        last_request: entry.last_request.map(Duration::from_nanos),
    }
}
