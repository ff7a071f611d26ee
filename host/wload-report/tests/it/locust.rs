//! Beside Locust itself: the same requests through both, and what both write.

use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use wload_report::console::{Console, ConsoleOptions};
use wload_report::csv::CsvReporter;
use wload_report::json::JsonReporter;

use crate::scene::{Paper, Request, STARTED, Scene, Verdict, ended, give, started, tick};

/// The Python that has Locust; none, loudly, when there is none.
fn python(test: &str) -> Option<PathBuf> {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = std::env::var_os("WLOAD_LOCUST_PYTHON")
        .map_or_else(|| workspace.join("target/tools/locust/bin/python"), PathBuf::from);
    if path.exists() {
        return Some(path);
    }
    // Not `eprintln!`, whose text the test harness keeps to itself when a test passes.
    let notice = format!("SKIPPED {test}: Locust is not installed, run `cargo xtask setup`\n");
    io::stderr().write_all(notice.as_bytes()).unwrap();
    let target = workspace.join("target");
    fs::create_dir_all(&target).unwrap();
    let list = target.join("skipped-tests.txt");
    let mut list = OpenOptions::new().create(true).append(true).open(list).unwrap();
    // In one piece: other tests append at the same time.
    list.write_all(format!("{test}\n").as_bytes()).unwrap();
    None
}

/// What one of both wrote.
struct Reports {
    folder: tempfile::TempDir,
    periodic: Vec<String>,
    summary: Vec<String>,
    json: Vec<Value>,
}

impl Reports {
    /// All records of a CSV file, the header first.
    fn csv(&self, suffix: &str) -> Vec<Vec<String>> {
        csv::ReaderBuilder::new()
            .has_headers(false)
            .from_path(self.folder.path().join(format!("run_{suffix}.csv")))
            .unwrap()
            .records()
            .map(|record| record.unwrap().iter().map(str::to_owned).collect())
            .collect()
    }

    fn bytes(&self, suffix: &str) -> String {
        fs::read_to_string(self.folder.path().join(format!("run_{suffix}.csv"))).unwrap()
    }
}

