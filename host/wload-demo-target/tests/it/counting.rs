//! What the target counts, beside what its clients saw.

use std::collections::BTreeMap;
use std::io::Write;
use std::thread;

use serde_json::json;
use wload_demo_target::{Counts, DemoTarget, Tally};

use crate::client::{Client, connect, start, wait_for};

/// Requests of every kind, as (method, path, body, row of the counts).
const MIX: [(&str, &str, &str, &str); 10] = [
    ("GET", "/", "", "GET /"),
    ("POST", "/login", r#"{"username":"a","password":"b"}"#, "POST /login"),
    ("POST", "/login", r#"{"username":"a","password":"wrong"}"#, "POST /login"),
    ("GET", "/products?limit=2", "", "GET /products"),
    ("GET", "/products/12", "", "GET /products/{id}"),
    ("GET", "/status/204", "", "GET /status/{code}"),
    ("GET", "/bytes/12345", "", "GET /bytes/{n}"),
    ("PUT", "/echo", "some text", "PUT /echo"),
    ("GET", "/nowhere", "", "GET (no route)"),
    ("HEAD", "/ok", "", "HEAD /ok"),
];

#[test]
fn what_clients_saw_is_what_was_counted_to_the_byte() {
    const CLIENTS: usize = 8;
    const ROUNDS: usize = 20;
    let target = start(|config| {
        config.threads = 2;
        config.error_rate = 0.2;
    });
    let mut expected = Counts { connections_opened: CLIENTS as u64, ..Counts::default() };
    thread::scope(|scope| {
        let clients: Vec<_> =
            (0..CLIENTS).map(|_| scope.spawn(|| visit(&target, ROUNDS))).collect();
        for client in clients {
            for (row, tally) in client.join().unwrap() {
                merge(expected.routes.entry(row.to_owned()).or_default(), &tally);
                merge(&mut expected.total, &tally);
            }
        }
    });
    let mut counts = target.counts();
    assert_eq!(counts.service_times_us.len(), CLIENTS * ROUNDS * MIX.len());
    counts.service_times_us.clear();
    assert_eq!(counts, expected);
    assert!(expected.total.by_status[&500] > 0, "some requests fail by chance");
}

/// Sends the mix several times on one connection and counts as the target should.
fn visit(target: &DemoTarget, rounds: usize) -> BTreeMap<&'static str, Tally> {
    let mut client = Client::new(target);
    let mut tallies = BTreeMap::new();
    for (method, path, body, row) in MIX.iter().cycle().take(rounds * MIX.len()) {
        let answer = client.send(method, path, &[], body.as_bytes());
        let seen = Tally {
            received: 1,
            completed: 1,
            by_status: BTreeMap::from([(answer.status, 1)]),
            request_body_bytes: body.len() as u64,
            response_body_bytes: answer.body.len() as u64,
        };
        merge(tallies.entry(*row).or_default(), &seen);
    }
    tallies
}

fn merge(into: &mut Tally, other: &Tally) {
    into.received += other.received;
    into.completed += other.completed;
    for (status, count) in &other.by_status {
        *into.by_status.entry(*status).or_default() += count;
    }
    into.request_body_bytes += other.request_body_bytes;
    into.response_body_bytes += other.response_body_bytes;
}

#[test]
fn a_request_that_breaks_off_in_its_body_is_not_received() {
    let target = start(|_| {});
    let mut stream = connect(&target);
    stream.write_all(b"POST /echo HTTP/1.1\r\nhost: t\r\ncontent-length: 9\r\n\r\nhalf").unwrap();
    drop(stream);
    wait_for("the broken request is noticed", || target.counts().not_read == 1);
    assert_eq!(target.counts().total, Tally::default());
}

#[test]
fn a_client_that_leaves_before_its_answer_is_received_but_not_completed() {
    let target = start(|_| {});
    let mut leaving = Client::new(&target);
    leaving.write("GET", "/delay/60000", &[], b"");
    wait_for("the request is received", || target.counts().total.received == 1);
    drop(leaving);
    assert_eq!(Client::new(&target).get("/ok").status, 200);
    let counts = target.counts();
    let tally = &counts.routes["GET /delay/{ms}"];
    assert_eq!((tally.received, tally.completed), (1, 0));
    assert_eq!(counts.service_times_us.len(), 1);
}

#[test]
fn a_reset_forgets_counts_and_log_but_logs_nobody_out() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let login = client.post("/login", r#"{"username":"a","password":"b"}"#).json();
    client.get("/log/before");
    client.send("POST", "/_reset", &[], b"");
    assert_eq!(target.counts(), Counts::default());
    assert_eq!(client.get("/_log").json(), json!([]));
    let bearer = format!("Bearer {}", login["token"].as_str().unwrap());
    assert_eq!(client.send("GET", "/cart", &[("authorization", &bearer)], b"").status, 200);
    assert_eq!(target.counts().total.received, 1);
}

#[test]
fn looking_at_the_target_is_neither_counted_nor_delayed_and_never_fails() {
    let target = start(|config| {
        config.error_rate = 1.0;
        config.latency = "fixed:30ms".parse().unwrap();
    });
    let mut client = Client::new(&target);
    assert_eq!(client.get("/ok").status, 500);
    let shown = client.get("/_counts");
    assert_eq!(serde_json::from_slice::<Counts>(&shown.body).unwrap(), target.counts());
    assert_eq!(target.counts().total.by_status, BTreeMap::from([(500, 1)]));
    for (method, path) in [("POST", "/_counts"), ("GET", "/_reset"), ("GET", "/_")] {
        let answer = client.send(method, path, &[], b"");
        assert_eq!(answer.status, 404, "{path}");
        assert!(answer.error().contains("expected GET /_log"), "{}", answer.error());
    }
    assert_eq!(target.counts().total.received, 1);
}

#[test]
fn the_same_seed_fails_the_same_requests() {
    let outcomes = |seed| {
        let target = start(|config| {
            config.error_rate = 0.3;
            config.seed = seed;
        });
        let mut client = Client::new(&target);
        let before: Vec<u16> = (0..300).map(|_| client.get("/ok").status).collect();
        target.reset();
        let after: Vec<u16> = (0..300).map(|_| client.get("/ok").status).collect();
        assert_eq!(before, after, "a reset starts the chances again");
        before
    };
    let first = outcomes(1);
    assert_eq!(first, outcomes(1));
    assert_ne!(first, outcomes(2));
    let failed = first.iter().filter(|status| **status == 500).count();
    assert!((60..120).contains(&failed), "{failed} of 300 failed at a rate of 0.3");
}
