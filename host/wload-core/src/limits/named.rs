//! The limits that a person may set, by name: one table for the command line, its help and the docs.
//!
//! Upstream: [`Limits`]. Downstream: `--limit NAME=VALUE`, `wload limits`, `docs/limits.md`. A new
//! limit is a field, a row here, and a test of what happens beyond it.

use std::time::Duration;

use super::Limits;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LimitUnit {
    /// Bytes.
    Bytes,
    /// Nanoseconds.
    Time,
    /// Things.
    Count,
}

/// A limit by its name.
#[derive(Debug)]
pub struct NamedLimit {
    /// What the person types.
    pub name: &'static str,
    /// What the number means.
    pub unit: LimitUnit,
    /// What is limited.
    pub about: &'static str,
    /// What happens to what is over it.
    pub beyond: &'static str,
    /// The smallest value that makes sense.
    pub least: u64,
    /// The largest value that can be kept.
    pub most: u64,
    get: fn(&Limits) -> u64,
    set: fn(&mut Limits, u64),
}

impl NamedLimit {
    /// The row with this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        NAMED_LIMITS.iter().find(|limit| limit.name == name)
    }

    /// Its value.
    #[must_use]
    pub fn get(&self, limits: &Limits) -> u64 {
        (self.get)(limits)
    }

    /// Sets it; a value outside of [`least`](Self::least) and [`most`](Self::most) is refused.
    ///
    /// # Errors
    /// The range, as a pair.
    pub fn set(&self, limits: &mut Limits, value: u64) -> Result<(), (u64, u64)> {
        if (self.least..=self.most).contains(&value) {
            (self.set)(limits, value);
            Ok(())
        } else {
            Err((self.least, self.most))
        }
    }
}

const KIB: u64 = 1 << 10;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const MS: u64 = 1_000_000;
const DAY: u64 = 86_400 * 1_000 * MS;

/// The type of a limit's field.
trait LimitNumber {
    fn to_u64(self) -> u64;
    /// The range of the limit's row fits into the type.
    fn from_u64(value: u64) -> Self;
}

macro_rules! limit_number {
    ($($type:ty),*) => {$(impl LimitNumber for $type {
        fn to_u64(self) -> u64 {
            self as u64
        }

        fn from_u64(value: u64) -> Self {
            value as Self
        }
    })*};
}

limit_number!(u32, u64, usize);

impl LimitNumber for Duration {
    fn to_u64(self) -> u64 {
        u64::try_from(self.as_nanos()).unwrap_or(u64::MAX)
    }

    fn from_u64(value: u64) -> Self {
        Self::from_nanos(value)
    }
}

/// A limit that is off counts as the longest.
impl LimitNumber for Option<Duration> {
    fn to_u64(self) -> u64 {
        self.map_or(DAY, Duration::to_u64)
    }

    fn from_u64(value: u64) -> Self {
        Some(Duration::from_nanos(value))
    }
}

macro_rules! named_limits {
    ($($name:literal $unit:ident $($field:ident).+, $least:expr, $most:expr, $about:literal, $beyond:literal;)*) => {
        /// All limits that can be set, in the order of a run.
        pub static NAMED_LIMITS: &[NamedLimit] = &[$(NamedLimit {
            name: $name,
            unit: LimitUnit::$unit,
            about: $about,
            beyond: $beyond,
            least: $least,
            most: $most,
            get: |limits| limits.$($field).+.to_u64(),
            set: |limits, value| limits.$($field).+ = LimitNumber::from_u64(value),
        }),*];
    };
}

