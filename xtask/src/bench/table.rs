//! Tables of results, in Markdown: they are read in a terminal as well.
//!
//! Upstream: the runs of all rounds. Downstream: stdout, the README, the documentation. Pure. A figure is the
//! median over rounds, with the range of all rounds behind it.

use super::results::{Results, Row};
use super::statistics::{PERCENTILES, Spread};
use super::workload::Measure;

/// What stands where a tool has no figure.
const NONE: &str = "-";

/// The table of a workload, with its heading and notes.
pub(super) fn of(results: &Results) -> String {
    let workload = results.workload;
    let table = match results.measure() {
        Measure::Cost => cost(results),
        Measure::Accuracy => accuracy(results),
        Measure::Memory => memory(results),
        Measure::Lag => curve(results),
        Measure::Saturation => saturation(results),
    };
    let mut text = format!("### {}: {}\n\n", workload.name(), workload.about());
    text.push_str(&table.markdown());
    let notes = notes(results);
    if !notes.is_empty() {
        text.push_str(&format!("\n{}\n", notes.join("\n")));
    }
    text
}

/// Cells, the first row of which is the header.
pub(super) struct Table(Vec<Vec<String>>);

impl Table {
    pub(super) fn new(header: &[&str]) -> Self {
        Self(vec![header.iter().map(|cell| (*cell).to_owned()).collect()])
    }

    pub(super) fn row(&mut self, cells: Vec<String>) {
        self.0.push(cells);
    }

