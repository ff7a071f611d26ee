//! Targets in this process, on a free port, which count what they receive.
//!
//! Upstream: tests. Downstream: the demo target.

#![expect(clippy::panic, reason = "what the kit finds is a test that failed")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

pub use wload_demo_target::{Counts, DemoTarget, Latency, Tally, TargetConfig};

/// Longest time that a target may take to answer a question about itself.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(5);

/// A target that answers at once and never fails.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start() -> DemoTarget {
    start_with(TargetConfig::default())
}

/// A target with this latency.
///
/// # Panics
/// When it cannot be started, or the text is no latency.
#[must_use]
pub fn start_slow(latency: &str) -> DemoTarget {
    let latency = latency.parse().unwrap_or_else(|error| panic!("{error}"));
    start_with(TargetConfig { latency, ..TargetConfig::default() })
}

/// A target as it is described.
///
/// # Panics
/// When it cannot be started.
#[must_use]
pub fn start_with(config: TargetConfig) -> DemoTarget {
    DemoTarget::start(config).unwrap_or_else(|error| panic!("{error}"))
}

/// The steps that guests left at `/log/{step}`, in order.
///
/// # Panics
/// When the target does not answer.
#[must_use]
pub fn log(target: &DemoTarget) -> Vec<String> {
    let body = get(target, "/_log");
    serde_json::from_str(&body).unwrap_or_else(|error| panic!("`{body}` is no log: {error}"))
}

/// Waits until the counts are as they should be.
///
/// # Panics
/// When they are not within the time.
pub fn wait_until(target: &DemoTarget, within: Duration, is_met: impl Fn(&Counts) -> bool) {
    let deadline = Instant::now() + within;
    loop {
        let counts = target.counts();
        if is_met(&counts) {
            return;
        }
        assert!(Instant::now() < deadline, "after {within:?} the target has {:?}", counts.total);
        std::thread::sleep(POLL);
    }
}

/// The body of one answer.
fn get(target: &DemoTarget, path: &str) -> String {
    let answer = ask(target, path);
    let answer = answer.unwrap_or_else(|error| panic!("failed to ask for `{path}`: {error}"));
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP response has a head");
    assert!(head.starts_with("HTTP/1.1 200 "), "`{path}`: {head}");
    body.to_owned()
}

fn ask(target: &DemoTarget, path: &str) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(target.addr())?;
    stream.set_read_timeout(Some(ANSWER_TIME_MAX))?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: target\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}
