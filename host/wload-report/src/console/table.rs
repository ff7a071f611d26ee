//! Locust's tables, line by line.
//!
//! Upstream: rows of a snapshot. Downstream: both consoles and the summary.
//! Invariant: for the same values the lines are those of Locust, blank by blank (names that do not
//! fit are not cut; widths are those that a terminal shows).

use wload_core::failure::console_text;
use wload_core::percentile::LABELS;
use wload_core::snapshot::{ExceptionRow, FailureRow, MetricRow, RowSnapshot};

use super::cell::{clean, left};
use crate::figures::{Figures, percentile_cells};

/// Width of the column with request types.
const TYPE_WIDTH: usize = 8;

/// Width of the column with counts in the tables of failures and exceptions.
const OCCURRENCES_WIDTH: usize = 18;

/// Counts, times and rates: current rates, or those of the whole run.
#[must_use]
pub fn stats_table(
    rows: &[RowSnapshot],
    aggregated: &RowSnapshot,
    name_width: usize,
    current: bool,
) -> Vec<String> {
    let mut lines = stats_header(name_width);
    lines.extend(rows.iter().map(|row| stats_line(row, name_width, current)));
    lines.push(lines[1].clone());
    lines.push(stats_line(aggregated, name_width, current));
    lines
}

/// Titles and the line under them.
pub(super) fn stats_header(name_width: usize) -> Vec<String> {
    let name_width = compact(name_width);
    let titles = format!(
        "{} {} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {:>7} {:>11}",
        left("Type", TYPE_WIDTH),
        left("Name", name_width),
        "# reqs",
        "# fails",
        "Avg",
        "Min",
        "Max",
        "Med",
        "req/s",
        "failures/s",
    );
    vec![titles, dashes(&[TYPE_WIDTH, name_width, 7, 13, 7, 7, 7, 7, 8, 11])]
}

pub(super) fn stats_line(row: &RowSnapshot, name_width: usize, current: bool) -> String {
    let figures = Figures::of(row);
    let (rps, failures_per_second) = if current {
        (row.current_rps, row.current_failures_per_second)
    } else {
        (row.total_rps, row.total_failures_per_second)
    };
    format!(
        "{} {} {:>7} {:>12} |{:>7} {:>7} {:>7}{:>7} | {rps:>7.2} {failures_per_second:>11.2}",
        left(&clean(&row.key.method), TYPE_WIDTH),
        left(&clean(&row.key.name), compact(name_width)),
        row.requests,
        format!("{}({:.2}%)", row.failures, figures.failure_ratio * 100.0),
        figures.average.trunc(),
        figures.min.cut(),
        figures.max.cut(),
        figures.median.cut(),
    )
}

/// Percentiles of the whole run, of rows with response times.
#[must_use]
pub fn percentile_table(
    rows: &[RowSnapshot],
    aggregated: &RowSnapshot,
    name_width: usize,
) -> Vec<String> {
    let line = |method: &str, name: &str, cells: &[String], requests: &str| {
        let (first, rest) = cells.split_first().expect("there are percentiles");
        let rest: Vec<String> = rest.iter().map(|cell| format!("{cell:>6}")).collect();
        let method = left(&clean(method), TYPE_WIDTH);
        let name = left(&clean(name), name_width);
        format!("{method} {name} {first:>8} {} {requests:>6}", rest.join(" "))
    };
    let row_line = |row: &RowSnapshot| {
        let cells: Vec<String> =
            percentile_cells(&row.percentiles_us).iter().map(u64::to_string).collect();
        line(&row.key.method, &row.key.name, &cells, &row.requests.to_string())
    };
    let is_timed = |row: &&RowSnapshot| !row.percentiles_us.is_empty();
    let mut widths = vec![TYPE_WIDTH, name_width, 8];
    widths.extend(LABELS.map(|_| 6));
    let separator = dashes(&widths);

    let mut lines = vec!["Response time percentiles (approximated)".to_owned()];
    lines.push(line("Type", "Name", &LABELS.map(str::to_owned), "# reqs"));
    lines.push(separator.clone());
    lines.extend(rows.iter().filter(is_timed).map(row_line));
    lines.push(separator);
    lines.extend([aggregated].into_iter().filter(is_timed).map(row_line));
    lines
}

