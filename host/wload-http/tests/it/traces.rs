//! What `wload check -v` shows.

use wload_core::limits::HttpLimits;
use wload_http::{CoreHttp, HttpClient, HttpSettings, HttpShared};

use crate::frames::{self, Http2Target, reply};
use crate::target::{Target, client, get, ok, on_core, outcome, response, settings};
use crate::tls;

/// Ports and this machine's addresses are others every time.
fn stable(lines: &[String], target: &str) -> Vec<String> {
    let cut = |line: &String| match line.split_once(" (127.0.0.1) port ") {
        Some((start, _)) => format!("{start} (127.0.0.1) port PORT"),
        None => line.replace(target, "TARGET"),
    };
    lines.iter().map(cut).collect()
}

#[test]
fn a_trace_shows_each_hop_as_curl_would() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "GET /from" => response("302 Found", "location: /to\r\nset-cookie: a=1\r\n", ""),
            _ => ok("there"),
        })
        .await;
        let mut client = client(&target);
        assert!(get(&mut client, "/from").await.trace.is_empty());
        client.close_connections();
        client.clear_cookies();
        client.set_trace(true);
        client.set_default_header("authorization", Some(b"Bearer secret".to_vec())).unwrap();
        let exchange = get(&mut client, "/from").await;
        let head = [
            "> host: TARGET",
            "> user-agent: wload/0.1",
            "> accept-encoding: gzip, deflate",
            "> accept: */*",
            "> authorization: (hidden)",
        ];
        let mut expected = vec!["* Connected to 127.0.0.1 (127.0.0.1) port PORT"];
        expected.push("> GET /from HTTP/1.1");
        expected.extend(head);
        expected.extend([">", "< HTTP/1.1 302 Found", "< content-length: 0"]);
        expected.extend(["< location: /to", "< set-cookie: a=1", "<"]);
        expected.push("* Following the redirect to http://TARGET/to");
        expected.push("* Re-using the connection to http://TARGET");
        expected.push("> GET /to HTTP/1.1");
        expected.extend(head);
        expected.extend(["> cookie: a=1", ">"]);
        expected.extend(["< HTTP/1.1 200 OK", "< content-length: 5", "<"]);
        assert_eq!(stable(&exchange.trace, &target.address.to_string()), expected);
    });
}

#[test]
fn a_trace_tells_what_tls_agreed_on_and_whose_certificate_it_was() {
    on_core(async || {
        let target = tls::plain_target("127.0.0.1").await;
        let settings = HttpSettings { insecure: true, ..settings() };
        let mut client = HttpClient::new(CoreHttp::new(HttpShared::new(settings).unwrap()), None);
        client.set_trace(true);
        let exchange = get(&mut client, &target.url("/").replace("http:", "https:")).await;
        assert_eq!(outcome(&exchange), "200");
        let trace = exchange.trace.join("\n");
        for part in [
            "* SSL connection using TLSv1.3 / TLS13_AES_",
            "* ALPN: server did not agree on a protocol",
            "*  subject: CN=the target",
            "*  expire date: Jan  1 00:00:00 2100 GMT",
            "*  issuer: CN=unknown",
        ] {
            assert!(trace.contains(part), "{part}\n{trace}");
        }
    });
}

#[test]
fn a_trace_ends_with_what_went_wrong_and_is_safe_to_show() {
    on_core(async || {
        let target = Target::saying("HTTP/1.1 200 OK\r\nx: y\r\n").await;
        let mut client = client(&target);
        client.set_trace(true);
        let exchange = get(&mut client, "/").await;
        let last = exchange.trace.last().unwrap();
        assert_eq!(last, "* connection closed before the response was complete");

        let nasty = "x-a: caf\u{e9}\u{9b}31m\r\n";
        let target = Target::answering(move |_| response("200 O\u{9b}K", nasty, "")).await;
        let exchange = get(&mut client, &target.url("/")).await;
        assert_eq!(outcome(&exchange), "200");
        let trace = exchange.trace.join("\n");
        assert!(!trace.contains(|c: char| c.is_control() && c != '\n'), "{trace:?}");
        assert!(trace.contains("< x-a: caf\u{e9}\u{fffd}31m"), "{trace}");
    });
}

#[test]
fn a_trace_of_http2_says_so() {
    on_core(async || {
        let target = Http2Target::start(|_, mut respond| async move {
            reply(&mut respond, 404, &[], "").await;
        })
        .await;
        let mut client = frames::client(&target.url(""), HttpLimits::default());
        client.set_trace(true);
        let trace = get(&mut client, "/x").await.trace;
        assert!(trace.contains(&"> GET /x HTTP/2".to_owned()), "{trace:?}");
        assert!(trace.contains(&"< HTTP/2 404 Not Found".to_owned()), "{trace:?}");
    });
}