fn locusts(python: &Path, scene: &Scene, name_width: usize, full_history: bool) -> Reports {
    let folder = tempfile::tempdir().unwrap();
    let at = |ms: u64| STARTED as f64 + ms as f64 / 1_000.0;
    let requests = scene.requests.iter().map(|request| {
        let failure = match &request.verdict {
            Verdict::Good => Value::Null,
            Verdict::Judged(text) => json!({ "judged": text }),
            Verdict::Status(status, reason) => json!({ "status": status, "reason": reason }),
        };
        json!({
            "at": at(request.at_ms), "method": request.method, "name": request.name,
            "ms": request.us.map(|us| us as f64 / 1_000.0), "length": request.length,
            "failure": failure,
        })
    });
    let exceptions = scene
        .exceptions
        .iter()
        .map(|[_, _, message, trace]| json!({ "count": 1, "message": message, "trace": trace }));
    let job = json!({
        "started": STARTED as f64, "now": at(scene.now_ms), "user_count": scene.user_count,
        "name_width": name_width, "full_history": full_history,
        "prefix": folder.path().join("run"), "requests": requests.collect::<Vec<_>>(),
        "exceptions": exceptions.collect::<Vec<_>>(),
    });
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/locust_stats.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(job.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the oracle ended with {}", output.status);
    let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
    let lines = |field: &str| {
        let lines = answer[field].as_array().unwrap();
        lines.iter().map(|line| line.as_str().unwrap().to_owned()).collect()
    };
    Reports {
        folder,
        periodic: lines("periodic"),
        summary: lines("final"),
        json: answer["json"].as_array().unwrap().clone(),
    }
}

fn ours(scene: &Scene, name_width: usize, full_history: bool) -> Reports {
    let folder = tempfile::tempdir().unwrap();
    let mut csv = CsvReporter::create(&folder.path().join("run"), full_history).unwrap();
    give(&mut csv, &[started(), tick(scene.snapshot())]);

    let paper = Paper::default();
    let lines = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let options = ConsoleOptions { name_width, ..ConsoleOptions::default() };
    let mut console = Console::new(paper.stream(), options);
    give(&mut console, &[tick(scene.snapshot())]);
    let periodic = lines(paper.take());
    // Locust has no table of exceptions.
    let without_ours = Scene { exceptions: Vec::new(), ..scene.clone() };
    give(&mut console, &[ended(without_ours.summary())]);
    let summary = lines(paper.take());

    give(&mut JsonReporter::to_stream(paper.stream()), &[started(), ended(scene.summary())]);
    let json: Vec<Value> = serde_json::from_str(&paper.take()).unwrap();
    Reports { folder, periodic, summary, json }
}

/// Times that Locust's buckets hold exactly, and an odd number of them in each row, so that there is
/// only one middle value: everything is equal. For even numbers see
/// [`of_an_even_number_of_times_locust_takes_the_upper_median_and_we_the_lower_one`].
///
/// Each row has requests in the first two seconds: Locust's percentiles of the last ten seconds leave
/// out what a snapshot of the row shows, and it only makes one when a request comes in a new second.
fn exact_scene() -> Scene {
    let mut requests = Vec::new();
    for index in 0..14_u64 {
        requests.push(Request {
            at_ms: 250 + index * 500,
            method: if index % 2 == 0 { "POST" } else { "GET" },
            name: if index % 2 == 0 { "/login" } else { "/items/{id}" },
            us: Some((index * 37 % 97 + 1) * 1_000),
            length: index * 100,
            verdict: match index {
                3 | 9 => Verdict::Judged("it's \"not\" what\nwe wanted \u{1f980}"),
                6 => Verdict::Judged("bad, body"),
                4 | 5 => Verdict::Status(404, "Not Found"),
                8 => Verdict::Status(503, "Service Unavailable"),
                _ => Verdict::Good,
            },
        });
    }
    let quiet = |at_ms, us| Request {
        at_ms,
        method: "GRPC",
        name: "say \"hi\", then, go",
        us,
        length: 0,
        verdict: Verdict::Good,
    };
    requests.push(quiet(875, Some(7_000)));
    requests.push(quiet(1_875, Some(9_000)));
    requests.push(quiet(10_500, None));
    requests.push(quiet(10_750, Some(8_000)));
    requests.sort_by_key(|request| request.at_ms);
    Scene {
        requests,
        exceptions: vec![["U", "t", "boom, \"loud\"", "File \"a.py\"\n  raise X"]],
        now_ms: 10_900,
        user_count: 5,
    }
}

#[test]
fn for_values_that_locust_keeps_exactly_the_reports_are_equal() {
    let Some(python) = python("for_values_that_locust_keeps_exactly_the_reports_are_equal") else {
        return;
    };
    let scene = exact_scene();
    for (name_width, full_history) in [(80, false), (20, true)] {
        let theirs = locusts(&python, &scene, name_width, full_history);
        let ours = ours(&scene, name_width, full_history);
        assert_eq!(ours.bytes("stats"), theirs.bytes("stats"));
        assert_eq!(ours.bytes("stats_history"), theirs.bytes("stats_history"));
        assert_eq!(ours.bytes("exceptions"), theirs.bytes("exceptions"));
        // Locust sorts failures by a hash.
        let set = |reports: &Reports| {
            let records = reports.csv("failures");
            (records[0].clone(), records.len(), records.into_iter().collect::<BTreeSet<_>>())
        };
        assert_eq!(set(&ours), set(&theirs));
        assert_eq!(ours.periodic, theirs.periodic);
        // A line feed in a message would break our table: it stays escaped.
        let shown = theirs.summary.iter().map(|line| match line.split_once('\n') {
            Some((before, after)) => format!("{:<119}", format!("{before}\\n{}", after.trim_end())),
            None => line.clone(),
        });
        let width = |line: &str| line.trim_end().to_owned();
        assert_eq!(
            ours.summary.iter().map(|line| width(line)).collect::<Vec<_>>(),
            shown.map(|line| width(&line)).collect::<Vec<_>>()
        );
        assert_json_equal(&ours.json, &theirs.json);
    }
}

/// Locust 2.46 took the lower of the two middle values, as we do; 2.47 takes the upper one. This is
/// the only figure of the tables in which both differ for the same values.
#[test]
fn of_an_even_number_of_times_locust_takes_the_upper_median_and_we_the_lower_one() {
    let test = "of_an_even_number_of_times_locust_takes_the_upper_median_and_we_the_lower_one";
    let Some(python) = python(test) else { return };
    let request = |us| Request {
        at_ms: 500,
        method: "GET",
        name: "/",
        us: Some(us),
        length: 1,
        verdict: Verdict::Good,
    };
    let scene = Scene {
        requests: vec![request(10_000), request(20_000)],
        exceptions: Vec::new(),
        now_ms: 1_000,
        user_count: 1,
    };
    let (theirs, ours) = (locusts(&python, &scene, 80, false), ours(&scene, 80, false));
    let (theirs, ours) = (theirs.csv("stats"), ours.csv("stats"));
    let median = ours[0].iter().position(|title| title == "Median Response Time").unwrap();
    assert_eq!((&*ours[1][median], &*theirs[1][median]), ("10", "20"));
    let without_median =
        |row: &[String]| [row[..median].to_vec(), row[median + 1..].to_vec()].concat();
    for (ours, theirs) in ours.iter().zip(&theirs) {
        assert_eq!(without_median(ours), without_median(theirs));
    }
}

/// All of Locust's fields in its order; ours may come after them.
fn assert_json_equal(ours: &[Value], theirs: &[Value]) {
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        for (field, value) in theirs.as_object().unwrap() {
            match (ours[field].as_f64(), value.as_f64()) {
                (Some(left), Some(right)) => assert_close(left, right, field),
                _ => assert_eq!(&ours[field], value, "field {field} of {theirs}"),
            }
        }
        let extra: Vec<_> = ours
            .as_object()
            .unwrap()
            .keys()
            .filter(|field| theirs.get(field.as_str()).is_none())
            .collect();
        assert_eq!(extra, ["percentiles"]);
    }
}

