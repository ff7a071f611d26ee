//! Time of the run, and sleeping.
//!
//! Upstream: tasks. Downstream: the host's clock. Invariant: sleeping suspends one user only.

use std::time::Duration;

use crate::bindings::wload::scenario::clock;
use crate::task_end::{TaskEnd, TaskResult};

/// Time since the run started.
pub fn elapsed() -> Duration {
    Duration::from_nanos(clock::elapsed())
}

/// Suspends this user: `sleep(Duration::from_millis(200))?;`. For the pause between two tasks use a
/// wait time.
///
/// # Errors
/// When the user is being stopped meanwhile: hand it on with `?`, it is no exception.
pub fn sleep(time: Duration) -> TaskResult {
    if clock::sleep(to_nanoseconds(time)) { Ok(()) } else { Err(TaskEnd::StopUser) }
}

/// As the contract counts. Longer than 584 years is that long.
pub(crate) fn to_nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
