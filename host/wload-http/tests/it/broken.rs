//! Targets that refuse, stall, lie, break off and flood.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wload_core::limits::HttpLimits;
use wload_http::{Exchange, RequestSpec};

use crate::target::{Target, client, client_with, get, ok, on_core, outcome, spec};

const SHORT: Duration = Duration::from_millis(60);

#[test]
fn nobody_listens() {
    on_core(async || {
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/x", free.local_addr().unwrap());
        drop(free);
        let exchange = get(&mut client_with(None, HttpLimits::default()), &url).await;
        assert_eq!(outcome(&exchange), "connection refused");
        assert_eq!(exchange.failure("/x").as_deref(), Some("connection refused"));
        assert_eq!(exchange.url(), url);
        assert!(!exchange.timings.total.is_zero());
    });
}

#[test]
fn a_host_without_an_address() {
    on_core(async || {
        // Names have labels of at most 63 letters, so that this one is refused without asking.
        let host = format!("{}.test", "a".repeat(64));
        let exchange =
            get(&mut client_with(None, HttpLimits::default()), &format!("http://{host}/")).await;
        assert_eq!(outcome(&exchange), format!("name resolution failed: {host}"));
    });
}

#[test]
fn responses_that_break_off_or_are_not_http() {
    const EARLY: &str = "connection closed before the response was complete";
    let many_fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101));
    let flood = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(300_000));
    let no_end = format!("HTTP/1.1 200 OK\r\n{}", "abcdefgh: x\r\n".repeat(99));
    let too_large = "response headers larger than the limit of 262144 bytes or 100 fields";
    let mebibyte = format!("HTTP/1.1 200 OK\r\na: {}\r\n\r\n", "x".repeat(1 << 20));
    let cases = [
        ("", "connection closed without a response"),
        ("HTTP/1.1 200 OK\r\nconte", EARLY),
        (no_end.as_str(), EARLY),
        ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", EARLY),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n", EARLY),
        ("HTTP/1.1 100 Continue\r\n\r\n", EARLY),
        ("SSH-2.0-OpenSSH_9.2\r\n", "malformed response: not an HTTP/1 status line"),
        ("HTTP/2 200\r\n\r\n", "malformed response: not an HTTP/1 status line"),
        ("HTTP/1.1 2x0 OK\r\n\r\n", "malformed response: invalid status code"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "malformed response: invalid header"),
        ("HTTP/1.1 200 OK\r\na\0b: c\r\n\r\n", "malformed response: invalid header"),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nx",
            "malformed response: invalid or contradicting content-length",
        ),
        (many_fields.as_str(), too_large),
        (flood.as_str(), too_large),
        (mebibyte.as_str(), too_large),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
            "malformed response: invalid or contradicting content-length",
        ),
        (
            "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
            "response body larger than the limit of 67108864 bytes",
        ),
    ];
    on_core(async || {
        for (bytes, expected) in cases {
            let target = Target::saying(bytes).await;
            let exchange = get(&mut client(&target), "/").await;
            let start = &bytes[..bytes.len().min(60)];
            assert_eq!(outcome(&exchange), expected, "{start}");
            assert_eq!(exchange.failure("/").as_deref(), Some(expected), "{start}");
            assert_eq!((exchange.body_size, target.connections()), (0, 1), "{start}");
        }
    });
}

