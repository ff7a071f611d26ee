//! Locust with either of its clients: Python on gevent.
//!
//! Upstream: PyPI, as for the tests that compare wload with it. Downstream: its `--json`, which rounds response
//! times to two digits.

use std::ffi::OsString;

use anyhow::Result;
use serde_json::Value;

use super::{Installed, Job, Said, Tool, words};
use crate::bench::workload::Protocol;
use crate::repository::Repository;
use crate::setup;

/// The locustfile.
const FILE: &str = "xtask/peers/locust/bench.py";

/// Locust with one of its clients.
pub(super) struct Locust {
    /// The one over geventhttpclient, and not the one over requests.
    pub(super) is_fast: bool,
}

impl Tool for Locust {
    fn name(&self) -> &'static str {
        if self.is_fast { "locust-fast" } else { "locust" }
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let (program, version) = setup::locust(repository)?;
        Ok(Installed { program, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, url, seconds, .. } = job;
        if case.protocol == Protocol::Http2 {
            return Err("it has no HTTP/2");
        }
        let time = format!("{seconds}s");
        let file = job.repository.path(FILE);
        let class = case.action.class();
        let mut all = words(&[&"-m", &"locust", &"--headless", &"--json", &"--skip-log-setup"]);
        all.extend(words(&[&"--locustfile", &file.display(), &"--host", url]));
        all.extend(words(&[&"--users", &case.users, &"--spawn-rate", &case.users]));
        all.extend(words(&[&"--run-time", &time]));
        let client = if self.is_fast { "fast" } else { "usual" };
        all.extend(words(&[&"--bench-client", &client, &class]));
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }
}

/// Of the one row there is: how many requests took so many milliseconds.
fn percentiles_us(json: &str) -> Option<[f64; 2]> {
    let rows: Value = serde_json::from_str(json).ok()?;
    let times = rows.get(0)?.get("response_times")?.as_object()?;
    let mut counts: Vec<(u64, u64)> = Vec::new();
    for (milliseconds, count) in times {
        counts.push((milliseconds.parse::<f64>().ok()?.round() as u64, count.as_u64()?));
    }
    counts.sort_unstable();
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    // As Locust's own `calculate_response_time_percentile`.
    let of = |percent: u64| {
        let from_above = (all * (100 - percent)) / 100;
        let mut seen = 0;
        counts.iter().rev().find_map(|(milliseconds, count)| {
            seen += count;
            (seen > from_above).then_some(*milliseconds as f64 * 1e3)
        })
    };
    Some([of(50)?, of(99)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_json_is_read() {
        let json = r#"[{"response_times":{"7":60,"11":38,"12":1,"95":1}}]"#;
        assert_eq!(percentiles_us(json), Some([7000.0, 12_000.0]));
        assert_eq!(percentiles_us("[]"), None);
    }
}
