//! `wload:scenario/run`: the run as a whole.
//!
//! Upstream: [`RunView`](crate::RunView), and for hooks and shapes the run's statistics, which are on their thread.

use std::time::Duration;

use wload_core::run_state::RunState;
use wload_core::snapshot::{RequestKey, RowSnapshot};
use wload_core::statistics::{SnapshotInput, Statistics};

use crate::bindings::wload::scenario::run;
use crate::store_state::{StoreState, misuse};

impl StoreState {
    /// Asks the statistics; a user has none.
    fn statistics<T>(
        &mut self,
        ask: impl FnOnce(&mut Statistics, Duration) -> T,
    ) -> wasmtime::Result<T> {
        let user = self.user()?;
        let now = user.core.clock.elapsed();
        let statistics = user.core.statistics.clone();
        let Some(statistics) = statistics.filter(|_| user.resident.identity.is_none()) else {
            return Err(misuse(
                "the statistics of the run can be asked for in hooks and in a shape only",
            ));
        };
        Ok(ask(&mut statistics.borrow_mut(), now))
    }
}

impl run::Host for StoreState {
    fn phase(&mut self) -> wasmtime::Result<run::RunPhase> {
        Ok(match self.user()?.core.run.phase() {
            RunState::Ready => run::RunPhase::Starting,
            RunState::Spawning => run::RunPhase::Spawning,
            RunState::Running => run::RunPhase::Running,
            RunState::Stopping => run::RunPhase::Stopping,
            RunState::Stopped => run::RunPhase::Stopped,
        })
    }

    fn user_count(&mut self) -> wasmtime::Result<u32> {
        Ok(self.user()?.core.run.users())
    }

    fn target_user_count(&mut self) -> wasmtime::Result<u32> {
        Ok(self.user()?.core.run.target())
    }

    fn total(&mut self) -> wasmtime::Result<run::Entry> {
        self.statistics(|statistics, now| entry(&statistics.snapshot(at(now)).aggregated))
    }

    fn entries(&mut self) -> wasmtime::Result<Vec<run::Entry>> {
        self.statistics(|statistics, now| {
            statistics.snapshot(at(now)).rows.iter().map(entry).collect()
        })
    }

    fn errors(&mut self) -> wasmtime::Result<Vec<run::ErrorEntry>> {
        self.statistics(|statistics, now| {
            let failures = statistics.snapshot(at(now)).failures;
            let rows = failures.into_iter().map(|row| run::ErrorEntry {
                request_type: row.key.method.to_string(),
                name: row.key.name.to_string(),
                message: row.message.to_string(),
                occurrences: row.occurrences,
            });
            rows.collect()
        })
    }

    fn percentile(
        &mut self,
        request_type: Option<String>,
        name: Option<String>,
        fraction: f64,
    ) -> wasmtime::Result<Option<u64>> {
        let key = key(request_type, name);
        self.statistics(|statistics, _| {
            statistics.percentile_us(key.as_ref(), fraction).map(nanoseconds)
        })
    }

    fn current_percentile(
        &mut self,
        request_type: Option<String>,
        name: Option<String>,
        fraction: f64,
    ) -> wasmtime::Result<Option<u64>> {
        let key = key(request_type, name);
        self.statistics(|statistics, now| {
            statistics.current_percentile_us(key.as_ref(), fraction, now).map(nanoseconds)
        })
    }
}

/// Without either: all requests together.
fn key(request_type: Option<String>, name: Option<String>) -> Option<RequestKey> {
    let text = |text: Option<String>| text.unwrap_or_default().into();
    (request_type.is_some() || name.is_some())
        .then(|| RequestKey { name: text(name), method: text(request_type) })
}

fn at(elapsed: Duration) -> SnapshotInput {
    SnapshotInput { elapsed, ..SnapshotInput::default() }
}

fn entry(row: &RowSnapshot) -> run::Entry {
    let timed = row.requests.saturating_sub(row.untimed);
    run::Entry {
        request_type: row.key.method.to_string(),
        name: row.key.name.to_string(),
        requests: row.requests,
        failures: row.failures,
        untimed: row.untimed,
        mean: row.response_time_us_total.checked_div(timed).map(nanoseconds),
        min: row.response_time_us_min.map(nanoseconds),
        max: row.response_time_us_max.map(nanoseconds),
        median: row.median_us.map(nanoseconds),
        mean_length: match row.requests {
            0 => 0.0,
            requests => row.content_length_total as f64 / requests as f64,
        },
        requests_per_second: row.total_rps,
        failures_per_second: row.total_failures_per_second,
        current_requests_per_second: row.current_rps,
        current_failures_per_second: row.current_failures_per_second,
        first_request: duration(row.first_seen),
        last_request: row.last_request.map(duration),
    }
}

fn nanoseconds(microseconds: u64) -> u64 {
    microseconds.saturating_mul(1_000)
}

fn duration(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
