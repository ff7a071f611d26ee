//! TLS as a scenario chooses it for one of its users: what it reaches, and whom it does not.

use wload_http::{
    ClientCertificate, CoreHttp, HttpClient, HttpSettings, HttpShared, Protocol, TlsChoice,
};

use crate::target::{get, on_core, outcome, settings};
use crate::tls::{Server, authority, certificate, client_of, http2_target, https};

const UNKNOWN: &str = "TLS: certificate is signed by an unknown authority";

fn verified() -> TlsChoice {
    TlsChoice { verify: true, authorities_pem: Vec::new(), certificate: None }
}

fn careless() -> TlsChoice {
    TlsChoice { verify: false, ..verified() }
}

/// The settings of a run on a machine that knows this authority only.
fn knowing(pem: &str) -> HttpSettings {
    HttpSettings { extra_roots_pem: pem.as_bytes().to_vec(), ..settings() }
}

#[test]
fn a_choice_holds_for_later_requests_of_its_user_and_for_nobody_else() {
    on_core(async || {
        let known = authority("known");
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let target = match protocol {
                Protocol::Http2 => http2_target(&known).await,
                _ => Server::of(&known, "127.0.0.1").start().await.0,
            };
            let url = https(&target, "127.0.0.1");
            let shared = HttpShared::new(HttpSettings { protocol, ..settings() }).unwrap();
            let core = CoreHttp::new(shared);
            let mut user = HttpClient::new(core.clone(), None);
            let mut other = HttpClient::new(core, None);
            let own = TlsChoice { authorities_pem: known.pem().into_bytes(), ..verified() };
            // A connection that was not verified waits, and nobody who wants another one gets it.
            for (choice, expected, is_new) in [
                (verified(), UNKNOWN, true),
                (careless(), "200", true),
                (verified(), UNKNOWN, true),
                (own.clone(), "200", true),
                (careless(), "200", false),
                (own, "200", false),
            ] {
                user.set_tls(choice).unwrap();
                let (ours, others) = (get(&mut user, &url).await, get(&mut other, &url).await);
                assert_eq!(outcome(&ours), expected, "{protocol:?}");
                assert_eq!(!ours.timings.tls.is_zero(), is_new, "{protocol:?}");
                assert_eq!(outcome(&others), UNKNOWN);
            }
        }
    });
}

#[test]
fn what_the_run_says_stands_before_what_a_scenario_chooses() {
    on_core(async || {
        let (known, unknown) = (authority("known"), authority("unknown"));
        let (target, _) = Server::of(&unknown, "127.0.0.1").start().await;
        let url = https(&target, "127.0.0.1");
        // Who names an authority wants certificates to be verified.
        let mut user = client_of(knowing(&known.pem()));
        user.set_tls(careless()).unwrap();
        assert_eq!(outcome(&get(&mut user, &url).await), UNKNOWN);
        let authorities_pem = unknown.pem().into_bytes();
        user.set_tls(TlsChoice { authorities_pem, ..careless() }).unwrap();
        assert_eq!(outcome(&get(&mut user, &url).await), "200", "the scenario knows it");
        let mut user = client_of(HttpSettings { insecure: true, ..settings() });
        user.set_tls(verified()).unwrap();
        assert_eq!(outcome(&get(&mut user, &url).await), "200");
    });
}

#[test]
fn a_certificate_of_the_scenario_is_shown_where_the_run_has_none() {
    on_core(async || {
        let (known, clients, others) =
            (authority("known"), authority("clients"), authority("others"));
        let server = Server { clients: Some(&clients), ..Server::of(&known, "127.0.0.1") };
        let (target, seen) = server.start().await;
        let url = https(&target, "127.0.0.1");
        let run = |client_certificate| HttpSettings { client_certificate, ..knowing(&known.pem()) };
        let choose = |issuer| TlsChoice { certificate: Some(certificate(issuer)), ..verified() };
        for (of_run, choice, is_accepted) in [
            (None, choose(&clients), true),
            (None, verified(), false),
            (Some(certificate(&clients)), choose(&others), true),
            (Some(certificate(&others)), choose(&clients), false),
        ] {
            let mut user = client_of(run(of_run));
            user.set_tls(choice).unwrap();
            assert_eq!(outcome(&get(&mut user, &url).await) == "200", is_accepted);
        }
        assert!(seen.borrow().iter().all(|seen| seen.has_certificate));
    });
}

#[test]
fn sessions_of_one_choice_do_not_serve_another() {
    on_core(async || {
        let known = authority("known");
        let (target, seen) = Server::of(&known, "127.0.0.1").start().await;
        let url = https(&target, "127.0.0.1");
        let mut user = client_of(HttpSettings { tls_session_reuse: true, ..settings() });
        let own = TlsChoice { authorities_pem: known.pem().into_bytes(), ..verified() };
        for choice in [careless(), own, careless()] {
            user.set_tls(choice).unwrap();
            assert_eq!(outcome(&get(&mut user, &url).await), "200");
            user.close_connections();
        }
        let resumed: Vec<_> = seen.borrow().iter().map(|seen| seen.is_resumed).collect();
        assert_eq!(resumed, [false, false, true]);
    });
}

#[test]
fn texts_that_are_none_and_too_many_choices_are_refused_and_change_nothing() {
    on_core(async || {
        let known = authority("known");
        let (target, _) = Server::of(&known, "127.0.0.1").start().await;
        let url = https(&target, "127.0.0.1");
        let mut user = client_of(settings());
        user.set_tls(careless()).unwrap();
        let nothing = ClientCertificate { certificates_pem: vec![], key_pem: vec![] };
        for (wrong, part) in [
            (TlsChoice { authorities_pem: b"x".to_vec(), ..verified() }, "authorities"),
            (TlsChoice { certificate: Some(nothing), ..verified() }, "client certificate"),
        ] {
            let error = user.set_tls(wrong).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
            assert_eq!(outcome(&get(&mut user, &url).await), "200");
        }
        let made = |_| {
            let authorities_pem = authority("another").pem().into_bytes();
            user.set_tls(TlsChoice { authorities_pem, ..verified() })
        };
        let refused = (0..32).map(made).find_map(Result::err).unwrap().to_string();
        assert!(refused.contains("more than 32 different TLS settings"), "{refused}");
    });
}
