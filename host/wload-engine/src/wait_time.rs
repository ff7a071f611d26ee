//! How long a user waits between two tasks.
//!
//! Control. Upstream: the wait time that the innermost set, or the user class, declares.
//! Downstream: the user loop, which sleeps. Pure: the time of the run is an argument.
//! Each user, and each set that it has entered, owns one [`WaitClock`]: pacing remembers its last
//! wait there, as Locust does in the user or set object.

use std::time::Duration;

use wload_core::limits::WAIT_MAX;
use wload_core::random::UserRandom;
use wload_core::user_class::WaitTime;

/// What pacing remembers. Made when a user starts or enters a set, gone when it leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WaitClock {
    last_call: Duration,
    last_wait: Duration,
}

impl WaitClock {
    /// A clock for a user or set that begins now: its first task is measured from here.
    #[must_use]
    pub(crate) fn new(now: Duration) -> Self {
        Self { last_call: now, last_wait: Duration::ZERO }
    }

    /// How long to wait from `now`, at most [`WAIT_MAX`]. None for [`WaitTime::Custom`]: the
    /// scenario must be asked, and its answer goes through [`cut`].
    pub(crate) fn wait(
        &mut self,
        wait_time: &WaitTime,
        now: Duration,
        random: &mut UserRandom,
    ) -> Option<Duration> {
        Some(match *wait_time {
            WaitTime::None => Duration::ZERO,
            WaitTime::Constant(time) => cut(time),
            WaitTime::Between(low, high) => {
                let width = high.saturating_sub(low).as_nanos();
                let width = u64::try_from(width).unwrap_or(u64::MAX);
                cut(low.saturating_add(Duration::from_nanos(random.below(width))))
            }
            WaitTime::Pacing(time) => self.pace(time, now),
            WaitTime::Throughput(rate) => {
                self.pace(Duration::try_from_secs_f64(1.0 / rate).unwrap_or(WAIT_MAX), now)
            }
            WaitTime::Custom => return None,
        })
    }

    /// Locust's rule: the run time of the task is `now - last call - last wait`, and the wait is
    /// what is left of `time`. A task that took longer is followed at once, and the lost time is
    /// not made up for.
    fn pace(&mut self, time: Duration, now: Duration) -> Duration {
        let due = time.saturating_add(self.last_call).saturating_add(self.last_wait);
        self.last_wait = cut(due.saturating_sub(now));
        self.last_call = now;
        self.last_wait
    }
}

/// A wait within the limit.
#[must_use]
pub(crate) fn cut(time: Duration) -> Duration {
    time.min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use wload_core::ids::UserId;

    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn random() -> UserRandom {
        UserRandom::new(1, UserId(0))
    }

    /// Runs tasks of the given lengths from 1000 ms on, each followed by its wait.
    #[track_caller]
    fn check_pacing(wait_time: WaitTime, tasks: &[u64], waits: &[u64]) {
        let mut now = ms(1_000);
        let mut clock = WaitClock::new(now);
        let mut found = Vec::new();
        for &task in tasks {
            now += ms(task);
            let wait = clock.wait(&wait_time, now, &mut random()).unwrap();
            found.push(wait.as_millis() as u64);
            now += wait;
        }
        assert_eq!(found, waits, "{wait_time:?} after tasks of {tasks:?} ms");
    }

    #[test]
    fn pacing_starts_tasks_this_far_apart() {
        check_pacing(WaitTime::Pacing(ms(100)), &[30, 0, 99, 100], &[70, 100, 1, 0]);
    }

    #[test]
    fn pacing_does_not_make_up_for_a_long_task() {
        check_pacing(WaitTime::Pacing(ms(100)), &[350, 30, 30], &[0, 70, 70]);
    }

    #[test]
    fn throughput_is_pacing_of_the_inverse() {
        check_pacing(WaitTime::Throughput(4.0), &[30, 300, 30], &[220, 0, 220]);
    }

    #[test]
    fn a_wake_up_that_is_late_shortens_the_next_wait() {
        let mut clock = WaitClock::new(Duration::ZERO);
        let mut wait = |now| clock.wait(&WaitTime::Pacing(ms(100)), ms(now), &mut random());
        assert_eq!(wait(20), Some(ms(80)));
        // Woken at 115 instead of 100, the task took 10.
        assert_eq!(wait(125), Some(ms(75)));
        // A wait that was broken off early, at 150 instead of 200.
        assert_eq!(wait(150), Some(ms(150)));
    }

    #[track_caller]
    fn check(wait_time: WaitTime, expected: Option<Duration>) {
        let mut clock = WaitClock::new(Duration::ZERO);
        assert_eq!(
            clock.wait(&wait_time, Duration::ZERO, &mut random()),
            expected,
            "{wait_time:?}"
        );
    }

    #[test]
    fn waits_are_cut_at_the_limit() {
        check(WaitTime::None, Some(Duration::ZERO));
        check(WaitTime::Constant(ms(5)), Some(ms(5)));
        check(WaitTime::Custom, None);
        check(WaitTime::Constant(Duration::MAX), Some(WAIT_MAX));
        check(WaitTime::Pacing(Duration::MAX), Some(WAIT_MAX));
        check(WaitTime::Throughput(1e-300), Some(WAIT_MAX));
        check(WaitTime::Between(Duration::MAX, Duration::MAX), Some(WAIT_MAX));
        check(WaitTime::Between(ms(7), ms(7)), Some(ms(7)));
        check(WaitTime::Between(ms(7), ms(3)), Some(ms(7)));
    }

    #[test]
    fn between_is_uniform_with_the_upper_end_excluded() {
        let mut clock = WaitClock::new(Duration::ZERO);
        let mut random = random();
        let (low, high) = (ms(200), ms(300));
        let mut counts = [0_u32; 10];
        for _ in 0..20_000 {
            let wait_time = WaitTime::Between(low, high);
            let wait = clock.wait(&wait_time, Duration::ZERO, &mut random).unwrap();
            assert!((low..high).contains(&wait), "{wait:?}");
            counts[((wait - low).as_micros() / 10_000) as usize] += 1;
        }
        // Chi-square with 9 degrees of freedom: 27.9 is the 99.9th percentile.
        let chi: f64 = counts.iter().map(|&n| (f64::from(n) - 2_000.0).powi(2) / 2_000.0).sum();
        assert!(chi < 27.9, "{counts:?}");
        let two = WaitTime::Between(ms(0), Duration::from_nanos(2));
        let ones = (0..1_000).filter(|_| {
            clock.wait(&two, Duration::ZERO, &mut random).unwrap() == Duration::from_nanos(1)
        });
        assert!((400..600).contains(&ones.count()));
    }
}
