//! What a run says (up) and what it can be told (down): closed enums.
//!
//! Upstream: the engine's controller sends [`RunEvent`]s. Downstream: reporters and front ends.
//! Control: front ends send [`RunCommand`]s.

use std::sync::Arc;
use std::time::SystemTime;

use crate::cancel::StopReason;
use crate::run_state::RunState;
use crate::shape::Tick;
use crate::snapshot::Snapshot;

/// What a run says.
#[derive(Clone, Debug)]
pub enum RunEvent {
    /// The first event: the wall clock at elapsed time zero.
    Started {
        /// For timestamps in reports.
        at: SystemTime,
    },
    /// The run is in another state.
    State(RunState),
    /// Users are ramped to another number.
    Ramping(Tick),
    /// The number of users is what was asked for: users per class, sorted by class name.
    AllSpawned(Vec<(String, u32)>),
    /// Once a second. May be left out when the receiver is slow.
    Snapshot(Arc<Snapshot>),
    /// Statistics were reset.
    StatsReset,
    /// Something the person should know; said once per kind.
    Warning(String),
    /// A line of the scenario's log.
    GuestLog {
        /// Its level.
        level: LogLevel,
        /// `class/user id`, or the export that logged.
        origin: String,
        /// One line.
        message: String,
    },
    /// The last event: final numbers. Never left out.
    Ended(Arc<RunSummary>),
}

/// Level of a log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Finest.
    Trace,
    /// For the author.
    Debug,
    /// For everyone.
    Info,
    /// Something is odd.
    Warn,
    /// Something is wrong.
    Error,
}

/// The end of a run.
#[derive(Clone, Debug)]
pub struct RunSummary {
    /// Why it ended.
    pub reason: StopReason,
    /// The final numbers: complete.
    pub snapshot: Snapshot,
    /// Per row what the JSON report needs beyond the snapshot, in the order of first appearance.
    pub rows: Vec<RowDetail>,
    /// The generator was the bottleneck at some time: what to do about it.
    pub saturation: Option<String>,
    /// What a scenario wants the process to end with, whatever the verdict.
    pub exit_code: Option<u8>,
}

/// The distribution of one row, for machine-readable reports.
#[derive(Clone, Debug, PartialEq)]
pub struct RowDetail {
    /// Which row.
    pub key: crate::snapshot::RequestKey,
    /// Response times in Locust's buckets: milliseconds to count, ascending.
    pub response_times_ms: Vec<(u64, u64)>,
    /// Requests ended in each second since the start of the run, ascending, without empty ones.
    pub requests_per_second: Vec<(u64, u64)>,
    /// Failures in each second since the start of the run, ascending, without empty ones.
    pub failures_per_second: Vec<(u64, u64)>,
}

/// What a run can be told.
#[derive(Clone, Debug, PartialEq)]
pub enum RunCommand {
    /// Another number of users.
    Retarget(Tick),
    /// End: drain within the stop timeout, then stop.
    Stop(StopReason),
    /// End now: users are dropped.
    Abort,
}
