//! A blocking HTTP/1.1 client that does as little as it can: one connection, one request at a time.
//!
//! Upstream: nothing. Downstream: every test of this binary.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;
use wload_demo_target::{DemoTarget, TargetConfig};

/// A test that waits longer than this for one byte is broken.
const PATIENCE: Duration = Duration::from_secs(20);

/// One connection to a target.
pub(crate) struct Client<S> {
    stream: BufReader<S>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// Starts a target that differs from the default as `change` says.
pub(crate) fn start(change: impl FnOnce(&mut TargetConfig)) -> DemoTarget {
    let mut config = TargetConfig::default();
    change(&mut config);
    DemoTarget::start(config).unwrap()
}

/// Waits for something that another thread does soon.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let given_up = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < given_up, "waited in vain until {what}");
        std::thread::yield_now();
    }
}

/// A plain connection, on which reading gives up in the end.
pub(crate) fn connect(target: &DemoTarget) -> TcpStream {
    let stream = TcpStream::connect(target.addr()).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

impl Client<TcpStream> {
    pub(crate) fn new(target: &DemoTarget) -> Self {
        Self::over(connect(target))
    }
}

impl<S: Read + Write> Client<S> {
    pub(crate) fn over(stream: S) -> Self {
        Self { stream: BufReader::new(stream) }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> Answer {
        self.send("POST", path, &[], body.as_bytes())
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        self.write(method, path, headers, body);
        self.read(method)
    }

    /// Sends a request without waiting for its answer.
    pub(crate) fn write(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) {
        let mut request =
            format!("{method} {path} HTTP/1.1\r\nhost: t\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        let request = [request.as_bytes(), body].concat();
        self.stream.get_mut().write_all(&request).unwrap();
        self.stream.get_mut().flush().unwrap();
    }

    /// Reads the answer to a request with this method.
    pub(crate) fn read(&mut self, method: &str) -> Answer {
        let mut line = || {
            let mut line = String::new();
            self.stream.read_line(&mut line).unwrap();
            line.trim_end().to_owned()
        };
        let first = line();
        let status = first.strip_prefix("HTTP/1.1 ").expect("an answer begins with its version");
        let status: u16 = status[..3].parse().unwrap();
        let mut headers = Vec::new();
        loop {
            let line = line();
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(':').unwrap();
            headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
        }
        let mut answer = Answer { status, headers, body: Vec::new() };
        if method != "HEAD" && !matches!(status, 204 | 304) {
            let length = answer.header("content-length").expect("every body has a known length");
            answer.body = vec![0; length.parse().unwrap()];
            self.stream.read_exact(&mut answer.body).unwrap();
        }
        answer
    }

    /// Whether the other side closes the connection without sending more.
    pub(crate) fn is_closed(&mut self) -> bool {
        matches!(self.stream.read(&mut [0]), Ok(0))
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    /// What an answer that says what went wrong says.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap().to_owned()
    }
}
