//! Requests and responses as they should be.

use std::io::Write;
use std::rc::Rc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use wload_core::limits::HttpLimits;
use wload_http::{BaseUrl, HttpClient, PreparedRequest, RequestSpec};

use crate::target::{Target, client, client_with, get, ok, on_core, outcome, response, spec};

/// `hello` with a line feed, by the reference encoder.
const BROTLI_HELLO: &[u8] = b"\x8f\x02\x80\x68\x65\x6c\x6c\x6f\x0a\x03";

#[test]
fn a_request_has_the_standard_headers_and_its_length() {
    on_core(async || {
        let target = Target::answering(|_| ok("hello")).await;
        let mut client = client(&target);
        let exchange = get(&mut client, "/a?b=c#d").await;
        assert_eq!(outcome(&exchange), "200");
        assert_eq!((&exchange.body[..], exchange.body_size), (&b"hello"[..], 5));
        assert_eq!(exchange.url(), target.url("/a?b=c"));
        assert_eq!(exchange.reason, "OK");
        let expected = format!(
            "GET /a?b=c HTTP/1.1\r\nhost: {}\r\nuser-agent: wload/0.1\r\n\
             accept-encoding: gzip, deflate\r\naccept: */*",
            target.address
        );
        assert_eq!(target.last().head, expected);

        client.send_once(spec("POST", "/p"), Some(b"body".to_vec())).await;
        assert_eq!(target.last().header("content-length").as_deref(), Some("4"));
        assert_eq!(target.last().body, b"body");
        for (method, length) in [("POST", Some("0")), ("DELETE", Some("0")), ("HEAD", None)] {
            client.send_once(spec(method, "/p"), None).await;
            assert_eq!(target.last().header("content-length").as_deref(), length, "{method}");
        }
    });
}

#[test]
fn a_kept_connection_is_used_again_and_phases_add_up() {
    on_core(async || {
        let target = Target::answering(|_| ok("x")).await;
        let mut client = client(&target);
        for number in 0..3 {
            let timings = get(&mut client, "/").await.timings;
            assert_eq!(timings.connection_reused, number > 0);
            assert_eq!(timings.connect.is_zero(), number > 0);
            assert!(!timings.total.is_zero());
            let phases = timings.dns
                + timings.connect
                + timings.tls
                + timings.send
                + timings.first_byte
                + timings.body;
            assert!(phases <= timings.total, "{timings:?}");
            assert!(!timings.send.is_zero() && !timings.first_byte.is_zero(), "{timings:?}");
        }
        assert_eq!(target.connections(), 1);
        client.close_connections();
        assert!(!get(&mut client, "/").await.timings.connection_reused);
        assert_eq!(target.connections(), 2);
    });
}

#[test]
fn a_server_that_closes_gets_a_new_connection_each_time() {
    on_core(async || {
        let target = Target::saying(response("200 OK", "connection: close\r\n", "x")).await;
        let mut client = client(&target);
        for _ in 0..3 {
            assert_eq!(outcome(&client.send_once(spec("POST", "/"), None).await), "200");
        }
        assert_eq!(target.connections(), 3);
    });
}

#[test]
fn idle_connections_are_bounded_in_number_and_time() {
    on_core(async || {
        let targets = [
            Target::answering(|_| ok("")).await,
            Target::answering(|_| ok("")).await,
            Target::answering(|_| ok("")).await,
        ];
        let limits = HttpLimits { idle_connections_max: 2, ..HttpLimits::default() };
        let mut client = client_with(None, limits);
        for index in [0, 1, 2, 1, 2, 0] {
            get(&mut client, &targets[index].url("/")).await;
        }
        assert_eq!(targets.each_ref().map(Target::connections), [2, 1, 1]);

        let limits = HttpLimits { idle_timeout: Duration::ZERO, ..HttpLimits::default() };
        let mut client = client_with(None, limits);
        for _ in 0..2 {
            get(&mut client, &targets[1].url("/")).await;
        }
        assert_eq!(targets[1].connections(), 3);
    });
}

