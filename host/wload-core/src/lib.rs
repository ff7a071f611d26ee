//! The vocabulary of wload: what goes up (data) and what goes down (control).
//!
//! ```text
//!        control ▼                                   data ▲
//!  shape ─► target ─► dispatch ─► core     recorder ─► delta ─► statistics ─► snapshot ─► report
//! ```
//!
//! Upstream: nothing. Downstream: every other crate.
//! Invariants: nothing here reads a clock, a file or the environment, spawns, locks or prints; time
//! is an argument. A module imports only from modules above it in this list, which is also the
//! reading order.

pub mod cancel;
pub mod describe_check;
pub mod dispatch;
pub mod event;
pub mod handle;
pub mod ids;
pub mod limits;
pub mod plan;
pub mod random;
pub mod run_state;
pub mod shape;
pub mod snapshot;
pub mod spawn;
pub mod task_ratio;
pub mod task_selection;
pub mod user_class;
