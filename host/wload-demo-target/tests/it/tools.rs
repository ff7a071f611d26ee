//! The routes that tests of a load tester ask for by name.

use std::io::Read;

use flate2::read::GzDecoder;
use serde_json::json;
use wload_demo_target::limits::{MAX_BYTES_BODY, MAX_REQUEST_BYTES};

use crate::client::{Client, start};

#[test]
fn any_final_status_can_be_had_and_the_connection_lives_on() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    for status in [200, 201, 204, 205, 301, 304, 400, 404, 418, 429, 500, 503, 599] {
        let answer = client.get(&format!("/status/{status}"));
        assert_eq!(answer.status, status);
        let has_body = !matches!(status, 204 | 205 | 304);
        let expected = if has_body { format!("{status}\n") } else { String::new() };
        assert_eq!(answer.text(), expected);
    }
    for status in [400, 404, 503] {
        let answer = client.get(&format!("/fail/{status}"));
        assert_eq!(answer.status, status);
        assert_eq!(answer.error(), format!("failed as asked with {status}"));
    }
    for path in ["/status/100", "/status/600", "/status/x", "/fail/399", "/bytes/-1", "/delay/x"] {
        let answer = client.get(path);
        assert_eq!(answer.status, 400, "{path}");
        assert!(answer.error().contains("expected a"), "{path}: {}", answer.error());
    }
    assert_eq!(target.counts().connections_opened, 1);
}

#[test]
fn bodies_have_the_length_that_was_asked_for_up_to_the_limit() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    for (asked, expected) in
        [(0, 0), (1, 1), (70_000, 70_000), (MAX_BYTES_BODY + 1, MAX_BYTES_BODY)]
    {
        let answer = client.get(&format!("/bytes/{asked}"));
        assert_eq!(answer.body.len(), expected);
        assert!(answer.body.iter().all(|byte| *byte == b'x'));
    }
    let tally = &target.counts().routes["GET /bytes/{n}"];
    assert_eq!(tally.response_body_bytes, (1 + 70_000 + MAX_BYTES_BODY) as u64);
}

#[test]
fn echo_sends_back_body_and_content_type() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let body = vec![7; 300_000];
    let answer = client.send("PUT", "/echo", &[("content-type", "x/y")], &body);
    assert_eq!(answer.header("content-type"), Some("x/y"));
    assert!(answer.body == body, "the body is another one");
    assert_eq!(client.get("/echo").header("content-type"), Some("application/octet-stream"));
    let tally = &target.counts().routes["PUT /echo"];
    assert_eq!((tally.request_body_bytes, tally.response_body_bytes), (300_000, 300_000));
}

#[test]
fn compressed_text_can_be_decoded() {
    let target = start(|_| {});
    let answer = Client::new(&target).get("/gzip");
    assert_eq!(answer.header("content-encoding"), Some("gzip"));
    let mut text = String::new();
    GzDecoder::new(answer.body.as_slice()).read_to_string(&mut text).unwrap();
    assert_eq!(text, "wload demo shop, compressed\n".repeat(100));
}

#[test]
fn redirects_lead_step_by_step_to_ok() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let mut path = "/redirect/3".to_owned();
    let mut visited = Vec::new();
    loop {
        let answer = client.get(&path);
        visited.push(path);
        match answer.header("location") {
            Some(next) if answer.status == 302 => path = next.to_owned(),
            _ => break assert_eq!((answer.status, answer.text()), (200, "ok")),
        }
    }
    assert_eq!(visited, ["/redirect/3", "/redirect/2", "/redirect/1", "/ok"]);
    assert_eq!(target.counts().routes["GET /redirect/{n}"].by_status[&302], 3);
}

#[test]
fn cookies_come_back_as_they_were_sent() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let sent = [("cookie", "session=1f; theme=a=b"), ("cookie", "last=x")];
    let answer = client.send("GET", "/cookies", &sent, b"");
    assert_eq!(answer.json(), json!({ "session": "1f", "theme": "a=b", "last": "x" }));
    assert_eq!(client.get("/cookies").json(), json!({}));
}

#[test]
fn the_log_keeps_the_order_of_arrival_over_connections() {
    let target = start(|config| config.threads = 2);
    let mut clients = [Client::new(&target), Client::new(&target)];
    for step in 0..6 {
        assert_eq!(clients[step % 2].get(&format!("/log/step%20{step}")).text(), "ok");
    }
    let expected: Vec<String> = (0..6).map(|step| format!("step {step}")).collect();
    assert_eq!(clients[0].get("/_log").json(), json!(expected));
    assert_eq!(target.counts().total.received, 6, "reading the log is not counted");
}

#[test]
fn a_body_over_the_limit_is_refused_and_not_received() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let answer = client.send("POST", "/echo", &[], &vec![0; MAX_REQUEST_BYTES + 1]);
    assert_eq!(answer.status, 413);
    assert!(answer.error().contains("16777216 bytes"), "{}", answer.error());
    assert!(client.is_closed());
    let counts = target.counts();
    assert_eq!((counts.not_read, counts.total.received), (1, 0));
    let mut client = Client::new(&target);
    assert_eq!(client.send("POST", "/echo", &[], &vec![0; MAX_REQUEST_BYTES]).status, 200);
}
