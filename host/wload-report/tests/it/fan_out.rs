//! Slow, failing and panicking reporters.

use std::sync::mpsc::{Receiver, Sender, channel};

use wload_core::event::RunEvent;
use wload_core::limits::REPORTER_INBOX_LEN;
use wload_report::fan_out::FanOut;
use wload_report::{ReportError, Reporter};

use crate::scene::{Scene, ended, example, started, tick};

/// Says what it got; waits for a permit before each event.
struct Slow {
    permits: Receiver<()>,
    seen: Sender<String>,
}

impl Reporter for Slow {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        self.permits.recv().ok();
        let word = match event {
            RunEvent::Started { .. } => "started".to_owned(),
            RunEvent::Snapshot(snapshot) => format!("tick {}", snapshot.elapsed.as_secs()),
            RunEvent::Warning(text) => text.clone(),
            RunEvent::StatsReset => "reset".to_owned(),
            RunEvent::Ended(_) => "ended".to_owned(),
            _ => "other".to_owned(),
        };
        self.seen.send(word).unwrap();
        Ok(())
    }
}

fn ticks(count: u64) -> impl Iterator<Item = RunEvent> {
    (0..count).map(|second| tick(Scene { now_ms: second * 1_000, ..Scene::default() }.snapshot()))
}

#[test]
fn a_slow_reporter_loses_ticks_and_nothing_else() {
    let (permit, permits) = channel();
    let (seen, words) = channel();
    let slow: Box<dyn Reporter> = Box::new(Slow { permits, seen });
    let fan_out = FanOut::start(vec![("slow one".to_owned(), slow)]).unwrap();
    fan_out.send(&started());
    fan_out.send(&RunEvent::Warning("a warning".to_owned()));
    fan_out.send(&RunEvent::StatsReset);
    let count = REPORTER_INBOX_LEN as u64 * 3;
    for event in ticks(count) {
        fan_out.send(&event);
    }
    fan_out.send(&ended(example().summary()));
    // From now on it is fast.
    drop(permit);
    assert!(fan_out.join().is_empty());

    let words: Vec<String> = words.iter().collect();
    assert_eq!(words[..3], ["started", "a warning", "reset"]);
    assert_eq!(words.last().unwrap(), "ended");
    assert_eq!(words[words.len() - 2], format!("tick {}", count - 1), "the newest tick stays");
    assert!(words.len() <= REPORTER_INBOX_LEN + 1, "{} events", words.len());
}

#[test]
fn an_inbox_full_of_what_must_not_be_lost_still_takes_the_end() {
    let (permit, permits) = channel();
    let (seen, words) = channel();
    let slow: Box<dyn Reporter> = Box::new(Slow { permits, seen });
    let fan_out = FanOut::start(vec![("slow one".to_owned(), slow)]).unwrap();
    for _ in 0..REPORTER_INBOX_LEN * 2 {
        fan_out.send(&RunEvent::StatsReset);
    }
    fan_out.send(&ended(example().summary()));
    drop(permit);
    assert!(fan_out.join().is_empty());
    assert_eq!(words.iter().last().unwrap(), "ended");
}

/// Fails at every event.
struct Failing;

impl Reporter for Failing {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        let what = if matches!(event, RunEvent::Ended(_)) { "the end" } else { "something" };
        Err(ReportError::Output { what, source: std::io::ErrorKind::StorageFull.into() })
    }
}

struct Panicking;

impl Reporter for Panicking {
    fn on_event(&mut self, _event: &RunEvent) -> Result<(), ReportError> {
        panic!("of {}", "fright")
    }
}

#[test]
fn failures_and_panics_of_one_reporter_are_told_and_do_not_touch_the_others() {
    let (permit, permits) = channel();
    drop(permit);
    let (seen, words) = channel();
    let reporters: Vec<(String, Box<dyn Reporter>)> = vec![
        ("broken one".to_owned(), Box::new(Failing)),
        ("frightened one".to_owned(), Box::new(Panicking)),
        ("good one".to_owned(), Box::new(Slow { permits, seen })),
    ];
    let fan_out = FanOut::start(reporters).unwrap();
    fan_out.send(&started());
    for event in ticks(5) {
        fan_out.send(&event);
    }
    fan_out.send(&ended(example().summary()));
    let failures: Vec<String> =
        fan_out.join().iter().map(|failure| format!("{failure}: {}", failure.error)).collect();
    assert_eq!(
        failures,
        [
            "report to the broken one: write something",
            "report to the broken one: write the end",
            "report to the frightened one: go on after a panic: of fright; this is a bug in wload",
        ]
    );
    assert_eq!(words.iter().count(), 7);
}
