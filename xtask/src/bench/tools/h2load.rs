//! h2load: one thread of C, HTTP/2 and HTTP/1.1, one request of one kind.
//!
//! Upstream: the Debian package nghttp2-client. It reports no percentiles.

use std::ffi::OsString;

use anyhow::Result;

use super::{Installed, Job, Said, Tool, debian, one_url, version_of, words};
use crate::bench::workload::Protocol;
use crate::repository::Repository;

pub(super) struct H2load;

impl Tool for H2load {
    fn name(&self) -> &'static str {
        "h2load"
    }

    fn prepare(&self, repository: &Repository) -> Result<Installed> {
        let program = debian(repository, "h2load", "nghttp2-client")?;
        let version = version_of(repository, &program, &["--version"]);
        Ok(Installed { program, version })
    }

    fn words(&self, job: &Job<'_>) -> Result<Vec<OsString>, &'static str> {
        let Job { case, seconds, .. } = job;
        let clients = format!("--clients={}", case.users);
        let mut all = words(&[&"--threads=1", &clients, &format!("--duration={seconds}")]);
        if case.protocol != Protocol::Http2 {
            all.push("--h1".into());
        }
        all.push(one_url(job)?);
        Ok(all)
    }

    fn percentiles_us(&self, _: &Said) -> Option<[f64; 2]> {
        None
    }
}
