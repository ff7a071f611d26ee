//! One run against a target that misbehaves, from both sides.
//!
//! Upstream: a kind. Downstream: `table.rs` and `fire.rs`.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::hostile::{HostileTarget, Kind, authority_pem};
use wload_tests::process::{Finished, Wload, empty_folder};

/// Users of a run against one kind.
const USERS: u64 = 2;

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) finished: Finished,
    pub(crate) report: Report,
}

/// A row of the failures table.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failures {
    pub(crate) message: String,
    pub(crate) occurrences: u64,
}

impl Run {
    /// As many requests as the kind wants, by as many users. `engine`: who speaks HTTP/1.1.
    pub(crate) fn of(kind: &Kind, engine: &str, target: &HostileTarget) -> Self {
        let args = format!(
            "-u {USERS} -i {requests} --option method={method} --timeout {patience}ms \
             --connect-timeout {patience}ms",
            requests = kind.requests,
            method = kind.method,
            patience = kind.patience.as_millis()
        );
        let version = if kind.is_http2 { "2" } else { "1.1" };
        let args = format!("{args} --http-version {version} --http1-engine {engine}");
        let command = Wload::run(&guest("exchange"), &target.url(), &args);
        Self::start(&format!("servers/{}", kind.name), command.arg("--cacert").arg(authority()))
    }

    /// Any run of the guest `exchange`; `name` is that of its folder.
    pub(crate) fn start(name: &str, command: Wload) -> Self {
        let folder = empty_folder(name);
        let finished = command
            .args("-r 1000 --only-summary --csv run --json-file run")
            .in_folder(&folder)
            .output();
        assert!(matches!(finished.code, Some(0 | 1)), "{finished}");
        let report = Report::read(&folder);
        let exceptions = report.exceptions.rows().count();
        assert_eq!(exceptions, 0, "what a server does is no exception: {finished}");
        Self { finished, report }
    }

    /// Requests in the tables.
    pub(crate) fn reported(&self) -> u64 {
        self.report.aggregated().count("Request Count")
    }

    /// Of them, those that failed.
    pub(crate) fn failed(&self) -> u64 {
        self.report.aggregated().count("Failure Count")
    }

    /// Bytes of all bodies.
    pub(crate) fn body_bytes(&self) -> u64 {
        self.report.json.iter().map(|entry| entry.count("total_content_length")).sum()
    }

    /// The failures table.
    pub(crate) fn failures(&self) -> Vec<Failures> {
        let row = |row: wload_tests::files::Row<'_>| Failures {
            message: row.text("Error").to_owned(),
            occurrences: row.count("Occurrences"),
        };
        self.report.failures.rows().map(row).collect()
    }
}

/// The file with the authority that wload is told to trust.
fn authority() -> &'static Path {
    static PATH: OnceLock<PathBuf> = OnceLock::new();
    PATH.get_or_init(|| {
        let path = empty_folder("servers/authority").join("authority.pem");
        std::fs::write(&path, authority_pem()).unwrap();
        path
    })
}
