//! Each kind of misbehaviour: one message, as often as there were requests, and the run goes on.
//!
//! Upstream: all kinds of the test kit. `cargo test -p wload-tests --test servers every_kind --
//! --nocapture` prints the table.

use std::fmt::Write;

use wload_tests::hostile::{HostileTarget, Kind, Says, kinds};
use wload_tests::process::under_load;

use crate::against::{Failures, Run};

/// What is not as it should be; empty when all is.
fn complaints(kind: &'static Kind, target: &HostileTarget, run: &Run) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut compare = |what: &str, found: u64, expected: u64| {
        if found != expected {
            complaints.push(format!("{what}: {found}, expected {expected}"));
        }
    };
    let (tally, good) = (target.tally(kind), target.good());
    let noticed = (tally.answers - tally.repeated) / kind.attempts;
    compare("requests in the tables", run.reported(), kind.requests);
    compare("requests cut", run.finished.interrupted(), 0);
    let has_answers = target.requests() > 0;
    match kind.says {
        Says::Success(bytes) => {
            compare("failures", run.failed(), 0);
            compare("answers of the target", noticed + good, kind.requests);
            compare("bytes of bodies", run.body_bytes(), bytes * kind.requests);
        }
        Says::Failure(_) if has_answers => {
            compare("failures", run.failed(), noticed);
            compare("answers of the target", noticed + good, kind.requests);
        }
        Says::Failure(_) => compare("failures", run.failed(), kind.requests),
    }
    compare("requests of the target", target.requests(), tally.answers + good + tally.hops);
    let expected = match kind.says {
        Says::Success(_) => Vec::new(),
        Says::Failure(message) => {
            vec![Failures { message: message.to_owned(), occurrences: run.failed() }]
        }
    };
    if run.failures() != expected || (run.failed() == 0) != expected.is_empty() {
        complaints.push(format!("failures: {:#?}, expected {expected:#?}", run.failures()));
    }
    complaints
}

/// What wload said, for people.
fn said(run: &Run) -> String {
    let rows = run.failures();
    if rows.is_empty() {
        return format!("{} responses", run.reported());
    }
    let row = |row: &Failures| format!("{} x {}", row.occurrences, row.message);
    rows.iter().map(row).collect::<Vec<_>>().join("; ")
}

#[test]
fn every_kind_has_one_message_which_stands_for_every_request() {
    let _turn = under_load();
    let mut table = String::new();
    let mut wrong = String::new();
    for kind in kinds() {
        let engines: &[&str] = if kind.is_http2 { &["thin"] } else { &["thin", "hyper"] };
        for engine in engines {
            let target = HostileTarget::start(kind);
            let run = Run::of(kind, engine, &target);
            if *engine == "thin" {
                writeln!(table, "{:32} | {:90} | {}", kind.name, kind.does, said(&run)).unwrap();
            }
            for complaint in complaints(kind, &target, &run) {
                writeln!(wrong, "{} by {engine}: {complaint}", kind.name).unwrap();
            }
        }
    }
    println!("{:32} | {:90} | what wload says\n{table}", "kind", "what the server does");
    assert!(wrong.is_empty(), "{wrong}");
}
