//! Certificates that are wrong, made when they are needed.
//!
//! Upstream: rcgen. Downstream: the TLS side of targets that misbehave. One authority per process is the one
//! that wload is told to trust.

use std::sync::{Arc, OnceLock};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// The name that targets are asked by.
const NAME: &str = "127.0.0.1";

/// A server's certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Certificate {
    /// As it should be.
    Good,
    /// It was good until 2001.
    Expired,
    /// It will be good in 2090.
    NotYetValid,
    /// It is for another name.
    WrongName,
    /// Its authority is one that nobody trusts.
    UnknownIssuer,
    /// It vouches for itself.
    SelfSigned,
    /// It is for clients.
    ForClients,
}

/// The certificate of the authority that wload is told to trust, as PEM.
#[must_use]
pub fn authority_pem() -> String {
    known().pem()
}

/// A good certificate for this machine, for a server of somebody else.
#[derive(Debug)]
pub struct Identity {
    /// The certificate.
    pub certificate_pem: String,
    /// Its key.
    pub key_pem: String,
}

/// Makes a certificate that the authority vouches for.
#[must_use]
pub fn identity() -> Identity {
    let (certificate, key) = issue(Certificate::Good);
    Identity { certificate_pem: certificate.pem(), key_pem: key.serialize_pem() }
}

fn known() -> &'static Authority {
    static KNOWN: OnceLock<Authority> = OnceLock::new();
    KNOWN.get_or_init(|| authority("known"))
}

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let key = KeyPair::generate().expect("a key");
    CertifiedIssuer::self_signed(params, key).expect("an authority")
}

/// A certificate and its key.
fn issue(certificate: Certificate) -> (rcgen::Certificate, KeyPair) {
    use Certificate as C;
    let key = KeyPair::generate().expect("a key");
    let name = if certificate == C::WrongName { "else.test" } else { NAME };
    let mut params = CertificateParams::new([name.to_owned()]).expect("a name");
    let (first, last) = match certificate {
        C::Expired => (2000, 2001),
        C::NotYetValid => (2090, 2100),
        _ => (2000, 2100),
    };
    params.not_before = rcgen::date_time_ymd(first, 1, 1);
    params.not_after = rcgen::date_time_ymd(last, 1, 1);
    if certificate == C::ForClients {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    }
    let signed = match certificate {
        C::UnknownIssuer => params.signed_by(&key, &authority("unknown")),
        C::SelfSigned => params.self_signed(&key),
        _ => params.signed_by(&key, known()),
    };
    (signed.expect("a certificate"), key)
}

/// The TLS side of a server with this certificate, which speaks this protocol.
pub(super) fn acceptor(certificate: Certificate, protocol: &str) -> TlsAcceptor {
    let (certificate, key) = issue(certificate);
    let key = PrivateKeyDer::try_from(key.serialize_der()).expect("a key that was made here");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions that the provider has")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate with its key");
    config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
    TlsAcceptor::from(Arc::new(config))
}
