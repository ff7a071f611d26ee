//! Kinds that hold what the host made for them, and never give it back.
//!
//! Upstream: `kinds.rs`. All is leaked on purpose: the host keeps a thing until its handle is dropped.

use std::mem::forget;

use crate::Ended;
use crate::exports::wload::scenario::users::Outcome;
use crate::requests::{get, nanos_per_day};
use crate::wload::scenario::clock;
use crate::wload::scenario::events::{Metric, MetricKind};
use crate::wload::scenario::http::{self, Recording, RequestTemplate};

/// Responses.
pub fn responses() -> Ended {
    // A URL that is refused, so that it is the handles that count and not the target's time.
    let spec = get("nowhere://", Recording::Silent);
    loop {
        forget(http::send(&spec, None));
    }
}

/// Bodies of a mebibyte each.
pub fn bodies() -> Ended {
    let mut spec = get("/bytes/1048576", Recording::Silent);
    spec.keep_body = true;
    loop {
        forget(http::send(&spec, None));
    }
}

/// Responses with a verdict of a mebibyte each, which the host keeps until the response is dropped.
pub fn verdicts() -> Ended {
    let spec = get("/ok", Recording::Judged);
    let verdict = "no ".repeat(1 << 20);
    for _ in 0..500 {
        let reply = http::send(&spec, None);
        reply.exchange.set_name("verdict");
        reply.exchange.failure(&verdict);
        forget(reply);
    }
    // Enough of them are held; they are until the user is stopped.
    clock::sleep(u64::MAX);
    Ok(Outcome::Next)
}

/// Prepared requests.
pub fn templates() -> Ended {
    let spec = get("/ok", Recording::Silent);
    loop {
        forget(RequestTemplate::create(&spec));
    }
}

/// Prepared requests that are large, each within the limits of one request.
pub fn large_templates() -> Ended {
    let mut spec = get("/ok", Recording::Silent);
    spec.headers = vec![("x".into(), vec![b'x'; 60 << 10])];
    loop {
        forget(RequestTemplate::create(&spec));
    }
}

/// Metrics: one metric, many handles.
pub fn metrics() -> Ended {
    loop {
        forget(Metric::new("held", MetricKind::Counter));
    }
}

/// Timers of WASI.
pub fn timers() -> Ended {
    loop {
        forget(crate::wasi::wasi::clocks::monotonic_clock::subscribe_duration(nanos_per_day()));
    }
}
