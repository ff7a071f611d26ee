//! One run and what its target knows about it.
//!
//! Upstream: `counts.rs` and `times.rs`. Downstream: the test kit.

use std::path::Path;
use std::time::Duration;

use wload_tests::files::{Entry, Report};
use wload_tests::process::{Finished, Wload, empty_folder};
use wload_tests::target::{self, Counts, DemoTarget};

/// How long a target may need for what is still in its sockets when the run is over.
const SETTLING_TIME: Duration = Duration::from_secs(5);

/// A run that has ended, from both sides.
pub(crate) struct Truth {
    pub(crate) report: Report,
    pub(crate) finished: Finished,
    pub(crate) counts: Counts,
}

impl Truth {
    /// Runs this component against this target; `name` is that of the test.
    pub(crate) fn of(name: &str, component: &Path, target: &DemoTarget, args: &str) -> Self {
        let folder = empty_folder(&format!("accuracy/{name}"));
        let finished = Wload::run(component, &target.url(), args)
            .args("--only-summary --csv run --json-file run")
            .in_folder(&folder)
            .output();
        assert!(matches!(finished.code, Some(0 | 1)), "{finished}");
        let report = Report::read(&folder);
        // What left is on its way to the target, also when nobody waits for the answer any more.
        let sent = report.aggregated().count("Request Count") + finished.interrupted();
        target::wait_until(target, SETTLING_TIME, |counts| counts.total.received >= sent);
        Self { report, finished, counts: target.counts() }
    }

    /// Requests in the tables.
    pub(crate) fn reported(&self) -> u64 {
        self.report.aggregated().count("Request Count")
    }

    /// Each request that the target received is in the tables, or is one of those that the summary
    /// says were cut; and all tables say the same.
    pub(crate) fn assert_every_request_is_accounted_for(&self) {
        let (finished, received) = (&self.finished, self.counts.total.received);
        let (reported, cut) = (self.reported(), finished.interrupted());
        assert_eq!(reported + cut, received, "reported and cut, received: {finished}");
        assert_eq!(self.sum("num_requests"), reported, "JSON, CSV: {finished}");
        let rows = self.report.stats.rows().filter(|row| row.text("Name") != "Aggregated");
        assert_eq!(rows.map(|row| row.count("Request Count")).sum::<u64>(), reported);
        assert_eq!(self.report.aggregated().count("Failure Count"), self.sum("num_failures"));
        let failures = self.report.failures.rows();
        let occurrences: u64 = failures.map(|row| row.count("Occurrences")).sum();
        assert_eq!(occurrences, self.sum("num_failures"), "failures table: {finished}");
    }

    /// Nothing was cut, so that also the bytes and the statuses are the target's.
    pub(crate) fn assert_equal_to_the_request(&self) {
        self.assert_every_request_is_accounted_for();
        let Self { finished, counts, .. } = self;
        assert_eq!(finished.interrupted(), 0, "{finished}");
        assert_eq!(counts.total.completed, counts.total.received, "{finished}");
        assert_eq!(self.sum("total_content_length"), counts.total.response_body_bytes);
        let failed: u64 = counts.total.by_status.range(400..).map(|(_, count)| count).sum();
        assert_eq!(self.sum("num_failures"), failed, "{finished}");
        assert_eq!(finished.code, Some(i32::from(failed > 0)), "{finished}");
    }

    fn sum(&self, member: &str) -> u64 {
        self.report.json.iter().map(|entry| entry.count(member)).sum()
    }

    /// The only row.
    pub(crate) fn row(&self) -> &Entry {
        match &self.report.json[..] {
            [row] => row,
            rows => panic!("expected one row, found {rows:?}"),
        }
    }
}
