//! A kind that does not misbehave, and those whose requests are too large.
//!
//! Upstream: `kinds.rs`.

use crate::Ended;
use crate::exports::wload::scenario::users::{Outcome, TaskError};
use crate::wload::scenario::events::{self, Metric, MetricKind, RequestEvent};
use crate::wload::scenario::http::{
    self, Cookie, ErrorCode, Recording, Reply, RequestSpec, RequestTemplate, Timeouts,
};
use crate::wload::scenario::{log, random};

const MIB: usize = 1 << 20;

thread_local! {
    static STEADY: RequestTemplate = RequestTemplate::create(&get("/ok", Recording::Automatic))
        .expect("a path of the target");
}

/// A day in nanoseconds.
pub fn nanos_per_day() -> u64 {
    86_400 * 1_000_000_000
}

/// `GET` of this path.
pub fn get(url: &str, recording: Recording) -> RequestSpec {
    RequestSpec {
        method: "GET".into(),
        url: url.into(),
        name: None,
        headers: Vec::new(),
        recording,
        redirects: None,
        timeout: None,
        keep_body: false,
    }
}

/// As it should be.
pub fn steady() -> Ended {
    STEADY.with(|get| drop(get.send(&[], None)));
    Ok(Outcome::Next)
}

/// As an SDK has it: a request that could not be sent is an exception.
fn checked(reply: Reply) -> Ended {
    match reply.exchange.error() {
        Some(ErrorCode::InvalidRequest(message)) => Err(TaskError { message, trace: None }),
        _ => Ok(Outcome::Next),
    }
}

fn send(spec: &RequestSpec) -> Ended {
    checked(http::send(spec, None))
}

fn post(bytes: usize) -> Ended {
    let mut spec = get("/echo", Recording::Automatic);
    spec.method = "POST".into();
    checked(http::send(&spec, Some(&vec![1; bytes])))
}

pub fn send_a_gibibyte() -> Ended {
    post(1 << 30)
}

pub fn send_a_large_body() -> Ended {
    post(4 * MIB)
}

pub fn ask_for_a_large_body() -> Ended {
    send(&get("/bytes/4194304", Recording::Automatic))
}

pub fn send_a_large_header() -> Ended {
    let mut spec = get("/ok", Recording::Automatic);
    spec.headers = vec![("x-large".into(), vec![b'x'; MIB])];
    send(&spec)
}

pub fn send_many_headers() -> Ended {
    let mut spec = get("/ok", Recording::Automatic);
    spec.headers = (0..10_000).map(|number| (format!("x-{number}"), b"x".to_vec())).collect();
    send(&spec)
}

pub fn set_a_large_header() -> Ended {
    http::set_default_header("x-large", Some(&vec![b'x'; MIB]));
    Ok(Outcome::Next)
}

pub fn set_many_headers() -> Ended {
    for number in 0..10_000 {
        http::set_default_header(&format!("x-{number}"), Some(b"x"));
    }
    Ok(Outcome::Next)
}

pub fn ask_for_a_long_url() -> Ended {
    send(&get(&format!("/ok?{}", "x".repeat(MIB)), Recording::Automatic))
}

fn cookie(name: String, path: String) -> Cookie {
    Cookie { name, value: "x".into(), domain: String::new(), path }
}

pub fn set_many_cookies() -> Ended {
    for number in 0..10_000 {
        http::set_cookie(&cookie(number.to_string(), String::new()));
    }
    Ok(Outcome::Next)
}

pub fn set_a_large_cookie() -> Ended {
    http::set_cookie(&cookie("large".into(), format!("/{}", "x".repeat(MIB))));
    Ok(Outcome::Next)
}

/// Calls what there is with the largest and the strangest values that its types have.
pub fn call_with_extremes() -> Ended {
    random::get_range(i64::MIN, i64::MAX);
    random::get_range(i64::MAX - 1, i64::MAX);
    for response_time in [None, Some(0), Some(u64::MAX)] {
        events::request(&RequestEvent {
            request_type: "\u{1b}[2J".into(),
            name: "\u{202e}\u{0}\r\n\t,\"".into(),
            response_time,
            response_length: u64::MAX,
            error: Some("\u{1b}]0;title\u{7}".into()),
        });
    }
    for kind in [MetricKind::Counter, MetricKind::Gauge, MetricKind::Trend] {
        let metric = Metric::new(&format!("{kind:?}\u{1b}[2J"), kind);
        for value in [f64::MAX, f64::MAX, f64::MIN_POSITIVE, 0.0] {
            metric.add(value);
        }
    }
    let mut spec = get("/bytes/10", Recording::Judged);
    spec.name = Some("extremes".into());
    spec.redirects = Some(u32::MAX);
    spec.timeout = Some(u64::MAX);
    spec.keep_body = true;
    let template = RequestTemplate::create(&spec).expect("a path of the target");
    for time in [Some(u64::MAX), None] {
        template.set_timeouts(Timeouts { connect: time, first_byte: time, between_bytes: time });
    }
    let open = template.open(&[], None);
    // The exchange is still open: it must not mind.
    template.set_timeouts(Timeouts { connect: None, first_byte: None, between_bytes: None });
    let reply = template.send(&[], None);
    for (offset, length) in [(u64::MAX, u32::MAX), (0, u32::MAX), (9, 0), (11, 1)] {
        drop(reply.exchange.read_body(offset, length));
    }
    drop(reply.exchange.header("no such\r\nheader"));
    reply.exchange.set_name("");
    reply.exchange.failure("");
    drop(template);
    while open.exchange.read_chunk().is_some() {}
    open.exchange.success();
    log::log(log::Level::Error, "\u{1b}[2J\u{0}\r\ncleared");
    checked(reply)
}
