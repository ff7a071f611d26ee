//! Time that a guest computes: bounded, and shared fairly.
//!
//! A call that runs for longer than a tick without suspending is *long*. Long calls of one core take
//! turns in a lane with one place, a tick at a time, and between two turns all other users that are
//! ready run: however many guests loop, the others keep at least half of the core.
//!
//! A guest suspends in many places: in imports of the contract, and in those of WASI, which know nothing
//! of the lane. So a call is watched from outside, by [`watched`]: whenever it is not ready, and not
//! because of the lane, the guest waits.
//!
//! Upstream: the epoch of wasmtime, through [`on_deadline`]. Downstream: a trap when the limit is
//! reached. Invariant: a guest that does not run holds no place in the lane.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use send_wrapper::SendWrapper;
use tokio::sync::Semaphore;
use wasmtime::{StoreContextMut, UpdateDeadline};

use crate::engine::EPOCH_TICK;
use crate::outside::{Done, Outside};
use crate::store_state::StoreState;

/// A call computed for longer than it may.
#[derive(Debug, thiserror::Error)]
#[error("computed for more than {} ms without a pause (an endless loop?)", limit.as_millis())]
pub(crate) struct ComputeLimit {
    limit: Duration,
}

/// Measures one user's calls. Nothing of it reads a clock unless a call is long.
pub(crate) struct ComputeMeter {
    /// Since when the guest computes, as far as that was looked at: the first deadline after a start or
    /// a wait only starts the watch.
    since: Option<Instant>,
    used: Duration,
    limit: Duration,
    turn: Arc<Turn>,
}

/// The part of a meter that the world outside of the store sees. It is atomic because wasmtime wants
/// futures that are `Send`; it never leaves the core's thread.
pub(crate) struct Turn {
    lane: Arc<Semaphore>,
    /// The guest has the place in the lane.
    is_held: AtomicBool,
    /// The guest has to give way, or waits for the place.
    is_queued: AtomicBool,
    /// The guest has suspended of its own will.
    has_waited: AtomicBool,
    /// When the meter was made.
    origin: Instant,
    /// When the guest last got the place in the lane, since `origin`; 0: never since the last look.
    turn_ns: AtomicU64,
    /// What the guest waits for.
    pub(crate) outside: SendWrapper<Outside>,
}

impl Turn {
    fn leave_lane(&self) {
        if self.is_held.swap(false, Ordering::Relaxed) {
            self.lane.add_permits(1);
        }
    }

    /// The call is not ready.
    fn suspended(&self) {
        if !self.is_queued.load(Ordering::Relaxed) {
            self.leave_lane();
            self.has_waited.store(true, Ordering::Relaxed);
            self.turn_ns.store(0, Ordering::Relaxed);
        }
    }

    /// On the fiber: waits for the work that was handed out. Nobody has to be woken: whoever polls the
    /// work polls the call when it is done.
    pub(crate) async fn done(&self) -> Done {
        poll_fn(|_| self.outside.take_done().map_or(Poll::Pending, Poll::Ready)).await
    }

    async fn give_way(self: Arc<Self>) {
        tokio::task::yield_now().await;
        if let Ok(place) = self.lane.acquire().await {
            place.forget();
            self.is_held.store(true, Ordering::Relaxed);
        }
        self.is_queued.store(false, Ordering::Relaxed);
        let now = u64::try_from(self.origin.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.turn_ns.store(now.max(1), Ordering::Relaxed);
    }
}

/// Watches a call into the guest, so that the meter knows when the guest waits, and does the work that
/// the guest waits for.
pub(crate) async fn watched<T>(turn: Arc<Turn>, call: impl Future<Output = T>) -> T {
    watched_in_place(turn, pin!(call)).await
}

/// The same for a call that need not be moved.
pub(crate) async fn watched_in_place<T>(
    turn: Arc<Turn>,
    mut call: Pin<&mut impl Future<Output = T>>,
) -> T {
    poll_fn(|context| {
        loop {
            // While its work is under way the guest has nothing to do.
            if turn.outside.is_pending(context) {
                turn.suspended();
                return Poll::Pending;
            }
            let polled = call.as_mut().poll(context);
            if polled.is_ready() || !turn.outside.has_work() {
                if polled.is_pending() {
                    turn.suspended();
                }
                return polled;
            }
        }
    })
    .await
}

impl ComputeMeter {
    pub(crate) fn new(limit: Duration, lane: Arc<Semaphore>) -> Self {
        Self {
            since: None,
            used: Duration::ZERO,
            limit,
            turn: Arc::new(Turn {
                lane,
                is_held: AtomicBool::new(false),
                is_queued: AtomicBool::new(false),
                has_waited: AtomicBool::new(false),
                origin: Instant::now(),
                turn_ns: AtomicU64::new(0),
                outside: SendWrapper::new(Outside::default()),
            }),
        }
    }

