//! TLS against a server of this process with certificates made for the test.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;
use wload_http::{CoreHttp, HttpClient, HttpSettings, HttpShared};

use crate::target::{Socket, Target, get, ok, on_core, outcome};

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A TLS server whose certificate is for `name` and ends in `year`.
async fn target(authority: &Authority, name: &str, year: i32) -> Target {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2000, 1, 1);
    params.not_after = rcgen::date_time_ymd(year, 1, 1);
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    Target::with_sockets(
        |mut peer| async move {
            while peer.request().await.is_some() {
                peer.write(ok("secret")).await;
            }
        },
        move |stream| {
            let handshake = acceptor.accept(stream);
            async move {
                // A client that does not trust us breaks off.
                handshake.await.ok().map(|stream| Box::new(stream) as Box<dyn Socket>)
            }
        },
    )
    .await
}

fn client(extra_roots_pem: String, insecure: bool) -> HttpClient {
    let settings = HttpSettings {
        extra_roots_pem: extra_roots_pem.into_bytes(),
        insecure,
        ..HttpSettings::default()
    };
    let shared = HttpShared::new(settings).unwrap();
    shared.tls_ready().unwrap();
    HttpClient::new(CoreHttp::new(shared), None)
}

#[test]
fn certificates_are_verified_unless_told_otherwise() {
    on_core(async {
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
    on_core(async {
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
    on_core(async {
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

#[test]
fn bad_root_certificates_are_refused_at_start() {
    for (pem, part) in [
        ("no PEM at all", "no `BEGIN CERTIFICATE`"),
        ("-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n", "extra root certificates"),
    ] {
        let settings =
            HttpSettings { extra_roots_pem: pem.as_bytes().to_vec(), ..HttpSettings::default() };
        let error = HttpShared::new(settings).unwrap_err().message();
        assert!(error.contains(part), "{error}");
    }
}
