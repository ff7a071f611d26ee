//! HTTP/2: as it should be, and with servers that break off, refuse and flood.

use std::io::Write;
use std::rc::Rc;

use bytes::Bytes;
use tokio::sync::{Barrier, Notify};
use wload_core::limits::HttpLimits;
use wload_http::{ParallelRequest, PreparedRequest, RequestBody, RequestSpec};

use crate::frames::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, FrameTarget, HEADERS, Http2Target, PING, SETTINGS,
    STATUS_200, client, frame, goaway, reply, reset,
};
use crate::target::{get, once_on_core, outcome, spec};

#[test]
fn a_request_says_in_pseudo_headers_what_http1_says_in_its_first_line() {
    once_on_core(async {
        let target = Http2Target::start(|_, mut respond| async move {
            reply(&mut respond, 200, &[("set-cookie", "a=1")], "hello").await;
        })
        .await;
        let mut client = client(&target.url(""), HttpLimits::default());
        let exchange = get(&mut client, "/a?b=c").await;
        assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"hello"[..]));
        assert_eq!(exchange.version, Some(http::Version::HTTP_2));
        assert_eq!(exchange.reason, "OK");
        let phases = exchange.timings;
        assert!(!phases.connect.is_zero() && !phases.first_byte.is_zero(), "{phases:?}");
        let uri = target.last().head.uri().to_string();
        assert_eq!(uri, target.url("/a?b=c"));
        assert!(target.last().head.headers().get("host").is_none());

        let body = client.send_once(spec("POST", "/p"), b"body".to_vec()).await;
        assert_eq!(outcome(&body), "200");
        assert!(body.timings.connection_reused);
        let last = target.last();
        assert_eq!((&last.body[..], last.head.method().as_str()), (&b"body"[..], "POST"));
        assert_eq!(last.head.headers()["content-length"], "4");
        assert_eq!(last.head.headers()["cookie"], "a=1");
        let host = vec![("Host".to_owned(), b"other.test".to_vec())];
        client.send_once(RequestSpec { headers: host, ..spec("GET", "/") }, None).await;
        assert_eq!(target.last().head.uri().authority().unwrap(), "other.test");
        assert_eq!(target.connections(), 1);
        client.close_connections();
        get(&mut client, "/").await;
        assert_eq!(target.connections(), 2);
    });
}

#[test]
fn redirects_codings_and_errors_are_those_of_http1() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"hello hello").unwrap();
    let coded = Bytes::from(gzip.finish().unwrap());
    once_on_core(async move {
        let target = Http2Target::start(move |arrived, mut respond| {
            let coded = coded.clone();
            async move {
                match arrived.head.uri().path() {
                    "/from" => reply(&mut respond, 302, &[("location", "/to")], "").await,
                    "/gone" => reply(&mut respond, 404, &[], "").await,
                    _ if arrived.head.method() == "HEAD" => {
                        reply(&mut respond, 200, &[("content-length", "9")], "").await;
                    }
                    _ => reply(&mut respond, 200, &[("content-encoding", "gzip")], coded).await,
                }
            }
        })
        .await;
        let mut client = client(&target.url(""), HttpLimits::default());
        let exchange = get(&mut client, "/from").await;
        assert_eq!((&exchange.body[..], exchange.history.len()), (&b"hello hello"[..], 1));
        assert_eq!(exchange.url(), target.url("/to"));
        let gone = get(&mut client, "/gone").await.failure("/gone");
        let expected = "HTTPError('404 Client Error: Not Found for url: /gone')";
        assert_eq!(gone.as_deref(), Some(expected));
        assert_eq!(outcome(&client.send_once(spec("HEAD", "/"), None).await), "200");
    });
}

#[test]
fn bodies_larger_than_every_window_pass_both_ways() {
    once_on_core(async {
        let big: Bytes = (0..5_000_000u32).map(|number| (number / 3) as u8).collect();
        let (sent, expected) = (big.clone(), big.clone());
        let target = Http2Target::start(move |arrived, mut respond| {
            let sent = sent.clone();
            async move {
                assert!(arrived.body == sent);
                reply(&mut respond, 200, &[], sent).await;
            }
        })
        .await;
        let mut client = client(&target.url(""), HttpLimits::default());
        for _ in 0..2 {
            let exchange = client.send_once(spec("PUT", "/"), RequestBody::from(big.clone())).await;
            assert_eq!((outcome(&exchange), exchange.body_size), ("200".into(), 5_000_000));
            assert!(exchange.body == expected);
        }
        let limits = HttpLimits { body_bytes_max: 1_000_000, ..HttpLimits::default() };
        let mut client = crate::frames::client(&target.url(""), limits);
        let exchange = client.send_once(spec("PUT", "/"), RequestBody::from(big)).await;
        assert_eq!(outcome(&exchange), "response body larger than the limit of 1000000 bytes");
    });
}

