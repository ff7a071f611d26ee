//! What a run writes: stdout for data only, the four CSV files, JSON, exit codes.
//!
//! Upstream: short runs of the raw-contract guest. Downstream: files and streams.

use std::fs;
use std::path::Path;

use wload_tests::files::{Report, entries};
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder};
use wload_tests::target;

fn run(host: &str, args: &str, folder: &Path) -> Wload {
    let run = Wload::run(&guest("raw-contract"), host, args).args("-u 2 -r 100");
    run.in_folder(folder)
}

/// The first line of a file, without the end of line that Python writes.
fn header(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let (line, _) = text.split_once("\r\n").expect("lines end as Python's do");
    line.to_owned()
}

#[test]
fn the_csv_files_have_locusts_headers() {
    let target = target::start();
    let folder = empty_folder("csv_headers");
    let _ = run(&target.url(), "-i 10 --csv out/deep/run", &folder).expect(0);
    let percentiles = "50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%";
    let totals = "Median Response Time,Average Response Time,Min Response Time,Max Response \
                  Time,Average Content Size";
    let total = totals.split(',').map(|name| format!("Total {name}")).collect::<Vec<_>>();
    let expected = [
        (
            "stats",
            format!(
                "Type,Name,Request Count,Failure Count,{totals},Requests/s,Failures/s,{percentiles}"
            ),
        ),
        (
            "stats_history",
            format!(
                "Timestamp,User Count,Type,Name,Requests/s,Failures/s,{percentiles},Total Request \
                 Count,Total Failure Count,{}",
                total.join(",")
            ),
        ),
        ("failures", "Method,Name,Error,Occurrences,First Seen,Last Seen".to_owned()),
        ("exceptions", "Count,Message,Traceback,Nodes".to_owned()),
    ];
    for (name, expected) in expected {
        assert_eq!(header(&folder.join(format!("out/deep/run_{name}.csv"))), expected, "{name}");
    }
    let files = fs::read_dir(folder.join("out/deep")).unwrap().count();
    assert_eq!(files, 4, "no metrics, no fifth file");
}

#[test]
fn json_on_stdout_is_nothing_but_json() {
    let target = target::start();
    let folder = empty_folder("json_stdout");
    let finished = run(&target.url(), "-i 25 --json", &folder).expect(0);
    let rows = entries(&finished.stdout);
    assert_eq!(rows.len(), 1, "{finished}");
    assert_eq!((rows[0].text("method"), rows[0].text("name")), ("GET", "/ok"));
    assert_eq!(rows[0].count("num_requests"), 25);
    assert!(finished.stderr.contains("Aggregated"), "tables are for people: {finished}");
}

#[test]
fn without_json_stdout_is_empty() {
    let target = target::start();
    let finished = run(&target.url(), "-i 5", &empty_folder("no_stdout")).expect(0);
    assert_eq!(finished.stdout, "", "{finished}");
    assert_eq!(finished.verdict(), "passed: 5 requests, 0 failures, 0 exceptions");
}

#[test]
fn the_history_has_every_row_when_asked_for() {
    let target = target::start();
    let folder = empty_folder("full_history");
    let args = "-t 2s --csv run --json-file run";
    let _ = run(&target.url(), &format!("{args} --csv-full-history"), &folder).expect(0);
    let full = Report::read(&folder).history;
    assert!(full.rows().any(|row| row.text("Name") == "/ok"), "{full:?}");
    let _ = run(&target.url(), args, &folder).expect(0);
    let short = Report::read(&folder);
    assert!(short.history.rows().all(|row| row.text("Name") == "Aggregated"), "{short:?}");
    let last = short.history.rows().last().expect("two seconds are at least one row");
    let all = short.aggregated().count("Request Count");
    assert_eq!(last.count("Total Request Count"), all, "the last row has the final numbers");
}

#[test]
fn exit_codes_say_how_a_run_went() {
    let target = target::start();
    let folder = empty_folder("exit_codes");
    let failing = "-i 5 --option path=/status/500";
    let _ = run(&target.url(), "-i 5", &folder).expect(0);
    let finished = run(&target.url(), failing, &folder).expect(1);
    assert_eq!(finished.verdict(), "failed: 5 requests, 5 failures, 0 exceptions");
    let tolerant = format!("{failing} --exit-code-on-error 0");
    let _ = run(&target.url(), &tolerant, &folder).expect(0);
    let other = format!("{failing} --exit-code-on-error 77");
    let _ = run(&target.url(), &other, &folder).expect(77);
}

#[test]
fn a_target_that_is_not_there_is_failures_and_no_error_of_ours() {
    let host = {
        // A port that was free a moment ago and is nobody's now.
        let mut target = target::start();
        let url = target.url();
        target.stop();
        url
    };
    let folder = empty_folder("no_target");
    let args = "-i 6 --csv run --json-file run";
    let finished = run(&host, args, &folder).expect(1);
    let report = Report::read(&folder);
    assert_eq!(report.aggregated().count("Failure Count"), 6, "{finished}");
    let row = report.failures.row("Name", "/ok");
    assert!(row.text("Error").to_lowercase().contains("refused"), "{}", row.text("Error"));
}

#[test]
fn a_report_that_cannot_be_written_is_known_before_the_run() {
    let target = target::start();
    let folder = empty_folder("unwritable");
    fs::write(folder.join("file"), "in the way").unwrap();
    let finished = run(&target.url(), "-i 5 --csv file/run", &folder).expect(3);
    assert!(finished.stderr.contains("file"), "{finished}");
    assert_eq!(target.counts().total.received, 0, "no request left: {finished}");
}
