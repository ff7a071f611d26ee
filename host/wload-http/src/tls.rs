//! Which certificates are trusted, and what a failed handshake means in words.
//!
//! Upstream: the run's settings. Downstream: `connect`, once per TLS connection.
//! Sessions are not resumed: every user is a new visitor to the target, and a handshake that is
//! skipped because another user was there before would flatter it.

use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
};

use crate::error::HttpError;

/// Reads the certificates of a PEM text.
pub(crate) fn parse_roots(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    if pem.is_empty() {
        return Ok(Vec::new());
    }
    let refuse = |why: String| HttpError::Tls(format!("extra root certificates: {why}").into());
    let roots = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refuse(error.to_string()))?;
    if roots.is_empty() {
        return Err(refuse("no `BEGIN CERTIFICATE` in the PEM text".into()));
    }
    Ok(roots)
}

/// Makes the configuration of all TLS connections of a process.
pub(crate) fn client_config(
    extra_roots: &[CertificateDer<'static>],
    insecure: bool,
) -> Result<Arc<ClientConfig>, HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| explain(&error))?;
    let mut config = if insecure {
        let verifier = Arc::new(TrustAnything { provider });
        builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    } else {
        builder.with_root_certificates(roots(extra_roots)?).with_no_client_auth()
    };
    config.resumption = Resumption::disabled();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

fn roots(extra: &[CertificateDer<'static>]) -> Result<RootCertStore, HttpError> {
    let mut store = RootCertStore::empty();
    for root in extra {
        store
            .add(root.clone())
            .map_err(|error| HttpError::Tls(format!("extra root certificates: {error}").into()))?;
    }
    // A machine often has a few certificates that cannot be parsed; the others are good.
    store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if store.is_empty() {
        return Err(HttpError::Tls("this machine has no root certificates; give some".into()));
    }
    Ok(store)
}

/// What a TLS error means, without names, dates and numbers.
pub(crate) fn explain(error: &Error) -> HttpError {
    use CertificateError as C;
    let text = match error {
        Error::InvalidCertificate(certificate) => match certificate {
            C::Expired | C::ExpiredContext { .. } => "certificate has expired",
            C::NotValidYet | C::NotValidYetContext { .. } => "certificate is not valid yet",
            C::UnknownIssuer => "certificate is signed by an unknown authority",
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "certificate is not valid for this host name"
            }
            C::Revoked => "certificate has been revoked",
            C::BadSignature => "certificate has a bad signature",
            C::BadEncoding => "certificate is malformed",
            C::InvalidPurpose | C::InvalidPurposeContext { .. } => {
                "certificate is not made for servers"
            }
            C::Other(other) if other.to_string().contains("CaUsedAsEndEntity") => {
                "certificate is one of an authority, not of a server"
            }
            _ => "certificate is not acceptable",
        },
        Error::AlertReceived(alert) => {
            return HttpError::Tls(format!("the server refused the handshake ({alert:?})").into());
        }
        Error::InvalidMessage(_) => "the server does not speak TLS on this port",
        Error::PeerIncompatible(_) => "no protocol version or cipher in common",
        Error::NoCertificatesPresented => "the server has no certificate",
        Error::NoApplicationProtocol => "the server does not speak HTTP/1.1",
        Error::PeerMisbehaved(_) => "the server broke the protocol",
        Error::DecryptError => "a record cannot be decrypted",
        _ => "handshake failed",
    };
    HttpError::Tls(text.into())
}

/// The verifier of `--insecure`: any certificate is good, but the server must own it.
#[derive(Debug)]
struct TrustAnything {
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for TrustAnything {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
