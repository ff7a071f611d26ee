//! The last page: what the whole run was.
//!
//! Upstream: [`RunSummary`]. Downstream: both consoles.
//! Locust's three tables first, exactly; then what Locust does not have, only when there is any.

use wload_core::event::RunSummary;

use super::cell::clean;
use super::table::{error_table, exception_table, metric_table, percentile_table, stats_table};

/// All lines of the summary.
#[must_use]
pub fn summary_lines(summary: &RunSummary, name_width: usize) -> Vec<String> {
    let snapshot = &summary.snapshot;
    let tables = [
        stats_table(&snapshot.rows, &snapshot.aggregated, name_width, false),
        percentile_table(&snapshot.rows, &snapshot.aggregated, name_width),
        error_table(&snapshot.failures, name_width),
        exception_table(&snapshot.exceptions, name_width),
        metric_table(&snapshot.metrics, name_width),
        notes(summary),
    ];
    let mut lines = Vec::new();
    for table in tables.into_iter().filter(|table| !table.is_empty()) {
        lines.extend(table);
        lines.push(String::new());
    }
    lines
}

/// What a reader must know to trust the tables.
fn notes(summary: &RunSummary) -> Vec<String> {
    let mut lines = Vec::new();
    match summary.snapshot.interrupted {
        0 => {}
        1 => lines.push(
            "1 request was on the wire when its user was stopped: it is in no table".to_owned(),
        ),
        count => lines.push(format!(
            "{count} requests were on the wire when their users were stopped: they are in no table"
        )),
    }
    if let Some(saturation) = &summary.saturation {
        lines.push(format!("Warning: {}", clean(saturation)));
    }
    lines
}
