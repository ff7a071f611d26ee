//! How many users a core starts in a row, and when. Making an instance takes a hundred microseconds, and a thousand
//! of them in a row would make every timer and every response of the users that already run late. And users that
//! start together stay together where their pace is constant: a batch is spread over its second.
//!
//! Control. Upstream: `user_set.rs` asks before each slice. Between two slices the other users and the
//! driver have their turn. Pure but for the clock. Invariant: while users are due to be started, starting takes
//! a millisecond at a time, or half as long as all others together where they need more: it is neither starved
//! by users that always have something to do, nor does it starve them.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

/// As long may starting take at a time, whatever the others need.
const SLICE_TIME_MIN: Duration = Duration::from_millis(1);
/// Users in the first slice, when nothing is known of what they cost.
const SLICE_FIRST: u32 = 4;
/// Most users in a slice.
const SLICE_MAX: u32 = 1_024;

/// Decides on the next slice from what the last one took.
pub(crate) struct StartPace {
    slice: u32,
    /// Users in the last slice: fewer where not so many were due.
    begun: u32,
    began: Instant,
    /// When the next user is due, and the one after it.
    due: Instant,
    gap: Duration,
    /// What the users of this slice took until they waited for something.
    spent: Rc<Cell<Duration>>,
}

impl StartPace {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            slice: SLICE_FIRST,
            begun: 0,
            began: now,
            due: now,
            gap: Duration::ZERO,
            spent: Rc::default(),
        }
    }

    /// Nobody was waiting to be started: the time until now was not a turn.
    pub(crate) fn begin(&mut self) {
        self.spent.set(Duration::ZERO);
        self.due = Instant::now();
    }

    /// The time from one user to the next, from now on.
    pub(crate) fn set_gap(&mut self, gap: Duration) {
        self.gap = gap;
    }

    /// When the next slice begins: at once after everybody had a turn, where a user is due.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        (self.due > Instant::now()).then_some(self.due)
    }

    /// Users to start now; the others had their turn since the last time.
    pub(crate) fn next_slice(&mut self) -> u32 {
        let now = Instant::now();
        let spent = self.spent.replace(Duration::ZERO);
        // A slice that was short of due users says nothing about how long one may be.
        if !spent.is_zero() && self.begun >= self.slice {
            self.slice = slice_after(self.slice, spent, now - self.began);
        }
        self.begun = self.slice.min(self.count_due(now));
        self.due += self.gap * self.begun;
        self.began = now;
        self.begun
    }

    fn count_due(&self, now: Instant) -> u32 {
        if self.due > now {
            return 0;
        }
        let gaps = (now - self.due).as_nanos().checked_div(self.gap.as_nanos());
        gaps.map_or(u32::MAX, |gaps| u32::try_from(gaps).unwrap_or(u32::MAX).saturating_add(1))
    }

    /// Runs a user; its first step counts as its start.
    pub(crate) fn timed<R: Future<Output = ()>>(
        &self,
        run: R,
    ) -> impl Future<Output = ()> + use<R> {
        let spent = self.spent.clone();
        async move {
            let mut run = pin!(run);
            let mut is_first = true;
            poll_fn(|turn| {
                if !std::mem::replace(&mut is_first, false) {
                    return run.as_mut().poll(turn);
                }
                let began = Instant::now();
                let polled = run.as_mut().poll(turn);
                spent.set(spent.get().saturating_add(began.elapsed()));
                polled
            })
            .await;
        }
    }
}

/// The next slice, when one of `slice` users took `spent` for itself and `took` with everybody's turn.
fn slice_after(slice: u32, spent: Duration, took: Duration) -> u32 {
    let others = took.saturating_sub(spent);
    let budget = (others / 2).max(SLICE_TIME_MIN);
    let fitting = budget.as_nanos().saturating_mul(u128::from(slice)) / spent.as_nanos().max(1);
    // One slow or fast slice says little: it at most doubles or halves.
    let (low, high) = ((slice / 2).max(1), slice.saturating_mul(2).min(SLICE_MAX));
    u32::try_from(fitting).unwrap_or(u32::MAX).clamp(low, high.max(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    const US: Duration = Duration::from_micros(1);

    /// The slices settle where a user takes so long to start and each user that runs so long in a turn.
    fn settled(start: Duration, turn: Duration, running: u32) -> u32 {
        let mut slice = SLICE_FIRST;
        for _ in 0..40 {
            let spent = start * slice;
            slice = slice_after(slice, spent, spent + turn * running);
        }
        slice
    }

    #[test]
    fn starting_takes_a_millisecond_at_a_time_while_the_others_wait() {
        assert_eq!(settled(200 * US, Duration::ZERO, 10_000), 5);
        assert_eq!(settled(1_500 * US, Duration::ZERO, 100), 1);
    }

    #[test]
    fn starting_gets_a_third_of_a_busy_core() {
        // 10,000 users with 24 us of work in every turn: 240 ms.
        let slice = settled(240 * US, 24 * US, 10_000);
        assert_eq!(slice, 500);
        assert!(settled(240 * US, 24 * US, 100_000) <= SLICE_MAX);
    }

    #[tokio::test(start_paused = true)]
    async fn a_batch_is_spread_and_what_was_late_is_made_up_for() {
        let mut pace = StartPace::new();
        pace.begin();
        pace.set_gap(10_000 * US);
        assert_eq!(pace.next_slice(), 1);
        assert_eq!(pace.next_at(), Some(Instant::now() + 10_000 * US));
        assert_eq!(pace.next_slice(), 0);
        tokio::time::advance(35_000 * US).await;
        assert_eq!(pace.next_at(), None);
        assert_eq!(pace.next_slice(), 3);
        assert_eq!(pace.next_at(), Some(Instant::now() + 5_000 * US));
        pace.set_gap(Duration::ZERO);
        tokio::time::advance(5_000 * US).await;
        assert_eq!(pace.next_slice(), SLICE_FIRST);
        assert_eq!(pace.next_at(), None);
    }

    #[test]
    fn users_that_cost_nothing_are_started_many_at_a_time() {
        assert_eq!(settled(US / 10, Duration::ZERO, 0), SLICE_MAX);
    }
}
