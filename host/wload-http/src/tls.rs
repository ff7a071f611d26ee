//! Which certificates are trusted, and what a failed handshake means in words.
//!
//! Upstream: the run's settings. Downstream: `connect`, once per TLS connection.
//! Invariant: users never share TLS sessions: every user is a new visitor to the target, and a handshake
//! that is short because another user was there before would flatter it.

use std::io;
use std::sync::Arc;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage,
    RootCertStore, SignatureScheme,
};

use wload_core::limits::TLS_SESSIONS_MAX;

use crate::error::HttpError;
use crate::settings::{ClientCertificate, HttpSettings, Protocol};
use crate::trust::TlsChoice;

/// Who is trusted, and who we are.
#[derive(Debug)]
pub(crate) struct Identity {
    extra_roots: Vec<CertificateDer<'static>>,
    has_machines_roots: bool,
    insecure: bool,
    client: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
}

impl Identity {
    /// Checks the PEM texts of the settings.
    pub(crate) fn new(settings: &HttpSettings) -> Result<Self, HttpError> {
        let extra_roots = match settings.extra_roots_pem.as_slice() {
            [] => Vec::new(),
            pem => certificates(pem, "extra root certificates")?,
        };
        let client = settings.client_certificate.as_ref().map(chain_and_key).transpose()?;
        Ok(Self { extra_roots, has_machines_roots: true, insecure: settings.insecure, client })
    }

    /// What a user's choice comes to beside it; none: just this.
    pub(crate) fn beside(&self, choice: TlsChoice) -> Option<TlsChoice> {
        let verify = !self.insecure && (choice.verify || !self.extra_roots.is_empty());
        let certificate = choice.certificate.filter(|_| self.client.is_none());
        let authorities_pem = if verify { choice.authorities_pem } else { Vec::new() };
        let is_ours =
            verify != self.insecure && certificate.is_none() && authorities_pem.is_empty();
        (!is_ours).then_some(TlsChoice { verify, authorities_pem, certificate })
    }

    /// This identity with a choice of [`Identity::beside`].
    pub(crate) fn with(&self, choice: &TlsChoice) -> Result<Self, HttpError> {
        let mut extra_roots = self.extra_roots.clone();
        if !choice.authorities_pem.is_empty() {
            extra_roots.extend(certificates(&choice.authorities_pem, "authorities")?);
        }
        let own = || self.client.as_ref().map(|(chain, key)| (chain.clone(), key.clone_key()));
        let client = match &choice.certificate {
            Some(certificate) => Some(chain_and_key(certificate)?),
            None => own(),
        };
        Ok(Self {
            extra_roots,
            has_machines_roots: choice.authorities_pem.is_empty(),
            insecure: !choice.verify,
            client,
        })
    }
}

fn chain_and_key(
    client: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), HttpError> {
    let chain = certificates(&client.certificates_pem, "client certificate")?;
    let key = PrivateKeyDer::from_pem_slice(&client.key_pem)
        .map_err(|_| refuse("client key", "no private key in the PEM text"))?;
    Ok((chain, key))
}

fn refuse(what: &str, why: &str) -> HttpError {
    HttpError::Tls(format!("{what}: {why}").into())
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, HttpError> {
    let found = CertificateDer::pem_slice_iter(pem)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| refuse(what, &error.to_string()))?;
    if found.is_empty() {
        return Err(refuse(what, "no `BEGIN CERTIFICATE` in the PEM text"));
    }
    Ok(found)
}

/// Makes the configuration of TLS connections: the run's own is made once in a process.
pub(crate) fn client_config(
    identity: &Identity,
    protocol: Protocol,
) -> Result<Arc<ClientConfig>, HttpError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| explain(&error))?;
    let builder = if identity.insecure {
        let verifier = Arc::new(TrustAnything { provider });
        builder.dangerous().with_custom_certificate_verifier(verifier)
    } else {
        builder.with_root_certificates(roots(identity)?)
    };
    let mut config = match &identity.client {
        Some((chain, key)) => builder
            .with_client_auth_cert(chain.clone(), key.clone_key())
            .map_err(|_| refuse("client certificate", "it does not belong to the key"))?,
        None => builder.with_no_client_auth(),
    };
    config.resumption = Resumption::disabled();
    let names: &[&[u8]] = match protocol {
        Protocol::Http1 => &[b"http/1.1"],
        Protocol::Auto => &[b"h2", b"http/1.1"],
        Protocol::Http2 => &[b"h2"],
    };
    config.alpn_protocols = names.iter().map(|name| name.to_vec()).collect();
    Ok(Arc::new(config))
}

/// The same configuration with sessions of its own: for one user.
pub(crate) fn with_sessions(config: &ClientConfig) -> Arc<ClientConfig> {
    let mut config = config.clone();
    config.resumption = Resumption::in_memory_sessions(TLS_SESSIONS_MAX);
    Arc::new(config)
}

fn roots(identity: &Identity) -> Result<RootCertStore, HttpError> {
    let mut store = RootCertStore::empty();
    for root in &identity.extra_roots {
        store
            .add(root.clone())
            .map_err(|error| refuse("extra root certificates", &error.to_string()))?;
    }
    if identity.has_machines_roots {
        // A machine often has a few certificates that cannot be parsed; the others are good.
        store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if store.is_empty() {
        return Err(HttpError::Tls("this machine has no root certificates; give some".into()));
    }
    Ok(store)
}

/// The error of TLS in one of I/O, if it is one.
pub(crate) fn find(error: &io::Error) -> Option<&Error> {
    error.get_ref()?.downcast_ref()
}

/// What an I/O error within a handshake means. Bytes that are not even a record of TLS are then another
/// protocol; later they are a fault of a server that does speak it.
pub(crate) fn from_handshake(error: &io::Error) -> HttpError {
    use InvalidMessage as I;
    match find(error) {
        Some(Error::InvalidMessage(
            I::InvalidContentType
            | I::UnknownProtocolVersion
            | I::InvalidEmptyPayload
            | I::MessageTooLarge,
        )) => HttpError::Tls("the server does not speak TLS on this port".into()),
        _ => HttpError::from_io(error),
    }
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
        Error::AlertReceived(AlertDescription::NoApplicationProtocol) => {
            "no version of HTTP in common"
        }
        Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server asks for a certificate of the client"
        }
        Error::AlertReceived(alert) => {
            return HttpError::Tls(format!("the server refused the handshake ({alert:?})").into());
        }
        Error::PeerIncompatible(_) => "no protocol version or cipher in common",
        Error::NoCertificatesPresented => "the server has no certificate",
        Error::NoApplicationProtocol => "no version of HTTP in common",
        Error::PeerMisbehaved(_) | Error::InvalidMessage(_) => "the server broke the protocol",
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
