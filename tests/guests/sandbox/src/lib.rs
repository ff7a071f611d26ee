//! A scenario that reaches for what was not given to it: files, variables, arguments, sockets.
//!
//! Upstream: `tests/scenario/sandbox.rs`. Each attempt ends as a step `/log/{what}-{outcome}` in the
//! log of the target, so that the test reads what the guest saw. Without an SDK: only what the language's
//! own library finds in WASI.

use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::{env, fs};

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, Outcome, ScenarioInfo, Scope, Share, TaskError, UserClass, WaitTime,
};
use wload::scenario::http::{self, Recording, RequestSpec};
use wload::scenario::options;

struct Sandbox;

/// Leaves a step in the log of the target; only what may stand in a path.
fn step(what: &str, outcome: &str) {
    let plain = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' };
    let outcome: String = outcome.chars().map(plain).collect();
    drop(http::send(
        &RequestSpec {
            method: "GET".into(),
            url: format!("/log/{what}-{outcome}"),
            name: Some("/log/{step}".into()),
            headers: Vec::new(),
            recording: Recording::Automatic,
            redirects: None,
            timeout: None,
            keep_body: false,
        },
        None,
    ));
}

fn verdict<T, E>(result: Result<T, E>) -> &'static str {
    if result.is_ok() { "open" } else { "closed" }
}

fn files() {
    step("root", verdict(fs::read_dir("/")));
    step("passwd", verdict(fs::read("/etc/passwd")));
    step("here", verdict(fs::write("here.txt", "x")));
    step("granted", &fs::read_to_string("/data/word.txt").unwrap_or_else(|_| "closed".into()));
    step("above", verdict(fs::read("/data/../secret.txt")));
    let written = fs::File::create("/data/made.txt").and_then(|mut file| file.write_all(b"made"));
    step("writing", verdict(written));
}

fn environment() {
    step("variables", &env::vars().count().to_string());
    step("arguments", &env::args().count().to_string());
    step("word", &env::var("WORD").unwrap_or_else(|_| "none".into()));
}

fn sockets() {
    let target = options::target_host().expect("a run against a target");
    let address = target.trim_start_matches("http://");
    step("tcp", verdict(TcpStream::connect(address)));
    step("udp", verdict(UdpSocket::bind("127.0.0.1:0")));
    step("listener", verdict(std::net::TcpListener::bind("127.0.0.1:0")));
}

impl Guest for Sandbox {
    fn describe() -> Result<ScenarioInfo, String> {
        let node = |name: &str, kind, children| Node {
            name: name.into(),
            kind,
            weight: 1,
            tags: Vec::new(),
            children,
            wait: None,
            has_hooks: false,
        };
        Ok(ScenarioInfo {
            classes: vec![UserClass {
                name: "Curious".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::None,
                root: 0,
                has_hooks: false,
            }],
            nodes: vec![
                node("Curious", NodeKind::WeightedSet, vec![1]),
                node("look_around", NodeKind::Task, Vec::new()),
            ],
            options: Vec::new(),
            tables: Vec::new(),
            has_shape: false,
            has_hooks: false,
        })
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        files();
        environment();
        sockets();
        Ok(Outcome::StopUser)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Sandbox);
