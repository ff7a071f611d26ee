//! Why there was no response, in words that stay the same.
//!
//! Upstream: every module here. Downstream: failure rows, which are counted by the text: so no text
//! has a port, an address or a number of bytes that would make a row of its own each time.

use std::error::Error;
use std::io;

/// An exchange without a usable response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The URL, the method or a header cannot be sent: what was found.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// The name has no address.
    #[error("name resolution failed for `{0}`")]
    Dns(String),
    /// No connection: refused, unreachable.
    #[error("{0}")]
    Connect(String),
    /// No TLS session.
    #[error("TLS: {0}")]
    Tls(String),
    /// It took too long.
    #[error("timed out while {0}")]
    Timeout(Phase),
    /// The connection ended before the response did.
    #[error("{0}")]
    Closed(&'static str),
    /// The response is not HTTP.
    #[error("malformed response: {0}")]
    Protocol(String),
    /// More redirects than allowed.
    #[error("too many redirects (more than {0})")]
    TooManyRedirects(u32),
    /// The decoded body is larger than allowed.
    #[error("response body larger than the limit of {0} bytes")]
    BodyTooLarge(u64),
    /// The body does not decode.
    #[error("content-encoding {0}: corrupt data")]
    Encoding(&'static str),
    /// Something of the machine: out of descriptors, of ports.
    #[error("{0}")]
    Other(String),
}

/// Where the time went when it ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Phase {
    /// Name resolution, connecting and TLS.
    #[error("connecting")]
    Connect,
    /// From the request's first byte to the response's first.
    #[error("waiting for the response")]
    FirstByte,
    /// Reading the body.
    #[error("reading the response body")]
    Body,
}

impl HttpError {
    /// A connection attempt that failed.
    pub(crate) fn connecting(error: &io::Error) -> Self {
        Self::Connect(match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused".into(),
            io::ErrorKind::ConnectionReset => "connection reset while connecting".into(),
            io::ErrorKind::TimedOut => "timed out while connecting".into(),
            io::ErrorKind::NetworkUnreachable => "network unreachable".into(),
            io::ErrorKind::HostUnreachable => "host unreachable".into(),
            io::ErrorKind::AddrNotAvailable => {
                "no local port left (too many connections to one address)".into()
            }
            _ if is_out_of_descriptors(error) => {
                return Self::Other("too many open files (raise `ulimit -n`)".into());
            }
            _ => format!("failed to connect: {}", plain(error)),
        })
    }

    /// A TLS handshake that failed.
    pub(crate) fn tls(error: &io::Error) -> Self {
        let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>())
        else {
            return match error.kind() {
                io::ErrorKind::UnexpectedEof => {
                    Self::Tls("the server closed the connection during the handshake".into())
                }
                io::ErrorKind::ConnectionReset => {
                    Self::Tls("connection reset during the handshake".into())
                }
                _ => Self::Tls(plain(error)),
            };
        };
        Self::Tls(tls_message(tls))
    }

    /// A request that hyper gave up.
    pub(crate) fn hyper(error: &hyper::Error) -> Self {
        if let Some(io) = find_io(error) {
            return Self::io(io);
        }
        if error.is_incomplete_message() {
            return Self::Closed("connection closed before the response was complete");
        }
        if error.is_canceled() || error.is_closed() {
            return Self::Closed("connection closed before the response began");
        }
        if error.is_user() {
            return Self::InvalidRequest(innermost(error));
        }
        Self::Protocol(innermost(error))
    }

    fn io(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::ConnectionReset => Self::Closed("connection reset by peer"),
            io::ErrorKind::BrokenPipe => {
                Self::Closed("connection closed while sending the request")
            }
            io::ErrorKind::UnexpectedEof => {
                Self::Closed("connection closed before the response was complete")
            }
            io::ErrorKind::InvalidData => Self::tls(error),
            _ => Self::Other(plain(error)),
        }
    }
}

fn tls_message(error: &rustls::Error) -> String {
    use rustls::{CertificateError as C, Error as E};
    match error {
        E::InvalidCertificate(certificate) => match certificate {
            C::Expired | C::ExpiredContext { .. } => "certificate has expired".into(),
            C::NotValidYet | C::NotValidYetContext { .. } => "certificate is not valid yet".into(),
            C::NotValidForName | C::NotValidForNameContext { .. } => {
                "certificate is for another name".into()
            }
            C::UnknownIssuer => {
                "certificate of an unknown issuer (`--cacert` names further roots)".into()
            }
            other => format!("certificate refused: {other}"),
        },
        E::InvalidMessage(_) => "the server does not speak TLS".into(),
        other => other.to_string(),
    }
}

/// `EMFILE` and `ENFILE` have no kind of their own.
fn is_out_of_descriptors(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}

/// Without the number of the operating system.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}

fn find_io<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a io::Error> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(io) = error.downcast_ref::<io::Error>() {
            return Some(io);
        }
        next = error.source();
    }
    None
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
