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

pub mod ids;
pub mod limits;
pub mod percentile;
pub mod units;
pub mod random;

pub mod snapshot;
pub mod request_key;
pub mod sample;
pub mod failure;
pub mod histogram;
pub mod metric;
pub(crate) mod second_counts;
pub mod delta;
pub mod recorder;

pub mod user_class;
pub mod isolation;
pub mod describe_check;
pub mod task_ratio;
pub mod shape;
pub mod spawn;
pub mod dispatch;
pub mod task_selection;
pub mod plan;
pub mod run_state;
pub mod cancel;
pub mod event;
pub mod statistics;
pub mod handle;
