//! The console that appends.

use std::sync::Arc;
use std::time::Duration;

use wload_core::event::{LogLevel, RunEvent};
use wload_core::recorder::Recorder;
use wload_core::shape::Tick;
use wload_core::snapshot::MetricKind;
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_report::console::{Console, ConsoleOptions, name_width};

use crate::scene::{Paper, Request, Scene, Verdict, ended, example, give, started, tick};

fn options(name_width: usize) -> ConsoleOptions {
    ConsoleOptions { name_width, ..ConsoleOptions::default() }
}

#[test]
fn the_width_of_names_is_taken_from_the_terminal_as_locust_does() {
    let table = [(None, 80), (Some(60), 0), (Some(100), 20), (Some(160), 80), (Some(500), 80)];
    for (columns, width) in table {
        assert_eq!(name_width(columns), width, "{columns:?}");
    }
}

const SUMMARY: &str = "\
Type     Name                   # reqs      # fails |    Avg     Min     Max    Med |   req/s  failures/s
--------|---------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
GET      /                           3    1(33.33%) |     79      12     147     12 |    0.67        0.22
POST     /login                      1   1(100.00%) |   3432    3432    3432   3432 |    0.22        0.22
--------|---------------------|-------|-------------|-------|-------|-------|-------|--------|-----------
         Aggregated                  4    2(50.00%) |   1197      12    3432    147 |    0.89        0.44

Response time percentiles (approximated)
Type     Name                           50%    66%    75%    80%    90%    95%    98%    99%  99.9% 99.99%   100% # reqs
--------|-------------------------|--------|------|------|------|------|------|------|------|------|------|------|------
GET      /                              147    147    147    147    147    147    147    147    147    147    147      3
POST     /login                        3433   3433   3433   3433   3433   3433   3433   3433   3433   3433   3433      1
--------|-------------------------|--------|------|------|------|------|------|------|------|------|------|------|------
         Aggregated                     147    147   3433   3433   3433   3433   3433   3433   3433   3433   3433      4

Error report
# occurrences      Error                                                                                               
------------------|--------------------------------------------------------------------------------------
1                  POST /login: bad body                                                                               
1                  GET /: HTTPError('404 Client Error: Not Found for url: /')                                          
------------------|--------------------------------------------------------------------------------------

Exceptions
# occurrences      Exception                                                                                           
------------------|--------------------------------------------------------------------------------------
2                  U.t: boom                                                                                           
------------------|--------------------------------------------------------------------------------------

";

#[test]
fn the_summary_has_locusts_tables_and_then_ours() {
    let paper = Paper::default();
    let mut console = Console::new(paper.stream(), options(25));
    give(&mut console, &[started(), ended(example().summary())]);
    assert_eq!(paper.take(), SUMMARY);
}

#[test]
fn a_run_without_requests_has_a_summary_too() {
    let paper = Paper::default();
    let mut console = Console::new(paper.stream(), options(0));
    give(&mut console, &[started(), ended(Scene::default().summary())]);
    let text = paper.take();
    let aggregated: Vec<&str> = text.lines().filter(|line| line.contains("Aggregated")).collect();
    assert_eq!(
        aggregated,
        [
            "         Aggregated       0     0(0.00%) |      0       0       0      0 |    0.00        0.00"
        ]
    );
}

#[test]
fn what_makes_numbers_doubtful_is_said_under_the_tables() {
    let mut summary = example().summary();
    summary.snapshot.interrupted = 3;
    summary.snapshot.repeated = 2;
    summary.saturation = Some("the generator was saturated\u{1b}[2J: use more cores".to_owned());
    let paper = Paper::default();
    give(&mut Console::new(paper.stream(), options(25)), &[ended(summary)]);
    let text = paper.take();
    assert!(
        text.ends_with(
            "3 requests were on the wire when their users were stopped: they are in no table\n\
             2 times a request was sent again because the server had closed its connection; it \
             counts once\n\
             Warning: the generator was saturated\\u{1b}[2J: use more cores\n\n"
        ),
        "{text}"
    );
}

