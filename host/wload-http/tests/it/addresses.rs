//! Where connections go to and where they come from.

use std::cell::RefCell;
use std::net::IpAddr;
use std::rc::Rc;

use tokio::net::TcpListener;
use wload_core::limits::HttpLimits;
use wload_http::{BaseUrl, CoreHttp, HttpClient, HttpSettings, HttpShared, ResolveRule};

use crate::target::{Target, client_with, get, ok, on_core, outcome, settings};

fn client(settings: HttpSettings) -> HttpClient {
    HttpClient::new(CoreHttp::new(HttpShared::new(settings).unwrap()), None)
}

#[test]
fn resolve_rules_replace_the_name_service() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let port = target.address.port();
        let rules =
            [format!("h.test:{port}:127.0.0.1"), format!("dead.test:{port}:[::1],127.0.0.1")];
        let resolve = rules.iter().map(|text| ResolveRule::parse(text).unwrap()).collect();
        let mut client = client(HttpSettings { resolve, ..settings() });
        for host in ["h.test", "H.test", "dead.test"] {
            let exchange = get(&mut client, &format!("http://{host}:{port}/")).await;
            assert_eq!(outcome(&exchange), "200", "{host}");
            let expected = format!("{}:{port}", host.to_ascii_lowercase());
            assert_eq!(target.last().header("host"), Some(expected));
        }
    });
}

#[test]
fn literal_addresses_of_both_families_are_dialled() {
    on_core(async || {
        // A machine without IPv6 has no `::1` to listen on.
        let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
        let address = listener.local_addr().unwrap();
        drop(listener);
        let target = Target::start_at(address, |mut peer| async move {
            while peer.request().await.is_some() {
                peer.write(ok("six")).await;
            }
        })
        .await;
        let mut client = client_with(None, HttpLimits::default());
        let exchange = get(&mut client, &target.url("/")).await;
        assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"six"[..]));
        assert_eq!(target.last().header("host"), Some(target.address.to_string()));
    });
}

#[test]
fn local_addresses_take_turns() {
    on_core(async || {
        let peers: Rc<RefCell<Vec<IpAddr>>> = Rc::default();
        let seen = Rc::clone(&peers);
        let target = Target::with_sockets(
            |mut peer| async move {
                while peer.request().await.is_some() {
                    peer.write(ok("")).await;
                }
            },
            move |stream| {
                seen.borrow_mut().push(stream.peer_addr().unwrap().ip());
                async move { Some(Box::new(stream) as Box<dyn crate::target::Socket>) }
            },
        )
        .await;
        let local = ["127.0.0.2", "::1", "127.0.0.3"].map(|text| text.parse().unwrap());
        let settings = HttpSettings { local_addresses: local.into(), ..settings() };
        let core = CoreHttp::new(HttpShared::new(settings).unwrap());
        let base = BaseUrl::parse(&target.url("")).unwrap();
        let mut users: Vec<HttpClient> =
            (0..4).map(|_| HttpClient::new(Rc::clone(&core), Some(base.clone()))).collect();
        for user in &mut users {
            assert_eq!(outcome(&get(user, "/").await), "200");
        }
        let found: Vec<String> = peers.borrow().iter().map(IpAddr::to_string).collect();
        assert_eq!(found, ["127.0.0.2", "127.0.0.3", "127.0.0.2", "127.0.0.3"]);
    });
}

#[test]
fn an_address_that_is_not_ours_is_said_to_be() {
    on_core(async || {
        let target = Target::answering(|_| ok("")).await;
        let settings =
            HttpSettings { local_addresses: vec!["192.0.2.1".parse().unwrap()], ..settings() };
        let exchange = get(&mut client(settings), &target.url("/")).await;
        assert_eq!(outcome(&exchange), "the local address is not one of this machine");
    });
}
