//! wload itself: the guest `tests/guests/bench`, written with the Rust SDK, or the locustfile that Locust runs.
//!
//! Upstream: the release build and the guest, both built by `bench` before the first run. Downstream: its
//! `--json`.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Installed, Job, Said, Tool, version_of, words};
use crate::bench::statistics::PERCENTILES;
use crate::bench::workload::Protocol;
use crate::command::run;
use crate::repository::Repository;

/// The scenario, where guests are built.
const SCENARIO: &str = "target/guests/wasm32-wasip2/release/bench.wasm";
/// The one of Locust, which wload compiles.
const LOCUSTFILE: &str = "xtask/peers/locust/bench.py";
const SCENARIO_OF_PYTHON: &str = "target/bench/bench-python.wasm";
/// Connections that one address has ports for, less than Linux gives.
const USERS_OF_ADDRESS: u32 = 20_000;
/// Users per second: all at once.
const SPAWN_RATE: u32 = 1_000_000;
/// Instances that are kept where users are saved while they wait: fewer than users, which wload would not
/// choose for so few of them.
const INSTANCES: u32 = 1_000;

/// Whose scenario, and where its users are while they wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::bench) enum Variant {
    /// Rust, saved.
    Saved,
    /// Rust, each in its instance.
    Pinned,
    /// Locust's file, saved.
    Python,
}

/// The binary that was built.
pub(in crate::bench) struct Wload {
    program: PathBuf,
    variant: Variant,
}

impl Wload {
    /// As it is shown.
    pub(in crate::bench) const NAME: &'static str = "wload";
    /// As it is shown where users keep their instances.
    pub(in crate::bench) const NAME_PINNED: &'static str = "wload-pinned";
    /// As it is shown with Locust's file.
    pub(in crate::bench) const NAME_PYTHON: &'static str = "wload-python";

    pub(in crate::bench) fn new(program: &Path, variant: Variant) -> Self {
        Self { program: program.to_owned(), variant }
    }
}

impl Tool for Wload {
    fn name(&self) -> &'static str {
        match self.variant {
            Variant::Saved => Self::NAME,
            Variant::Pinned => Self::NAME_PINNED,
            Variant::Python => Self::NAME_PYTHON,
        }
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let program = self.program.clone();
        if self.variant == Variant::Python {
            let component = repository.path(SCENARIO_OF_PYTHON);
            let folder = component.parent().context("a file is in a folder")?;
            std::fs::create_dir_all(folder)
                .with_context(|| format!("failed to create `{}`", folder.display()))?;
            let words = ["build", LOCUSTFILE, "-o", SCENARIO_OF_PYTHON];
            let mut command = std::process::Command::new(&program);
            command.args(words).current_dir(repository.root());
            run(command).context("failed to build Locust's file")?;
        }
        let version = version_of(repository, &program, &["--version"]);
        Ok(Installed { program, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, url, seconds, .. } = job;
        let scenario = job.repository.path(match self.variant {
            Variant::Saved | Variant::Pinned => SCENARIO,
            Variant::Python => SCENARIO_OF_PYTHON,
        });
        let class = case.action.class();
        let time = format!("{seconds}s");
        let mut all = words(&[&"run", &scenario.display(), &class, &"--host", url]);
        all.extend(words(&[&"--users", &case.users, &"--spawn-rate", &SPAWN_RATE]));
        all.extend(words(&[&"--run-time", &time, &"--cores", &1, &"--only-summary", &"--json"]));
        let kept = |instances: u32| words(&[&"--limit", &format!("instances={instances}")]);
        all.extend(match self.variant {
            Variant::Pinned => words(&[&"--isolation", &"pinned"]),
            Variant::Saved => kept(INSTANCES),
            Variant::Python => Vec::new(),
        });
        all.extend(source_addresses(case.users));
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

    fn says_saturated(&self, said: &Said) -> Option<bool> {
        says_saturated(&said.stderr)
    }
}

/// Of the line `Generator: 1 core, ...; timers late by 0.3 ms (99%), 1.2 ms at most`.
fn lag_p99_us(summary: &str) -> Option<f64> {
    let line = summary.lines().find(|line| line.starts_with("Generator: "))?;
    let (_, late) = line.split_once("timers late by ")?;
    Some(late.split_once(" ms")?.0.parse::<f64>().ok()? * 1e3)
}

/// Of the line with the verdict.
fn says_saturated(summary: &str) -> Option<bool> {
    let line = summary.lines().find(|line| line.starts_with("verdict: "))?;
    Some(line.ends_with("the generator was saturated"))
}

/// Addresses of this machine to connect from, so that all find a port.
fn source_addresses(users: u32) -> Vec<OsString> {
    let addresses = users.div_ceil(USERS_OF_ADDRESS);
    if addresses < 2 {
        return Vec::new();
    }
    let text = |last| format!("127.0.0.{last}");
    words(&[&"--source-address"])
        .into_iter()
        .chain((1..=addresses).map(|last| text(last).into()))
        .collect()
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

    #[test]
    fn its_own_saturation_is_read() {
        assert_eq!(says_saturated("verdict: passed: 2 requests, 0 failures"), Some(false));
        let late = "x\nverdict: passed: 2 requests; but the generator was saturated\n";
        assert_eq!(says_saturated(late), Some(true));
        assert_eq!(says_saturated(""), None);
    }

    #[test]
    fn many_users_come_from_several_addresses() {
        assert!(source_addresses(20_000).is_empty());
        let addresses = source_addresses(100_000);
        assert_eq!(addresses.len(), 6);
        assert_eq!(addresses[5], "127.0.0.5");
    }
}
