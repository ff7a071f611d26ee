//! A server that others wrote, asked by a client that others wrote: nginx, curl and wload agree.
//!
//! Upstream: nginx. Downstream: the log line of the guest `exchange`, what curl says, and nginx's own log,
//! which tells what each of the two was sent. Without nginx or curl these tests are skipped, loudly.

use std::path::Path;
use std::process::Command;

use wload_tests::guest::guest;
use wload_tests::process::{Wload, under_load};
use wload_tests::skips::skip;

use crate::nginx::{Nginx, find};

/// What is asked for.
const REQUESTS: [(&str, &str); 18] = [
    ("GET", "/small.txt"),
    ("GET", "/empty.txt"),
    ("GET", "/large.txt"),
    ("GET", "/small.txt?with=query&and=%20more"),
    ("GET", "/missing"),
    ("GET", "/moved"),
    ("GET", "/found"),
    ("GET", "/see-other"),
    ("GET", "/temporary"),
    ("GET", "/permanent"),
    ("GET", "/chain/3"),
    ("GET", "/folder"),
    ("GET", "/no-content"),
    ("GET", "/unavailable"),
    ("HEAD", "/large.txt"),
    ("POST", "/small.txt"),
    ("POST", "/moved"),
    ("POST", "/temporary"),
];
/// The body of a POST.
const BODY: &str = "a=1&b=2";

/// What a client saw.
#[derive(Debug, PartialEq, Eq)]
struct Seen {
    status: String,
    body_bytes: u64,
    redirects: String,
    url: String,
}

/// How a client asks.
struct Way {
    is_https: bool,
    /// As curl is told to use it.
    curl: &'static str,
    /// As nginx logs it.
    protocol: &'static str,
}

/// curl follows redirects as wload does, and packs and trusts alike.
fn by_curl(curl: &Path, nginx: &Nginx, way: &Way, method: &str, path: &str) -> Seen {
    let file = nginx.scratch().join("curl-body");
    let _ = std::fs::remove_file(&file);
    let mut command = Command::new(curl);
    command
        .args(["--disable", "--silent", "--show-error", "--location", "--max-redirs", "30"])
        .args(["--compressed", "--noproxy", "*", way.curl, "--cacert"])
        .arg(nginx.authority())
        .arg("--output")
        .arg(&file)
        .args(["--write-out", "%{http_code} %{num_redirects} %{url_effective}"])
        .env_clear();
    match method {
        "HEAD" => drop(command.arg("--head")),
        "POST" => drop(command.args(["--data", BODY])),
        _ => {}
    }
    let output = command.arg(format!("{}{path}", nginx.url(way.is_https))).output().unwrap();
    assert!(output.status.success(), "{method} {path}: {output:?}");
    let line = String::from_utf8(output.stdout).unwrap();
    let [status, redirects, url] = words(&line);
    // What curl writes for HEAD is the head.
    let is_head = method == "HEAD";
    let body_bytes =
        std::fs::metadata(&file).map_or(0, |file| if is_head { 0 } else { file.len() });
    Seen { status, body_bytes, redirects, url }
}

fn by_wload(nginx: &Nginx, way: &Way, method: &str, path: &str) -> Seen {
    let body = if method == "POST" { BODY } else { "" };
    let version = if way.protocol.starts_with("HTTP/2") { "2" } else { "1.1" };
    let args = format!("-i 1 --only-summary --http-version {version}");
    let ended = Wload::run(&guest("exchange"), &nginx.url(way.is_https), &args)
        .args("--option log=yes --option")
        .arg(format!("method={method}"))
        .arg("--option")
        .arg(format!("path={path}"))
        .arg("--option")
        .arg(format!("body={body}"))
        .arg("--cacert")
        .arg(nginx.authority())
        .output();
    let line = ended.stderr.lines().find_map(|line| line.split_once("exchange: "));
    let (_, line) = line.unwrap_or_else(|| panic!("no exchange: {ended}"));
    let [status, size, kept, redirects, url] = words(line);
    assert_eq!(size, kept, "the whole body reaches the guest");
    Seen { status, body_bytes: size.parse().unwrap(), redirects, url }
}

fn words<const N: usize>(line: &str) -> [String; N] {
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    words.try_into().unwrap_or_else(|words| panic!("{N} words expected: {words:?}"))
}

fn agree(test: &str, way: &Way) {
    let (Some(program), Some(curl)) = (Nginx::find(), find("curl")) else {
        return skip(test, "nginx or curl is not installed (Debian: `apt-get install nginx curl`)");
    };
    let _turn = under_load();
    let nginx = Nginx::start(&program);
    for (method, path) in REQUESTS {
        let expected = by_curl(&curl, &nginx, way, method, path);
        let requests = expected.redirects.parse::<usize>().unwrap() + 1;
        let sent_to_curl = nginx.take_log(requests);
        let found = by_wload(&nginx, way, method, path);
        let sent_to_wload = nginx.take_log(requests);
        assert_eq!(found, expected, "{method} {path}");
        assert_eq!(sent_to_wload, sent_to_curl, "{method} {path}");
        let has_protocol = |line: &String| line.starts_with(way.protocol);
        assert!(sent_to_wload.iter().all(has_protocol), "{sent_to_wload:?}");
        println!("{:10} {method:4} {path:36} {found:?}", way.protocol);
    }
}

#[test]
fn nginx_by_http_1_sends_us_what_it_sends_to_curl() {
    let way = Way { is_https: false, curl: "--http1.1", protocol: "HTTP/1.1 " };
    agree("nginx_by_http_1_sends_us_what_it_sends_to_curl", &way);
}

#[test]
fn nginx_by_tls_sends_us_what_it_sends_to_curl() {
    let way = Way { is_https: true, curl: "--http1.1", protocol: "HTTP/1.1 " };
    agree("nginx_by_tls_sends_us_what_it_sends_to_curl", &way);
}

#[test]
fn nginx_by_http_2_sends_us_what_it_sends_to_curl() {
    let way = Way { is_https: true, curl: "--http2", protocol: "HTTP/2.0 " };
    agree("nginx_by_http_2_sends_us_what_it_sends_to_curl", &way);
}