    /// For [`watched`].
    pub(crate) fn turn(&self) -> Arc<Turn> {
        self.turn.clone()
    }

    /// A call begins.
    pub(crate) fn start(&mut self) {
        self.since = None;
        self.used = Duration::ZERO;
        self.turn.turn_ns.store(0, Ordering::Relaxed);
    }

    /// The call has ended.
    pub(crate) fn stop(&mut self) {
        self.turn.leave_lane();
    }

    fn deadline(&mut self) -> wasmtime::Result<UpdateDeadline> {
        let turn = self.turn.clone();
        if turn.has_waited.swap(false, Ordering::Relaxed) {
            self.since = None;
            self.used = Duration::ZERO;
        }
        match turn.turn_ns.swap(0, Ordering::Relaxed) {
            0 => {}
            resumed => self.since = Some(turn.origin + Duration::from_nanos(resumed)),
        }
        let Some(since) = self.since else {
            // The deadline was an old one: the call has only begun, or gone on after a wait.
            self.since = Some(Instant::now());
            return Ok(UpdateDeadline::Continue(1));
        };
        let slice = since.elapsed();
        if slice < EPOCH_TICK / 2 {
            return Ok(UpdateDeadline::Continue(1));
        }
        self.used += slice;
        if self.used > self.limit {
            return Err(wasmtime::Error::new(ComputeLimit { limit: self.limit }));
        }
        self.since = None;
        turn.leave_lane();
        turn.is_queued.store(true, Ordering::Relaxed);
        Ok(UpdateDeadline::YieldCustom(1, Box::pin(turn.give_way())))
    }
}

impl Drop for ComputeMeter {
    fn drop(&mut self) {
        self.turn.leave_lane();
    }
}

/// For `Store::epoch_deadline_callback`.
pub(crate) fn on_deadline(
    mut store: StoreContextMut<'_, StoreState>,
) -> wasmtime::Result<UpdateDeadline> {
    store.data_mut().compute.deadline()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(1);

    /// A meter whose guest has computed for so long, without a break.
    fn meter_after(computed: Duration, lane: &Arc<Semaphore>) -> ComputeMeter {
        let mut meter = ComputeMeter::new(LIMIT, lane.clone());
        meter.since = Some(Instant::now().checked_sub(computed).unwrap());
        meter
    }

    #[tokio::test]
    async fn a_guest_that_waits_for_whatever_it_is_gives_its_place_in_the_lane_back() {
        let lane = Arc::new(Semaphore::new(1));
        let mut meter = meter_after(10 * EPOCH_TICK, &lane);
        let Ok(UpdateDeadline::YieldCustom(_, give_way)) = meter.deadline() else {
            panic!("a long call gives way");
        };
        let held = lane.clone();
        let call = async {
            give_way.await;
            assert_eq!(held.available_permits(), 0, "its turn has come");
            // As an import of WASI does, which knows nothing of the lane.
            std::future::pending::<()>().await;
        };
        let others = async {
            // Often enough for the call to get its turn and to begin to wait.
            for _ in 0..10 {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = watched(meter.turn(), call) => panic!("it waits for ever"),
            () = others => {}
        }
        assert_eq!(lane.available_permits(), 1);
        assert!(meter.used >= 10 * EPOCH_TICK);
        assert!(matches!(meter.deadline(), Ok(UpdateDeadline::Continue(1))));
        assert_eq!(meter.used, Duration::ZERO, "a wait ends what is measured");
    }

    #[tokio::test]
    async fn a_turn_in_the_lane_is_no_part_of_the_next_call_or_of_what_comes_after_a_wait() {
        let lane = Arc::new(Semaphore::new(1));
        for is_new_call in [true, false] {
            let mut meter = meter_after(2 * EPOCH_TICK, &lane);
            let Ok(UpdateDeadline::YieldCustom(_, give_way)) = meter.deadline() else {
                panic!("a long call gives way");
            };
            give_way.await;
            // The call ends, or waits, before its next deadline; long after that the guest computes.
            meter.limit = Duration::ZERO;
            if is_new_call {
                meter.stop();
                meter.start();
            } else {
                meter.turn.suspended();
            }
            assert!(matches!(meter.deadline(), Ok(UpdateDeadline::Continue(1))), "{is_new_call}");
        }
    }

    #[tokio::test]
    async fn computing_for_too_long_is_an_error_and_being_away_is_not_computing() {
        let lane = Arc::new(Semaphore::new(1));
        let error = meter_after(2 * LIMIT, &lane).deadline().map(drop).unwrap_err();
        let text = "computed for more than 1000 ms without a pause (an endless loop?)";
        assert_eq!(error.to_string(), text);
        let mut meter = meter_after(2 * LIMIT, &lane);
        meter.turn.suspended();
        assert!(matches!(meter.deadline(), Ok(UpdateDeadline::Continue(1))));
        assert!(meter.since.unwrap().elapsed() < LIMIT, "the watch begins anew after a wait");
    }
}