#[test]
fn a_table_comes_every_two_seconds_with_current_rates() {
    let paper = Paper::default();
    let mut console = Console::new(paper.stream(), options(25));
    let mut tables = Vec::new();
    for ms in [0, 990, 1_995, 3_001, 3_990, 5_100] {
        let scene = Scene { now_ms: ms, ..example() };
        give(&mut console, &[tick(scene.snapshot())]);
        if !paper.take().is_empty() {
            tables.push(ms);
        }
    }
    assert_eq!(tables, [0, 1_995, 3_990]);

    let scene = Scene { now_ms: 7_000, ..example() };
    give(&mut console, &[tick(scene.snapshot())]);
    let text = paper.take();
    // Four requests in the five seconds 0 to 4.
    assert!(text.contains("|    0.80        0.40\n\n"), "{text}");
    assert_eq!(text.lines().count(), 7);

    let only_summary = ConsoleOptions { periodic: false, ..options(25) };
    give(&mut Console::new(paper.stream(), only_summary), &[tick(example().snapshot())]);
    assert_eq!(paper.take(), "");
}

#[test]
fn custom_metrics_have_a_table_when_there_are_any() {
    let mut recorder = Recorder::new(false);
    let add = |recorder: &mut Recorder, name, kind, values: &[f64]| {
        let id = recorder.intern_metric(name, kind).unwrap();
        for value in values {
            recorder.add_metric(id, *value, Duration::ZERO);
        }
    };
    add(&mut recorder, "items", MetricKind::Counter, &[1.0, 2.0]);
    add(&mut recorder, "queue", MetricKind::Gauge, &[5.5, 2.25]);
    add(&mut recorder, "score", MetricKind::Trend, &[-5.0, 950_000_000_005.0]);
    let mut statistics = Statistics::new(false);
    statistics.apply(recorder.take_delta());
    let mut summary = Scene::default().summary();
    summary.snapshot = statistics.snapshot(SnapshotInput::default());

    let paper = Paper::default();
    give(&mut Console::new(paper.stream(), options(10)), &[ended(summary)]);
    let text = paper.take();
    let table = text.split_once("Custom metrics\n").unwrap().1;
    assert_eq!(
        table,
        "\
Name           Kind  # values          Sum          Min          Max         Last          50%          95%
----------|--------|---------|------------|------------|------------|------------|------------|------------
items       counter         2            3            1            2            2            -            -
queue         gauge         2        7.750        2.250        5.500        2.250            -            -
score         trend         2    9.5000e11           -5    9.5000e11    9.5000e11    9.5000e11    9.5000e11
----------|--------|---------|------------|------------|------------|------------|------------|------------

"
    );
}

#[test]
fn names_and_messages_cannot_steer_the_terminal() {
    let scene = Scene {
        requests: vec![Request {
            at_ms: 1,
            method: "G\u{1b}T",
            name: "/\u{1b}[2J\r\nAggregated",
            us: Some(1),
            length: 1,
            verdict: Verdict::Judged("no\u{1b}]0;title\u{7}\n\u{202e}"),
        }],
        exceptions: vec![["U", "t", "boom\n\u{1b}[31m", ""]],
        now_ms: 1_000,
        user_count: 1,
    };
    let paper = Paper::default();
    let mut console = Console::new(paper.stream(), options(40));
    give(
        &mut console,
        &[
            RunEvent::GuestLog {
                level: LogLevel::Warn,
                origin: "U/1".to_owned(),
                message: "\u{1b}[2Jhello\n".to_owned(),
            },
            ended(scene.summary()),
        ],
    );
    let text = paper.take();
    assert!(text.starts_with("WARNING U/1: \\u{1b}[2Jhello\\n\n"), "{text}");
    assert!(text.chars().all(|char| char == '\n' || !char.is_control()), "{text}");
    assert!(!text.contains('\u{202e}'));
}

#[test]
fn what_happens_is_said_in_locusts_words() {
    let paper = Paper::default();
    let mut console = Console::new(paper.stream(), options(80));
    let ramping = Tick { users: 3, spawn_rate: 1.5, classes: Vec::new() };
    let events = [
        started(),
        RunEvent::Ramping(ramping),
        RunEvent::AllSpawned(vec![("A".to_owned(), 1), ("B".to_owned(), 2)]),
        RunEvent::StatsReset,
        RunEvent::Warning("the disk is slow".to_owned()),
    ];
    give(&mut console, &events);
    assert_eq!(
        paper.take(),
        "Ramping to 3 users at a rate of 1.50 per second\n\
         All users spawned: {\"A\": 1, \"B\": 2} (3 total users)\n\
         Resetting stats\n\
         Warning: the disk is slow\n"
    );
    let silent = ConsoleOptions { news: false, ..options(80) };
    give(&mut Console::new(paper.stream(), silent), &events);
    assert_eq!(paper.take(), "");
    let snapshot = Arc::new(example().snapshot());
    give(&mut Console::new(paper.stream(), silent), &[RunEvent::Snapshot(snapshot)]);
    assert_ne!(paper.take(), "");
}
