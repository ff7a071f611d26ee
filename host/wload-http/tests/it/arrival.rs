//! A response that nobody has time to read was there when it was there.
//!
//! The target is on the thread of the client: when it keeps it busy after it has answered, the client reads late.

use std::future::poll_fn;
use std::task::Poll;
use std::thread;
use std::time::Duration;

use wload_core::limits::HttpLimits;
use wload_http::{Exchange, Opened, PreparedRequest};

use crate::frames::{self, Http2Target, reply};
use crate::target::{Socket, Target, client, get, on_core, outcome, spec};
use crate::tls;

/// How long the thread is busy with other things.
const BUSY: Duration = Duration::from_secs(1);
/// Between the two parts of a response.
const PAUSE: Duration = Duration::from_millis(50);
/// Turns that the loops of a connection of HTTP/2 need until its response is written, on a slow machine too; fewer than
/// those after which tokio looks for what has arrived.
const TURNS: usize = 30;

fn expect_on_time(exchange: &Exchange) {
    assert_eq!(outcome(exchange), "200");
    let timings = exchange.timings;
    assert!(timings.total < BUSY / 2 && timings.first_byte < BUSY / 2, "{timings:?}");
}

/// Lets those go first who are ready. `yield_now` would have the system asked what has arrived, too.
async fn others_first() {
    let mut has_waited = false;
    poll_fn(|cx| {
        cx.waker().wake_by_ref();
        if std::mem::replace(&mut has_waited, true) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Answers in two parts, between which the client may read, and is busy then.
async fn serve(mut peer: crate::target::Peer) {
    while peer.request().await.is_some() {
        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe").await;
        tokio::time::sleep(PAUSE).await;
        peer.write("llo").await;
        thread::sleep(BUSY);
    }
}

#[test]
fn a_late_reader_does_not_make_a_response_late() {
    on_core(async || {
        let target = Target::start(serve).await;
        let exchange = get(&mut client(&target), "/").await;
        expect_on_time(&exchange);
        assert!(exchange.timings.total >= PAUSE, "{:?}", exchange.timings);
    });
}

#[test]
fn nor_does_one_who_reads_piece_by_piece() {
    on_core(async || {
        let target = Target::start(serve).await;
        let mut client = client(&target);
        let request = PreparedRequest::new(spec("GET", "/"), client.base(), false).unwrap();
        let opened = client.open(&request, &[], None).await;
        let Opened::Open(mut open) = opened else { unreachable!("{opened:?}") };
        while open.next_chunk().await.is_some() {}
        thread::sleep(BUSY);
        expect_on_time(&open.finish().await);
    });
}

#[test]
fn the_same_holds_below_tls() {
    on_core(async || {
        let acceptor = tls::acceptor("127.0.0.1");
        let wrap = move |stream| {
            let handshake = acceptor.accept(stream);
            async move { Some(Box::new(handshake.await.ok()?) as Box<dyn Socket>) }
        };
        let target = Target::with_sockets(serve, wrap).await;
        let url = target.url("/").replace("http:", "https:");
        expect_on_time(&get(&mut tls::client(String::new(), true), &url).await);
    });
}

#[test]
fn the_same_holds_for_http2() {
    on_core(async || {
        let target = Http2Target::start(|_, mut respond| async move {
            reply(&mut respond, 200, &[], "hello").await;
            for _ in 0..TURNS {
                others_first().await;
            }
            thread::sleep(BUSY);
        })
        .await;
        let mut client = frames::client(&target.url(""), HttpLimits::default());
        expect_on_time(&get(&mut client, "/").await);
    });
}
