//! Why a run could not start.
//!
//! Upstream: `run.rs`. Downstream: the command line. What goes wrong later is an event or a row.

use wload_core::dispatch::DispatchError;

/// A run that cannot start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// There is nobody to start.
    #[error("failed to plan the users")]
    Dispatch(#[from] DispatchError),
    /// The machine gives no thread.
    #[error("failed to start the thread `{name}`")]
    Thread {
        /// Its name.
        name: String,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The plan asks for a shape that the scenario does not have.
    #[error("the plan follows the scenario's load shape, but the scenario has none")]
    NoShape,
}
