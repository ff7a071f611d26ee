//! CSV and JSON files.

use std::error::Error;
use std::fs;
use std::time::Duration;

use serde_json::Value;
use wload_core::event::RunEvent;
use wload_core::recorder::Recorder;
use wload_core::snapshot::MetricKind;
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_report::csv::CsvReporter;
use wload_report::json::JsonReporter;
use wload_report::{ReportError, Reporter};

use crate::scene::{Paper, STARTED, Scene, ended, example, give, started, tick};

const STATS_HEADER: &str = "Type,Name,Request Count,Failure Count,Median Response Time,\
    Average Response Time,Min Response Time,Max Response Time,Average Content Size,Requests/s,\
    Failures/s,50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n";
const HISTORY_HEADER: &str = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,66%,75%,80%,\
    90%,95%,98%,99%,99.9%,99.99%,100%,Total Request Count,Total Failure Count,\
    Total Median Response Time,Total Average Response Time,Total Min Response Time,\
    Total Max Response Time,Total Average Content Size\r\n";

#[test]
fn the_four_files_stand_there_before_the_first_request() {
    let folder = tempfile::tempdir().unwrap();
    let prefix = folder.path().join("new/deep/run");
    CsvReporter::create(&prefix, false).unwrap();
    let read = |suffix: &str| {
        fs::read_to_string(folder.path().join(format!("new/deep/run_{suffix}.csv"))).unwrap()
    };
    assert_eq!(
        read("stats"),
        format!(
            "{STATS_HEADER},Aggregated,0,0,0,0.0,0,0,0,0.0,0.0,\
             N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n"
        )
    );
    assert_eq!(read("stats_history"), HISTORY_HEADER);
    assert_eq!(read("failures"), "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n");
    assert_eq!(read("exceptions"), "Count,Message,Traceback,Nodes\r\n");
    let count = fs::read_dir(folder.path().join("new/deep")).unwrap().count();
    assert_eq!(count, 4, "and no other file");
}

#[test]
fn the_files_have_the_final_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), false).unwrap();
    give(&mut csv, &[started(), ended(example().summary())]);
    let read =
        |suffix: &str| fs::read_to_string(folder.path().join(format!("run_{suffix}.csv"))).unwrap();
    assert_eq!(
        read("stats"),
        format!(
            "{STATS_HEADER}\
             GET,/,3,1,12.345,79.7725,12.345,147.2,68.0,0.6666666666666666,0.2222222222222222,\
             147,147,147,147,147,147,147,147,147,147,147\r\n\
             POST,/login,1,1,3432.9,3432.9,3432.9,3432.9,20.0,0.2222222222222222,\
             0.2222222222222222,\
             3433,3433,3433,3433,3433,3433,3433,3433,3433,3433,3433\r\n\
             ,Aggregated,4,2,147,1197.4816666666668,12.345,3432.9,56.0,0.8888888888888888,\
             0.4444444444444444,147,147,3433,3433,3433,3433,3433,3433,3433,3433,3433\r\n"
        )
    );
    assert_eq!(
        read("stats_history"),
        format!(
            "{HISTORY_HEADER}1700000004,2,,Aggregated,0.000000,0.000000,\
             147,147,3433,3433,3433,3433,3433,3433,3433,3433,3433,\
             4,2,147,1197.4816666666668,12.345,3432.9,56.0\r\n"
        )
    );
    assert_eq!(
        read("failures"),
        "Method,Name,Error,Occurrences,First Seen,Last Seen\r\n\
         POST,/login,CatchResponseError('bad body'),1,2023-11-14T22:13:23Z,2023-11-14T22:13:23Z\r\n\
         GET,/,HTTPError('404 Client Error: Not Found for url: /'),1,2023-11-14T22:13:24Z,\
         2023-11-14T22:13:24Z\r\n"
    );
    assert_eq!(
        read("exceptions"),
        "Count,Message,Traceback,Nodes\r\n\
         2,boom,\"  File \"\"a.py\"\", line 3, in t\n    raise X\n\",local\r\n"
    );
}