/// Failures in order of first appearance; nothing when there are none.
#[must_use]
pub fn error_table(failures: &[FailureRow], name_width: usize) -> Vec<String> {
    let texts = failures.iter().map(|row| {
        let text = console_text(&row.message);
        (row.occurrences, format!("{} {}: {text}", row.key.method, row.key.name))
    });
    occurrences_table("Error report", "Error", texts, name_width)
}

/// Exceptions in order of first appearance; nothing when there are none. Locust has no such table.
pub(super) fn exception_table(exceptions: &[ExceptionRow], name_width: usize) -> Vec<String> {
    let texts = exceptions
        .iter()
        .map(|row| (row.count, format!("{}.{}: {}", row.class, row.task, row.message)));
    occurrences_table("Exceptions", "Exception", texts, name_width)
}

fn occurrences_table(
    title: &str,
    column: &str,
    rows: impl ExactSizeIterator<Item = (u64, String)>,
    name_width: usize,
) -> Vec<String> {
    if rows.len() == 0 {
        return Vec::new();
    }
    let line = |count: &str, text: &str| {
        format!("{} {}", left(count, OCCURRENCES_WIDTH), left(&clean(text), 100))
    };
    let separator = dashes(&[OCCURRENCES_WIDTH, 80 + name_width - 19]);
    let mut lines = vec![title.to_owned(), line("# occurrences", column), separator.clone()];
    lines.extend(rows.map(|(count, text)| line(&count.to_string(), &text)));
    lines.push(separator);
    lines
}

/// Custom metrics; nothing when there are none. Locust has no such table.
pub(super) fn metric_table(metrics: &[MetricRow], name_width: usize) -> Vec<String> {
    if metrics.is_empty() {
        return Vec::new();
    }
    let widths = [8, 9, 12, 12, 12, 12, 12, 12];
    let line = |name: &str, cells: [String; 8]| {
        let mut line = left(&clean(name), name_width);
        for (cell, width) in cells.iter().zip(widths) {
            line.push_str(&format!(" {cell:>width$}"));
        }
        line
    };
    let titles = ["Kind", "# values", "Sum", "Min", "Max", "Last", "50%", "95%"];
    let mut separator = vec![name_width];
    separator.extend(widths);
    let separator = dashes(&separator);
    let mut lines = vec!["Custom metrics".to_owned()];
    lines.push(line("Name", titles.map(str::to_owned)));
    lines.push(separator.clone());
    lines.extend(metrics.iter().map(|row| line(&row.name, metric_cells(row))));
    lines.push(separator);
    lines
}

fn metric_cells(row: &MetricRow) -> [String; 8] {
    let number = |value: Option<f64>| value.map_or("-".to_owned(), short_number);
    let percentile = |label: &str| {
        let at = LABELS.iter().position(|known| *known == label)?;
        row.percentiles.get(at).copied()
    };
    [
        row.kind.to_string(),
        row.count.to_string(),
        short_number(row.sum),
        number(row.min),
        number(row.max),
        number(row.last),
        number(percentile("50%")),
        number(percentile("95%")),
    ]
}

/// At most 12 characters: integers as they are, unless they are very large.
fn short_number(value: f64) -> String {
    if value == value.trunc() && value.abs() < 1e11 {
        format!("{value:.0}")
    } else if (0.001..1e7).contains(&value.abs()) {
        format!("{value:.3}")
    } else {
        format!("{value:.4e}")
    }
}

/// The other columns take four places of the one with names, which Locust has saved by putting them
/// closer together.
fn compact(name_width: usize) -> usize {
    name_width.saturating_sub(TYPE_WIDTH - 4)
}

fn dashes(widths: &[usize]) -> String {
    let parts: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    parts.join("|")
}
