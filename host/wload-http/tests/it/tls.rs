//! TLS against a server of this process with certificates made for the test.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{HandshakeKind, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;
use wload_http::{
    ClientCertificate, CoreHttp, HttpClient, HttpSettings, HttpShared, Protocol, ResolveRule,
};

use crate::frames::{self, reply};
use crate::target::{Socket, Target, get, ok, on_core, outcome, settings};

pub(crate) type Authority = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// What a TLS server of a test is like.
#[derive(Clone, Copy)]
pub(crate) struct Server<'a> {
    pub(crate) authority: &'a Authority,
    /// In its certificate.
    pub(crate) name: &'a str,
    /// The last one of its certificate.
    pub(crate) year: i32,
    pub(crate) alpn: &'a [&'a str],
    /// Only clients with a certificate of this authority.
    pub(crate) clients: Option<&'a Authority>,
}

/// What it saw of its clients, one entry for each connection.
pub(crate) type Seen = Rc<RefCell<Vec<Handshake>>>;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Handshake {
    server_name: Option<String>,
    pub(crate) is_resumed: bool,
    pub(crate) has_certificate: bool,
}

impl<'a> Server<'a> {
    pub(crate) fn of(authority: &'a Authority, name: &'a str) -> Self {
        Self { authority, name, year: 2100, alpn: &[], clients: None }
    }

    fn config(&self) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new([self.name.to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "the target");
        params.not_before = rcgen::date_time_ymd(2000, 1, 1);
        params.not_after = rcgen::date_time_ymd(self.year, 1, 1);
        let certificate = params.signed_by(&key, self.authority).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match self.clients {
            None => builder.with_no_client_auth(),
            Some(authority) => {
                let mut roots = rustls::RootCertStore::empty();
                roots.add(authority.der().clone()).unwrap();
                let verifier = rustls::server::WebPkiClientVerifier::builder_with_provider(
                    Arc::new(roots),
                    provider,
                );
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let mut config = builder.with_single_cert(vec![certificate.der().clone()], key).unwrap();
        config.alpn_protocols = self.alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        config.ticketer = rustls::crypto::ring::Ticketer::new().unwrap();
        config
    }

    pub(crate) async fn start(&self) -> (Target, Seen) {
        let acceptor = TlsAcceptor::from(Arc::new(self.config()));
        let seen = Seen::default();
        let tell = Rc::clone(&seen);
        let target = Target::with_sockets(
            |mut peer| async move {
                while peer.request().await.is_some() {
                    peer.write(ok("secret")).await;
                }
            },
            move |stream| {
                let (handshake, tell) = (acceptor.accept(stream), Rc::clone(&tell));
                async move {
                    // A client that does not trust us breaks off.
                    let stream = handshake.await.ok()?;
                    let tls = stream.get_ref().1;
                    tell.borrow_mut().push(Handshake {
                        server_name: tls.server_name().map(str::to_owned),
                        is_resumed: tls.handshake_kind() == Some(HandshakeKind::Resumed),
                        has_certificate: tls.peer_certificates().is_some(),
                    });
                    Some(Box::new(stream) as Box<dyn Socket>)
                }
            },
        )
        .await;
        (target, seen)
    }
}

/// A TLS server whose certificate is for `name` and ends in `year`.
async fn target(authority: &Authority, name: &str, year: i32) -> Target {
    Server { year, ..Server::of(authority, name) }.start().await.0
}

/// A TLS server that speaks HTTP/2.
pub(crate) async fn http2_target(authority: &Authority) -> Target {
    let server = Server { alpn: &["h2", "http/1.1"], ..Server::of(authority, "127.0.0.1") };
    let acceptor = TlsAcceptor::from(Arc::new(server.config()));
    Target::with_sockets(
        |_| async {},
        move |stream| {
            let handshake = acceptor.accept(stream);
            async move {
                // A client that does not trust us breaks off.
                let socket = handshake.await.ok()?;
                let answer = |_, mut respond| async move {
                    reply(&mut respond, 200, &[], "two").await;
                };
                let serving = frames::serve(socket, Rc::new(answer), Rc::default());
                tokio::task::spawn_local(serving);
                None
            }
        },
    )
    .await
}

/// A TLS server with a certificate for a name that nobody has reason to trust.
pub(crate) async fn plain_target(name: &str) -> Target {
    target(&authority("unknown"), name, 2100).await
}

/// TLS with a certificate for a name that nobody has reason to trust.
#[cfg(target_os = "linux")]
pub(crate) fn acceptor(name: &str) -> TlsAcceptor {
    TlsAcceptor::from(Arc::new(Server::of(&authority("unknown"), name).config()))
}

pub(crate) fn https(target: &Target, host: &str) -> String {
    format!("https://{host}:{}/", target.address.port())
}

pub(crate) fn client_of(settings: HttpSettings) -> HttpClient {
    HttpClient::new(CoreHttp::new(HttpShared::new(settings).unwrap()), None)
}

pub(crate) fn client(extra_roots_pem: String, insecure: bool) -> HttpClient {
    let settings =
        HttpSettings { extra_roots_pem: extra_roots_pem.into_bytes(), insecure, ..settings() };
    let shared = HttpShared::new(settings).unwrap();
    shared.tls_ready().unwrap();
    HttpClient::new(CoreHttp::new(shared), None)
}

#[test]
fn certificates_are_verified_unless_told_otherwise() {
    on_core(async || {
        let (known, unknown) = (authority("known"), authority("unknown"));
        let cases = [
            ("127.0.0.1", &known, 2100, "200"),
            ("127.0.0.1", &unknown, 2100, "TLS: certificate is signed by an unknown authority"),
            ("else.test", &known, 2100, "TLS: certificate is not valid for this host name"),
            ("127.0.0.1", &known, 2001, "TLS: certificate has expired"),
        ];
        for (name, issuer, year, expected) in cases {
            let target = target(issuer, name, year).await;
            let url = target.url("/").replace("http:", "https:");
            let exchange = get(&mut client(known.pem(), false), &url).await;
            assert_eq!(outcome(&exchange), expected);
            assert!(!exchange.timings.tls.is_zero());
            let exchange = get(&mut client(String::new(), true), &url).await;
            assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"secret"[..]));
            assert_eq!(exchange.url(), url);
        }
    });
}