#[test]
fn parallel_requests_are_streams_of_one_connection() {
    once_on_core(async {
        // Nobody is answered before all have asked.
        let all = Rc::new(Barrier::new(20));
        let target = Http2Target::start(move |arrived, mut respond| {
            let all = Rc::clone(&all);
            async move {
                all.wait().await;
                reply(&mut respond, 200, &[], arrived.head.uri().path().to_owned()).await;
            }
        })
        .await;
        let mut client = client(&target.url(""), HttpLimits::default());
        let request = |path: String| ParallelRequest {
            request: Rc::new(
                PreparedRequest::new(spec("GET", &path), client.base(), false).unwrap(),
            ),
            values: Vec::new(),
            body: RequestBody::default(),
        };
        let requests = (0..20).map(|number| request(format!("/{number}"))).collect();
        let exchanges = client.send_all(requests).await.unwrap();
        for (number, exchange) in exchanges.iter().enumerate() {
            assert_eq!(exchange.body, format!("/{number}"), "{exchange:?}");
        }
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn a_dropped_exchange_resets_its_stream_and_keeps_the_connection() {
    once_on_core(async {
        let got = Rc::new(Notify::new());
        let tell = Rc::clone(&got);
        let target = Http2Target::start(move |arrived, mut respond| {
            let tell = Rc::clone(&tell);
            async move {
                if arrived.head.uri().path() == "/silent" {
                    tell.notify_one();
                    let reason = std::future::poll_fn(|cx| respond.poll_reset(cx)).await;
                    assert_eq!(reason.unwrap(), h2::Reason::CANCEL);
                    tell.notify_one();
                } else {
                    reply(&mut respond, 200, &[], "").await;
                }
            }
        })
        .await;
        let mut client = client(&target.url(""), HttpLimits::default());
        get(&mut client, "/ok").await;
        assert!(!client.take_interrupted());
        tokio::select! {
            exchange = get(&mut client, "/silent") => panic!("{exchange:?}"),
            () = got.notified() => {}
        }
        assert!(client.take_interrupted());
        got.notified().await;
        assert_eq!(outcome(&get(&mut client, "/ok").await), "200");
        assert_eq!(target.connections(), 1);
    });
}

fn head(stream: u32, flags: u8) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, STATUS_200)
}

/// A kind of mistake, what the server then sends on the stream of a request, whether it closes
/// afterwards, and what that is called.
type Mistake = (&'static str, fn(u32) -> Vec<u8>, bool, &'static str);

/// The ways to end a connection within a request.
fn ends() -> [Mistake; 5] {
    [
        ("closed", |_| vec![], true, "connection closed without a response"),
        (
            "closed within the body",
            |id| [head(id, 0), frame(DATA, 0, id, "half")].concat(),
            true,
            "connection closed before the response was complete",
        ),
        (
            "given up",
            |id| goaway(id, 2),
            true,
            "HTTP/2: the server closed the connection (INTERNAL_ERROR)",
        ),
        (
            "given up within the body",
            |id| [head(id, 0), frame(DATA, 0, id, "half"), goaway(id, 11)].concat(),
            true,
            "HTTP/2: the server closed the connection (ENHANCE_YOUR_CALM)",
        ),
        (
            "closed after a promise to answer",
            |id| goaway(id, 0),
            true,
            "connection closed without a response",
        ),
    ]
}

fn mistakes() -> [Mistake; 10] {
    [
        ("a good answer", |id| head(id, END_STREAM), false, "200"),
        ("reset", |id| reset(id, 2), false, "HTTP/2: the server reset the stream (INTERNAL_ERROR)"),
        (
            "reset for a reason of its own",
            |id| reset(id, 0x7777),
            false,
            "HTTP/2: the server reset the stream (an unknown reason)",
        ),
        (
            "reset within the body",
            |id| [head(id, 0), frame(DATA, 0, id, "half"), reset(id, 8)].concat(),
            false,
            "HTTP/2: the server reset the stream (CANCEL)",
        ),
        (
            "calmed down for good",
            |_| goaway(0, 11),
            false,
            "HTTP/2: the server is closing the connection (ENHANCE_YOUR_CALM)",
        ),
        (
            "data before headers",
            |id| frame(DATA, END_STREAM, id, "x"),
            false,
            "HTTP/2: the server broke the protocol (PROTOCOL_ERROR)",
        ),
        (
            "headers that are no HPACK",
            |id| frame(HEADERS, END_HEADERS, id, [0xff; 20]),
            false,
            "HTTP/2: the server broke the protocol (PROTOCOL_ERROR)",
        ),
        (
            "a frame over the size",
            |id| frame(DATA, 0, id, vec![0; 20_000]),
            false,
            "HTTP/2: the server broke the protocol (FRAME_SIZE_ERROR)",
        ),
        (
            "less than it announced",
            |id| {
                let mut announced = STATUS_200.to_vec();
                announced.extend(b"\x0f\x0d\x025\x30");
                [frame(HEADERS, END_HEADERS, id, announced), frame(DATA, END_STREAM, id, "half")]
                    .concat()
            },
            false,
            "HTTP/2: the server broke the protocol (PROTOCOL_ERROR)",
        ),
        (
            "no HTTP/2 at all",
            |_| b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec(),
            false,
            "HTTP/2: the server broke the protocol (FRAME_SIZE_ERROR)",
        ),
    ]
}

#[test]
fn what_goes_wrong_has_a_stable_message() {
    once_on_core(async move {
        let mut wrong = Vec::new();
        for (what, frames, closes, expected) in mistakes().into_iter().chain(ends()) {
            let target = FrameTarget::start(move |mut peer| async move {
                while let Some(stream) = peer.request().await {
                    peer.write(frames(stream)).await;
                    if closes {
                        return peer.close().await;
                    }
                }
            })
            .await;
            let mut client = client(&target.url(), HttpLimits::default());
            let asked = spec("POST", "/");
            let exchange = client.send_once(asked, None).await;
            if outcome(&exchange) != expected {
                wrong.push(format!("{what}: {}, not {expected}", outcome(&exchange)));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    });
}

#[test]
fn refused_requests_are_sent_again_and_counted() {
    once_on_core(async {
        // The first two streams are refused, whatever their method: nothing was done with them.
        let target = FrameTarget::start(|mut peer| async move {
            let mut refused = 0;
            while let Some(stream) = peer.request().await {
                if refused < 2 {
                    refused += 1;
                    peer.write(reset(stream, 7)).await;
                } else {
                    peer.write(head(stream, END_STREAM)).await;
                }
            }
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        let exchange = client.send_once(spec("POST", "/"), None).await;
        assert_eq!((outcome(&exchange), exchange.repeats), ("200".into(), 2));
        assert_eq!((target.connections(), target.requests()), (1, 3));

        // One that refuses for ever is not asked for ever.
        let target = FrameTarget::start(|mut peer| async move {
            while let Some(stream) = peer.request().await {
                peer.write(reset(stream, 7)).await;
            }
        })
        .await;
        let mut client = crate::frames::client(&target.url(), HttpLimits::default());
        let exchange = client.send_once(spec("GET", "/"), None).await;
        let text = "HTTP/2: the server reset the stream (REFUSED_STREAM)";
        assert_eq!((outcome(&exchange), exchange.repeats), (text.into(), 3));
        assert_eq!(target.requests(), 4);
    });
}

#[test]
fn a_server_that_says_goodbye_gets_the_request_on_a_new_connection() {
    once_on_core(async {
        let target = FrameTarget::start(|mut peer| async move {
            let first = peer.request().await.unwrap();
            peer.write(head(first, END_STREAM)).await;
            let Some(second) = peer.request().await else { return };
            if peer.number == 0 {
                // It has seen the first stream, and no other.
                peer.write(goaway(first, 0)).await;
                peer.closed().await;
            } else {
                peer.write(head(second, END_STREAM)).await;
                peer.closed().await;
            }
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        for repeats in [0, 1, 0] {
            let exchange = client.send_once(spec("POST", "/"), None).await;
            assert_eq!((outcome(&exchange), exchange.repeats), ("200".into(), repeats));
        }
        assert_eq!(target.connections(), 2);
    });
}

#[test]
fn floods_end_at_a_limit() {
    const FLOODED: &str = "malformed response: endless interim responses or control frames";
    once_on_core(async {
        let settings = frame(SETTINGS, 0, 0, [0, 3, 0, 0, 0, 100]).repeat(500);
        let pings = frame(PING, 0, 0, [0; 8]).repeat(500);
        for flood in [settings, pings] {
            let target = FrameTarget::start(move |mut peer| {
                let flood = flood.clone();
                async move {
                    peer.request().await;
                    peer.flood(flood).await;
                }
            })
            .await;
            let mut client = client(&target.url(), HttpLimits::default());
            let text = outcome(&get(&mut client, "/").await);
            let calm = "HTTP/2: the server broke the protocol (ENHANCE_YOUR_CALM)";
            assert!([FLOODED, calm].contains(&text.as_str()), "{text}");
        }
        // Interim responses without end.
        let target = FrameTarget::start(|mut peer| async move {
            let Some(stream) = peer.request().await else { return };
            let interim = frame(HEADERS, END_HEADERS, stream, b"\x08\x03103").repeat(500);
            peer.flood(interim).await;
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        assert_eq!(outcome(&get(&mut client, "/").await), FLOODED);
    });
}

#[test]
fn heads_over_the_limit_are_refused() {
    const LARGE: &str = "response headers larger than the limit of 262144 bytes or 100 fields";
    // Literal fields without indexing: a name and a value, with their lengths.
    let field = |value_len: usize| {
        let mut field = b"\x00\x01a\x7f".to_vec();
        let mut rest = value_len - 127;
        while rest >= 128 {
            field.push((rest % 128 + 128) as u8);
            rest /= 128;
        }
        field.push(rest as u8);
        field.extend(vec![b'x'; value_len]);
        field
    };
    let many = [STATUS_200.to_vec(), b"\x00\x01a\x01b".repeat(101)].concat();
    let (long, endless) = (field(15_000), field(15_000));
    once_on_core(async move {
        let target = FrameTarget::start(move |mut peer| {
            let many = many.clone();
            async move {
                while let Some(stream) = peer.request().await {
                    peer.write(frame(HEADERS, END_HEADERS | END_STREAM, stream, &many)).await;
                }
            }
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        assert_eq!(outcome(&get(&mut client, "/").await), LARGE);

        let target = FrameTarget::start(move |mut peer| {
            let (long, endless) = (long.clone(), endless.clone());
            async move {
                let Some(stream) = peer.request().await else { return };
                peer.write(frame(HEADERS, 0, stream, [STATUS_200, &long].concat())).await;
                while peer.write(frame(CONTINUATION, 0, stream, &endless)).await {}
            }
        })
        .await;
        let mut client = crate::frames::client(&target.url(), HttpLimits::default());
        let text = outcome(&get(&mut client, "/").await);
        let calm = "HTTP/2: the server broke the protocol (ENHANCE_YOUR_CALM)";
        assert!([LARGE, calm].contains(&text.as_str()), "{text}");
    });
}

#[test]
fn timeouts_of_bytes_hold_for_streams() {
    once_on_core(async {
        let target = FrameTarget::start(|mut peer| async move {
            let mut count = 0;
            while let Some(stream) = peer.request().await {
                count += 1;
                if count > 1 {
                    peer.write([head(stream, 0), frame(DATA, 0, stream, "half")].concat()).await;
                }
            }
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        let short = Some(std::time::Duration::from_millis(60));
        let asked = RequestSpec {
            first_byte_timeout: short,
            between_bytes_timeout: short,
            ..spec("GET", "/")
        };
        for expected in [
            "timed out while waiting for the first byte of the response",
            "timed out while waiting for the next bytes of the response",
        ] {
            assert_eq!(outcome(&client.send_once(asked.clone(), None).await), expected);
        }
        // Only the streams are gone.
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn a_connection_that_was_closed_in_the_meantime_is_not_used() {
    once_on_core(async {
        let target = FrameTarget::start(|mut peer| async move {
            let Some(stream) = peer.request().await else { return };
            peer.write(head(stream, END_STREAM)).await;
            peer.close().await;
        })
        .await;
        let other = Http2Target::start(|_, mut respond| async move {
            reply(&mut respond, 200, &[], "").await;
        })
        .await;
        let mut client = client(&target.url(), HttpLimits::default());
        for number in 1..=3 {
            let exchange = client.send_once(spec("POST", "/"), None).await;
            assert_eq!((outcome(&exchange), exchange.repeats), ("200".into(), 0));
            assert_eq!(target.connections(), number);
            // Until the answer of the other target arrives, the end of the first connection has.
            get(&mut client, &other.url("/")).await;
        }
    });
}