    /// Columns are as wide as they need to be, names to the left and figures to the right.
    pub(super) fn markdown(&self) -> String {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or(0);
        let width = |column: usize| {
            let cells = self.0.iter().filter_map(|row| row.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or(0).max(3)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (index, row) in self.0.iter().enumerate() {
            for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
                match column {
                    0 => text.push_str(&format!("| {cell:<width$} ")),
                    _ => text.push_str(&format!("| {cell:>width$} ")),
                }
            }
            text.push_str("|\n");
            if index == 0 {
                for (column, width) in widths.iter().enumerate() {
                    let line = "-".repeat(width + 1);
                    text.push_str(&match column {
                        0 => format!("|{line}-"),
                        _ => format!("|{line}:"),
                    });
                }
                text.push_str("|\n");
            }
        }
        text
    }
}

fn cost(results: &Results) -> Table {
    let base = results.base();
    let times = format!("× {}", base.map_or("first", |base| base.tool));
    let header = [
        "tool",
        "requests/s",
        "CPU us/request",
        &times,
        "peak RSS MiB",
        "tool busy",
        "target busy",
    ];
    let mut table = Table::new(&header);
    for row in &results.rows {
        table.row(vec![
            row.tool.to_owned(),
            rate(row),
            ranged(row.spread(|run| run.cpu_us()), 2),
            number(base.and_then(|base| row.cost_ratio(base)), 2),
            number(row.spread(|run| Some(mib(run.peak_rss_kib as f64))).map(|it| it.median), 1),
            busy(row, |run| run.cpu_seconds),
            busy(row, |run| run.target_cpu_seconds),
        ]);
    }
    table
}

fn accuracy(results: &Results) -> Table {
    let mut header = vec!["tool".to_owned()];
    header.extend(percentile_header());
    header.push("CPU us/request".to_owned());
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &results.rows {
        let mut cells = vec![row.tool.to_owned()];
        cells.extend(percentile_cells(row));
        cells.push(ranged(row.spread(|run| run.cpu_us()), 2));
        table.row(cells);
    }
    table
}

fn saturation(results: &Results) -> Table {
    let mut header = vec!["users".to_owned(), "requests/s".to_owned(), "tool busy".to_owned()];
    header.extend(percentile_header());
    header.push("says it is saturated".to_owned());
    let mut table = Table::new(&header.iter().map(String::as_str).collect::<Vec<_>>());
    for row in &results.rows {
        let mut cells =
            vec![row.case.users.to_string(), rate(row), busy(row, |run| run.cpu_seconds)];
        cells.extend(percentile_cells(row));
        let said = row.runs.iter().filter(|run| run.says_saturated == Some(true)).count();
        cells.push(match row.runs.len() {
            0 => NONE.to_owned(),
            runs => format!("{said} of {runs}"),
        });
        table.row(cells);
    }
    table
}

fn percentile_header() -> [String; 4] {
    let [low, high] = PERCENTILES;
    let told = |percent| format!("p{percent} ms, true");
    let off = |percent| format!("p{percent} off by us");
    [told(low), off(low), told(high), off(high)]
}

/// What was reported and what was true, and how far they are apart.
fn percentile_cells(row: &Row) -> [String; 4] {
    let at = |index: usize| {
        let told = row.spread(|run| Some(run.reported_us?[index] / 1e3)).map(|it| it.median);
        let truth = row.spread(|run| Some(run.true_us?[index] / 1e3)).map(|it| it.median);
        let off = row.spread(|run| Some(run.reported_us?[index] - run.true_us?[index]));
        [format!("{}, {}", number(told, 2), number(truth, 2)), ranged(off, 0)]
    };
    let ([low, low_off], [high, high_off]) = (at(0), at(1));
    [low, low_off, high, high_off]
}

fn busy(row: &Row, of: fn(&super::measure::Run) -> f64) -> String {
    let spread = row.spread(|run| Some(of(run) * 100.0 / run.seconds));
    spread.map_or(NONE.to_owned(), |spread| format!("{:.0} %", spread.median))
}

fn memory(results: &Results) -> Table {
    let header = [
        "tool",
        "KiB/user",
        "private MiB",
        "peak RSS MiB",
        "all up after s",
        "CPU us/user to start",
        "% busy while waiting",
    ];
    let mut table = Table::new(&header);
    // The row of one user is in the figures of the other one.
    for row in results.rows.iter().filter(|row| row.case.users > 1) {
        let users = f64::from(row.case.users);
        let median = |figure: &dyn Fn(&super::measure::Run) -> f64, digits| {
            number(row.spread(|run| Some(figure(run))).map(|spread| spread.median), digits)
        };
        table.row(vec![
            row.tool.to_owned(),
            ranged(results.kib_per_user(row), 1),
            median(&|run| mib(run.private_kib), 1),
            median(&|run| mib(run.peak_rss_kib as f64), 1),
            median(&|run| run.start_seconds, 2),
            median(&|run| run.start_cpu_seconds * 1e6 / users, 0),
            median(&|run| run.cpu_seconds * 100.0 / run.seconds, 1),
        ]);
    }
    table
}

fn curve(results: &Results) -> Table {
    let fewest = results.rows.iter().map(|row| row.case.users).min().unwrap_or(0);
    let times = format!("× {fewest} users");
    let header = [
        "tool",
        "users",
        "requests/s",
        "CPU us/request",
        &times,
        "peak RSS MiB",
        "lag p99 ms",
        "tool busy",
    ];
    let mut table = Table::new(&header);
    for row in &results.rows {
        let lag = row.spread(|run| Some(run.lag_p99_us? / 1e3)).map(|spread| spread.median);
        let base = results.fewest_users(row);
        table.row(vec![
            row.tool.to_owned(),
            row.case.users.to_string(),
            rate(row),
            ranged(row.spread(|run| run.cpu_us()), 2),
            number(base.and_then(|base| row.cost_ratio(base)), 2),
            number(row.spread(|run| Some(mib(run.peak_rss_kib as f64))).map(|it| it.median), 1),
            number(lag, 1),
            busy(row, |run| run.cpu_seconds),
        ]);
    }
    table
}

/// What a reader must know to trust the table.
fn notes(results: &Results) -> Vec<String> {
    let mut notes = Vec::new();
    for row in &results.rows {
        let (tool, users) = (row.tool, row.case.users);
        if let Some(refusal) = &row.refusal {
            notes.push(format!("- {tool}: {refusal}."));
        }
        if let Some(error) = row.errors.first() {
            let count = row.errors.len();
            notes.push(format!("- {tool}, {users} users: {count} of its runs broke off: {error}"));
        }
        let failed: u64 = row.runs.iter().map(|run| run.failed).sum();
        if failed > 0 {
            let all: u64 = row.runs.iter().map(|run| run.requests).sum();
            notes.push(format!(
                "- {tool}, {users} users: {failed} of {all} requests were answered with an error."
            ));
        }
    }
    notes.dedup();
    notes
}

fn rate(row: &Row) -> String {
    number(row.spread(|run| Some(run.rate())).map(|spread| spread.median), 0)
}

fn mib(kib: f64) -> f64 {
    kib / 1024.0
}

fn number(value: Option<f64>, digits: usize) -> String {
    value.map_or(NONE.to_owned(), |value| format!("{value:.digits$}"))
}

fn ranged(spread: Option<Spread>, digits: usize) -> String {
    let Some(Spread { median, min, max }) = spread else { return NONE.to_owned() };
    format!("{median:.digits$} [{min:.digits$}, {max:.digits$}]")
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, run};
    use super::super::workload::Workload;
    use super::*;

