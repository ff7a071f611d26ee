//! The certificate of a target that speaks HTTPS.
//!
//! Upstream: `config` asks for it. Downstream: `server` accepts connections with it; the caller hands the
//! PEM to a client that is to trust it.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

use crate::error::TargetError;

/// A self-signed certificate, ready to accept connections.
pub(crate) struct Identity {
    pub(crate) acceptor: TlsAcceptor,
    pub(crate) certificate_pem: String,
}

/// Makes a certificate for `localhost`, both loopback addresses and the address that is listened on.
pub(crate) fn make_identity(addr: SocketAddr, http2: bool) -> Result<Identity, TargetError> {
    let mut names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let own = addr.ip().to_string();
    if !addr.ip().is_unspecified() && !names.contains(&own) {
        names.push(own);
    }
    let made = rcgen::generate_simple_self_signed(names)?;
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    // The provider is named, since a process may have none installed or another one.
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())?;
    let offered: &[&[u8]] = if http2 { &[b"h2", b"http/1.1"] } else { &[b"http/1.1"] };
    config.alpn_protocols = offered.iter().map(|protocol| protocol.to_vec()).collect();
    Ok(Identity { acceptor: TlsAcceptor::from(Arc::new(config)), certificate_pem: made.cert.pem() })
}