#[test]
fn responses_of_every_framing_are_read_to_their_end() {
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nx-trailer: 1\r\n\r\n";
    let until_close = "HTTP/1.1 200 OK\r\n\r\nabcdefg";
    let old = "HTTP/1.0 200 OK\r\ncontent-length: 7\r\n\r\nabcdefg";
    let early_hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n\
                       HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\nabcdefg";
    on_core(async || {
        for bytes in [chunked, until_close, old, early_hints] {
            let target = Target::saying(bytes).await;
            let exchange = get(&mut client(&target), "/").await;
            assert_eq!(outcome(&exchange), "200", "{bytes}");
            assert_eq!((&exchange.body[..], exchange.body_size), (&b"abcdefg"[..], 7), "{bytes}");
            assert!(!exchange.headers.contains_key("link"));
        }
    });
}

#[test]
fn responses_without_a_body_end_at_their_head() {
    on_core(async || {
        let head = "content-encoding: gzip\r\n";
        let target = Target::answering(move |request| match request.what() {
            "GET /204" => b"HTTP/1.1 204 No Content\r\n\r\n".to_vec(),
            "GET /304" => {
                format!("HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n{head}\r\n").into()
            }
            "HEAD /" => format!("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n{head}\r\n").into(),
            _ => response("200 OK", head, ""),
        })
        .await;
        let mut client = client(&target);
        for (method, path, status) in [
            ("GET", "/204", "204"),
            ("GET", "/304", "304"),
            ("HEAD", "/", "200"),
            ("GET", "/0", "200"),
        ] {
            let exchange = client.send_once(spec(method, path), None).await;
            assert_eq!(outcome(&exchange), status, "{method} {path}");
            assert_eq!(exchange.body_size, 0);
        }
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn large_bodies_are_counted_and_kept_only_when_wanted() {
    on_core(async || {
        let body: Vec<u8> = (0..3_000_000u32).map(|number| number as u8).collect();
        let sent = body.clone();
        let target = Target::answering(move |request| {
            assert!(request.what() == "GET /" || request.body == sent);
            ok(&sent)
        })
        .await;
        let mut client = client(&target);
        let kept = client.send_once(spec("PUT", "/"), Some(body.clone())).await;
        assert_eq!(kept.body_size, 3_000_000);
        assert!(kept.body == body, "another body");
        let spec = RequestSpec { keep_body: false, ..spec("GET", "/") };
        let dropped = client.send_once(spec, None).await;
        assert_eq!((dropped.body.len(), dropped.body_size), (0, 3_000_000));
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn coded_bodies_are_decoded_counted_and_bounded() {
    let gzip = |text: &[u8]| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    };
    let (small, bomb) = (gzip(b"hello hello hello"), gzip(&vec![0; 5_000_000]));
    on_core(async || {
        let (small, bomb) = (small.clone(), bomb.clone());
        let target = Target::answering(move |request| match request.what() {
            "GET /bomb" => response("200 OK", "content-encoding: gzip\r\n", &bomb),
            "GET /bad" => response("200 OK", "content-encoding: gzip\r\n", "not gzip at all"),
            "GET /other" => response("200 OK", "content-encoding: other\r\n", "as it is"),
            "GET /br" => response("200 OK", "content-encoding: br\r\n", BROTLI_HELLO),
            "GET /both" => response("200 OK", "content-encoding: gzip, br\r\n", "not brotli"),
            _ => response("200 OK", "content-encoding: GZIP\r\n", &small),
        })
        .await;
        let limits = HttpLimits { body_bytes_max: 1_000_000, ..HttpLimits::default() };
        let mut client = client_with(Some(&target.url("")), limits);
        let exchange = get(&mut client, "/").await;
        assert_eq!((&exchange.body[..], exchange.body_size), (&b"hello hello hello"[..], 17));
        let dropped = RequestSpec { keep_body: false, ..spec("GET", "/") };
        assert_eq!(client.send_once(dropped, None).await.body_size, 17);
        assert_eq!(get(&mut client, "/other").await.body, "as it is");
        assert_eq!(get(&mut client, "/br").await.body, "hello\n");
        for (path, expected) in [
            ("/bomb", "response body larger than the limit of 1000000 bytes"),
            ("/bad", "content-encoding gzip: corrupt data"),
            ("/both", "content-encoding br: corrupt data"),
        ] {
            assert_eq!(outcome(&get(&mut client, path).await), expected);
            // What is left of it is not read: the connection is gone, the client is not.
            assert_eq!(outcome(&get(&mut client, "/").await), "200");
        }
    });
}

#[test]
fn urls_are_joined_as_locust_does() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let other = Target::answering(|_| ok("")).await;
        let absolute = other.url("/there");
        for (base, url, expected) in [
            ("", "/x", "GET /x"),
            ("/", "/x", "GET //x"),
            ("/api", "/x?y", "GET /api/x?y"),
            ("/api/", "x", "GET /api/x"),
            ("", "", "GET /"),
            ("", "?q=1", "GET /?q=1"),
            ("", "/a b/\u{e9}?\u{e9}=<>", "GET /a%20b/%C3%A9?%C3%A9=%3C%3E"),
            ("", "/{literal}", "GET /%7Bliteral%7D"),
        ] {
            let mut client = client_with(Some(&target.url(base)), HttpLimits::default());
            assert_eq!(outcome(&get(&mut client, url).await), "200", "{base} {url}");
            assert_eq!(target.last().what(), expected, "{base} {url}");
        }
        assert_eq!(outcome(&get(&mut client(&target), &absolute).await), "200");
        assert_eq!(other.requests(), ["GET /there"]);
    });
}

#[test]
fn names_are_resolved_and_tried_in_order() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        // `localhost` is often ::1 before 127.0.0.1, and nobody listens there.
        let url = format!("http://localhost:{}/", target.address.port());
        let exchange = get(&mut client_with(None, HttpLimits::default()), &url).await;
        assert_eq!(outcome(&exchange), "200");
        assert!(!exchange.timings.dns.is_zero());
    });
}

