//! Every limit of the demo target: what keeps its memory bounded however long and hard it is tested.
//!
//! Upstream: nothing. Downstream: every other file of this crate.

use std::time::Duration;

/// Most threads a target may be given.
pub const MAX_THREADS: usize = 64;
/// Longest latency that can be asked for, by the configuration or by `/delay/{ms}`.
pub const MAX_LATENCY: Duration = Duration::from_secs(60);
/// Longest tail of a lognormal latency: one of a hundred takes a hundred medians.
pub const MAX_SIGMA: f64 = 2.0;
/// Largest body of `/bytes/{n}`; a larger `n` gets this many.
pub const MAX_BYTES_BODY: usize = 16 << 20;
/// Largest request body that is read; a larger one is answered 413 and the connection closed.
pub const MAX_REQUEST_BYTES: usize = 16 << 20;
/// Most sessions (tokens with their carts) kept; the oldest is dropped for a new one.
pub const MAX_SESSIONS: usize = 100_000;
/// Most items of one product in one cart.
pub const MAX_QUANTITY: u32 = 1_000;
/// Most entries of the log; the oldest is dropped for a new one.
pub const MAX_LOG_ENTRIES: usize = 100_000;
/// Longest entry of the log in bytes; the rest is cut off.
pub const MAX_LOG_ENTRY_BYTES: usize = 200;
/// Most service times kept, over all threads; later ones are not recorded.
pub const MAX_SERVICE_TIMES: usize = 1_000_000;
/// Most products in the answer to a search.
pub const MAX_SEARCH_RESULTS: usize = 20;
/// Connections the kernel may hold for us until they are accepted.
pub(crate) const ACCEPT_BACKLOG: u32 = 4_096;
/// Accepted connections that may wait for one thread.
pub(crate) const HANDOVER_QUEUE: usize = 1_024;
