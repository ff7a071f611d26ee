//! Futures that are dropped before their end, as when a user is stopped.

use std::borrow::Borrow;
use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;

use tokio::sync::Notify;
use wload_http::{Exchange, Http1Engine, HttpClient, PreparedRequest, Sending};

use crate::target::{Target, client, engine, get, ok, on_core, outcome, response, spec};

/// A server that tells when it has a request, and answers only paths that begin with `/ok`.
async fn telling() -> (Target, Rc<Notify>, Rc<Notify>) {
    let (got, closed) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
    let (tell_got, tell_closed) = (Rc::clone(&got), Rc::clone(&closed));
    let target = Target::start(move |mut peer| {
        let (got, closed) = (Rc::clone(&tell_got), Rc::clone(&tell_closed));
        async move {
            while let Some(request) = peer.request().await {
                match request.what() {
                    "GET /ok" => peer.write(ok("")).await,
                    "GET /hop" => {
                        peer.write(response("302 Found", "location: /silent\r\n", "")).await;
                    }
                    "GET /half" => {
                        peer.write("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf").await;
                        got.notify_one();
                    }
                    _ => got.notify_one(),
                }
            }
            closed.notify_one();
        }
    })
    .await;
    (target, got, closed)
}

/// Sends and drops the exchange when `until` is done.
async fn send_until(client: &mut HttpClient, url: &str, until: impl Future<Output = ()>) {
    drop_when(get(client, url), until).await;
}

/// The same of an exchange in a carrier.
fn carried(client: &mut HttpClient, url: &str) -> Sending {
    let request = PreparedRequest::new(spec("GET", url), client.base(), true).unwrap();
    client.send_owned(Rc::new(request), Vec::new(), None.into())
}

async fn drop_when<E: Borrow<Exchange>>(
    send: impl Future<Output = E>,
    until: impl Future<Output = ()>,
) {
    let mut send = pin!(send);
    let mut until = pin!(until);
    std::future::poll_fn(|cx| {
        let ended = send.as_mut().poll(cx).map(|exchange| outcome(exchange.borrow()));
        assert_eq!(ended, Poll::Pending);
        until.as_mut().poll(cx)
    })
    .await;
}

#[test]
fn a_dropped_exchange_takes_its_carrier_along_and_the_next_one_is_not_mixed_up_with_it() {
    on_core(async || {
        let (target, got, closed) = telling().await;
        let mut client = client(&target);
        for path in ["/silent", "/half", "/hop"] {
            assert_eq!(outcome(carried(&mut client, "/ok").await.as_ref()), "200");
            let last = target.connections();
            drop_when(carried(&mut client, path), got.notified()).await;
            closed.notified().await;
            assert!(client.take_interrupted(), "{path}");
            drop(carried(&mut client, path));
            assert!(!client.take_interrupted(), "it was never begun");
            assert_eq!(outcome(carried(&mut client, "/ok").await.as_ref()), "200");
            assert_eq!(target.connections(), last + 1);
        }
    });
}

#[test]
fn a_dropped_exchange_closes_its_connection_and_says_that_it_had_left() {
    on_core(async || {
        let (target, got, closed) = telling().await;
        let mut client = client(&target);
        for path in ["/silent", "/half", "/hop"] {
            assert_eq!(outcome(&get(&mut client, "/ok").await), "200");
            assert!(!client.take_interrupted());
            let last = target.connections();
            send_until(&mut client, path, got.notified()).await;
            closed.notified().await;
            assert!(client.take_interrupted(), "{path}");
            assert!(!client.take_interrupted(), "{path}");
            assert_eq!(outcome(&get(&mut client, "/ok").await), "200");
            assert_eq!(target.connections(), last + 1);
        }
    });
}

#[test]
fn an_exchange_that_never_left_was_not_interrupted() {
    on_core(async || {
        let (target, ..) = telling().await;
        let mut client = client(&target);
        drop(client.send_once(spec("GET", "/silent"), None));
        assert!(!client.take_interrupted());

        // The first poll lets others go first. The next one starts to connect; on a kept connection it sends, or
        // only tells hyper to.
        send_until(&mut client, "/silent", std::future::ready(())).await;
        assert!(!client.take_interrupted());
        let ready = tokio::task::yield_now;
        send_until(&mut client, "/silent", ready()).await;
        assert!(!client.take_interrupted());
        get(&mut client, "/ok").await;
        send_until(&mut client, "/silent", ready()).await;
        let has_left = engine() == Http1Engine::Thin;
        assert_eq!(client.take_interrupted(), has_left);

        // The bytes of a TLS handshake are not yet a request.
        let (hello, seen) = (Rc::new(Notify::new()), Rc::new(Notify::new()));
        let tell = Rc::clone(&hello);
        let silent = Target::with_sockets(
            |_| async {},
            move |stream| {
                let (tell, _open) = (Rc::clone(&tell), Rc::clone(&seen));
                async move {
                    stream.readable().await.unwrap();
                    tell.notify_one();
                    std::future::pending::<()>().await;
                    drop(stream);
                    None
                }
            },
        )
        .await;
        let url = silent.url("/").replace("http:", "https:");
        send_until(&mut client, &url, hello.notified()).await;
        assert!(!client.take_interrupted());
        let arrived: &[&str] = if has_left { &["GET /ok", "GET /silent"] } else { &["GET /ok"] };
        assert_eq!(target.requests(), arrived);
    });
}

#[test]
fn a_dropped_client_closes_its_connections() {
    on_core(async || {
        let (target, _, closed) = telling().await;
        let mut client = client(&target);
        get(&mut client, "/ok").await;
        drop(client);
        closed.notified().await;
    });
}