#[test]
fn full_history_has_every_row_and_the_last_ten_seconds() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), true).unwrap();
    give(&mut csv, &[started()]);
    for now_ms in [7_000, 13_000, 15_000] {
        give(&mut csv, &[tick(Scene { now_ms, ..example() }.snapshot())]);
    }
    let text = fs::read_to_string(folder.path().join("run_stats_history.csv")).unwrap();
    let rows: Vec<&str> = text.lines().skip(1).collect();
    assert_eq!(rows.len(), 9);
    assert_eq!(
        rows[0],
        "1700000007,2,GET,/,0.600000,0.200000,147,147,147,147,147,147,147,147,147,147,147,\
         3,1,12.345,79.7725,12.345,147.2,68.0"
    );
    let zeros = "0,0,0,0,0,0,0,0,0,0,0";
    assert!(
        rows[4].starts_with(&format!("1700000013,2,POST,/login,0.100000,0.100000,{zeros},1,1"))
    );
    assert!(rows[5].contains(",147,147,147,147,147,147,147,147,147,147,147,4,2,"), "{}", rows[5]);
    assert!(rows[8].contains(&format!(",Aggregated,0.400000,0.200000,{zeros},4,2,147,")));
}

#[test]
fn a_tick_is_on_disk_at_once_and_a_shorter_table_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), false).unwrap();
    give(&mut csv, &[started(), tick(example().snapshot())]);
    let read =
        |suffix: &str| fs::read_to_string(folder.path().join(format!("run_{suffix}.csv"))).unwrap();
    assert_eq!(read("failures").lines().count(), 3);
    assert_eq!(read("stats_history").lines().count(), 2);

    let mut statistics = example().statistics();
    statistics.reset(Duration::from_secs(5));
    let elapsed = Duration::from_secs(6);
    let reset = statistics.snapshot(SnapshotInput { elapsed, ..SnapshotInput::default() });
    give(&mut csv, &[RunEvent::StatsReset, tick(reset)]);
    assert_eq!(read("failures").lines().count(), 1);
    assert!(read("stats").contains("GET,/,0,0,0,0.0,0,0,0,0.0,0.0,N/A,"));
    assert_eq!(read("stats_history").lines().count(), 3);
}

#[test]
fn custom_metrics_have_a_file_only_when_there_are_any() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), false).unwrap();
    let path = folder.path().join("run_metrics.csv");
    give(&mut csv, &[started(), tick(example().snapshot())]);
    assert!(!path.exists());

    let mut recorder = Recorder::new(false);
    let items = recorder.intern_metric("items, sold", MetricKind::Counter).unwrap();
    recorder.add_metric(items, 1.0, Duration::ZERO);
    recorder.add_metric(items, 2.0, Duration::ZERO);
    let mut statistics = Statistics::new(false);
    statistics.apply(recorder.take_delta());
    give(&mut csv, &[tick(statistics.snapshot(SnapshotInput::default()))]);
    assert_eq!(
        fs::read_to_string(path).unwrap(),
        "Name,Kind,Count,Sum,Average,Min,Max,Last,\
         50%,66%,75%,80%,90%,95%,98%,99%,99.9%,99.99%,100%\r\n\
         \"items, sold\",counter,2,3.0,1.5,1.0,2.0,2.0,\
         N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A,N/A\r\n"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named_before_the_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();

    let error = CsvReporter::create(&file.join("run"), false).err().unwrap();
    let message = format!("create the folder `{}` for report files", file.display());
    assert_eq!(error.to_string(), message);
    assert!(error.source().is_some());

    let taken = folder.path().join("run_failures.csv");
    fs::create_dir(&taken).unwrap();
    let error = CsvReporter::create(&folder.path().join("run"), false).err().unwrap();
    assert!(matches!(&error, ReportError::Create { path, .. } if *path == taken), "{error}");

    let taken = folder.path().join("result.json");
    fs::create_dir(&taken).unwrap();
    let error = JsonReporter::to_file(&folder.path().join("result")).err().unwrap();
    assert_eq!(error.to_string(), format!("create the report file `{}`", taken.display()));
}

