//! TLS: which servers are believed.
//!
//! Upstream: [`HttpSettings`](crate::HttpSettings). Downstream: `connect.rs`. One configuration per
//! process, so that sessions are resumed by all users; made when the first `https` URL is met,
//! because reading the system's roots takes milliseconds.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

use crate::error::HttpError;

/// The client's side of TLS.
pub(crate) fn config(
    extra_roots_pem: &[u8],
    insecure: bool,
) -> Result<Arc<ClientConfig>, HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| HttpError::Tls(error.to_string()))?;
    let mut config = if insecure {
        builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(BelieveAll(provider)))
            .with_no_client_auth()
    } else {
        builder.with_root_certificates(roots(extra_roots_pem)?).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Certificates of a PEM file.
///
/// # Errors
/// [`HttpError::Tls`] when there is none, or one is malformed.
pub(crate) fn check_roots(pem: &[u8]) -> Result<(), HttpError> {
    parse_roots(pem).map(drop)
}

fn parse_roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<_, _>>()
        .map_err(|error| HttpError::Tls(format!("root certificates: {error}")))?;
    if found.is_empty() && !pem.is_empty() {
        return Err(HttpError::Tls("root certificates: no `BEGIN CERTIFICATE` in the file".into()));
    }
    Ok(found)
}

/// The system's roots and those of the command line.
fn roots(extra_pem: &[u8]) -> Result<RootCertStore, HttpError> {
    let mut store = RootCertStore::empty();
    // What the system has may be broken in part; what is good is used.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    for certificate in parse_roots(extra_pem)? {
        store
            .add(certificate)
            .map_err(|error| HttpError::Tls(format!("root certificates: {error}")))?;
    }
    Ok(store)
}

/// `--insecure`: every certificate is taken; signatures are still checked.
#[derive(Debug)]
struct BelieveAll(Arc<CryptoProvider>);

impl ServerCertVerifier for BelieveAll {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
