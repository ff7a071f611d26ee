//! wrk: one thread of C on epoll, one request of one kind. The measure of all others.
//!
//! Upstream: the Debian package. Downstream: its `Latency Distribution`.

use std::ffi::OsString;

use anyhow::Result;

use super::{Installed, Job, Said, Tool, debian, one_url, version_of, words};
use crate::bench::statistics::PERCENTILES;
use crate::bench::workload::Protocol;
use crate::repository::Repository;

pub(super) struct Wrk;

impl Tool for Wrk {
    fn name(&self) -> &'static str {
        "wrk"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let program = debian(repository, "wrk", "wrk")?;
        let version = version_of(repository, &program, &["--version"]);
        Ok(Installed { program, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        if job.case.protocol == Protocol::Http2 {
            return Err("it has no HTTP/2");
        }
        let Job { case, seconds, .. } = job;
        let connections = case.users;
        let duration = format!("--duration={seconds}s");
        let connections = format!("--connections={connections}");
        let mut all = words(&[&"--threads=1", &connections, &duration, &"--latency"]);
        all.push(one_url(job)?);
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }
}

fn percentiles_us(output: &str) -> Option<[f64; 2]> {
    let (_, lines) = output.split_once("Latency Distribution")?;
    let mut found = [0.0; 2];
    for (slot, percent) in found.iter_mut().zip(PERCENTILES) {
        let label = format!("{percent}%");
        let value = lines.lines().find_map(|line| line.trim().strip_prefix(label.as_str()))?;
        *slot = microseconds(value.trim())?;
    }
    Some(found)
}

/// A time as wrk writes it: `812.00us`, `1.24ms`, `2.01s`, `1.20m`.
fn microseconds(text: &str) -> Option<f64> {
    let at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(at);
    let factor = match unit {
        "us" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        "m" => 60e6,
        _ => return None,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_distribution_is_read() {
        let output = "Running 2s test @ http://127.0.0.1:40353/ok\n  Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency    72.91us   94.33us   2.95ms   99.24%\n  Latency Distribution\n     50%   66.00us\n     75%   74.00us\n     90%    1.20ms\n     99%    1.50s \n  215611 requests in 2.10s, 24.26MB read\n";
        assert_eq!(percentiles_us(output), Some([66.0, 1_500_000.0]));
        assert_eq!(percentiles_us("unable to connect"), None);
    }
}