    #[test]
    fn costs_have_their_range_and_are_compared_with_the_first_tool() {
        let results = results(
            Workload::Get,
            &[
                ("wrk", &[run(6.0), run(8.0), run(7.0)]),
                ("wload", &[run(9.0), run(16.0), run(7.0)]),
            ],
        );
        let text = of(&results);
        assert!(text.contains("| wrk   |     100000 |  7.00 [6.00, 8.00] |  1.00 |"), "{text}");
        // Round by round it was 1.5, 2 and 1 times as much.
        assert!(text.contains("| wload |     100000 | 9.00 [7.00, 16.00] |  1.50 |"), "{text}");
    }

    #[test]
    fn what_a_tool_cannot_do_and_what_broke_off_is_noted() {
        let mut results = results(Workload::Http2, &[("wrk", &[]), ("wload", &[run(9.0)])]);
        results.rows[0].refusal = Some("it has no HTTP/2".to_owned());
        results.rows[1].errors.push("it ended".to_owned());
        let text = of(&results);
        assert!(text.contains("| wrk   |          - |"), "{text}");
        assert!(text.ends_with(
            "- wrk: it has no HTTP/2.\n- wload, 64 users: 1 of its runs broke off: it ended\n"
        ));
    }

    #[test]
    fn a_curve_compares_each_tool_with_itself() {
        let runs = [run(6.0), run(9.0), run(10.0), run(20.0)].map(|run| [run]);
        let [few, many, own_few, own_many] = &runs;
        let tools: [(&str, &[_]); 4] =
            [("wrk", few), ("wrk", many), ("wload", own_few), ("wload", own_many)];
        let mut results = results(Workload::Curve, &tools);
        for (row, case) in results.rows.iter_mut().zip(Workload::Curve.cases().repeat(2)) {
            row.case = case;
        }
        for (row, users) in results.rows.iter_mut().zip([10, 100, 10, 100]) {
            row.case.users = users;
        }
        let text = of(&results);
        assert!(
            text.contains("| wrk   |   100 |     100000 |    9.00 [9.00, 9.00] |       1.50 |"),
            "{text}"
        );
        assert!(
            text.contains("| wload |   100 |     100000 | 20.00 [20.00, 20.00] |       2.00 |"),
            "{text}"
        );
    }

    #[test]
    fn memory_is_that_of_one_user_more() {
        let one = super::super::measure::Run { private_kib: 1_000.0, ..run(1.0) };
        let many = super::super::measure::Run { private_kib: 10_990.0, ..run(1.0) };
        let mut results = results(Workload::Waiting1000, &[("k6", &[one]), ("k6", &[many])]);
        for (row, case) in results.rows.iter_mut().zip(Workload::Waiting1000.cases()) {
            row.case = case;
        }
        let text = of(&results);
        assert!(text.contains("| k6   | 10.0 [10.0, 10.0] |        10.7 |"), "{text}");
        assert_eq!(text.matches("| k6").count(), 1, "{text}");
    }
}
