//! Snapshots to bytes: console, CSV, JSON.
//!
//! Upstream: [`RunEvent`]s of a run, spread by [`fan_out::FanOut`]. Downstream: files and streams.
//! Invariants: a reporter never holds up the run, because each has its own thread and a bounded
//! inbox; the last event is never lost, so final reports are complete; what Locust writes too is
//! written exactly as Locust writes it; text from scenarios and targets cannot steer a terminal.
//! It does not know the engine, the command line or the network.

pub mod error;
pub mod figures;
pub mod model;
pub mod console;
pub mod csv;
pub mod json;
pub mod fan_out;

use wload_core::event::RunEvent;

pub use crate::error::ReportError;

/// Turns events into a report. Made by a front end, owned by its thread in the
/// [`FanOut`](fan_out::FanOut), ends after [`RunEvent::Ended`].
pub trait Reporter: Send {
    /// Takes the next event. On [`RunEvent::Ended`] the final report is written.
    ///
    /// # Errors
    /// What could not be written, and where. The reporter stays usable: a later event may succeed.
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError>;
}
