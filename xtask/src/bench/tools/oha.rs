//! oha: hyper on tokio, one request of one kind.
//!
//! Upstream: crates.io; built into `target/tools/oha`. Downstream: its JSON.

use std::ffi::OsString;

use anyhow::Result;
use serde_json::Value;

use super::{Installed, Job, Said, Tool, crates_io, one_url, words};
use crate::bench::workload::Protocol;
use crate::repository::Repository;

/// The version that is installed.
const VERSION: &str = "1.16.0";

pub(super) struct Oha;

impl Tool for Oha {
    fn name(&self) -> &'static str {
        "oha"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let program = crates_io(repository, "oha", VERSION)?;
        Ok(Installed { program, version: VERSION.to_owned() })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, seconds, .. } = job;
        let time = format!("{seconds}s");
        let mut all = words(&[&"--no-tui", &"--output-format", &"json", &"-c", &case.users]);
        all.extend(words(&[&"-z", &time]));
        match case.protocol {
            Protocol::Http => {}
            Protocol::Https => all.push("--insecure".into()),
            Protocol::Http2 => all.extend(words(&[&"--insecure", &"--http2"])),
        }
        all.push(one_url(job)?);
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }
}

fn percentiles_us(json: &str) -> Option<[f64; 2]> {
    let report: Value = serde_json::from_str(json).ok()?;
    let of = |name: &str| Some(report["latencyPercentiles"][name].as_f64()? * 1e6);
    Some([of("p50")?, of("p99")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_json_is_read() {
        let json = r#"{"latencyPercentiles":{"p50":0.00652,"p90":0.0068,"p99":0.00712}}"#;
        let [median, high] = percentiles_us(json).unwrap();
        assert!((median - 6520.0).abs() < 1e-6 && (high - 7120.0).abs() < 1e-6);
        assert_eq!(percentiles_us("{}"), None);
    }
}