#[test]
fn names_are_verified_and_connections_kept() {
    on_core(async || {
        let authority = authority("known");
        let target = target(&authority, "localhost", 2100).await;
        let url = format!("https://localhost:{}/", target.address.port());
        let mut client = client(authority.pem(), false);
        for number in 0..3 {
            let exchange = get(&mut client, &url).await;
            assert_eq!(outcome(&exchange), "200");
            assert_eq!(exchange.timings.tls.is_zero(), number > 0);
        }
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn a_server_without_tls_says_so() {
    on_core(async || {
        let target = Target::start(|mut peer| async move {
            peer.write("HTTP/1.1 400 Bad Request\r\n\r\n").await;
            peer.closed().await;
        })
        .await;
        let url = target.url("/").replace("http:", "https:");
        let exchange = get(&mut client(String::new(), true), &url).await;
        assert_eq!(outcome(&exchange), "TLS: the server does not speak TLS on this port");
    });
}

/// A server that says this below TLS, or resets, as soon as the handshake is done.
async fn below_tls(alpn: &str, bytes: &'static [u8], is_reset: bool) -> Target {
    let authority = authority("known");
    let server = Server { alpn: &[alpn], ..Server::of(&authority, "127.0.0.1") };
    let acceptor = TlsAcceptor::from(Arc::new(server.config()));
    Target::with_sockets(
        |mut peer| async move {
            peer.closed().await;
        },
        move |stream| {
            let handshake = acceptor.accept(stream);
            async move {
                let mut stream = handshake.await.ok()?;
                let tcp = stream.get_mut().0;
                tcp.write_all(bytes).await.ok()?;
                if is_reset {
                    tcp.set_zero_linger().ok()?;
                    return None;
                }
                Some(Box::new(stream) as Box<dyn Socket>)
            }
        },
    )
    .await
}

fn either_version() -> HttpSettings {
    HttpSettings { insecure: true, protocol: Protocol::Auto, ..settings() }
}

#[test]
fn a_server_that_forgets_its_tls_broke_the_protocol() {
    on_core(async || {
        for alpn in ["http/1.1", "h2"] {
            let target = below_tls(alpn, b"HTTP/1.1 400 Bad Request\r\n\r\n", false).await;
            for _ in 0..10 {
                let url = https(&target, "127.0.0.1");
                let exchange = get(&mut client_of(either_version()), &url).await;
                assert_eq!(outcome(&exchange), "TLS: the server broke the protocol", "{alpn}");
            }
        }
    });
}

#[test]
fn a_reset_is_a_reset_within_the_handshake_and_after_it() {
    on_core(async || {
        let at_once = Target::start(|peer| async move { peer.reset() }).await;
        let heard = Target::start(|mut peer| async move {
            peer.take_some().await;
            peer.reset();
        })
        .await;
        let after = below_tls("http/1.1", b"", true).await;
        let after_h2 = below_tls("h2", b"", true).await;
        for (what, target) in
            [("at once", at_once), ("heard", heard), ("after", after), ("h2", after_h2)]
        {
            for _ in 0..10 {
                let url = https(&target, "127.0.0.1");
                let exchange = get(&mut client_of(either_version()), &url).await;
                assert_eq!(outcome(&exchange), "connection reset by peer", "{what}");
            }
        }
    });
}

#[test]
fn bad_root_certificates_are_refused_at_start() {
    for (pem, part) in [
        ("no PEM at all", "no `BEGIN CERTIFICATE`"),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "extra root certificates"),
    ] {
        let settings = HttpSettings { extra_roots_pem: pem.as_bytes().to_vec(), ..settings() };
        let error = HttpShared::new(settings).unwrap_err().message();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn servers_are_told_the_name_but_not_an_address() {
    on_core(async || {
        let authority = authority("known");
        let (target, seen) = Server::of(&authority, "h.test").start().await;
        let port = target.address.port();
        let rule = ResolveRule::parse(&format!("h.test:{port}:127.0.0.1")).unwrap();
        let mut client =
            client_of(HttpSettings { insecure: true, resolve: vec![rule], ..settings() });
        for host in ["h.test", "127.0.0.1"] {
            assert_eq!(outcome(&get(&mut client, &https(&target, host)).await), "200");
        }
        let names: Vec<_> = seen.borrow().iter().map(|seen| seen.server_name.clone()).collect();
        assert_eq!(names, [Some("h.test".to_owned()), None]);
    });
}

/// A certificate of a client.
pub(crate) fn certificate(issuer: &Authority) -> ClientCertificate {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["user".to_owned()]).unwrap();
    let certificate = params.signed_by(&key, issuer).unwrap();
    ClientCertificate {
        certificates_pem: certificate.pem().into_bytes(),
        key_pem: key.serialize_pem().into_bytes(),
    }
}

#[test]
fn clients_show_their_certificate_when_they_have_one() {
    on_core(async || {
        let (known, clients, others) =
            (authority("known"), authority("clients"), authority("others"));
        let server = Server { clients: Some(&clients), ..Server::of(&known, "127.0.0.1") };
        let (target, seen) = server.start().await;
        let asks = "TLS: the server asks for a certificate of the client";
        let refuses = "TLS: the server refused the handshake (UnknownCA)";
        for (client_certificate, expected) in [
            (Some(certificate(&clients)), "200"),
            (None, asks),
            (Some(certificate(&others)), refuses),
        ] {
            let settings = HttpSettings { insecure: true, client_certificate, ..settings() };
            let exchange = get(&mut client_of(settings), &https(&target, "127.0.0.1")).await;
            assert_eq!(outcome(&exchange), expected);
        }
        assert_eq!(seen.borrow().len(), 1);
        assert!(seen.borrow()[0].has_certificate);
    });
}

#[test]
fn bad_client_certificates_are_refused_at_start() {
    let made = |pem: &[u8], key: &[u8]| {
        let (certificates_pem, key_pem) = (pem.to_vec(), key.to_vec());
        let client_certificate = Some(ClientCertificate { certificates_pem, key_pem });
        let settings = HttpSettings { client_certificate, ..settings() };
        HttpShared::new(settings).and_then(|shared| shared.tls_ready())
    };
    let authority = authority("any");
    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::default().signed_by(&key, &authority).unwrap().pem();
    let (pem, key_pem) = (certificate.as_bytes(), key.serialize_pem());
    let other = KeyPair::generate().unwrap().serialize_pem();
    assert_eq!(made(pem, key_pem.as_bytes()), Ok(()));
    for (pem, key, part) in [
        (&b"nothing"[..], key_pem.as_bytes(), "client certificate: no `BEGIN CERTIFICATE`"),
        (pem, b"nothing", "client key: no private key"),
        (pem, other.as_bytes(), "client certificate: it does not belong to the key"),
    ] {
        let error = made(pem, key).unwrap_err().message();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn each_user_resumes_its_own_sessions_when_that_is_wanted() {
    on_core(async || {
        let known = authority("known");
        for (tls_session_reuse, expected) in
            [(false, [false, false, false]), (true, [false, true, false])]
        {
            let (target, seen) = Server::of(&known, "127.0.0.1").start().await;
            let settings = HttpSettings {
                extra_roots_pem: known.pem().into_bytes(),
                tls_session_reuse,
                ..settings()
            };
            let core = CoreHttp::new(HttpShared::new(settings).unwrap());
            let mut users = [0; 2].map(|_| HttpClient::new(Rc::clone(&core), None));
            let url = https(&target, "127.0.0.1");
            // The first user twice, then a new visitor.
            for user in [0, 0, 1] {
                assert_eq!(outcome(&get(&mut users[user], &url).await), "200");
                users[user].close_connections();
            }
            let resumed: Vec<bool> = seen.borrow().iter().map(|seen| seen.is_resumed).collect();
            assert_eq!(resumed, expected);
        }
    });
}

#[test]
fn tls_agrees_on_the_version_of_http() {
    on_core(async || {
        let known = authority("known");
        let none = "TLS: no version of HTTP in common";
        let only = "TLS: the server does not speak HTTP/2";
        let table: [(&[&str], Protocol, &str); 7] = [
            (&["http/1.1"], Protocol::Http1, "200"),
            (&["h2", "http/1.1"], Protocol::Http1, "200"),
            (&["http/1.1"], Protocol::Auto, "200"),
            (&[], Protocol::Auto, "200"),
            (&["http/1.1"], Protocol::Http2, none),
            (&[], Protocol::Http2, only),
            (&["h2"], Protocol::Http1, none),
        ];
        for (alpn, protocol, expected) in table {
            let server = Server { alpn, ..Server::of(&known, "127.0.0.1") };
            let (target, _) = server.start().await;
            let settings = HttpSettings { insecure: true, protocol, ..settings() };
            let exchange = get(&mut client_of(settings), &https(&target, "127.0.0.1")).await;
            assert_eq!(outcome(&exchange), expected, "{alpn:?} {protocol:?}");
            let version = (expected == "200").then_some(http::Version::HTTP_11);
            assert_eq!(exchange.version, version);
        }
        let target = http2_target(&known).await;
        let settings = HttpSettings { insecure: true, protocol: Protocol::Auto, ..settings() };
        let mut client = client_of(settings);
        for _ in 0..2 {
            let exchange = get(&mut client, &https(&target, "127.0.0.1")).await;
            assert_eq!((outcome(&exchange), &exchange.body[..]), ("200".into(), &b"two"[..]));
            assert_eq!(exchange.version, Some(http::Version::HTTP_2));
        }
        assert_eq!(target.connections(), 1);
    });
}

#[test]
fn a_server_of_another_age_has_no_version_in_common() {
    on_core(async || {
        // A fatal alert `protocol_version`, as servers without TLS 1.2 answer.
        let alert: &[u8] = &[21, 3, 1, 0, 2, 2, 70];
        // A `ServerHello` of TLS 1.0.
        let mut hello = vec![22, 3, 1, 0, 42, 2, 0, 0, 38, 3, 1];
        hello.extend([7; 32]);
        hello.extend([0, 0, 47, 0]);
        let refused = "TLS: the server refused the handshake (ProtocolVersion)";
        let nothing = "TLS: no protocol version or cipher in common";
        for (bytes, expected) in [(alert.to_vec(), refused), (hello, nothing)] {
            let target = Target::start(move |mut peer| {
                let bytes = bytes.clone();
                async move {
                    peer.skip_some(1).await;
                    peer.write(bytes).await;
                    peer.closed().await;
                }
            })
            .await;
            let exchange =
                get(&mut client(String::new(), true), &https(&target, "127.0.0.1")).await;
            assert_eq!(outcome(&exchange), expected);
        }
        let closing = Target::start(|mut peer| async move {
            // To close with something unread would be a reset.
            peer.socket().shutdown().await.unwrap();
            peer.closed().await;
        })
        .await;
        let exchange = get(&mut client(String::new(), true), &https(&closing, "127.0.0.1")).await;
        assert_eq!(outcome(&exchange), "TLS: the server closed the connection");
    });
}
