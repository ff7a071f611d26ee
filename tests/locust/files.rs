//! CSV and JSON: the same rows, the same counts as the target's, the same texts.

use std::collections::BTreeSet;

use serde_json::Value;
use wload_tests::guest::repository;

use crate::runs::{Run, VISITS, by_key, run_python, runs};

/// Rows of the visit: type, name, requests and failures of one visit, and what the target counts for it.
const ROWS: [(&str, &str, u64, u64, &str); 10] = [
    ("POST", "/cart", 1, 0, "POST /cart"),
    ("GET", "/fail/503", 1, 1, "GET /fail/{code}"),
    ("GET", "/gzip", 1, 0, "GET /gzip"),
    ("POST", "/login", 1, 0, "POST /login"),
    ("POST", "/orders", 1, 0, "POST /orders"),
    ("GET", "/products/{id}", 2, 1, "GET /products/{id}"),
    ("GET", "/products?category=books&limit=5", 1, 0, "GET /products"),
    // A chain of redirects is one request: the target counts the last step as `/ok`.
    ("GET", "/redirect/2", 1, 0, "GET /ok"),
    ("GET", "/search?q=lamp", 1, 1, "GET /search"),
    ("GET", "/status/404", 1, 0, "GET /status/{code}"),
];

#[test]
fn both_count_what_the_target_received() {
    let Some(runs) = runs("both_count_what_the_target_received") else { return };
    for run in runs.both() {
        let table = run.table("stats");
        let rows = by_key(&table);
        assert_eq!(rows.len(), ROWS.len() + 1, "{table:?}");
        for (method, name, requests, failures, route) in ROWS {
            let row = &rows[&(method.to_owned(), name.to_owned())];
            assert_eq!(row.count("Request Count"), requests * VISITS, "{method} {name}");
            assert_eq!(row.count("Failure Count"), failures * VISITS, "{method} {name}");
            assert_eq!(row.count("Request Count"), run.counts.routes[route].completed, "{route}");
        }
        let total = &rows[&(String::new(), "Aggregated".to_owned())];
        let redirects = run.counts.routes["GET /redirect/{n}"].completed;
        assert_eq!(redirects, 2 * VISITS);
        assert_eq!(total.count("Request Count"), run.counts.total.received - redirects);
        assert_eq!(total.count("Failure Count"), 3 * VISITS);
    }
}

#[test]
fn csv_files_have_the_same_columns_and_rows_in_the_same_order() {
    let test = "csv_files_have_the_same_columns_and_rows_in_the_same_order";
    let Some(runs) = runs(test) else { return };
    for name in ["stats", "stats_history", "failures", "exceptions"] {
        let [locust, wload] = runs.both().map(|run| run.table(name).header);
        assert_eq!(wload, locust, "{name}");
        // The header stands as a line of its own, with the same quotes and the same line end.
        let first = |run: &Run| run.text(name).split_inclusive('\n').next().unwrap().to_owned();
        assert_eq!(first(&runs.wload), first(&runs.locust), "{name}");
    }
    let keys = |run: &Run| -> Vec<[String; 5]> {
        let same = ["Type", "Name", "Request Count", "Failure Count", "Average Content Size"];
        run.table("stats").rows().map(|row| same.map(|column| row.text(column).into())).collect()
    };
    assert_eq!(keys(&runs.wload), keys(&runs.locust));
    let last = |run: &Run| -> [String; 6] {
        let table = run.table("stats_history");
        let last = table.rows().last().expect("the history has a row for each second");
        let same = ["User Count", "Type", "Name", "Total Request Count", "Total Failure Count"];
        let [users, method, name, requests, failures] = same.map(|column| last.text(column).into());
        [users, method, name, requests, failures, last.text("Total Average Content Size").into()]
    };
    assert_eq!(last(&runs.wload), last(&runs.locust));
}

#[test]
fn failures_have_the_same_texts_and_counts() {
    let Some(runs) = runs("failures_have_the_same_texts_and_counts") else { return };
    // Locust sorts them by a hash. The lines are compared with their quotes, without the two dates.
    let lines = |run: &Run| -> BTreeSet<String> {
        let text = run.text("failures");
        assert!(text.ends_with("Z\r\n"), "the last line has its end: {text}");
        text.lines().map(|line| line.rsplitn(3, ',').last().unwrap().to_owned()).collect()
    };
    let wload = lines(&runs.wload);
    assert_eq!(wload, lines(&runs.locust));
    assert_eq!(wload.len(), 4);
    let not_found =
        "GET,/products/{id},HTTPError('404 Client Error: Not Found for url: /products/{id}')";
    assert!(wload.contains(&format!("{not_found},{VISITS}")), "{wload:#?}");
}

