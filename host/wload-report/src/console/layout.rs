//! Tables as wide as the terminal: Locust's where they fit, else fewer columns.
//!
//! Upstream: rows of a snapshot. Downstream: the live table, and the summary that takes its place.
//! Invariant: no line is as wide as the terminal, unless that has fewer columns than the numbers.

use wload_core::percentile::LABELS;
use wload_core::snapshot::RowSnapshot;

use super::cell::{clean, fit, left};
use super::table::{percentile_table, stats_header, stats_line};
use super::{NAME_WIDTH_DEFAULT, name_width};
use crate::figures::{Figures, percentile_cells};

/// Columns from which Locust's table has a useful place for names; narrower terminals get a table
/// with fewer columns.
const COLUMNS_FOR_FULL_TABLE: usize = 110;
/// The same for names beside all percentiles.
const NAME_WIDTH_MIN: usize = 24;
/// Columns of Locust's table of percentiles beside the names.
const PERCENTILES_WIDTH: usize = 96;
/// Percentiles of the compact table.
const COMPACT_LABELS: [&str; 5] = ["50%", "95%", "99%", "99.9%", "100%"];
/// Width of one of its cells.
const COMPACT_CELL: usize = 8;

/// Which columns fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Locust's, with names of this width.
    Full(usize),
    /// Fewer columns, with names of this width.
    Compact(usize),
}

/// Columns of the compact table after the name.
const COMPACT_TITLES: [&str; 5] = ["# reqs", "# fails", "Med", "95%", "req/s"];
/// Their widths.
const COMPACT_WIDTHS: [usize; 5] = [9, 8, 7, 7, 9];

impl Layout {
    /// The one for a terminal of this width.
    pub(super) fn for_columns(columns: usize) -> Self {
        // The last column stays empty.
        let columns = columns.saturating_sub(1);
        if columns >= COLUMNS_FOR_FULL_TABLE {
            return Self::Full(name_width(Some(columns)));
        }
        let others: usize = COMPACT_WIDTHS.iter().map(|width| width + 1).sum();
        Self::Compact(columns.saturating_sub(others))
    }

    /// Titles of the statistics and the line under them.
    pub(super) fn titles(self) -> Vec<String> {
        match self {
            Self::Full(width) => stats_header(width),
            Self::Compact(width) => {
                let titles = compact_line("Name", width, COMPACT_TITLES.map(str::to_owned));
                let dashes = "-".repeat(titles.len());
                vec![titles, dashes]
            }
        }
    }

    /// One row: current rates, or those of the whole run.
    pub(super) fn line(self, row: &RowSnapshot, current: bool) -> String {
        match self {
            Self::Full(width) => {
                let mut row = row.clone();
                // Four places of the column are the others'.
                row.key.name =
                    fit(&clean(&row.key.name), width.saturating_sub(4)).into_owned().into();
                row.key.method = fit(&clean(&row.key.method), 8).into_owned().into();
                stats_line(&row, width, current)
            }
            Self::Compact(width) => {
                let name = compact_name(row, width);
                let p95 = percentile_cells(&row.percentiles_us)[5];
                let rps = if current { row.current_rps } else { row.total_rps };
                let cells = [
                    row.requests.to_string(),
                    row.failures.to_string(),
                    Figures::of(row).median.cut().to_string(),
                    p95.to_string(),
                    format!("{rps:.2}"),
                ];
                compact_line(&name, width, cells)
            }
        }
    }
}

fn compact_line(name: &str, width: usize, cells: [String; 5]) -> String {
    let mut line = left(&fit(name, width), width);
    for (cell, width) in cells.iter().zip(COMPACT_WIDTHS) {
        line.push_str(&format!(" {cell:>width$}"));
    }
    line
}

/// Percentiles of the whole run, as many as fit.
pub(super) fn percentile_lines(
    rows: &[RowSnapshot],
    aggregated: &RowSnapshot,
    columns: usize,
) -> Vec<String> {
    // The last column stays empty.
    let columns = columns.saturating_sub(1);
    let locusts = columns.saturating_sub(PERCENTILES_WIDTH);
    if locusts >= NAME_WIDTH_MIN {
        return percentile_table(rows, aggregated, locusts.min(NAME_WIDTH_DEFAULT));
    }
    let shown: Vec<usize> =
        (0..LABELS.len()).filter(|at| COMPACT_LABELS.contains(&LABELS[*at])).collect();
    let width = columns.saturating_sub((COMPACT_CELL + 1) * (shown.len() + 1));
    let line = |name: &str, cells: &[String], requests: &str| {
        let mut line = left(&fit(name, width), width);
        for cell in shown.iter().map(|at| &cells[*at]).chain([&requests.to_owned()]) {
            line.push_str(&format!(" {cell:>COMPACT_CELL$}"));
        }
        line
    };
    let row_line = |row: &RowSnapshot| {
        let cells: Vec<String> =
            percentile_cells(&row.percentiles_us).iter().map(u64::to_string).collect();
        line(&compact_name(row, width), &cells, &row.requests.to_string())
    };
    let is_timed = |row: &&RowSnapshot| !row.percentiles_us.is_empty();
    let titles = line("Name", &LABELS.map(str::to_owned), "# reqs");
    let separator = "-".repeat(titles.len());
    let mut lines = vec!["Response time percentiles (approximated)".to_owned(), titles];
    lines.push(separator.clone());
    lines.extend(rows.iter().filter(is_timed).map(row_line));
    lines.push(separator);
    lines.extend([aggregated].into_iter().filter(is_timed).map(row_line));
    lines
}

fn compact_name(row: &RowSnapshot, width: usize) -> String {
    let name = format!("{} {}", row.key.method, row.key.name);
    fit(clean(&name).trim_start(), width).into_owned()
}