#[test]
fn what_a_server_says_before_the_request_is_its_response() {
    const NOT_HTTP: &str = "malformed response: not an HTTP/1 status line";
    on_core(async || {
        let late = ok("early");
        for (bytes, expected) in [
            (&b"SSH-2.0-OpenSSH_9.2\r\n"[..], NOT_HTTP),
            (b"220 smtp\r\n", NOT_HTTP),
            (&late, "200"),
        ] {
            for (stays, pieces) in [(true, 1), (false, 1), (true, 3)] {
                let bytes = bytes.to_vec();
                let target = Target::start(move |mut peer| {
                    let bytes = bytes.clone();
                    async move {
                        for piece in bytes.chunks(bytes.len().div_ceil(pieces)) {
                            peer.write(piece).await;
                            tokio::task::yield_now().await;
                        }
                        if stays {
                            peer.closed().await;
                        } else {
                            // Its close is no reset: all that was sent to it is read.
                            peer.request().await;
                        }
                    }
                })
                .await;
                // Who is faster is a matter of chance, the message is not.
                for _ in 0..20 {
                    let exchange = get(&mut client(&target), "/").await;
                    assert_eq!(outcome(&exchange), expected);
                    assert_eq!(exchange.repeats, 0);
                }
            }
        }
    });
}

