//! Measurements of the scenario's own: requests of other protocols, and business metrics.
//!
//! Upstream: tasks. Downstream: the host's statistics. Handles of metrics are made at their first
//! use and kept.

use std::borrow::Cow;
use std::fmt::Display;
use std::sync::OnceLock;
use std::time::Duration;

use crate::bindings::wload::scenario::events;
use crate::clock;
use crate::handles::{Handles, Slot};

/// A request that was not sent by the client: its row stands in the same tables.
///
/// ```no_run
/// use std::time::Duration;
/// use wload_sdk::prelude::*;
///
/// events::request("SQL", "select order").response_time(Duration::from_millis(3)).record();
/// ```
pub fn request(request_type: impl Into<String>, name: impl Into<String>) -> RequestEvent {
    RequestEvent(events::RequestEvent {
        request_type: request_type.into(),
        name: name.into(),
        response_time: None,
        response_length: 0,
        error: None,
    })
}

/// Runs a piece of work and records how long it took, and its error as a failure.
///
/// ```no_run
/// # use wload_sdk::prelude::*;
/// # fn parse() -> Result<u32, std::num::ParseIntError> { "1".parse() }
/// let parsed = events::measure("CPU", "parse", || parse());
/// ```
///
/// # Errors
/// That of the work.
pub fn measure<T, E: Display>(
    request_type: impl Into<String>,
    name: impl Into<String>,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let started = clock::elapsed();
    let result = work();
    let event = request(request_type, name).response_time(clock::elapsed().saturating_sub(started));
    match &result {
        Ok(_) => event.record(),
        Err(error) => event.error(error.to_string()).record(),
    }
    result
}

/// A request event before it is recorded.
#[derive(Debug)]
#[must_use = "call `record`"]
pub struct RequestEvent(events::RequestEvent);

impl RequestEvent {
    /// How long it took. Without it the request is counted, but not in averages and percentiles.
    pub fn response_time(mut self, time: Duration) -> Self {
        self.0.response_time = Some(clock::to_nanoseconds(time));
        self
    }

    /// Bytes of the answer.
    pub fn response_length(mut self, bytes: u64) -> Self {
        self.0.response_length = bytes;
        self
    }

    /// It failed, for this reason: short, and the same for the same cause, because reasons are
    /// counted.
    pub fn error(mut self, reason: impl Into<String>) -> Self {
        self.0.error = Some(reason.into());
        self
    }

    /// Records it.
    pub fn record(self) {
        events::request(&self.0);
    }
}

/// Counts an exception that the scenario has dealt with, in the table of those that tasks return. `place` stands where
/// those have the name of the task.
///
/// ```no_run
/// # use wload_sdk::prelude::*;
/// # fn parse() -> Result<u32, std::num::ParseIntError> { "1".parse() }
/// let number = parse().unwrap_or_else(|error| {
///     events::exception("parse", error);
///     0
/// });
/// ```
pub fn exception(place: impl AsRef<str>, message: impl Display) {
    events::exception(place.as_ref(), &message.to_string(), None);
}

thread_local! {
    static METRICS: Handles<events::Metric> = const { Handles::new() };
}

/// A metric by name, with the host's handle once it was used.
#[derive(Debug)]
struct Metric {
    name: Cow<'static, str>,
    slot: OnceLock<Slot>,
}

impl Metric {
    const fn new(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), slot: OnceLock::new() }
    }

    fn named(name: String) -> Self {
        Self { name: Cow::Owned(name), slot: OnceLock::new() }
    }

    fn add(&self, kind: events::MetricKind, value: f64) {
        METRICS.with(|metrics| {
            let make = || metrics.insert(events::Metric::new(&self.name, kind));
            metrics.with(*self.slot.get_or_init(make), |metric| metric.add(value));
        });
    }
}

impl Drop for Metric {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.get() {
            METRICS.with(|metrics| metrics.remove(*slot));
        }
    }
}

/// Gives the handles of all metrics back; they must not be used any more.
pub(crate) fn forget_handles() {
    METRICS.with(Handles::clear);
}

macro_rules! metric {
    ($(#[$doc:meta])* $name:ident, $kind:ident) => {
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Metric);

        impl $name {
            /// The metric of this name; good for a `static`.
            pub const fn new(name: &'static str) -> Self {
                Self(Metric::new(name))
            }

            /// The metric of a name that is made at run time. Keep it: each one holds a handle.
            pub fn named(name: impl Into<String>) -> Self {
                Self(Metric::named(name.into()))
            }

            /// Adds a value. NaN and infinite values end the user with a trap.
            pub fn add(&self, value: impl Into<f64>) {
                self.0.add(events::MetricKind::$kind, value.into());
            }
        }
    };
}

metric! {
    /// The sum of its values, over all users: `static ORDERS: Counter = Counter::new("orders");`.
    /// Values are 0 or more.
    Counter, Counter
}
metric! {
    /// The last value, with the smallest and the largest.
    Gauge, Gauge
}
metric! {
    /// The distribution of its values.
    Trend, Trend
}

impl Counter {
    /// One more.
    pub fn increment(&self) {
        self.add(1.0);
    }
}
