//! Starting, stopping, and connections as such.

use std::error::Error;
use std::net::TcpStream;

use wload_demo_target::{DemoTarget, TargetConfig};

use crate::client::{Client, start};

#[test]
fn a_stopped_target_closes_its_connections_and_keeps_its_counts() {
    let mut target = start(|config| config.threads = 3);
    let mut clients: Vec<Client<_>> = (0..3).map(|_| Client::new(&target)).collect();
    for client in &mut clients {
        client.get("/ok");
    }
    target.stop();
    assert!(clients.iter_mut().all(Client::is_closed));
    assert!(TcpStream::connect(target.addr()).is_err());
    assert_eq!(target.counts().total.completed, 3);
    target.stop();
}

#[test]
fn a_port_can_be_used_again_at_once() {
    let mut first = start(|_| {});
    let addr = first.addr();
    let mut client = Client::new(&first);
    client.get("/ok");
    first.stop();
    let second = start(|config| config.bind = addr);
    assert_eq!(Client::new(&second).get("/ok").status, 200);
}

#[test]
fn a_taken_port_is_said_even_inside_a_runtime() {
    let holder = start(|_| {});
    let config = TargetConfig { bind: holder.addr(), threads: 2, ..TargetConfig::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let error = runtime.block_on(async { DemoTarget::start(config).unwrap_err() });
    let expected = format!("listen on {} as the demo target", holder.addr());
    assert_eq!(error.to_string(), expected);
    assert!(error.source().is_some());
}

#[test]
fn requests_sent_ahead_are_answered_in_order() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    for step in [3, 1, 2] {
        client.write("POST", "/echo", &[], format!("step {step}").as_bytes());
    }
    for step in [3, 1, 2] {
        assert_eq!(client.read("POST").text(), format!("step {step}"));
    }
}

#[test]
fn a_request_that_asks_for_it_is_the_last_of_its_connection() {
    let target = start(|_| {});
    let mut client = Client::new(&target);
    let answer = client.send("GET", "/ok", &[("connection", "close")], b"");
    assert_eq!(answer.header("connection"), Some("close"));
    assert!(client.is_closed());
}
