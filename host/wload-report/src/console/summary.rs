//! The last page: what the whole run was.
//!
//! Upstream: [`RunSummary`]. Downstream: both consoles.
//! Locust's three tables first, exactly; then what Locust does not have, only when there is any.

use wload_core::event::RunSummary;
use wload_core::isolation::Isolation;
use wload_core::snapshot::{CoreHealth, GeneratorHealth, InstanceCounts};

use super::cell::clean;
use super::layout::{Layout, percentile_lines};
use super::name_width;
use super::table::{error_table, exception_table, metric_table, percentile_table, stats_table};

/// Custom metrics without their names say nothing, however narrow the terminal.
const METRIC_NAME_WIDTH_MIN: usize = 24;

/// All lines of the summary, for a log or a pipe: as Locust has them.
#[must_use]
pub fn summary_lines(summary: &RunSummary, name_width: usize) -> Vec<String> {
    let snapshot = &summary.snapshot;
    page([
        stats_table(&snapshot.rows, &snapshot.aggregated, name_width, false),
        percentile_table(&snapshot.rows, &snapshot.aggregated, name_width),
        error_table(&snapshot.failures, name_width),
        exception_table(&snapshot.exceptions, name_width),
        metric_table(&snapshot.metrics, name_width),
        notes(summary),
    ])
}

/// All lines of the summary, for a terminal of this width.
pub(super) fn terminal_summary_lines(summary: &RunSummary, columns: usize) -> Vec<String> {
    let snapshot = &summary.snapshot;
    let layout = Layout::for_columns(columns);
    let mut stats = layout.titles();
    let separator = stats[1].clone();
    stats.extend(snapshot.rows.iter().map(|row| layout.line(row, false)));
    stats.push(separator);
    stats.push(layout.line(&snapshot.aggregated, false));
    let name_width = name_width(Some(columns.saturating_sub(1)));
    page([
        stats,
        percentile_lines(&snapshot.rows, &snapshot.aggregated, columns),
        error_table(&snapshot.failures, name_width),
        exception_table(&snapshot.exceptions, name_width),
        metric_table(&snapshot.metrics, name_width.max(METRIC_NAME_WIDTH_MIN)),
        notes(summary),
    ])
}

/// Tables with an empty line after each.
fn page(tables: [Vec<String>; 6]) -> Vec<String> {
    let mut lines = Vec::new();
    for table in tables.into_iter().filter(|table| !table.is_empty()) {
        lines.extend(table);
        lines.push(String::new());
    }
    lines
}

/// How the generator itself did.
fn generator(health: &GeneratorHealth) -> Vec<String> {
    if health.cores.is_empty() {
        return Vec::new();
    }
    let most = |of: fn(&CoreHealth) -> u64| health.cores.iter().map(of).max().unwrap_or(0);
    let ms = |us: u64| format!("{}.{} ms", us / 1_000, us % 1_000 / 100);
    let cpu = health.cores.iter().map(|core| core.cpu_max).fold(0.0, f64::max);
    let cores = match health.cores.len() {
        1 => "1 core".to_owned(),
        count => format!("{count} cores"),
    };
    let mut lines = vec![format!(
        "Generator: {cores}, busy for up to {}% of the time; timers late by {} (99%), {} at most",
        (cpu * 100.0).round(),
        ms(most(|core| core.lag_us_p99_run)),
        ms(most(|core| core.lag_us_max)),
    )];
    let InstanceCounts { peak, pinned_peak: pinned, saves, waits, replaced, .. } =
        health.instances();
    let mut text = format!("Isolation {}: up to {peak} instances", health.isolation);
    if health.isolation != Isolation::Pinned {
        text.push_str(&format!(", users saved {saves} times"));
    }
    if replaced > 0 {
        text.push_str(&format!(", {replaced} instances replaced"));
    }
    if pinned > 0 {
        text.push_str(&format!(", {pinned} users kept theirs because they cannot be saved"));
    }
    if waits > 0 {
        text.push_str(&format!(", {waits} tasks waited for one"));
    }
    lines.push(text);
    lines
}

/// What a reader must know to trust the tables.
fn notes(summary: &RunSummary) -> Vec<String> {
    let mut lines = generator(&summary.snapshot.health);
    match summary.snapshot.interrupted {
        0 => {}
        1 => lines.push(
            "1 request was on the wire when its user was stopped: it is in no table".to_owned(),
        ),
        count => lines.push(format!(
            "{count} requests were on the wire when their users were stopped: they are in no table"
        )),
    }
    match summary.snapshot.repeated {
        0 => {}
        1 => lines.push(
            "1 request was sent again because the server had closed its connection; it counts once"
                .to_owned(),
        ),
        count => lines.push(format!(
            "{count} times a request was sent again because the server had closed its connection; \
             it counts once"
        )),
    }
    if let Some(saturation) = &summary.saturation {
        lines.push(format!("Warning: {}", clean(saturation)));
    }
    lines
}
