//! wload itself: the guest `tests/guests/bench`, written with the Rust SDK.
//!
//! Upstream: the release build and the guest, both built by `bench` before the first run. Downstream: its
//! `--json`.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::Value;

use super::{Installed, Job, Said, Tool, version_of, words};
use crate::bench::statistics::PERCENTILES;
use crate::bench::workload::Protocol;
use crate::repository::Repository;

/// The scenario, where guests are built.
const SCENARIO: &str = "target/guests/wasm32-wasip2/release/bench.wasm";
/// Users per second: all at once.
const SPAWN_RATE: u32 = 1_000_000;

/// The binary that was built.
pub(in crate::bench) struct Wload {
    pub(in crate::bench) program: PathBuf,
    /// Whether each user keeps its instance, and not only until it waits.
    pub(in crate::bench) is_pinned: bool,
}

/// Instances that are kept where users are saved while they wait: fewer than users, which wload would not
/// choose for so few of them.
const INSTANCES: u32 = 1_000;

impl Wload {
    /// As it is shown.
    pub(in crate::bench) const NAME: &'static str = "wload";
    /// As it is shown where users keep their instances.
    pub(in crate::bench) const NAME_PINNED: &'static str = "wload-pinned";
}

impl Tool for Wload {
    fn name(&self) -> &'static str {
        if self.is_pinned { Self::NAME_PINNED } else { Self::NAME }
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let program = self.program.clone();
        let version = version_of(repository, &program, &["--version"]);
        Ok(Installed { program, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, url, seconds, .. } = job;
        let scenario = job.repository.path(SCENARIO);
        let class = case.action.class();
        let time = format!("{seconds}s");
        let mut all = words(&[&"run", &scenario.display(), &class, &"--host", url]);
        all.extend(words(&[&"--users", &case.users, &"--spawn-rate", &SPAWN_RATE]));
        all.extend(words(&[&"--run-time", &time, &"--cores", &1, &"--only-summary", &"--json"]));
        let instances = format!("instances={INSTANCES}");
        all.extend(match self.is_pinned {
            true => words(&[&"--isolation", &"pinned"]),
            false => words(&[&"--limit", &instances]),
        });
        match case.protocol {
            Protocol::Http => {}
            Protocol::Https => all.extend(words(&[&"--insecure"])),
            Protocol::Http2 => all.extend(words(&[&"--insecure", &"--http-version", &2])),
        }
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }

    fn lag_p99_us(&self, said: &Said) -> Option<f64> {
        lag_p99_us(&said.stderr)
    }
}

/// Of the line `Generator: 1 core, ...; timers late by 0.3 ms (99%), 1.2 ms at most`.
fn lag_p99_us(summary: &str) -> Option<f64> {
    let line = summary.lines().find(|line| line.starts_with("Generator: "))?;
    let (_, late) = line.split_once("timers late by ")?;
    Some(late.split_once(" ms")?.0.parse::<f64>().ok()? * 1e3)
}

/// Of the one row there is.
fn percentiles_us(json: &str) -> Option<[f64; 2]> {
    let rows: Value = serde_json::from_str(json).ok()?;
    let percentiles = rows.get(0)?.get("percentiles")?;
    let mut found = [0.0; 2];
    for (slot, percent) in found.iter_mut().zip(PERCENTILES) {
        *slot = percentiles.get(format!("{percent}%"))?.as_f64()? * 1e3;
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_json_is_read() {
        let json = r#"[{"name":"/ok","percentiles":{"50%":0.129,"99%":1.5}}]"#;
        assert_eq!(percentiles_us(json), Some([129.0, 1500.0]));
        assert_eq!(percentiles_us("[]"), None);
    }

    #[test]
    fn its_own_lag_is_read() {
        let line = "Generator: 1 core, busy for up to 99% of the time; timers late by 0.3 ms (99%), 1.2 ms at most";
        assert_eq!(lag_p99_us(&format!("table\n{line}\nIsolation pinned")), Some(300.0));
        assert_eq!(lag_p99_us("verdict: passed"), None);
    }
}
