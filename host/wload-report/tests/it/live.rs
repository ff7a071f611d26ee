//! The table that is redrawn in place, on a terminal of paper.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use wload_core::event::RunEvent;
use wload_core::ids::CoreId;
use wload_core::run_state::RunState;
use wload_core::snapshot::{CoreHealth, InstanceCounts, RequestKey, Snapshot};
use wload_report::console::live::{LiveConsole, LiveOptions, TerminalSize};

use crate::scene::{Paper, Scene, ended, example, give, tick};

/// Understands what the live table uses: up, carriage return, clear to the end, new lines, colours.
#[derive(Default)]
struct Screen {
    lines: Vec<String>,
    row: usize,
}

impl Screen {
    fn show(&mut self, text: &str) {
        let mut rest = text;
        while let Some(char) = rest.chars().next() {
            if let Some(sequence) = rest.strip_prefix("\x1b[") {
                let end = sequence.find(|char: char| char.is_ascii_alphabetic()).unwrap();
                let number = sequence[..end].parse().unwrap_or(0);
                match sequence.as_bytes()[end] {
                    b'A' => self.row = self.row.checked_sub(number).expect("above the screen"),
                    b'J' => self.lines.truncate(self.row),
                    b'm' => {}
                    other => panic!("unknown sequence {:?}", char::from(other)),
                }
                rest = &sequence[end + 1..];
                continue;
            }
            rest = &rest[char.len_utf8()..];
            match char {
                '\n' => {
                    self.lines.resize(self.lines.len().max(self.row + 1), String::new());
                    self.row += 1;
                }
                '\r' => {}
                _ => {
                    self.lines.resize(self.lines.len().max(self.row + 1), String::new());
                    self.lines[self.row].push(char);
                }
            }
        }
    }
}

fn console(paper: &Paper, columns: usize, rows: usize, colour: bool) -> LiveConsole {
    let options = LiveOptions { run_time: Some(Duration::from_secs(60)), colour, news: true };
    LiveConsole::new(paper.stream(), Box::new(move || TerminalSize { columns, rows }), options)
}

fn many_rows(count: usize) -> Snapshot {
    let mut snapshot = example().snapshot();
    let row = snapshot.rows[0].clone();
    snapshot.rows = (0..count)
        .map(|index| {
            let name = format!("/{index:04}").into();
            let mut row = row.clone();
            row.key = RequestKey { name, method: "GET".into() };
            row
        })
        .collect();
    snapshot
}

#[test]
fn the_block_is_replaced_and_news_stays_above_it() {
    let paper = Paper::default();
    let mut live = console(&paper, 80, 24, false);
    let mut screen = Screen::default();
    give(&mut live, &[RunEvent::State(RunState::Running), tick(example().snapshot())]);
    screen.show(&paper.take());
    give(&mut live, &[tick(Scene { now_ms: 7_900, ..example() }.snapshot())]);
    screen.show(&paper.take());
    give(&mut live, &[RunEvent::Warning("something".to_owned())]);
    screen.show(&paper.take());
    assert_eq!(
        screen.lines,
        [
            "Warning: something",
            "running | users 2/2 | 7s of 1m00s | 0.80 req/s | 0.40 failures/s | 2 failure...",
            "Name                                  # reqs  # fails     Med     95%     req/s",
            "-------------------------------------------------------------------------------",
            "GET /                                      3        1      12     147      0.60",
            "POST /login                                1        1    3432    3433      0.20",
            "-------------------------------------------------------------------------------",
            "Aggregated                                 4        2     147    3433      0.80",
        ]
    );

    give(&mut live, &[ended(example().summary())]);
    screen.show(&paper.take());
    assert_eq!(screen.lines[0], "Warning: something");
    assert!(screen.lines[1].starts_with("Name      "), "{:?}", screen.lines);
    assert!(!screen.lines.iter().any(|line| line.contains("running |")));
    assert!(screen.lines.iter().any(|line| line == "Error report"));
}

