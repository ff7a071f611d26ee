//! Through a proxy: whole URLs, tunnels, and what can go wrong with them.

use std::rc::Rc;
use std::time::Duration;

use wload_core::limits::HttpLimits;
use wload_http::{BaseUrl, CoreHttp, HttpClient, HttpSettings, HttpShared, ProxySettings};

use crate::target::{Target, get, ok, on_core, outcome, response, settings};
use crate::tls;

fn client(http: Option<String>, https: Option<String>, no_proxy: &str) -> HttpClient {
    let settings = HttpSettings {
        insecure: true,
        limits: HttpLimits { connect_timeout: Duration::from_millis(300), ..HttpLimits::default() },
        proxy: ProxySettings { http, https, no_proxy: no_proxy.to_owned() },
        ..settings()
    };
    HttpClient::new(CoreHttp::new(HttpShared::new(settings).unwrap()), None)
}

#[test]
fn a_proxy_of_plain_http_gets_whole_urls_and_credentials() {
    on_core(async || {
        let proxy = Target::answering(|request| match request.head.contains("/from") {
            true => response("302 Found", "location: http://b.test/to\r\n", ""),
            false => ok("by proxy"),
        })
        .await;
        let target = Target::answering(|_| ok("directly")).await;
        let url = proxy.url("").replace("http://", "http://us%65r:pass@");
        let mut client = client(Some(url), None, "127.0.0.1");
        let exchange = get(&mut client, "http://a.test:81/from?x=1").await;
        assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"by proxy"[..]));
        assert_eq!(proxy.requests(), ["GET http://a.test:81/from?x=1", "GET http://b.test/to"]);
        let last = proxy.last();
        assert_eq!(last.header("host").as_deref(), Some("b.test"));
        assert_eq!(last.header("proxy-authorization").as_deref(), Some("Basic dXNlcjpwYXNz"));
        assert_eq!(last.header("authorization"), None);
        assert_eq!(get(&mut client, &target.url("/")).await.body, "directly");
        assert_eq!(target.last().header("proxy-authorization"), None);
    });
}

/// A proxy that opens tunnels to this address, whatever is asked for.
async fn tunnelling(to: std::net::SocketAddr) -> Target {
    Target::start(move |mut peer| async move {
        let Some(asked) = peer.request().await else { return };
        assert!(asked.head.starts_with("CONNECT "), "{}", asked.head);
        peer.write("HTTP/1.1 200 Connection established\r\nvia: test\r\n\r\n").await;
        let mut there = tokio::net::TcpStream::connect(to).await.unwrap();
        let _ = tokio::io::copy_bidirectional(peer.socket(), &mut there).await;
    })
    .await
}

#[test]
fn https_goes_through_a_tunnel() {
    on_core(async || {
        let target = tls::plain_target("h.test").await;
        let proxy = tunnelling(target.address).await;
        let url = proxy.url("").replace("http://", "http://user:pass@");
        let mut client = client(None, Some(url), "");
        for _ in 0..2 {
            let exchange = get(&mut client, "https://h.test/x").await;
            assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"secret"[..]));
        }
        let asked = proxy.last();
        assert!(asked.head.starts_with("CONNECT h.test:443 HTTP/1.1\r\nHost: h.test:443\r\n"));
        assert_eq!(asked.header("proxy-authorization").as_deref(), Some("Basic dXNlcjpwYXNz"));
        assert_eq!((proxy.connections(), target.requests()), (1, vec!["GET /x".to_owned(); 2]));
        assert_eq!(target.last().header("proxy-authorization"), None);
        let timings = get(&mut client, "https://h.test/x").await.timings;
        assert!(timings.connection_reused);
    });
}

#[test]
fn tunnels_that_do_not_open_say_why() {
    on_core(async || {
        let endless = vec![b'x'; 40_000];
        let table: [(&[u8], &str); 7] = [
            (b"HTTP/1.1 407 Who are you\r\n\r\n", "proxy: it asks for other credentials (407)"),
            (b"HTTP/1.1 502 Bad Gateway\r\n\r\nhtml", "proxy: it refused the tunnel (502)"),
            (b"SSH-2.0-OpenSSH\r\n\r\n", "proxy: malformed answer to CONNECT"),
            (b"HTTP/1.1 200 OK\r\n\r\nmore", "proxy: malformed answer to CONNECT"),
            (b"HTTP/1.1 2", "proxy: connection closed without an answer"),
            (b"", "proxy: connection closed without an answer"),
            (&endless, "proxy: endless answer to CONNECT"),
        ];
        for (answer, expected) in table {
            let proxy = Target::saying(answer).await;
            let mut client = client(None, Some(proxy.url("")), "");
            let exchange = get(&mut client, "https://h.test/").await;
            assert_eq!(outcome(&exchange), expected);
        }
        let silent = Target::start(|mut peer| async move { peer.closed().await }).await;
        let mut client = client(None, Some(silent.url("")), "");
        let exchange = get(&mut client, "https://h.test/").await;
        assert_eq!(outcome(&exchange), "timed out while connecting");
        assert!(exchange.timings.connect >= Duration::from_millis(250), "{:?}", exchange.timings);
    });
}

#[test]
fn a_base_url_is_asked_through_the_proxy_as_well() {
    on_core(async || {
        let proxy = Target::answering(|_| ok("")).await;
        let settings = HttpSettings {
            proxy: ProxySettings {
                http: Some(proxy.address.to_string()),
                ..ProxySettings::default()
            },
            ..settings()
        };
        let core = CoreHttp::new(HttpShared::new(settings).unwrap());
        let base = BaseUrl::parse("http://user:pw@shop.test/api").unwrap();
        let mut user = HttpClient::new(Rc::clone(&core), Some(base));
        assert_eq!(outcome(&get(&mut user, "/cart").await), "200");
        assert_eq!(proxy.requests(), ["GET http://shop.test/api/cart"]);
        assert_eq!(proxy.last().header("authorization").as_deref(), Some("Basic dXNlcjpwdw=="));
    });
}