#[test]
fn exceptions_have_the_same_messages_and_counts() {
    let Some(runs) = runs("exceptions_have_the_same_messages_and_counts") else { return };
    let rows = |run: &Run| -> Vec<[String; 3]> {
        let table = run.table("exceptions");
        let cells = |row: wload_tests::files::Row<'_>| {
            assert_ne!(row.text("Traceback"), "");
            ["Count", "Message", "Nodes"].map(|column| row.text(column).to_owned())
        };
        table.rows().map(cells).collect()
    };
    let message = "the number of the order, can be divided by \"five\"";
    let expected = [(VISITS / 5).to_string(), message.to_owned(), "local".to_owned()];
    for run in runs.both() {
        let rows = rows(run);
        assert_eq!((rows.len(), &rows[0]), (1, &expected));
    }
}

#[test]
fn a_gate_that_reads_locusts_csv_gives_the_same_verdict_on_ours() {
    let test = "a_gate_that_reads_locusts_csv_gives_the_same_verdict_on_ours";
    let Some(runs) = runs(test) else { return };
    let judge = |run: &Run, limits: [&str; 3]| {
        let gate = repository().join("tests/locust/gate.py");
        let mut words = [&gate, &run.prefix].map(|path| path.to_str().unwrap().into()).to_vec();
        words.extend(limits.map(String::from));
        let judged = run_python(&words);
        assert_eq!(judged.stderr, "");
        (judged.code, judged.stdout)
    };
    let every_name = ROWS.map(|(_, name, ..)| format!("p95 of {name}")).join(", ");
    for (limits, code, verdict) in [
        (["30000", "0.3", "1"], 0, "passed".to_owned()),
        (["30000", "0.2", "1"], 1, "failed: error rate 0.2727".to_owned()),
        (["30000", "0.3", "1e9"], 1, "failed: requests per second".to_owned()),
        (["-1", "0.3", "1"], 1, format!("failed: {every_name}, p95 of Aggregated")),
    ] {
        for run in runs.both() {
            assert_eq!(judge(run, limits), (Some(code), format!("{verdict}\n")), "{limits:?}");
        }
    }
}

#[test]
fn json_entries_have_locusts_fields_and_counts() {
    let Some(runs) = runs("json_entries_have_locusts_fields_and_counts") else { return };
    assert_eq!(runs.locust.json.len(), ROWS.len());
    let fields = |entry: &Value| -> BTreeSet<String> {
        entry.as_object().unwrap().keys().cloned().collect()
    };
    let ours_alone = BTreeSet::from(["percentiles".to_owned()]);
    let key = |entry: &Value| (entry["name"].to_string(), entry["method"].to_string());
    for locust in &runs.locust.json {
        let same: Vec<_> =
            runs.wload.json.iter().filter(|entry| key(entry) == key(locust)).collect();
        let [wload] = same[..] else { panic!("{} entries for {locust}", same.len()) };
        assert_eq!(&fields(wload) - &fields(locust), ours_alone);
        assert_eq!(&fields(locust) - &fields(wload), BTreeSet::new());
        for field in ["num_requests", "num_none_requests", "num_failures", "total_content_length"] {
            assert_eq!(wload[field], locust[field], "{field} of {}", locust["name"]);
        }
        for field in locust.as_object().unwrap().keys() {
            assert_eq!(kind(&wload[field]), kind(&locust[field]), "{field}");
        }
        for counted in ["response_times", "num_reqs_per_sec"] {
            let sum: u64 =
                wload[counted].as_object().unwrap().values().map(|n| n.as_u64().unwrap()).sum();
            assert_eq!(Some(sum), locust["num_requests"].as_u64(), "{counted}");
        }
    }
    assert_eq!(runs.wload.json.len(), ROWS.len());
}

/// What a reader in a typed language has to expect.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Number(number) if number.is_f64() => "float",
        Value::Number(_) => "integer",
        Value::String(_) => "text",
        Value::Object(_) => "object",
        Value::Null => "null",
        Value::Bool(_) | Value::Array(_) => "other",
    }
}
