//! goose: load tests in Rust, modelled after Locust; reqwest on tokio.
//!
//! Upstream: crates.io, by the package `xtask/peers/goose`; built into `target/tools/goose`. Downstream: its
//! table of percentiles, in whole milliseconds.

use std::ffi::OsString;

use anyhow::{Context, Result};

use super::{Installed, Job, Said, Tool, words};
use crate::bench::workload::Protocol;
use crate::command::{cargo, run};
use crate::repository::Repository;

/// The load test, a package of its own.
const PACKAGE: &str = "xtask/peers/goose";
/// Where it is built.
const FOLDER: &str = "target/tools/goose";
/// The version that the package asks for.
const VERSION: &str = "0.19.0";

pub(super) struct Goose;

impl Tool for Goose {
    fn name(&self) -> &'static str {
        "goose"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let mut command = cargo(&repository.path(PACKAGE), ["build", "--release", "--locked"]);
        command.arg("--target-dir").arg(repository.path(FOLDER));
        run(command).context("failed to build the load test of goose")?;
        let program = repository.path(FOLDER).join("release/bench-goose");
        Ok(Installed { program, version: VERSION.to_owned() })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, url, seconds, .. } = job;
        let class = case.action.class();
        let time = format!("{seconds}s");
        let mut all = words(&[&"--host", url, &"--users", &case.users, &"-r", &case.users]);
        all.extend(words(&[&"--run-time", &time, &"--scenarios", &class]));
        all.extend(words(&[&"--no-telnet", &"--no-websocket"]));
        if case.protocol != Protocol::Http {
            all.push("--accept-invalid-certs".into());
        }
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&said.stdout)
    }
}

/// The first row of the table: ` GET /ok | 6 | 7 | 7 | 7 | 8 | 9` under 50, 75, 98, 99, 99.9 and 99.99 %.
fn percentiles_us(output: &str) -> Option<[f64; 2]> {
    let (_, table) = output.rsplit_once("99.99%")?;
    let row = table.lines().find(|line| line.contains('|'))?;
    let cells: Vec<&str> = row.split('|').map(str::trim).collect();
    let of = |index: usize| Some(cells.get(index)?.replace(',', "").parse::<f64>().ok()? * 1e3);
    Some([of(1)?, of(4)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_table_is_read() {
        let output = " Name                     |    50% |    75% |    98% |    99% |  99.9% | 99.99%\n ------\n GET /ok                  |      6 |      7 |      7 |  1,012 |  1,100 |  1,200\n";
        assert_eq!(percentiles_us(output), Some([6000.0, 1_012_000.0]));
        assert_eq!(percentiles_us("no table"), None);
    }
}
