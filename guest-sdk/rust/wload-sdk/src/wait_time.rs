//! How long a user waits between two tasks: Locust's wait times, by the same names.
//!
//! Upstream: user classes and task sets. Downstream: `definition.rs` checks them and hands them to
//! the host, which does the waiting. Times are in seconds, as in Locust.

use std::time::Duration;

use crate::bindings::exports::wload::scenario::users;

/// How long a user waits between two tasks.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WaitTime(Kind);

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum Kind {
    #[default]
    None,
    Constant(f64),
    Between(f64, f64),
    Pacing(f64),
    Throughput(f64),
    Custom,
}

/// No wait at all.
pub fn no_wait() -> WaitTime {
    WaitTime(Kind::None)
}

/// Always so many seconds.
pub fn constant(seconds: impl Into<f64>) -> WaitTime {
    WaitTime(Kind::Constant(seconds.into()))
}

/// So many seconds, uniform between the two.
pub fn between(low: impl Into<f64>, high: impl Into<f64>) -> WaitTime {
    WaitTime(Kind::Between(low.into(), high.into()))
}

/// As long as is needed that tasks start so many seconds apart. A task that takes longer is
/// followed by the next one at once.
pub fn constant_pacing(seconds: impl Into<f64>) -> WaitTime {
    WaitTime(Kind::Pacing(seconds.into()))
}

/// As long as is needed to run so many tasks per second and user.
pub fn constant_throughput(tasks_per_second: impl Into<f64>) -> WaitTime {
    WaitTime(Kind::Throughput(tasks_per_second.into()))
}

impl WaitTime {
    /// The scenario is asked after each task.
    pub(crate) fn custom() -> Self {
        Self(Kind::Custom)
    }

    /// As the contract has it, or what is wrong with it.
    pub(crate) fn to_contract(self) -> Result<users::WaitTime, String> {
        Ok(match self.0 {
            Kind::None => users::WaitTime::None,
            Kind::Constant(time) => users::WaitTime::Constant(nanoseconds(time)?),
            Kind::Between(low, high) => {
                users::WaitTime::Between((nanoseconds(low)?, nanoseconds(high)?))
            }
            Kind::Pacing(time) => users::WaitTime::Pacing(nanoseconds(time)?),
            Kind::Throughput(rate) => users::WaitTime::Throughput(rate),
            Kind::Custom => users::WaitTime::Custom,
        })
    }
}

fn nanoseconds(seconds: f64) -> Result<u64, String> {
    let time = Duration::try_from_secs_f64(seconds)
        .map_err(|_| format!("a wait time is {seconds} seconds; expected 0 or more"))?;
    Ok(crate::clock::to_nanoseconds(time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_become_nanoseconds() {
        for (wait, expected) in [
            (no_wait(), "WaitTime::None"),
            (constant(2), "WaitTime::Constant(2000000000)"),
            (between(0.5, 1), "WaitTime::Between((500000000, 1000000000))"),
            (constant_pacing(1.5), "WaitTime::Pacing(1500000000)"),
            (constant_throughput(4), "WaitTime::Throughput(4.0)"),
        ] {
            assert_eq!(format!("{:?}", wait.to_contract().unwrap()), expected);
        }
    }

    #[test]
    fn what_is_no_span_of_time_is_said() {
        for wait in [constant(-1), between(1, f64::NAN), constant_pacing(f64::INFINITY)] {
            let error = wait.to_contract().unwrap_err();
            assert!(error.contains("expected 0 or more"), "{error}");
        }
    }
}
