//! Spawn rate to batches: how many users at once, and how long until the next.
//!
//! Control. Upstream: a tick's spawn rate. Downstream: [`crate::dispatch`].
//! Locust starts `floor(rate)` users at once and then pauses for a second, so that 100 users per
//! second are a burst each second. The rate over time is the same here, but spread: a batch is what
//! [`SPAWN_INTERVAL`] of the rate allows.

use std::time::Duration;

use crate::limits::WAIT_MAX;

/// Time that one batch covers. Shorter would wake the controller more often than a person or a
/// target can tell apart; longer would be a burst.
pub const SPAWN_INTERVAL: Duration = Duration::from_millis(50);

/// Users per batch at this rate: at least one.
#[must_use]
pub fn batch_size(rate: f64) -> u32 {
    // The cast saturates: a rate beyond `u32` puts all users into one batch.
    ((rate * SPAWN_INTERVAL.as_secs_f64()) as u32).max(1)
}

/// Users that Locust starts at once at this rate.
#[must_use]
pub fn locusts_batch_size(rate: f64) -> u32 {
    (rate as u32).max(1)
}

/// Time that `users` users take at this rate, cut at [`WAIT_MAX`].
#[must_use]
pub fn pause(users: u32, rate: f64) -> Duration {
    Duration::try_from_secs_f64(f64::from(users) / rate).map_or(WAIT_MAX, |time| time.min(WAIT_MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(rate: f64, batch: u32, millis: u64) {
        assert_eq!(batch_size(rate), batch, "rate {rate}");
        assert_eq!(pause(batch, rate).as_millis() as u64, millis, "rate {rate}");
    }

    #[test]
    fn a_batch_is_what_fifty_milliseconds_allow() {
        check(0.5, 1, 2_000);
        check(1.0, 1, 1_000);
        check(2.4, 1, 416);
        check(20.0, 1, 50);
        check(39.9, 1, 25);
        check(100.0, 5, 50);
        check(10_000.0, 500, 50);
        check(1e12, u32::MAX, 4);
        check(1e-300, 1, 86_400_000);
    }

    proptest! {
        #[test]
        fn batches_and_pauses_keep_the_rate(rate in 0.001_f64..1e6) {
            let batch = batch_size(rate);
            let kept = f64::from(batch) / pause(batch, rate).as_secs_f64();
            prop_assert!((kept / rate - 1.0).abs() < 1e-3, "{kept} instead of {rate}");
            prop_assert!(batch == 1 || f64::from(batch) <= rate * SPAWN_INTERVAL.as_secs_f64());
        }
    }
}