#[test]
fn a_file_that_could_not_be_replaced_is_tried_again_and_only_the_end_counts() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), false).unwrap();
    let in_the_way = folder.path().join("run_stats.csv.tmp");
    fs::create_dir(&in_the_way).unwrap();
    csv.on_event(&tick(example().snapshot())).unwrap();
    let path = folder.path().join("run_stats.csv");
    assert_eq!(fs::read_to_string(&path).unwrap().lines().count(), 2, "as it was created");

    fs::remove_dir(&in_the_way).unwrap();
    give(&mut csv, &[ended(example().summary())]);
    assert_eq!(fs::read_to_string(path).unwrap().lines().count(), 4);
}

#[test]
fn files_that_miss_the_end_are_named_together_and_the_others_are_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), false).unwrap();
    let path = |suffix: &str| folder.path().join(format!("run_{suffix}.csv"));
    for suffix in ["stats", "exceptions"] {
        fs::create_dir(folder.path().join(format!("run_{suffix}.csv.tmp"))).unwrap();
    }
    csv.on_event(&tick(example().snapshot())).unwrap();
    let error = csv.on_event(&ended(example().summary())).unwrap_err();
    let (stats, exceptions) = (path("stats"), path("exceptions"));
    let expected =
        format!("write the report files `{}`, `{}`", stats.display(), exceptions.display());
    assert_eq!(error.to_string(), expected);
    assert!(error.source().is_some());
    assert!(fs::read_to_string(path("failures")).unwrap().lines().count() > 1);
    assert_eq!(fs::read_to_string(path("stats_history")).unwrap().lines().count(), 3);
}

const JSON: &str = r#"[
    {
        "name": "/login",
        "method": "POST",
        "last_request_timestamp": 1700000003.5,
        "start_time": 1700000003.5,
        "num_requests": 1,
        "num_none_requests": 0,
        "num_failures": 1,
        "total_response_time": 3432.9,
        "max_response_time": 3432.9,
        "min_response_time": 3432.9,
        "total_content_length": 20,
        "response_times": {
            "3400": 1
        },
        "num_reqs_per_sec": {
            "1700000003": 1
        },
        "num_fail_per_sec": {
            "1700000003": 1
        },
        "percentiles": {
            "50%": 3432.9,
            "66%": 3432.9,
            "75%": 3432.9,
            "80%": 3432.9,
            "90%": 3432.9,
            "95%": 3432.9,
            "98%": 3432.9,
            "99%": 3432.9,
            "99.9%": 3432.9,
            "99.99%": 3432.9,
            "100%": 3432.9
        }
    },
"#;

#[test]
fn json_has_locusts_fields_in_their_order_and_then_percentiles() {
    let paper = Paper::default();
    let mut json = JsonReporter::to_stream(paper.stream());
    give(&mut json, &[started(), tick(example().snapshot())]);
    assert_eq!(paper.take(), "", "nothing before the end");
    give(&mut json, &[ended(example().summary())]);
    let text = paper.take();
    assert!(text.starts_with(JSON), "{text}");
    assert!(text.ends_with("]\n"));
    let entries: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    assert_eq!(entries[1]["num_none_requests"], 1);
    assert_eq!(entries[1]["start_time"], STARTED as f64 + 4.0);
    assert_eq!(entries[1]["num_reqs_per_sec"]["1700000004"], 3);
}

#[test]
fn the_json_file_gets_its_ending_and_a_run_without_requests_is_an_empty_array() {
    let folder = tempfile::tempdir().unwrap();
    let mut json = JsonReporter::to_file(&folder.path().join("results/v1.2")).unwrap();
    give(&mut json, &[started(), ended(Scene::default().summary())]);
    let path = folder.path().join("results/v1.2.json");
    assert_eq!(fs::read_to_string(path).unwrap(), "[]");
}
