//! HTTPS with the certificate that the target hands out.

use std::net::TcpStream;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use wload_demo_target::DemoTarget;

use crate::client::{Client, connect, start};

type TlsStream = StreamOwned<ClientConnection, TcpStream>;

/// A connection that trusts nothing but `pem`; the handshake is done at the first use.
fn open(target: &DemoTarget, pem: &str, name: &'static str) -> TlsStream {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let name = ServerName::try_from(name).unwrap();
    StreamOwned::new(ClientConnection::new(Arc::new(config), name).unwrap(), connect(target))
}

#[test]
fn https_is_served_with_the_certificate_that_was_handed_out() {
    let target = start(|config| config.tls = true);
    assert_eq!(target.url(), format!("https://{}", target.addr()));
    let pem = target.certificate_pem().unwrap();
    for name in ["localhost", "127.0.0.1"] {
        let mut stream = open(&target, pem, name);
        stream.conn.complete_io(&mut stream.sock).unwrap();
        assert_eq!(stream.conn.alpn_protocol(), Some(b"http/1.1".as_slice()));
        let mut client = Client::over(stream);
        assert_eq!(client.get("/ok").text(), "ok");
        let body = "x".repeat(100_000);
        assert!(client.post("/echo", &body).text() == body, "the body is another one");
    }
    let counts = target.counts();
    assert_eq!((counts.connections_opened, counts.total.completed), (2, 4));
}

#[test]
fn the_certificate_of_another_target_is_not_trusted_and_nothing_breaks() {
    let (target, other) = (start(|config| config.tls = true), start(|config| config.tls = true));
    let mut stranger = open(&target, other.certificate_pem().unwrap(), "localhost");
    let error = stranger.conn.complete_io(&mut stranger.sock).unwrap_err().to_string();
    assert!(error.contains("certificate"), "{error}");
    drop(stranger);
    let mut client = Client::over(open(&target, target.certificate_pem().unwrap(), "localhost"));
    assert_eq!(client.get("/ok").status, 200);
    let counts = target.counts();
    assert_eq!((counts.connections_opened, counts.total.received), (2, 1));
}

#[test]
fn a_plain_target_has_no_certificate() {
    let target = start(|_| {});
    assert_eq!(target.certificate_pem(), None);
    assert_eq!(target.url(), format!("http://{}", target.addr()));
}
