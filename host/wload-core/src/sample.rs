//! What happens once: a finished request, an exception.
//!
//! Upstream: users on a core. Downstream: [`Recorder`](crate::recorder::Recorder), which takes them
//! by reference and keeps only sums.

use std::time::Duration;

use crate::request_key::KeyId;

/// One finished request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<'a> {
    /// Its row, from the recorder that will take the sample.
    pub key: KeyId,
    /// When it ended, since the start of the run.
    pub ended: Duration,
    /// None: counted, but in no average and percentile.
    pub response_time: Option<Duration>,
    /// Bytes.
    pub response_length: u64,
    /// Present: it failed, for this reason.
    pub failure: Option<&'a str>,
}

/// An error or a trap of the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exception<'a> {
    /// The user class.
    pub class: &'a str,
    /// The task, or `on_start`, `on_stop`.
    pub task: &'a str,
    /// One line.
    pub message: &'a str,
    /// Where, in the scenario's own form; may be empty.
    pub trace: &'a str,
    /// When, since the start of the run.
    pub at: Duration,
}