named_limits! {
    "component-size" Bytes load.component_bytes_max, KIB, 4 * GIB,
        "Size of a component", "it is refused";
    "compile-time" Time load.compile_time_max, MS, DAY,
        "Time to compile a component", "it is refused";
    "compile-memory" Bytes load.compile_memory_bytes_max, 64 * MIB, 1 << 46,
        "Address space of the process that compiles", "it is refused";
    "describe-time" Time load.describe_time_max, MS, DAY,
        "Time until a scenario has said what it is", "it is refused";

    "user-classes" Count load.user_classes_max, 1, 1_000_000,
        "User classes of a scenario", "it is refused";
    "task-nodes" Count load.task_nodes_max, 1, 10_000_000,
        "Tasks and task sets of a scenario", "it is refused";

    "memory" Bytes guest.memory_bytes_max, 64 * KIB, 4 * GIB,
        "Memory of one user", "an exception, and a fresh instance";
    "table-elements" Count guest.table_elements_max, 1, 10_000_000,
        "Elements of one table of one user", "an exception, and a fresh instance";
    "stack" Bytes guest.stack_bytes_max, 64 * KIB, 64 * MIB,
        "Stack of one user", "an exception, and a fresh instance";
    "compute-time" Time guest.compute_time_max, MS, DAY,
        "Time that a user computes without waiting", "an exception, and a fresh instance";
    "shape-time" Time guest.shape_time_max, MS, DAY,
        "Time of one tick of a load shape, waiting included", "the run breaks off";
    "hook-time" Time guest.hook_time_max, MS, DAY,
        "Time of one call of a hook, waiting included", "a warning; before the run it breaks off";
    "call-size" Bytes guest.call_bytes_max, MIB, 1 << 40,
        "Size of what a user hands over in one call", "an exception, and a fresh instance";
    "open-responses" Count guest.exchanges_open_max, 1, 1_000_000,
        "Responses that a user holds at once", "an exception, and a fresh instance";
    "templates" Count guest.templates_max, 1, 1_000_000,
        "Requests that a user has prepared", "an exception, and a fresh instance";
    "template-size" Bytes guest.template_bytes_max, KIB, 1 << 40,
        "Size of all requests that a user has prepared", "an exception, and a fresh instance";
    "held-bodies" Bytes guest.held_body_bytes_max, 0, 1 << 40,
        "Size of all bodies that a user holds at once", "an exception, and a fresh instance";
    "open-handles" Count guest.handles_open_max, 10, 10_000_000,
        "Metrics, tables and streams that a user holds at once", "an exception, and a fresh instance";
    "run-state" Bytes guest.run_state_bytes_max, 0, GIB,
        "Size of what hooks leave for all users", "the hook fails, and the run breaks off";
    "log-lines" Count guest.log_lines_per_second_max, 0, 1_000_000,
        "Log lines of one user in a second", "they are left out and counted";

    "instances" Count instances.kept_max, 1, 1_000_000,
        "Instances that are kept for users that can be saved", "users are saved while they wait";
    "instance-memory" Bytes instances.kept_bytes_max, 0, 1 << 40,
        "Memory of the instances that are kept for users that can be saved; a fifth of it for those who wait for 5 s or longer, a sixteenth where there are many more users", "users are saved while they wait";
    "saved-user" Bytes instances.saved_bytes_max, 0, GIB,
        "Size of one saved user", "the user keeps its instance";
    "kept-values" Bytes instances.kept_values_bytes_max, 0, 1 << 40,
        "Size of all tables that saved users have read, equal ones counted once", "they are saved with each user";
    "instance-growth" Bytes instances.growth_bytes_max, 0, 4 * GIB,
        "Growth of an instance's memory under one user", "the next user gets a fresh instance";

    "connect-time" Time http.connect_timeout, MS, DAY,
        "Time to find the address, connect and secure the connection", "a failure";
    "first-byte-time" Time http.first_byte_timeout, MS, DAY,
        "Time from the end of a request to the first byte of its response", "a failure";
    "between-bytes-time" Time http.between_bytes_timeout, MS, DAY,
        "Time from one piece of a response to the next", "a failure";
    "request-time" Time http.total_timeout, MS, DAY,
        "Time for a whole request, redirects included", "a failure";
    "body-size" Bytes http.body_bytes_max, 0, 1 << 40,
        "Size of a response's body, decoded", "a failure";
    "request-body-size" Bytes http.request_body_bytes_max, 0, 4 * GIB,
        "Size of a request's body", "it is not sent: an exception";
    "request-header-size" Bytes http.request_header_bytes_max, KIB, 64 * MIB,
        "Size of the headers that a scenario gives to a request", "it is not sent: an exception";
    "header-size" Bytes http.header_bytes_max, 8 * KIB, 64 * MIB,
        "Size of a response's headers", "a failure";
    "header-fields" Count http.header_fields_max, 1, 10_000,
        "Fields of a response's headers", "a failure";
    "parallel-requests" Count http.parallel_requests_max, 1, 10_000,
        "Requests that a user sends at once", "they are not sent: an exception";
    "connections" Count http.connections_per_origin_max, 1, 10_000,
        "HTTP/1.1 connections of a user to one target when it sends at once", "they wait";
    "redirects" Count http.redirects_max, 0, 1_000,
        "Redirects that are followed", "a failure";
    "cookies" Count http.cookies_max, 0, 100_000,
        "Cookies of one user", "it is ignored; from the scenario: an exception";

    "request-names" Count statistics.request_keys_max, 1, 10_000_000,
        "Rows of the statistics", "they share a row `(other)`";
    "failure-rows" Count statistics.failure_rows_max, 1, 10_000_000,
        "Rows of the failures table", "they share a row `(other)`";
    "exception-rows" Count statistics.exception_rows_max, 1, 10_000_000,
        "Rows of the exceptions table", "they share a row `(other)`";
    "metrics" Count statistics.metrics_max, 1, 10_000_000,
        "Custom metrics", "they share a metric `(other)`";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_limit_has_a_name_of_its_own_and_a_default_in_its_range() {
        let mut names = BTreeSet::new();
        let limits = Limits::default();
        for limit in NAMED_LIMITS {
            assert!(names.insert(limit.name), "{} stands twice", limit.name);
            let default = limit.get(&limits);
            assert!((limit.least..=limit.most).contains(&default), "{}: {default}", limit.name);
        }
    }

    #[test]
    fn every_limit_can_be_set_to_all_of_its_range_and_changes_no_other() {
        for limit in NAMED_LIMITS {
            for value in [limit.least, limit.most] {
                let mut limits = Limits::default();
                limit.set(&mut limits, value).unwrap();
                assert_eq!(limit.get(&limits), value, "{}", limit.name);
                for other in NAMED_LIMITS.iter().filter(|other| other.name != limit.name) {
                    assert_eq!(other.get(&limits), other.get(&Limits::default()), "{}", other.name);
                }
            }
            let mut limits = Limits::default();
            assert!(limit.set(&mut limits, limit.most + 1).is_err(), "{}", limit.name);
            assert_eq!(limits, Limits::default());
        }
    }
}
