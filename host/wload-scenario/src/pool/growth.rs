//! Whether a pool whose instances are all busy grows, or waits for one of them.
//!
//! It grows rather than delay a task. But where making an instance takes a millisecond or two of the core, and busy ones
//! become free all the time, a task that waits for the next one starts earlier, and the core has more time for all.
//! So it grows when the instances have stood still for as long as making one takes: then they wait for the target,
//! and not for the core. And it grows when nobody who waits was given one for [`WAIT_MAX`]: then their users do not
//! let go of them.
//!
//! Upstream: `pool.rs` says what happens there. Pure but for the clock.

use std::cell::Cell;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// An instance that is made faster is not worth waiting for another one.
const WORTH_WAITING: Duration = Duration::from_micros(500);
/// So long a task waits at most while nobody who waits is given an instance.
const WAIT_MAX: Duration = Duration::from_millis(100);
/// The time that making one takes is known from about so many.
const SAMPLES: u32 = 8;

#[derive(Debug)]
pub(super) struct Growth {
    /// What making an instance takes.
    making: Cell<Duration>,
    waiters: Cell<u32>,
    /// When something last happened, as long as somebody waits.
    progress: Cell<Instant>,
    /// When somebody was last given one.
    served: Cell<Instant>,
}

/// Counts as long as it lives.
struct Waiter<'a>(&'a Growth);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.waiters.set(self.0.waiters.get() - 1);
    }
}

impl Growth {
    pub(super) fn new() -> Self {
        let (making, waiters) = (Cell::default(), Cell::default());
        let now = Instant::now();
        Self { making, waiters, progress: Cell::new(now), served: Cell::new(now) }
    }

    /// An instance was made in this time.
    pub(super) fn made(&self, took: Duration) {
        let before = self.making.get();
        let after = if before.is_zero() { took } else { (before * (SAMPLES - 1) + took) / SAMPLES };
        self.making.set(after);
    }

    /// A task begins, ends, or makes an instance.
    pub(super) fn progress(&self) {
        if self.has_waiters() {
            self.progress.set(Instant::now());
        }
    }

    /// An instance was given to somebody else than its user.
    pub(super) fn served(&self) {
        if self.has_waiters() {
            self.served.set(Instant::now());
        }
    }

    /// Making an instance takes so long that waiting for another one is better.
    pub(super) fn is_slow(&self) -> bool {
        self.making.get() >= WORTH_WAITING
    }

    /// Somebody will take the next instance that becomes free.
    pub(super) fn has_waiters(&self) -> bool {
        self.waiters.get() > 0
    }

    /// Whether waiting since `began` is still better than making an instance.
    pub(super) fn is_worth_waiting(&self, began: Instant) -> bool {
        self.is_slow() && Instant::now() < self.wait_end(began)
    }

    fn wait_end(&self, began: Instant) -> Instant {
        began.max(self.served.get()) + WAIT_MAX
    }

    /// Waits for an instance that becomes free, where no more can be made.
    pub(super) async fn wait_for_one(&self, vacancy: &Notify) {
        let _waiter = self.waiter();
        vacancy.notified().await;
    }

    fn waiter(&self) -> Waiter<'_> {
        if !self.has_waiters() {
            self.progress.set(Instant::now());
        }
        self.waiters.set(self.waiters.get() + 1);
        Waiter(self)
    }

    /// Waits for an instance that becomes free. False: they stand still, or it has taken too long.
    pub(super) async fn wait(&self, began: Instant, vacancy: &Notify) -> bool {
        let _waiter = self.waiter();
        loop {
            let until = (self.progress.get() + self.making.get()).min(self.wait_end(began));
            tokio::select! {
                biased;
                () = vacancy.notified() => return true,
                () = sleep_until(until) => {}
            }
            // While the core was busy with others these went on.
            let stood_still = self.progress.get().elapsed() >= self.making.get();
            if stood_still || Instant::now() >= self.wait_end(began) {
                return false;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: Duration = Duration::from_millis(1);

    fn growth(making: Duration) -> Growth {
        let growth = Growth::new();
        growth.made(making);
        growth
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_waits_for_what_is_made_quickly() {
        let began = Instant::now();
        assert!(!Growth::new().is_worth_waiting(began), "nothing is known yet");
        assert!(!growth(MS / 10).is_worth_waiting(began));
        let slow = growth(2 * MS);
        assert!(slow.is_worth_waiting(began));
        tokio::time::advance(WAIT_MAX).await;
        assert!(!slow.is_worth_waiting(began));
    }

    #[tokio::test(start_paused = true)]
    async fn instances_that_stand_still_make_it_grow_after_as_long_as_making_one_takes() {
        let (growth, vacancy, began) = (growth(2 * MS), Notify::new(), Instant::now());
        assert!(!growth.wait(began, &vacancy).await);
        assert!(began.elapsed() >= 2 * MS && began.elapsed() < 5 * MS, "{:?}", began.elapsed());
        assert!(!growth.has_waiters());
    }

    /// Waits while each millisecond `others` happens, and one becomes free after so long, if at all. Whether it came
    /// to that, and how long it took.
    async fn wait_beside(
        free_after: Option<Duration>,
        others: impl Fn(&Growth),
    ) -> (bool, Duration) {
        let (growth, vacancy, began) = (growth(2 * MS), Notify::new(), Instant::now());
        let goes_on = async {
            loop {
                tokio::time::sleep(MS).await;
                others(&growth);
                if free_after.is_some_and(|after| began.elapsed() >= after) {
                    vacancy.notify_one();
                }
            }
        };
        tokio::select! {
            is_free = growth.wait(began, &vacancy) => (is_free, began.elapsed()),
            () = goes_on => unreachable!("it goes on for ever"),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn as_long_as_others_go_on_it_waits_for_the_one_that_becomes_free() {
        let (is_free, took) = wait_beside(Some(20 * MS), Growth::progress).await;
        assert!(is_free && took >= 20 * MS, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn as_long_as_others_who_wait_are_served_it_is_worth_waiting() {
        let served = |growth: &Growth| {
            growth.progress();
            growth.served();
        };
        let (is_free, took) = wait_beside(Some(5 * WAIT_MAX), served).await;
        assert!(is_free && took >= 5 * WAIT_MAX, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn no_task_waits_for_ever() {
        let (is_free, took) = wait_beside(None, Growth::progress).await;
        assert!(!is_free && took >= WAIT_MAX && took < WAIT_MAX + 5 * MS, "{took:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_dropped_while_it_waits_is_no_longer_counted() {
        let (growth, vacancy) = (growth(2 * MS), Notify::new());
        let wait = growth.wait(Instant::now(), &vacancy);
        assert!(tokio::time::timeout(MS, wait).await.is_err());
        assert!(!growth.has_waiters());
    }
}