#[test]
fn the_tables_of_the_summary_are_narrower_than_the_terminal() {
    for columns in [80, 100, 120, 121, 150, 200] {
        let paper = Paper::default();
        give(&mut console(&paper, columns, 24, false), &[ended(example().summary())]);
        let text = paper.take();
        let tables = text.split("Error report").next().unwrap();
        for line in tables.lines() {
            assert!(line.chars().count() < columns, "{columns}: {line}");
        }
        for expected in ["/login", "# reqs", "95%", "100%", "Aggregated"] {
            assert!(tables.contains(expected), "{columns}: {expected}: {tables}");
        }
    }
}

#[test]
fn a_wide_terminal_gets_locusts_columns() {
    let paper = Paper::default();
    give(&mut console(&paper, 161, 24, false), &[tick(example().snapshot())]);
    let text = paper.take();
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].starts_with("Type     Name"));
    assert!(lines[1].ends_with("|    Avg     Min     Max    Med |   req/s  failures/s"));
    assert!(lines[3].contains("    1(33.33%) |     79      12     147     12 |"));
}

#[test]
fn the_block_is_never_higher_or_wider_than_the_terminal() {
    for rows in [1, 2, 5, 7, 8, 24, 200] {
        for columns in [1, 20, 79, 80, 112, 200] {
            let paper = Paper::default();
            give(&mut console(&paper, columns, rows, false), &[tick(many_rows(100))]);
            let text = paper.take();
            let height = text.lines().count();
            assert!(height < rows.max(2), "{height} lines on {rows}");
            let width = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(width < columns.max(2), "{width} columns on {columns}");
        }
    }
    let paper = Paper::default();
    give(&mut console(&paper, 80, 12, false), &[tick(many_rows(100))]);
    let text = paper.take();
    assert!(text.contains("/0004") && !text.contains("/0005"), "{text}");
    assert!(text.contains("... 95 more rows"), "{text}");
    assert!(text.lines().last().unwrap().starts_with("Aggregated"), "{text}");
}

#[test]
fn a_terminal_that_became_narrower_is_cleared_completely() {
    let columns = Arc::new(AtomicUsize::new(80));
    let paper = Paper::default();
    let asked = columns.clone();
    let size = move || TerminalSize { columns: asked.load(Ordering::Relaxed), rows: 24 };
    let mut live = LiveConsole::new(paper.stream(), Box::new(size), LiveOptions::default());
    give(&mut live, &[tick(example().snapshot())]);
    let height = paper.take().lines().count();
    columns.store(40, Ordering::Relaxed);
    give(&mut live, &[tick(example().snapshot())]);
    // Each of the lines was as wide as the terminal and takes two lines now.
    assert!(paper.take().starts_with(&format!("\x1b[{}A\r\x1b[J", height * 2)));
}

#[test]
fn a_saturated_generator_is_a_warning() {
    let core = |core, cpu, lag_us_p99| CoreHealth {
        core: CoreId(core),
        cpu,
        cpu_max: cpu,
        lag_us_p99,
        lag_us_max: lag_us_p99,
        lag_us_p99_run: lag_us_p99,
        users: 1,
        instances: InstanceCounts::default(),
    };
    let mut snapshot = example().snapshot();
    snapshot.health.cores = vec![core(0, 0.5, 900), core(1, 0.97, 31_000)];
    let paper = Paper::default();
    give(&mut console(&paper, 200, 24, true), &[tick(snapshot.clone())]);
    let text = paper.take();
    assert!(
        text.contains(
            "\x1b[33mWarning: the generator is saturated: 1 of 2 cores, core 1 at 97% CPU, timers \
             31 ms late\x1b[0m\n"
        ),
        "{text}"
    );
    snapshot.health.cores.pop();
    give(&mut console(&paper, 200, 24, false), &[tick(snapshot)]);
    let text = paper.take();
    assert!(!text.contains("Warning") && !text.contains('\x1b'), "{text}");
}
