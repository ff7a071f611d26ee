//! Kinds that never use a name twice.
//!
//! Upstream: `kinds.rs`. Downstream: the tables of the statistics.

use std::cell::Cell;

use crate::Ended;
use crate::exports::wload::scenario::users::{Outcome, TaskError};
use crate::requests::get;
use crate::wload::scenario::events::{self, Metric, MetricKind, RequestEvent};
use crate::wload::scenario::http::{self, Recording};
use crate::wload::scenario::identity;

/// New names of one task.
const NAMES: u32 = 1_000;

thread_local! {
    static NEXT: Cell<u32> = const { Cell::new(0) };
}

/// A name that no user had before.
fn new_name(what: &str) -> String {
    let number = NEXT.replace(NEXT.get() + 1);
    format!("{what}-{}-{number}", identity::current().id)
}

fn record(event_name: String, error: Option<String>) {
    events::request(&RequestEvent {
        request_type: "NAME".into(),
        name: event_name,
        response_time: Some(1_000_000),
        response_length: 1,
        error,
    });
}

/// Requests; few of them, because each goes to the target.
pub fn requests() -> Ended {
    let mut spec = get("/ok", Recording::Automatic);
    for _ in 0..10 {
        spec.name = Some(new_name("request"));
        drop(http::send(&spec, None));
    }
    Ok(Outcome::Next)
}

/// Custom requests.
pub fn events() -> Ended {
    for _ in 0..NAMES {
        record(new_name("event"), None);
    }
    Ok(Outcome::Next)
}

/// Reasons of failures.
pub fn failures() -> Ended {
    for _ in 0..NAMES {
        record("failing".into(), Some(new_name("reason")));
    }
    Ok(Outcome::Next)
}

/// Metrics.
pub fn metrics() -> Ended {
    for _ in 0..NAMES {
        Metric::new(&new_name("metric"), MetricKind::Trend).add(1.0);
    }
    Ok(Outcome::Next)
}

/// Messages of exceptions.
pub fn exceptions() -> Ended {
    Err(TaskError { message: new_name("exception"), trace: Some("x".repeat(1 << 20)) })
}

/// Names of a mebibyte.
pub fn at_length() -> Ended {
    let name = "name ".repeat(1 << 18);
    let mut spec = get("/ok", Recording::Automatic);
    spec.name = Some(name.clone());
    drop(http::send(&spec, None));
    record(name.clone(), Some(name));
    Ok(Outcome::Next)
}
