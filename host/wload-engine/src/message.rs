//! What the controller and the cores tell each other: closed enums, on bounded channels.
//!
//! Control: [`CoreCommand`] goes down. Data: [`CoreReport`] goes up, about twice a second per core,
//! never per request.

use std::time::Duration;

use wload_core::delta::StatsDelta;
use wload_core::ids::CoreId;
use wload_core::snapshot::CoreHealth;

/// To a core.
#[derive(Clone, Debug)]
pub(crate) enum CoreCommand {
    /// Have so many users of each class: start and stop what differs.
    Users {
        /// By class.
        counts: Vec<u32>,
        /// Start others in the place of those that are gone.
        replaces_gone: bool,
        /// From one user that is started to the next.
        gap: Duration,
    },
    /// Stop all users: drain within the stop timeout of the plan, then stop, then abort.
    StopAll,
    /// Drop all users now.
    AbortAll,
}

/// From a core.
#[derive(Debug)]
pub(crate) enum CoreReport {
    /// What happened since the last report.
    Delta(CoreDelta),
    /// The core has ended; nothing follows.
    Ended(CoreDelta),
}

/// One report's content.
#[derive(Debug)]
pub(crate) struct CoreDelta {
    pub(crate) core: CoreId,
    pub(crate) stats: StatsDelta,
    pub(crate) health: CoreHealth,
    /// Users of each class, without those being let go.
    pub(crate) users: Vec<u32>,
    /// Of them, those that wait for their turn to be started.
    pub(crate) starting: u32,
    /// All users that still run.
    pub(crate) alive: u32,
    /// Commands obeyed since the start.
    pub(crate) commands_obeyed: u64,
    /// Log lines over the limit, since the start.
    pub(crate) log_lines_dropped: u64,
}
