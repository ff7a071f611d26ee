//! Bodies that are made while they are sent, and read while they arrive.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use wload_core::limits::HttpLimits;
use wload_http::{
    BodyPart, Http1Engine, HttpClient, OpenExchange, Opened, PreparedRequest, RequestBody,
};

use crate::frames::{self, Http2Target};
use crate::target::{Target, by, client, client_with, get, ok, on_core, outcome, response, spec};

fn parts(is_chunked: bool) -> RequestBody {
    let text = |text: &'static str| BodyPart::Bytes(Bytes::from_static(text.as_bytes()));
    let filling = BodyPart::Repeated { pattern: Bytes::from_static(b"0123456789"), len: 300_005 };
    RequestBody::from_parts(vec![text("<"), filling, text(">")], is_chunked).unwrap()
}

fn is_whole(body: &[u8]) -> bool {
    let filling = b"0123456789".iter().cycle().take(300_005);
    body.len() == 300_007 && body[1..300_006].iter().eq(filling) && body.ends_with(b"4>")
}

async fn open(client: &mut HttpClient, url: &str) -> Box<OpenExchange> {
    let request = PreparedRequest::new(spec("GET", url), client.base(), false).unwrap();
    let opened = client.open(&request, &[], None).await;
    let Opened::Open(open) = opened else { unreachable!("{opened:?}") };
    open
}

#[test]
fn parts_are_sent_with_their_length_or_in_chunks() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let mut client = client(&target);
        for (is_chunked, length, coding) in
            [(false, Some("300007"), None), (true, None, Some("chunked"))]
        {
            for method in ["POST", "GET"] {
                let exchange = client.send_once(spec(method, "/"), parts(is_chunked)).await;
                assert_eq!(outcome(&exchange), "200", "{method} {is_chunked}");
                let last = target.last();
                assert_eq!(last.header("content-length").as_deref(), length, "{method}");
                assert_eq!(last.header("transfer-encoding").as_deref(), coding, "{method}");
                assert!(is_whole(&last.body), "{method} {is_chunked}");
            }
        }
        assert_eq!(target.connections(), 1);
        let two = Http2Target::start(|_, mut respond| async move {
            frames::reply(&mut respond, 200, &[], "").await;
        })
        .await;
        let mut client = frames::client(&two.url(""), HttpLimits::default());
        for (is_chunked, length) in [(false, Some("300007")), (true, None)] {
            let exchange = client.send_once(spec("POST", "/"), parts(is_chunked)).await;
            assert_eq!(outcome(&exchange), "200");
            let last = two.last();
            let found = last.head.headers().get("content-length");
            assert_eq!(found.map(|value| value.to_str().unwrap()), length);
            assert!(is_whole(&last.body));
        }
    });
}

#[test]
fn a_body_of_parts_is_sent_again_where_a_redirect_says_so() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "PUT /from" => response("307 X", "location: /to\r\n", ""),
            _ => ok(""),
        })
        .await;
        let exchange = client(&target).send_once(spec("PUT", "/from"), parts(true)).await;
        assert_eq!((outcome(&exchange), exchange.history.len()), ("200".into(), 1));
        assert_eq!(target.last().what(), "PUT /to");
        assert!(is_whole(&target.last().body));
    });
}

#[test]
fn a_large_upload_takes_little_memory() {
    on_core(async || {
        let received = Rc::new(Cell::new(0usize));
        let count = Rc::clone(&received);
        let target = Target::start(move |mut peer| {
            let count = Rc::clone(&count);
            async move {
                let mut last = Vec::new();
                while let Some(bytes) = peer.take_some().await {
                    count.set(count.get() + bytes.len());
                    last = bytes;
                    if last.ends_with(b"the end") {
                        break;
                    }
                }
                assert!(last.ends_with(b"the end"));
                peer.write(ok("")).await;
            }
        })
        .await;
        let filling =
            BodyPart::Repeated { pattern: Bytes::from_static(b"\0"), len: (256 << 20) - 7 };
        let end = BodyPart::Bytes(Bytes::from_static(b"the end"));
        let body = RequestBody::from_parts(vec![filling, end], false).unwrap();
        assert_eq!(body.len(), 256 << 20);
        let before = resident_bytes();
        let exchange = client(&target).send_once(spec("PUT", "/"), body).await;
        assert_eq!(outcome(&exchange), "200");
        assert!(received.get() > 256 << 20);
        let grown = resident_bytes().saturating_sub(before);
        assert!(grown < 128 << 20, "{grown}");
    });
}

/// What the process has in memory, as far as the system tells.
fn resident_bytes() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<usize>().ok());
    pages.unwrap_or(0) * 4_096
}

