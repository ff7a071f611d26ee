//! k6: JavaScript on Go.
//!
//! Upstream: the Go module; built into `target/tools/k6` where there is Go. Downstream: its summary, exported as
//! JSON.

use std::ffi::OsString;
use std::fs;

use anyhow::{Context, Result};
use serde_json::Value;

use super::{Installed, Job, Said, Tool, words};
use crate::command::{output, program, run};
use crate::printer;
use crate::repository::Repository;

/// The script.
const SCRIPT: &str = "xtask/peers/k6/bench.js";
/// Where it is built.
const FOLDER: &str = "target/tools/k6";
/// The version that is installed.
const VERSION: &str = "1.8.1";
/// The file of its summary, in the folder of the run.
const SUMMARY: &str = "summary.json";

pub(super) struct K6;

impl Tool for K6 {
    fn name(&self) -> &'static str {
        "k6"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let folder = repository.path(FOLDER);
        let path = folder.join("k6");
        let wanted = format!("k6 v{VERSION} ");
        let is_there = || {
            let told = output(program(&path, repository.root(), ["version"]));
            told.is_ok_and(|told| told.starts_with(&wanted) || told.starts_with(wanted.trim()))
        };
        if !is_there() {
            let module = format!("go.k6.io/k6@v{VERSION}");
            output(program("go", repository.root(), ["version"])).with_context(|| {
                format!("k6 is built by Go, which is missing; with it, `go install {module}`")
            })?;
            printer::talk(&format!("k6: Go builds {VERSION} into {FOLDER}, which takes minutes"));
            let mut install = program("go", repository.root(), ["install", &module]);
            install.env("GOBIN", &folder);
            run(install).context("failed to build k6")?;
        }
        Ok(Installed { program: path, version: VERSION.to_owned() })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, url, seconds, .. } = job;
        let time = format!("{seconds}s");
        let class = case.action.class();
        let mut all = words(&[&"run", &"--quiet", &"--no-usage-report", &"--vus", &case.users]);
        all.extend(words(&[&"--duration", &time, &"--summary-export", &SUMMARY]));
        all.extend(words(&[&"--env", &format!("URL={url}"), &"--env", &format!("ACTION={class}")]));
        all.push(job.repository.path(SCRIPT).into());
        Ok(all)
    }

    fn percentiles_us(&self, said: &Said) -> Option<[f64; 2]> {
        percentiles_us(&fs::read_to_string(said.folder.join(SUMMARY)).ok()?)
    }
}

fn percentiles_us(json: &str) -> Option<[f64; 2]> {
    let summary: Value = serde_json::from_str(json).ok()?;
    let times = &summary["metrics"]["http_req_duration"];
    let of = |name: &str| Some(times[name].as_f64()? * 1e3);
    Some([of("med")?, of("p(99)")?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_summary_is_read() {
        let json = r#"{"metrics":{"http_req_duration":{"med":6.5,"p(99)":9.25}}}"#;
        assert_eq!(percentiles_us(json), Some([6500.0, 9250.0]));
        assert_eq!(percentiles_us("{}"), None);
    }
}
