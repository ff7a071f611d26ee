//! What may take how long, and what it is called when it takes longer.

use std::time::Duration;

use wload_core::limits::HttpLimits;
use wload_http::RequestSpec;

use crate::target::{Target, client, client_with, get, ok, on_core, outcome, spec};

const SHORT: Duration = Duration::from_millis(60);
const FIRST: &str = "timed out while waiting for the first byte of the response";
const BETWEEN: &str = "timed out while waiting for the next bytes of the response";

/// Answers in pieces, with a pause before each.
async fn dripping(pieces: &'static [(u64, &'static str)]) -> Target {
    Target::start(move |mut peer| async move {
        while peer.request().await.is_some() {
            for (pause, piece) in pieces {
                tokio::time::sleep(Duration::from_millis(*pause)).await;
                peer.write(piece).await;
            }
        }
    })
    .await
}

#[test]
fn first_byte_and_next_bytes_have_timeouts_of_their_own() {
    const LATE: &[(u64, &str)] = &[(400, "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")];
    const SLOW_HEAD: &[(u64, &str)] =
        &[(0, "HTTP/1.1 200"), (400, " OK\r\ncontent-length: 0\r\n\r\n")];
    const SLOW_BODY: &[(u64, &str)] =
        &[(0, "HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nab"), (400, "cd")];
    on_core(async || {
        let (first, between) = (Some(SHORT), Some(SHORT));
        for (pieces, first_byte_timeout, between_bytes_timeout, expected) in [
            (LATE, first, None, FIRST),
            (LATE, first, between, FIRST),
            (LATE, None, between, "200"),
            (SLOW_HEAD, None, between, BETWEEN),
            (SLOW_HEAD, Some(Duration::from_secs(9)), between, BETWEEN),
            (SLOW_HEAD, first, None, "200"),
            (SLOW_BODY, None, between, BETWEEN),
            (SLOW_BODY, first, None, "200"),
        ] {
            let target = dripping(pieces).await;
            let asked =
                RequestSpec { first_byte_timeout, between_bytes_timeout, ..spec("GET", "/") };
            let exchange = client(&target).send_once(asked.clone(), None).await;
            assert_eq!(outcome(&exchange), expected, "{pieces:?} {asked:?}");
            let limits =
                HttpLimits { first_byte_timeout, between_bytes_timeout, ..HttpLimits::default() };
            let mut client = client_with(Some(&target.url("")), limits);
            assert_eq!(outcome(&get(&mut client, "/").await), expected, "{pieces:?}");
        }
    });
}

#[test]
fn many_small_pauses_are_not_a_long_one_but_the_total_counts_them() {
    const DRIP: &[(u64, &str)] = &[
        (30, "HTTP/1.1 200 OK\r\n"),
        (30, "content-length: 4\r\n"),
        (30, "\r\n"),
        (30, "a"),
        (30, "b"),
        (30, "c"),
        (30, "d"),
    ];
    on_core(async || {
        let target = dripping(DRIP).await;
        let patient = RequestSpec {
            first_byte_timeout: Some(Duration::from_millis(150)),
            between_bytes_timeout: Some(Duration::from_millis(150)),
            ..spec("GET", "/")
        };
        let exchange = client(&target).send_once(patient.clone(), None).await;
        assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"abcd"[..]));
        assert!(exchange.timings.total >= Duration::from_millis(200));
        let hasty = RequestSpec { timeout: Some(Duration::from_millis(135)), ..patient };
        let exchange = client(&target).send_once(hasty, None).await;
        assert_eq!(outcome(&exchange), "timed out while reading the response body");
    });
}

#[test]
fn a_long_upload_is_not_a_late_first_byte() {
    const BODY: usize = 24 << 20;
    on_core(async || {
        // Reads slowly, so that the request takes longer than the patience for its answer.
        let target = Target::start(|mut peer| async move {
            let mut received = 0;
            while received < BODY {
                tokio::time::sleep(Duration::from_millis(100)).await;
                received += peer.skip_some(2 << 20).await;
            }
            peer.write(ok("done")).await;
            peer.closed().await;
        })
        .await;
        let patience = Duration::from_millis(1_000);
        let asked = RequestSpec { first_byte_timeout: Some(patience), ..spec("PUT", "/") };
        let exchange = client(&target).send_once(asked, vec![b'x'; BODY]).await;
        assert_eq!(outcome(&exchange), "200");
        assert!(exchange.timings.total > patience, "{:?}", exchange.timings);
    });
}

#[test]
fn connecting_has_a_timeout_per_request() {
    on_core(async || {
        let silent = Target::start(|mut peer| async move { peer.closed().await }).await;
        let url = silent.url("/").replace("http:", "https:");
        let asked = RequestSpec { connect_timeout: Some(SHORT), ..spec("GET", &url) };
        let mut client = client_with(None, HttpLimits::default());
        let exchange = client.send_once(asked, None).await;
        assert_eq!(outcome(&exchange), "timed out while connecting");
        assert!(exchange.timings.total < Duration::from_secs(5));
    });
}
