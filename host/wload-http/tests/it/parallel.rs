//! Several requests of one user at once.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use tokio::sync::Notify;
use wload_core::limits::HttpLimits;
use wload_http::{HttpClient, ParallelRequest, PreparedRequest, RequestBody};

use crate::target::{Target, client, client_with, get, ok, on_core, outcome, response, spec};

fn asked(client: &HttpClient, method: &str, url: &str) -> ParallelRequest {
    ParallelRequest {
        request: Rc::new(PreparedRequest::new(spec(method, url), client.base(), false).unwrap()),
        values: Vec::new(),
        body: RequestBody::default(),
    }
}

/// A server that counts how many requests it holds at once; each takes a moment.
async fn counting() -> (Target, Rc<Cell<usize>>) {
    let (now, most) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let seen = Rc::clone(&most);
    let target = Target::start(move |mut peer| {
        let (now, most) = (Rc::clone(&now), Rc::clone(&most));
        async move {
            while let Some(request) = peer.request().await {
                now.set(now.get() + 1);
                most.set(most.get().max(now.get()));
                tokio::time::sleep(Duration::from_millis(20)).await;
                now.set(now.get() - 1);
                peer.write(ok(request.what())).await;
            }
        }
    })
    .await;
    (target, seen)
}

#[test]
fn six_connections_to_an_origin_and_answers_in_order() {
    on_core(async || {
        let (target, most) = counting().await;
        let (other, most_other) = counting().await;
        let mut client = client(&target);
        for round in 0..2 {
            let there = (0..20).map(|number| asked(&client, "GET", &format!("/{number}")));
            let elsewhere =
                (0..3).map(|number| asked(&client, "GET", &other.url(&format!("/{number}"))));
            let exchanges = client.send_all(there.chain(elsewhere).collect()).await.unwrap();
            for (number, exchange) in exchanges.iter().enumerate() {
                assert_eq!(
                    exchange.body,
                    format!("GET /{}", if number < 20 { number } else { number - 20 })
                );
            }
            assert_eq!((most.get(), most_other.get()), (6, 3), "round {round}");
            // Whoever had to wait for a connection took longer: the wait is in its time.
            assert!(exchanges[19].timings.total >= Duration::from_millis(60));
        }
        // The pool keeps six in all, so the first ones had to make room.
        assert!(target.connections() <= 12, "{}", target.connections());
        assert_eq!(outcome(&get(&mut client, "/after").await), "200");
    });
}

#[test]
fn each_fails_on_its_own_and_redirects_go_their_way() {
    on_core(async || {
        let target = Target::answering(|request| match request.what() {
            "GET /from" => response("302 Found", "location: /to\r\n", ""),
            "GET /gone" => response("404 Not Found", "", ""),
            _ => ok("there"),
        })
        .await;
        let dead = {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            format!("http://{}/", listener.local_addr().unwrap())
        };
        let mut client = client(&target);
        let requests =
            ["/from", "/gone", &dead, "/to"].map(|url| asked(&client, "GET", url)).into();
        let exchanges = client.send_all(requests).await.unwrap();
        let found: Vec<String> = exchanges.iter().map(outcome).collect();
        assert_eq!(found, ["200", "404", "connection refused", "200"]);
        assert_eq!(exchanges[0].history.len(), 1);
        assert!(client.send_all(Vec::new()).await.unwrap().is_empty());
    });
}

#[test]
fn cookies_of_one_are_there_for_those_that_leave_later() {
    on_core(async || {
        let target = Target::answering(|request| {
            response(
                "200 OK",
                &format!("set-cookie: {}=1\r\n", request.what().replace(['/', ' '], "")),
                "",
            )
        })
        .await;
        let limits = HttpLimits { connections_per_origin_max: 1, ..HttpLimits::default() };
        let mut client = client_with(Some(&target.url("")), limits);
        let requests = ["/a", "/b", "/c"].map(|url| asked(&client, "GET", url)).into();
        client.send_all(requests).await.unwrap();
        assert_eq!(target.connections(), 1);
        assert_eq!(target.last().header("cookie").as_deref(), Some("GETa=1; GETb=1"));
        assert_eq!(client.cookies().len(), 3);
    });
}

#[test]
fn too_many_are_refused_before_one_is_sent() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let limits = HttpLimits { parallel_requests_max: 3, ..HttpLimits::default() };
        let mut client = client_with(Some(&target.url("")), limits);
        let requests = (0..4).map(|_| asked(&client, "GET", "/")).collect();
        let error = client.send_all(requests).await.unwrap_err().message();
        assert!(error.contains("4 requests in parallel, at most 3"), "{error}");
        assert!(target.requests().is_empty());
    });
}

#[test]
fn after_a_drop_it_is_known_which_of_them_had_left() {
    on_core(async || {
        let got = Rc::new(Notify::new());
        let tell = Rc::clone(&got);
        let target = Target::start(move |mut peer| {
            let tell = Rc::clone(&tell);
            async move {
                while let Some(request) = peer.request().await {
                    if request.what() == "GET /silent" {
                        tell.notify_one();
                    } else {
                        peer.write(ok("")).await;
                    }
                }
            }
        })
        .await;
        let limits = HttpLimits { connections_per_origin_max: 2, ..HttpLimits::default() };
        let mut client = client_with(Some(&target.url("")), limits);
        let paths = ["/ok", "/silent", "/ok", "/silent", "/waits for a place"];
        let requests = paths.map(|url| asked(&client, "GET", url)).into();
        {
            let mut send = pin!(client.send_all(requests));
            for _ in 0..2 {
                let mut until = pin!(got.notified());
                std::future::poll_fn(|cx| {
                    assert!(matches!(send.as_mut().poll(cx), Poll::Pending));
                    until.as_mut().poll(cx)
                })
                .await;
            }
        }
        assert_eq!(client.take_interrupted_all(), [1, 3]);
        assert!(!client.take_interrupted());
        assert_eq!(outcome(&get(&mut client, "/ok").await), "200");
        let sent: BTreeSet<String> = target.requests().into_iter().collect();
        assert!(!sent.iter().any(|request| request.contains("waits")), "{sent:?}");
    });
}