#[test]
fn templates_are_filled_and_sent_often() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let mut client = client(&target);
        let url = "/items/{id}/{{x}}?q={query}";
        let request = PreparedRequest::new(spec("GET", url), client.base(), true).unwrap();
        assert_eq!(request.placeholders(), 2);
        for (values, path) in [
            (["7", "a b"], "/items/7/%7Bx%7D?q=a%20b"),
            (["../x", "&c=d"], "/items/..%2Fx/%7Bx%7D?q=%26c%3Dd"),
        ] {
            let exchange = client.send(&request, &values.map(String::from), None).await;
            assert_eq!(outcome(&exchange), "200");
            assert_eq!(exchange.url(), target.url(path));
            assert_eq!(target.last().what(), format!("GET {path}"));
        }
        for values in [&[][..], &["1".to_owned()]] {
            let wrong = client.send(&request, values, None).await;
            let expected = format!("places for 2 values, got {}", values.len());
            assert!(outcome(&wrong).contains(&expected), "{wrong:?}");
        }
        assert_eq!(target.requests().len(), 2);
    });
}

#[test]
fn headers_of_a_template_take_values_too() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let mut client = client(&target);
        client.set_default_header("X-Trace", Some(b"default".to_vec())).unwrap();
        let header = |name: &str, value: &str| (name.to_owned(), value.as_bytes().to_vec());
        let headers = vec![
            header("Authorization", "Bearer {token}"),
            header("X-Braces", "{{\"a\": 1}}"),
            header("X-Trace", "{a}-{b}"),
            header("user-agent", "{agent}"),
            header("x-trace", "fixed"),
            header("Content-Length", "{it is left out}"),
        ];
        let spec = RequestSpec { headers, ..spec("GET", "/items/{id}") };
        let request = PreparedRequest::new(spec, client.base(), true).unwrap();
        assert_eq!(request.placeholders(), 6);
        let send = |client: &mut HttpClient, values: [&str; 6]| {
            client.send_owned(
                Rc::new(request.clone()),
                values.map(String::from).into(),
                None.into(),
            )
        };
        for token in ["s3cret", "{other}"] {
            let exchange = send(&mut client, ["7", token, "x y", "1%", "me", "99"]).await;
            assert_eq!(outcome(&exchange), "200");
            let seen = target.last();
            let found = |name: &str| seen.header(name).unwrap();
            assert_eq!(seen.what(), "GET /items/7");
            assert_eq!(found("authorization"), format!("Bearer {token}"));
            assert_eq!(found("x-braces"), "{\"a\": 1}");
            assert_eq!(found("x-trace"), "fixed | x y-1%");
            assert_eq!(found("user-agent"), "me");
            assert_eq!(seen.header("content-length"), None);
        }
        let malformed = send(&mut client, ["7", "a\r\nb: c", "", "", "", ""]).await;
        assert!(outcome(&malformed).contains("header `authorization`: its value has a line break"));
        let long = "x".repeat(HttpLimits::default().request_header_bytes_max);
        let too_long = send(&mut client, ["7", &long, "", "", "", ""]).await;
        assert!(outcome(&too_long).contains("--limit request-header-size"));
        assert_eq!(target.requests().len(), 2);
    });
}

