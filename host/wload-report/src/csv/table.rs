//! The tables of the CSV files as bytes.
//!
//! Upstream: rows of a snapshot. Downstream: `csv.rs` puts them into files.
//! Python's dialect: a comma, quotes only where needed, CRLF.

use std::time::Duration;

use csv::{Terminator, Writer, WriterBuilder};
use wload_core::percentile::LABELS;
use wload_core::units::{python_float, utc_text};

use super::{ExceptionRow, FailureRow, MetricRow, RowSnapshot};
use crate::error::ReportError;
use crate::figures::{Figures, percentile_cells};

/// Cell of a percentile of nothing.
const NOT_AVAILABLE: &str = "N/A";

/// Which machine an exception is from; a run on one machine has only this one.
const LOCAL_NODE: &str = "local";

type Bytes = Result<Vec<u8>, ReportError>;

/// `_stats.csv`: a row for each request, and one for all.
pub(super) fn stats(rows: &[RowSnapshot], aggregated: &RowSnapshot) -> Bytes {
    let header = [
        "Type",
        "Name",
        "Request Count",
        "Failure Count",
        "Median Response Time",
        "Average Response Time",
        "Min Response Time",
        "Max Response Time",
        "Average Content Size",
        "Requests/s",
        "Failures/s",
    ];
    encode(|csv| {
        csv.write_record(header.into_iter().chain(LABELS))?;
        for row in rows.iter().chain([aggregated]) {
            let mut cells = vec![row.key.method.to_string(), row.key.name.to_string()];
            push_totals(&mut cells, row);
            cells.push(python_float(row.total_rps));
            cells.push(python_float(row.total_failures_per_second));
            push_percentiles(&mut cells, row, &row.percentiles_us);
            csv.write_record(cells)?;
        }
        Ok(())
    })
}

/// The header of `_stats_history.csv`.
pub(super) fn history_header() -> Bytes {
    let now = ["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s"];
    let total = [
        "Total Request Count",
        "Total Failure Count",
        "Total Median Response Time",
        "Total Average Response Time",
        "Total Min Response Time",
        "Total Max Response Time",
        "Total Average Content Size",
    ];
    encode(|csv| csv.write_record(now.into_iter().chain(LABELS).chain(total)))
}

/// Rows of `_stats_history.csv`: current rates, and percentiles of the last ten seconds or, without
/// full history, of the whole run.
pub(super) fn history<'a>(
    rows: impl Iterator<Item = &'a RowSnapshot>,
    timestamp: u64,
    user_count: u32,
    full_history: bool,
) -> Bytes {
    encode(|csv| {
        for row in rows {
            let mut cells = vec![
                timestamp.to_string(),
                user_count.to_string(),
                row.key.method.to_string(),
                row.key.name.to_string(),
                format!("{:.6}", row.current_rps),
                format!("{:.6}", row.current_failures_per_second),
            ];
            let percentiles =
                if full_history { &row.current_percentiles_us } else { &row.percentiles_us };
            push_percentiles(&mut cells, row, percentiles);
            push_totals(&mut cells, row);
            csv.write_record(cells)?;
        }
        Ok(())
    })
}

/// `_failures.csv`; `started` is the start of the run since 1970.
pub(super) fn failures(rows: &[FailureRow], started: Duration) -> Bytes {
    encode(|csv| {
        csv.write_record(["Method", "Name", "Error", "Occurrences", "First Seen", "Last Seen"])?;
        for row in rows {
            csv.write_record([
                &*row.key.method,
                &*row.key.name,
                &*row.message,
                &row.occurrences.to_string(),
                &utc_text(started.saturating_add(row.first_seen)),
                &utc_text(started.saturating_add(row.last_seen)),
            ])?;
        }
        Ok(())
    })
}

/// `_exceptions.csv`. An exception without a trace is placed by its class and task.
pub(super) fn exceptions(rows: &[ExceptionRow]) -> Bytes {
    encode(|csv| {
        csv.write_record(["Count", "Message", "Traceback", "Nodes"])?;
        for row in rows {
            let place = format!("{}.{}", row.class, row.task);
            let trace = if row.trace.is_empty() { &*place } else { &*row.trace };
            csv.write_record([&*row.count.to_string(), &*row.message, trace, LOCAL_NODE])?;
        }
        Ok(())
    })
}

/// `_metrics.csv`: ours.
pub(super) fn metrics(rows: &[MetricRow]) -> Bytes {
    let header = ["Name", "Kind", "Count", "Sum", "Average", "Min", "Max", "Last"];
    let number = |value: Option<f64>| value.map_or(NOT_AVAILABLE.to_owned(), python_float);
    encode(|csv| {
        csv.write_record(header.into_iter().chain(LABELS))?;
        for row in rows {
            let mut cells = vec![
                row.name.to_string(),
                row.kind.to_string(),
                row.count.to_string(),
                python_float(row.sum),
                python_float(wload_core::units::ratio(row.sum, row.count)),
                number(row.min),
                number(row.max),
                number(row.last),
            ];
            cells.extend((0..LABELS.len()).map(|at| number(row.percentiles.get(at).copied())));
            csv.write_record(cells)?;
        }
        Ok(())
    })
}

/// Counts and response times of the whole run, in the order that both files share.
fn push_totals(cells: &mut Vec<String>, row: &RowSnapshot) {
    let figures = Figures::of(row);
    cells.extend([
        row.requests.to_string(),
        row.failures.to_string(),
        figures.median.text(),
        python_float(figures.average),
        figures.min.text(),
        figures.max.text(),
        figures.average_content_length.text(),
    ]);
}

fn push_percentiles(cells: &mut Vec<String>, row: &RowSnapshot, percentiles_us: &[u64]) {
    if row.requests == 0 {
        cells.extend(LABELS.iter().map(|_| NOT_AVAILABLE.to_owned()));
    } else {
        cells.extend(percentile_cells(percentiles_us).iter().map(u64::to_string));
    }
}

fn encode(write: impl FnOnce(&mut Writer<Vec<u8>>) -> csv::Result<()>) -> Bytes {
    let bug = |source: Box<dyn std::error::Error + Send + Sync>| ReportError::Encode {
        what: "a CSV file",
        source,
    };
    let mut csv = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(Vec::new());
    write(&mut csv).map_err(|error| bug(error.into()))?;
    csv.into_inner().map_err(|error| bug(error.into_error().into()))
}