fn assert_close(ours: f64, theirs: f64, what: &str) {
    let allowed = 1e-9 * theirs.abs().max(1.0);
    assert!((ours - theirs).abs() <= allowed, "{what}: {ours}, Locust has {theirs}");
}

/// Times of every size, with fractions.
fn mixed_scene() -> Scene {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % below
    };
    let scales = [900, 40_000, 700_000, 6_000_000, 90_000_000];
    let names = ["/", "/cart", "/items", "/search?q=a,b", "/slow"];
    let requests = (0..3_001)
        .map(|index| {
            let kind = usize::try_from(random(5)).unwrap();
            let failed = random(20) == 0;
            Request {
                at_ms: index * 7 / 2,
                method: if kind == 1 { "POST" } else { "GET" },
                name: names[kind],
                us: (random(50) > 0).then(|| random(scales[kind]) + 1),
                length: random(100_000),
                verdict: if failed { Verdict::Judged("no") } else { Verdict::Good },
            }
        })
        .collect();
    Scene { requests, exceptions: Vec::new(), now_ms: 10_600, user_count: 12 }
}

/// Half of Locust's bucket, our slot, and the rounding of both.
fn bucket_tolerance(ms: f64) -> f64 {
    let half = match ms {
        _ if ms < 100.0 => 0.5,
        _ if ms < 1_000.0 => 5.0,
        _ if ms < 10_000.0 => 50.0,
        _ => 500.0,
    };
    half + ms * 0.001 + 1.0
}

#[test]
fn for_any_values_the_reports_agree_within_locusts_buckets() {
    let Some(python) = python("for_any_values_the_reports_agree_within_locusts_buckets") else {
        return;
    };
    let scene = mixed_scene();
    let theirs = locusts(&python, &scene, 80, false);
    let ours = ours(&scene, 80, false);
    let (our_rows, their_rows) = (ours.csv("stats"), theirs.csv("stats"));
    assert_eq!(our_rows[0], their_rows[0]);
    assert_eq!(our_rows.len(), 7);
    for (ours, theirs) in our_rows.iter().zip(&their_rows).skip(1) {
        assert_eq!(ours[..4], theirs[..4], "type, name, requests, failures");
        let number = |row: &[String], at: usize| row[at].parse::<f64>().unwrap();
        for at in [5, 8, 9, 10] {
            assert_close(number(ours, at), number(theirs, at), &our_rows[0][at]);
        }
        assert_eq!(ours[6..8], theirs[6..8], "exact minimum and maximum");
        for (at, label) in our_rows[0].iter().enumerate().skip(11) {
            let (left, right) = (number(ours, at), number(theirs, at));
            assert!((left - right).abs() <= bucket_tolerance(right), "{label}: {left}, {right}");
        }
        let times = times_of(&scene, ours);
        let (median, exact) = (number(ours, 4), times[(times.len() - 1) / 2] as f64 / 1_000.0);
        assert!((median - exact).abs() <= exact * 0.001 + 0.5, "median {median} for {exact}");
        // Of an even number of times Locust shows the other middle value.
        if !times.len().is_multiple_of(2) {
            let (left, right) = (median, number(theirs, 4));
            assert!((left - right).abs() <= bucket_tolerance(right), "median {left}, {right}");
        }
    }
    let (our_history, their_history) = (ours.csv("stats_history"), theirs.csv("stats_history"));
    assert_eq!(our_history[0], their_history[0]);
    assert_eq!(our_history[1][..6], their_history[1][..6]);
    let layout = |lines: &[String]| lines.iter().map(String::len).collect::<Vec<_>>();
    assert_eq!(layout(&ours.summary), layout(&theirs.summary));
    assert_eq!(ours.json.len(), theirs.json.len());
    for (ours, theirs) in ours.json.iter().zip(&theirs.json) {
        for field in ["name", "method", "num_requests", "num_failures", "num_reqs_per_sec"] {
            assert_eq!(ours[field], theirs[field]);
        }
    }
}

/// Response times of a row in microseconds, ascending.
fn times_of(scene: &Scene, row: &[String]) -> Vec<u64> {
    let is_in_row = |request: &&Request| {
        row[1] == "Aggregated" || (request.method == row[0] && request.name == row[1])
    };
    let mut times: Vec<u64> =
        scene.requests.iter().filter(is_in_row).filter_map(|request| request.us).collect();
    times.sort_unstable();
    times
}