#[test]
fn chunks_that_are_wrong_have_one_message_for_each_part() {
    const SIZE: &str = "malformed response: invalid chunk size";
    const CHUNK: &str = "malformed response: invalid chunk";
    const TRAILERS: &str = "malformed response: invalid chunk trailers";
    const MANY_TRAILERS: &str = "malformed response: chunk trailers over the limit";
    let extension = format!("5;{}", "a".repeat(20_000));
    let fields = format!("0\r\n{}\r\n", "a: b\r\n".repeat(101));
    let field = format!("0\r\na: {}\r\n\r\n", "x".repeat(300_000));
    let cases = [
        ("zz\r\n", SIZE),
        ("five\r\n", SIZE),
        ("5 5\r\n", SIZE),
        ("5\rhello", SIZE),
        ("fffffffffffffffff\r\n", SIZE),
        ("3\r\nabcdef\r\n", CHUNK),
        ("3\r\nabc\rdef", CHUNK),
        ("0\r\n\rx", CHUNK),
        ("5;a\nhello", CHUNK),
        (extension.as_str(), "malformed response: chunk extensions over the limit"),
        ("0\r\na b: 1\r\n\r\n", TRAILERS),
        ("0\r\nno colon\r\n\r\n", TRAILERS),
        ("0\r\na: b\rx", TRAILERS),
        (fields.as_str(), MANY_TRAILERS),
        (field.as_str(), MANY_TRAILERS),
    ];
    on_core(async || {
        let mut wrong = Vec::new();
        for (chunks, expected) in cases {
            let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
            let target = Target::saying([head, chunks].concat()).await;
            let found = outcome(&get(&mut client(&target), "/").await);
            if found != expected {
                wrong.push((chunks[..chunks.len().min(60)].to_owned(), found, expected));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

/// Everything that has a shape of its own: a length, chunks, and a coding.
fn good_responses() -> [Vec<u8>; 2] {
    let length = b"HTTP/1.1 200 OK\r\nx-a: b\r\ncontent-length: 7\r\n\r\nabcdefg".to_vec();
    let chunks = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n\
                   3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n";
    [length, chunks.to_vec()]
}

#[test]
fn a_connection_may_end_at_every_byte_of_a_response() {
    const UNANSWERED: &str = "connection closed without a response";
    const EARLY: &str = "connection closed before the response was complete";
    const RESET: &str = "connection reset by peer";
    on_core(async || {
        for response in good_responses() {
            for end in 0..response.len() {
                for is_reset in [false, true] {
                    let part = response[..end].to_vec();
                    let target = Target::start(move |mut peer| {
                        let part = part.clone();
                        async move {
                            peer.request().await;
                            peer.write(part).await;
                            if is_reset {
                                peer.reset();
                            }
                        }
                    })
                    .await;
                    let exchange = get(&mut client(&target), "/").await;
                    let expected = match (is_reset, end) {
                        (true, _) => RESET,
                        (false, 0) => UNANSWERED,
                        (false, _) => EARLY,
                    };
                    assert_eq!(outcome(&exchange), expected, "{end} bytes, reset: {is_reset}");
                }
            }
            let target = Target::saying(response).await;
            assert_eq!(get(&mut client(&target), "/").await.body, "abcdefg");
        }
    });
}

#[test]
fn interim_responses_without_end_end_at_a_limit() {
    const FLOODED: &str = "malformed response: endless interim responses or control frames";
    on_core(async || {
        let target = Target::start(|mut peer| async move {
            peer.request().await;
            let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>; rel=preload\r\n\r\n".repeat(100);
            while peer.try_write(&hints).await {}
        })
        .await;
        let exchange = get(&mut client(&target), "/").await;
        assert_eq!(outcome(&exchange), FLOODED);
        // Some of them are good manners.
        let hints = "HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(1_000);
        let target = Target::saying([hints.into_bytes(), ok("at last")].concat()).await;
        assert_eq!(get(&mut client(&target), "/").await.body, "at last");
    });
}

#[test]
fn a_body_without_end_stops_at_the_limit() {
    on_core(async || {
        let target = Target::start(|mut peer| async move {
            peer.request().await;
            peer.write("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n").await;
            for _ in 0..1_000 {
                peer.write(format!("400\r\n{}\r\n", "x".repeat(1_024))).await;
            }
            peer.closed().await;
        })
        .await;
        let limits = HttpLimits { body_bytes_max: 100_000, ..HttpLimits::default() };
        let mut client = client_with(Some(&target.url("")), limits);
        let exchange = get(&mut client, "/").await;
        assert_eq!(outcome(&exchange), "response body larger than the limit of 100000 bytes");
    });
}

#[test]
fn a_reset_is_a_reset_before_and_within_the_response() {
    on_core(async || {
        for (start, expected) in [
            ("", "connection reset by peer"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf", "connection reset by peer"),
        ] {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}/", listener.local_addr().unwrap());
            let server = tokio::task::spawn_local(async move {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = [0; 1_024];
                assert_ne!(stream.read(&mut request).await.unwrap(), 0);
                stream.write_all(start.as_bytes()).await.unwrap();
                stream.set_zero_linger().unwrap();
            });
            let exchange = get(&mut client_with(None, HttpLimits::default()), &url).await;
            assert_eq!(outcome(&exchange), expected);
            server.await.unwrap();
        }
    });
}

/// Answers the first request of the first connection well; what then happens is `script`'s.
async fn after_one_good_answer(closes_all: bool) -> Target {
    Target::start(move |mut peer| async move {
        let is_first = peer.number == 0;
        if is_first || closes_all {
            if is_first {
                peer.request().await;
                peer.write(ok("first")).await;
            }
            // Reads the next request as a whole and closes without a word.
            peer.request().await;
            return;
        }
        while peer.request().await.is_some() {
            peer.write(ok("again")).await;
        }
    })
    .await
}

async fn second_exchange(target: &Target, method: &str) -> Exchange {
    let mut client = client(target);
    assert_eq!(outcome(&get(&mut client, "/1").await), "200");
    client.send_once(spec(method, "/2"), Some(b"data".to_vec())).await
}

#[test]
fn a_kept_connection_that_dies_under_a_safe_request_is_replaced_once() {
    on_core(async || {
        for method in ["GET", "PUT", "DELETE"] {
            let target = after_one_good_answer(false).await;
            let exchange = second_exchange(&target, method).await;
            assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"again"[..]));
            assert!(!exchange.timings.connection_reused);
            assert_eq!(exchange.repeats, 1);
            let expected = ["GET /1".to_owned(), format!("{method} /2"), format!("{method} /2")];
            assert_eq!(target.requests(), expected);
            assert_eq!(target.last().body, b"data");
        }
        let target = after_one_good_answer(true).await;
        let exchange = second_exchange(&target, "GET").await;
        assert_eq!(outcome(&exchange), "connection closed without a response");
        assert_eq!((target.connections(), exchange.repeats), (2, 1));
    });
}

#[test]
fn a_post_that_the_server_has_read_is_not_sent_again() {
    on_core(async || {
        for method in ["POST", "PATCH"] {
            let target = after_one_good_answer(false).await;
            let exchange = second_exchange(&target, method).await;
            assert_eq!(outcome(&exchange), "connection closed without a response");
            assert_eq!(exchange.repeats, 0);
            assert_eq!(target.requests(), ["GET /1".to_owned(), format!("{method} /2")]);
        }
    });
}

#[test]
fn a_kept_connection_that_was_closed_in_the_meantime_is_not_used() {
    on_core(async || {
        let closing = Target::start(|mut peer| async move {
            peer.request().await;
            peer.write(ok("bye")).await;
        })
        .await;
        let other = Target::answering(|_| ok("")).await;
        let mut client = client(&closing);
        for _ in 0..3 {
            let exchange = client.send_once(spec("POST", "/"), None).await;
            assert_eq!(outcome(&exchange), "200");
            assert!(!exchange.timings.connection_reused);
            // Until the answer of the other target arrives, the end of the first connection has.
            get(&mut client, &other.url("/")).await;
        }
        assert_eq!(closing.requests().len(), 3);
    });
}

#[test]
fn bytes_that_nobody_asked_for_do_not_become_the_next_response() {
    on_core(async || {
        let target = Target::start(|mut peer| async move {
            while peer.request().await.is_some() {
                peer.write([ok("asked"), ok("smuggled")].concat()).await;
            }
        })
        .await;
        let mut client = client(&target);
        for _ in 0..3 {
            assert_eq!(get(&mut client, "/").await.body, "asked");
        }
    });
}

#[test]
fn each_phase_has_its_timeout_text() {
    on_core(async || {
        let silent = Target::start(|mut peer| async move { peer.closed().await }).await;
        let half = Target::start(|mut peer| async move {
            peer.request().await;
            peer.write("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await;
            peer.closed().await;
        })
        .await;
        let short = |url: &str| RequestSpec { timeout: Some(SHORT), ..spec("GET", url) };
        // The handshake of TLS is never answered.
        let tls = silent.url("/").replace("http:", "https:");
        for (url, expected) in [
            (silent.url("/"), "timed out while waiting for the response"),
            (half.url("/"), "timed out while reading the response body"),
            (tls.clone(), "timed out while connecting"),
        ] {
            let mut client = client_with(None, HttpLimits::default());
            let exchange = client.send_once(short(&url), None).await;
            assert_eq!(outcome(&exchange), expected);
            assert!(exchange.timings.total >= SHORT, "{:?}", exchange.timings);
            assert!(!client.take_interrupted());
        }
        let limits = HttpLimits { connect_timeout: SHORT, ..HttpLimits::default() };
        let exchange = get(&mut client_with(None, limits), &tls).await;
        assert_eq!(outcome(&exchange), "timed out while connecting");
        let limits = HttpLimits { total_timeout: SHORT, ..HttpLimits::default() };
        let exchange = get(&mut client_with(None, limits), &silent.url("/")).await;
        assert_eq!(outcome(&exchange), "timed out while waiting for the response");
    });
}

#[test]
fn the_timeout_is_for_the_whole_chain_and_may_be_very_long() {
    on_core(async || {
        let target = Target::answering(|_| {
            b"HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: /\r\n\r\n".to_vec()
        })
        .await;
        let mut client = client(&target);
        let endless =
            RequestSpec { timeout: Some(SHORT), redirects: Some(u32::MAX), ..spec("GET", "/") };
        let exchange = client.send_once(endless, None).await;
        assert!(outcome(&exchange).starts_with("timed out while"), "{}", outcome(&exchange));
        assert!(!exchange.history.is_empty());
        let patient =
            RequestSpec { timeout: Some(Duration::MAX), redirects: Some(0), ..spec("GET", "/") };
        assert_eq!(outcome(&client.send_once(patient, None).await), "302");
    });
}