#[test]
fn what_cannot_be_sent_is_refused_before_it_is_sent() {
    on_core(async || {
        let base = BaseUrl::parse("http://127.0.0.1:9").unwrap();
        let with = |name: &str, value: &str| RequestSpec {
            headers: vec![(name.into(), value.into())],
            ..spec("GET", "/")
        };
        let cases = [
            (spec("G T", "/"), "`G T` is not a method"),
            (spec("", "/"), "is not a method"),
            (spec("CONNECT", "/"), "tunnel"),
            (spec("GET", "http://"), "empty host"),
            (spec("GET", ":99999/"), "invalid port"),
            (with("a b", "c"), "`a b` is not a header name"),
            (with("a", "b\r\nc: d"), "line break"),
            (with("transfer-encoding", "chunked"), "with their length"),
            (spec("GET", &format!("/{}", "x".repeat(40_000))), "at most 32768"),
        ];
        for (spec, part) in cases {
            let error = PreparedRequest::new(spec, Some(&base), false).unwrap_err().message();
            assert!(error.contains(part) && error.starts_with("invalid request"), "{error}");
        }
        for url in ["/relative", "ftp://h/", "mailto:x"] {
            assert!(PreparedRequest::new(spec("GET", url), None, false).is_err(), "{url}");
        }
        let limits = HttpLimits { request_body_bytes_max: 3, ..HttpLimits::default() };
        let mut client = client_with(Some(base.as_str()), limits);
        let exchange = client.send_once(spec("POST", "/"), Some(b"four".to_vec())).await;
        assert!(outcome(&exchange).contains("has 4 bytes, at most 3"), "{exchange:?}");
    });
}

#[test]
fn the_reason_is_the_servers_own() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "GET /own" => response("404 Gone Fishing", "", ""),
            "GET /none" => response("503 ", "", ""),
            _ => response("404 Not Found", "", ""),
        })
        .await;
        let mut client = client(&target);
        for (path, expected) in [
            ("/", "HTTPError('404 Client Error: Not Found for url: NAME')"),
            ("/own", "HTTPError('404 Client Error: Gone Fishing for url: NAME')"),
            ("/none", "HTTPError('503 Server Error:  for url: NAME')"),
        ] {
            let exchange = get(&mut client, path).await;
            assert_eq!(exchange.failure("NAME").as_deref(), Some(expected));
        }
    });
}
