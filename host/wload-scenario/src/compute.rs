//! Time that a guest computes: bounded, and shared fairly.
//!
//! A call that runs for longer than a tick without suspending is *long*. Long calls of one core take
//! turns in a lane with one place, a tick at a time, and between two turns all other users that are
//! ready run: however many guests loop, the others keep at least half of the core.
//!
//! Upstream: the epoch of wasmtime, through [`on_deadline`]. Downstream: a trap when the limit is
//! reached. Invariant: a meter that does not run holds no place in the lane.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Semaphore;
use wasmtime::{StoreContextMut, UpdateDeadline};

use crate::engine::EPOCH_TICK;
use crate::store_state::StoreState;

/// A call computed for longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("computed for more than {} ms without a pause (an endless loop?)", limit.as_millis())]
pub(crate) struct ComputeLimit {
    limit: Duration,
}

/// Measures one user's calls. The shared part is atomic because wasmtime wants futures that are
/// `Send`; it never leaves the core's thread.
pub(crate) struct ComputeMeter {
    started: Instant,
    used: Duration,
    limit: Duration,
    lane: Arc<Semaphore>,
    turn: Arc<Turn>,
}

/// A place in the lane, taken by a future that the meter cannot see.
struct Turn {
    is_held: AtomicBool,
    waited_ns: AtomicU64,
}

impl ComputeMeter {
    pub(crate) fn new(limit: Duration, lane: Arc<Semaphore>) -> Self {
        Self {
            started: Instant::now(),
            used: Duration::ZERO,
            limit,
            lane,
            turn: Arc::new(Turn { is_held: AtomicBool::new(false), waited_ns: AtomicU64::new(0) }),
        }
    }

    /// The guest begins to compute: a call, or the end of an import that suspended it.
    pub(crate) fn start(&mut self) {
        self.started = Instant::now();
        self.used = Duration::ZERO;
    }

    /// The guest no longer computes: the call ended, or an import suspends it.
    pub(crate) fn stop(&mut self) {
        self.leave_lane();
    }

    fn leave_lane(&self) {
        if self.turn.is_held.swap(false, Ordering::Relaxed) {
            self.lane.add_permits(1);
        }
    }

    fn deadline(&mut self) -> wasmtime::Result<UpdateDeadline> {
        let waited = Duration::from_nanos(self.turn.waited_ns.swap(0, Ordering::Relaxed));
        let slice = self.started.elapsed().saturating_sub(waited);
        if slice < EPOCH_TICK {
            // The deadline was an old one: the call has only begun.
            return Ok(UpdateDeadline::Continue(1));
        }
        self.used += slice;
        if self.used > self.limit {
            return Err(wasmtime::Error::new(ComputeLimit { limit: self.limit }));
        }
        self.leave_lane();
        self.started = Instant::now();
        let (lane, turn, waiting) = (self.lane.clone(), self.turn.clone(), self.started);
        Ok(UpdateDeadline::YieldCustom(
            1,
            Box::pin(async move {
                tokio::task::yield_now().await;
                if let Ok(place) = lane.acquire().await {
                    place.forget();
                    turn.is_held.store(true, Ordering::Relaxed);
                }
                let waited = u64::try_from(waiting.elapsed().as_nanos()).unwrap_or(u64::MAX);
                turn.waited_ns.store(waited, Ordering::Relaxed);
            }),
        ))
    }
}

impl Drop for ComputeMeter {
    fn drop(&mut self) {
        self.leave_lane();
    }
}

/// For `Store::epoch_deadline_callback`.
pub(crate) fn on_deadline(
    mut store: StoreContextMut<'_, StoreState>,
) -> wasmtime::Result<UpdateDeadline> {
    store.data_mut().compute.deadline()
}
