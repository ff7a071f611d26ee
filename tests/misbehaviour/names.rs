//! Users that never use a name twice: the tables of the run are bounded, and nothing is lost but names.
//!
//! Upstream: the user classes of the guest `misbehave` that begin with `Names`.

use std::time::Duration;

use wload_tests::files::Table;
use wload_tests::guest::guest;
use wload_tests::process::under_load;
use wload_tests::target;

use crate::row::{Row, print};
use crate::run::{Run, STEADY_USERS};

const TIME: Duration = Duration::from_secs(3);
/// Users of all these classes.
const NAMING_USERS: u64 = 10;
/// Of the whole process: most of it is what any run takes.
const MEMORY_MAX: u64 = 128 << 20;
/// Rows that each table may have in this run.
const ROWS_MAX: usize = 50;
/// The row that takes the others.
const OTHERS: &str = "(other)";

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let row = |kind, does, limit, table: &str| Row {
        kind,
        does,
        limit,
        says: format!("the row `(other)` of {table} counts the rest"),
    };
    vec![
        row("NamesRequests", "gives each request another name", "request-names", "the statistics"),
        row("NamesEvents", "the same with custom requests", "request-names", "the statistics"),
        row("NamesFailures", "gives each failure another reason", "failure-rows", "the failures"),
        row("NamesExceptions", "the same with exceptions", "exception-rows", "the exceptions"),
        row("NamesMetrics", "makes metric after metric", "metrics", "the metrics"),
    ]
}

/// A table of a run, by its CSV file.
struct Bounded {
    name: &'static str,
    /// The column where `(other)` stands.
    named: &'static str,
    rows: usize,
    /// What all rows count together.
    sum: u64,
    has_others: bool,
}

impl Bounded {
    fn of(name: &'static str, table: &Table, named: &'static str, count: &str) -> Self {
        let is_all = |row: &wload_tests::files::Row<'_>| row.text(named) == "Aggregated";
        let rows = table.rows().filter(|row| !is_all(row)).count();
        let sum = table.rows().filter(|row| !is_all(row)).map(|row| row.count(count)).sum();
        let has_others = table.rows().any(|row| row.text(named) == OTHERS);
        Self { name, named, rows, sum, has_others }
    }

    /// `counted`: what the run says that all rows must count together.
    fn complaints(&self, counted: Option<u64>) -> Vec<String> {
        let Self { name, named, rows, sum, has_others } = self;
        let mut complaints = Vec::new();
        if *rows > ROWS_MAX + 1 {
            complaints.push(format!("{name} has {rows} rows"));
        }
        if counted.is_some_and(|counted| counted != *sum) {
            complaints.push(format!("{name} counts {sum}, expected {counted:?}"));
        }
        if !has_others {
            complaints.push(format!("{name} has no {named} `{OTHERS}`"));
        }
        complaints
    }
}

#[test]
fn tables_are_bounded_whatever_names_a_scenario_uses() {
    let _turn = under_load();
    let target = target::start();
    let classes: Vec<&str> = rows().iter().map(|row| row.kind).collect();
    let limits: Vec<String> = ["request-names", "failure-rows", "exception-rows", "metrics"]
        .iter()
        .map(|limit| format!("--limit {limit}={ROWS_MAX}"))
        .collect();
    let args = format!(
        "Steady {} -u {} -r 10000 -t {}s {}",
        classes.join(" "),
        STEADY_USERS + NAMING_USERS,
        TIME.as_secs(),
        limits.join(" ")
    );
    let run = Run::of("names", &guest("misbehave"), &target.url(), &args);
    let report = run.report.as_ref().expect("the run was not refused");
    let mut wrong = run.complaints(1, TIME, MEMORY_MAX);
    let all = report.aggregated();
    let metrics = Table::read(&run.folder.join("run"), "metrics");
    let stats = Bounded::of("the statistics", &report.stats, "Name", "Request Count");
    let failures = Bounded::of("the failures", &report.failures, "Name", "Occurrences");
    let exceptions = Bounded::of("the exceptions", &report.exceptions, "Message", "Count");
    let metrics = Bounded::of("the metrics", &metrics, "Name", "Count");
    wrong.extend(stats.complaints(Some(all.count("Request Count"))));
    wrong.extend(failures.complaints(Some(all.count("Failure Count"))));
    wrong.extend(exceptions.complaints(None));
    wrong.extend(metrics.complaints(None));
    print("users that never use a name twice", &rows());
    println!(
        "{} rows count {} requests; {} MiB of memory",
        stats.rows,
        stats.sum,
        run.peak_bytes >> 20
    );
    assert!(wrong.is_empty(), "{}\n{}", wrong.join("\n"), run.finished);
}
