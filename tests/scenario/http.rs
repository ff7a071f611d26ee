//! What a scenario can do with HTTP: at once, piece by piece, large, with files; and what the command
//! line says about connections.
//!
//! Upstream: the guests `http-abilities` and `raw-contract`. Downstream: the demo target's counts; a
//! proxy of a few lines.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use wload_demo_target::TargetConfig;
use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder};
use wload_tests::target::{start, start_with};

/// Runs one class of the guest for so many tasks; the report, and what was printed.
fn run(class: &str, tasks: u32, host: &str, code: i32) -> (Report, String) {
    let folder = empty_folder(&format!("http/{class}"));
    let args = format!("{class} -u 1 -i {tasks} --only-summary --csv run --json-file run");
    let finished =
        Wload::run(&guest("http-abilities"), host, &args).in_folder(&folder).expect(code);
    (Report::read(&folder), finished.stderr.clone())
}

#[test]
fn requests_that_are_sent_at_once_are_all_recorded_and_come_back_in_order() {
    let target = start();
    let (report, _) = run("Parallel", 2, &target.url(), 1);
    // The guest raises when a response is not the one of its request: only the task that asks for
    // too much may.
    let exceptions: Vec<String> =
        report.exceptions.rows().map(|row| row.text("Message").to_owned()).collect();
    assert_eq!(exceptions, ["300 requests in parallel, at most 256 are allowed"]);
    assert_eq!(report.aggregated().count("Request Count"), 14);
    assert_eq!(report.aggregated().count("Failure Count"), 0);
    let counts = target.counts();
    assert_eq!(counts.total.completed, 14);
    assert!((2..=6).contains(&counts.connections_opened), "{}", counts.connections_opened);
}

#[test]
fn bodies_are_streamed_both_ways_and_a_dropped_stream_is_recorded_as_far_as_it_came() {
    let target = start();
    let (report, _) = run("Bodies", 4, &target.url(), 0);
    let size = |name: &str| report.stats.row("Name", name).number("Average Content Size");
    assert_eq!(size("/bytes/{n}"), 1_000_000.0);
    assert!(size("dropped") > 0.0 && size("dropped") < 16_000_000.0);
    assert_eq!(size("upload"), 100_006.0);
    assert_eq!(size("chunked"), 100_006.0);
    let uploads = &target.counts().routes["POST /echo"];
    assert!(uploads.request_body_bytes > 200_012, "{}", uploads.request_body_bytes);
}

#[test]
fn headers_that_are_made_at_run_time_arrive_with_each_request_and_are_checked() {
    let target = start();
    let (report, _) = run("Headers", 6, &target.url(), 1);
    let exceptions: Vec<String> =
        report.exceptions.rows().map(|row| row.text("Message").to_owned()).collect();
    assert_eq!(exceptions.len(), 1, "{exceptions:?}");
    let expected = "header `x-id`: its value has a line break or another control character";
    assert!(exceptions[0].contains(expected), "{exceptions:?}");
    assert_eq!(report.stats.row("Name", "made").count("Request Count"), 9);
}

#[test]
fn a_first_byte_that_is_late_is_a_failure_of_its_own() {
    let target = start();
    let (report, _) = run("Impatient", 3, &target.url(), 1);
    let failures: Vec<(String, u64)> = report
        .failures
        .rows()
        .map(|row| (row.text("Error").to_owned(), row.count("Occurrences")))
        .collect();
    let expected = "timed out while waiting for the first byte of the response".to_owned();
    assert_eq!(failures, [(expected, 3)]);
}

#[test]
fn a_name_is_resolved_as_the_command_line_says_and_tls_sessions_are_resumed() {
    let target = start_with(TargetConfig { tls: true, ..TargetConfig::default() });
    let folder = empty_folder("http/resolve");
    std::fs::write(folder.join("ca.pem"), target.certificate_pem().unwrap()).unwrap();
    let port = target.addr().port();
    let args = format!(
        "-u 1 -i 3 --only-summary --cacert ca.pem --tls-session-reuse --resolve localhost:{port}:127.0.0.1"
    );
    let host = format!("https://localhost:{port}");
    Wload::run(&guest("raw-contract"), &host, &args).in_folder(&folder).expect(0);
    assert_eq!(target.counts().total.completed, 3);
}