#[test]
fn an_open_response_has_its_head_before_its_body_exists() {
    on_core(async || {
        let go = Rc::new(Notify::new());
        let wait = Rc::clone(&go);
        let target = Target::start(move |mut peer| {
            let wait = Rc::clone(&wait);
            async move {
                while peer.request().await.is_some() {
                    let head = "HTTP/1.1 201 Made\r\nx-a: b\r\ntransfer-encoding: chunked\r\n\r\n";
                    peer.write(head).await;
                    for piece in ["one", "two"] {
                        wait.notified().await;
                        peer.write(format!("3\r\n{piece}\r\n")).await;
                    }
                    peer.write("0\r\n\r\n").await;
                }
            }
        })
        .await;
        let mut client = client(&target);
        for round in 0..2 {
            let mut open = open(&mut client, "/").await;
            assert_eq!((open.status(), open.headers()["x-a"].as_bytes()), (201, &b"b"[..]));
            assert!(open.is_under_way());
            for piece in ["one", "two"] {
                go.notify_one();
                assert_eq!(open.next_chunk().await.as_deref(), Some(piece.as_bytes()));
            }
            for _ in 0..2 {
                assert_eq!(open.next_chunk().await, None);
            }
            assert!(!open.is_under_way());
            let exchange = open.finish().await;
            assert_eq!((outcome(&exchange), exchange.body_size), ("201".into(), 6));
            assert_eq!(exchange.reason, "Made");
            assert!(exchange.body.is_empty());
            assert_eq!(exchange.timings.connection_reused, round > 0);
        }
        // A rest that nobody asks for is read all the same, and counted.
        let mut open = open(&mut client, "/").await;
        go.notify_one();
        open.next_chunk().await;
        go.notify_one();
        assert_eq!(open.finish().await.body_size, 6);
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn pieces_are_decoded_and_limits_hold_between_them() {
    use std::io::Write;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&b"hello ".repeat(100_000)).unwrap();
    let coded = gzip.finish().unwrap();
    on_core(async || {
        let coded = coded.clone();
        let target = Target::answering(move |request| match request.what() {
            "GET /half" => b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf".to_vec(),
            _ => response("200 OK", "content-encoding: gzip\r\n", &coded),
        })
        .await;
        let mut client = client(&target);
        let mut opened = open(&mut client, "/").await;
        let mut size = 0;
        while let Some(piece) = opened.next_chunk().await {
            assert!(!piece.is_empty());
            size += piece.len();
        }
        assert_eq!(size, 600_000);
        assert_eq!(opened.finish().await.body_size, 600_000);

        let limits = HttpLimits { body_bytes_max: 1_000, ..HttpLimits::default() };
        let mut strict = client_with(Some(&target.url("")), limits);
        let mut opened = open(&mut strict, "/").await;
        while opened.next_chunk().await.is_some() {}
        let text = "response body larger than the limit of 1000 bytes";
        assert_eq!(outcome(&opened.finish().await), text);

        let limits =
            HttpLimits { total_timeout: Duration::from_millis(80), ..HttpLimits::default() };
        let mut hasty = client_with(Some(&target.url("")), limits);
        let mut opened = open(&mut hasty, "/half").await;
        assert_eq!(opened.next_chunk().await.as_deref(), Some(&b"half"[..]));
        assert_eq!(opened.next_chunk().await, None);
        let exchange = opened.finish().await;
        assert_eq!(outcome(&exchange), "timed out while reading the response body");
    });
}

#[test]
fn an_open_response_that_is_dropped_closes_its_connection() {
    on_core(async || {
        let closed = Rc::new(Notify::new());
        let tell = Rc::clone(&closed);
        let target = Target::start(move |mut peer| {
            let tell = Rc::clone(&tell);
            async move {
                while let Some(request) = peer.request().await {
                    if request.what() == "GET /ok" {
                        peer.write(ok("")).await;
                    } else {
                        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
                    }
                }
                tell.notify_one();
            }
        })
        .await;
        let mut client = client(&target);
        let opened = open(&mut client, "/half").await;
        // Another exchange meanwhile has a connection of its own.
        assert_eq!(outcome(&get(&mut client, "/ok").await), "200");
        assert!(opened.is_under_way());
        drop(opened);
        closed.notified().await;
        assert_eq!(target.connections(), 2);
        let request =
            PreparedRequest::new(spec("GET", "http://127.0.0.1:1/"), None, false).unwrap();
        let failed = client.open(&request, &[], None).await;
        let Opened::Failed(exchange) = failed else { panic!("{failed:?}") };
        assert_eq!(outcome(&exchange), "connection refused");
    });
}

#[test]
fn an_answer_before_the_end_of_an_upload_is_the_answer() {
    const BODY: u64 = 30 << 20;
    on_core(async || {
        for reads_on in [true, false] {
            let target = Target::start(move |mut peer| async move {
                peer.skip_some(1_000).await;
                peer.write(response("413 Too Large", "connection: close\r\n", "no")).await;
                if reads_on {
                    peer.closed().await;
                } else {
                    // What was sent to it is unread, so that its close is a reset.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
            let pattern = Bytes::from_static(b"x");
            let parts = vec![BodyPart::Repeated { pattern, len: BODY }];
            let body = RequestBody::from_parts(parts, false).unwrap();
            let mut client = client(&target);
            let exchange = client.send_once(spec("PUT", "/"), body).await;
            assert_eq!((outcome(&exchange), &exchange.body[..]), ("413".into(), &b"no"[..]));
            assert_eq!(exchange.repeats, 0);
        }
    });
}

#[test]
fn a_chunked_body_of_no_bytes_is_a_body() {
    by(Http1Engine::Thin, async {
        let target = Target::answering(|_| ok("")).await;
        let body = RequestBody::from_parts(Vec::new(), true).unwrap();
        let mut client = client(&target);
        for _ in 0..2 {
            assert_eq!(outcome(&client.send_once(spec("POST", "/"), body.clone()).await), "200");
            assert_eq!(target.last().header("transfer-encoding").as_deref(), Some("chunked"));
        }
        assert_eq!(target.connections(), 1);
    });
}