#[test]
fn a_scenario_that_trusts_everybody_does_so_for_its_own_requests_unless_authorities_are_named() {
    let target = start_with(TargetConfig { tls: true, ..TargetConfig::default() });
    let unknown = "TLS: certificate is signed by an unknown authority";
    let (report, _) = run("Trusting", 1, &target.url(), 1);
    let failures = |name: &str| report.stats.row("Name", name).count("Failure Count");
    assert_eq!(["first", "careless", "again"].map(failures), [1, 0, 1]);
    let exceptions: Vec<&str> = report.exceptions.rows().map(|row| row.text("Message")).collect();
    assert_eq!(exceptions.len(), 3, "{exceptions:?}");
    assert_eq!(exceptions.iter().filter(|text| **text == unknown).count(), 2, "{exceptions:?}");
    assert!(
        exceptions.iter().any(|text| text.starts_with("nonsense: TLS: authorities: no `BEGIN"))
    );
    assert_eq!(target.counts().total.completed, 1);
    // The certificate of another target: then nobody is to be trusted blindly.
    let folder = empty_folder("http/trusting");
    let other = start_with(TargetConfig { tls: true, ..TargetConfig::default() });
    std::fs::write(folder.join("ca.pem"), other.certificate_pem().unwrap()).unwrap();
    let args = "Trusting -u 1 -i 1 --only-summary --cacert ca.pem";
    Wload::run(&guest("http-abilities"), &target.url(), args).in_folder(&folder).expect(1);
    assert_eq!(target.counts().total.completed, 1);
}

#[test]
fn connections_start_from_the_addresses_of_the_command_line() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let mut peers: Vec<String> = (0..2)
            .map(|_| {
                let (mut stream, peer) = listener.accept().unwrap();
                answer_one(&mut stream, "ok");
                peer.ip().to_string()
            })
            .collect();
        peers.sort();
        peers
    });
    let args = "-u 2 -i 2 -r 100 --cores 1 --only-summary --source-address 127.0.0.5 127.0.0.6";
    Wload::run(&guest("raw-contract"), &host, args).expect(0);
    assert_eq!(server.join().unwrap(), ["127.0.0.5", "127.0.0.6"]);
}

#[test]
fn a_proxy_is_asked_with_the_whole_url_unless_the_host_needs_none() {
    let proxy = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = proxy.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = proxy.accept().unwrap();
        answer_one(&mut stream, "from the proxy")
    });
    let args = format!("-u 1 -i 1 --only-summary --proxy http://user:word@{address}");
    Wload::run(&guest("raw-contract"), "http://shop.invalid", &args).expect(0);
    let request = server.join().unwrap();
    assert!(request.starts_with("GET http://shop.invalid/ok HTTP/1.1\r\n"), "{request}");
    let request = request.to_lowercase();
    assert!(request.contains("proxy-authorization: basic dxnlcjp3b3jk"), "{request}");

    let target = start();
    let args = format!("-u 1 -i 1 --only-summary --proxy http://{address} --no-proxy 127.0.0.0/8");
    Wload::run(&guest("raw-contract"), &target.url(), &args).expect(0);
}

#[test]
fn check_shows_an_exchange_as_curl_does() {
    let target = start();
    let args = format!("check {} --host {} -v", guest("raw-contract").display(), target.url());
    let shown = Wload::new(&args).expect(0).stdout;
    for line in ["* Connected to 127.0.0.1", "> GET /ok HTTP/1.1", "< HTTP/1.1 200 OK"] {
        assert!(shown.contains(line), "{line}: {shown}");
    }
}

/// A body that never ends keeps its user in a call until it is dropped: that exchange is in no row, and
/// is counted as one whose end nobody waited for.
#[test]
fn a_stream_that_hangs_when_its_user_is_dropped_is_counted_as_interrupted() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut request = [0; 1_024];
        assert!(stream.read(&mut request).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").unwrap();
        // Until the client closes.
        let _ = stream.read(&mut request);
    });
    let args = "Streamer -u 1 -t 1s --only-summary";
    let finished = Wload::run(&guest("http-abilities"), &host, args).expect(0);
    assert_eq!(finished.interrupted(), 1, "{finished}");
    assert!(finished.verdict().contains("0 requests"), "{finished}");
    server.join().unwrap();
}

#[test]
fn an_upload_that_cannot_be_is_an_exception_and_nothing_is_sent() {
    let target = start();
    let (report, _) = run("Uploader", 1, &target.url(), 1);
    let message = report.exceptions.rows().next().unwrap().text("Message").to_owned();
    assert!(message.contains("the pattern of a part of the body is empty"), "{message}");
    assert_eq!(target.counts().total.received, 0);
}

/// Reads one request's head, answers it, and gives it back.
fn answer_one(stream: &mut TcpStream, body: &str) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
    .unwrap();
    String::from_utf8(head).unwrap()
}
