//! Why there was no response: a closed set whose texts are stable.
//!
//! Upstream: every module of the crate. Downstream: the failures table (by [`HttpError::message`])
//! and the cases of `error-code` in `wit/http.wit` (by variant).
//! Invariant: no text holds a port, an address, a URL or a count of this exchange, because equal
//! causes must make one row of the failures table. Only `InvalidRequest` quotes what was found: it is
//! a mistake in the scenario, and its author needs to see which.

use std::borrow::Cow;
use std::error::Error as _;
use std::io;

use wload_core::limits::HttpLimits;

/// Why an exchange has no response. Cheap to clone: it is kept in the exchange and in the cache of
/// names, so it holds texts and not the errors of other libraries.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HttpError {
    /// The URL, the method, a header, a value or the body is not acceptable. `invalid-request`.
    #[error("invalid request: {0}")]
    InvalidRequest(String),
    /// The name service has no address for this host. `dns-error`.
    #[error("name resolution failed: {0}")]
    Dns(String),
    /// No TCP connection. `connect-error`.
    #[error("{0}")]
    Connect(Cow<'static, str>),
    /// No TLS session, or its settings are unusable. `tls-error`.
    #[error("TLS: {0}")]
    Tls(Cow<'static, str>),
    /// The time was over. `timeout`.
    #[error("timed out while {}", .0.text())]
    Timeout(Phase),
    /// The peer closed or reset the connection. `connection-closed`.
    #[error("{0}")]
    Closed(&'static str),
    /// The response is not HTTP, or not acceptable HTTP. `protocol-error`.
    #[error("malformed response: {0}")]
    Malformed(Cow<'static, str>),
    /// The head of the response is over a limit. `protocol-error`.
    #[error("response headers larger than the limit of {bytes} bytes or {fields} fields")]
    HeadTooLarge {
        /// `HttpLimits::header_bytes_max`.
        bytes: usize,
        /// `HttpLimits::header_fields_max`.
        fields: usize,
    },
    /// HTTP/2 went wrong: a stream was reset, the connection was given up. `protocol-error`.
    #[error("HTTP/2: {0}")]
    Http2(Cow<'static, str>),
    /// The proxy did not do what it should. `connect-error`.
    #[error("proxy: {0}")]
    Proxy(Cow<'static, str>),
    /// The body cannot be decoded. `protocol-error`.
    #[error("content-encoding {0}: corrupt data")]
    Encoding(&'static str),
    /// The chain of redirects is longer than this. `too-many-redirects`.
    #[error("too many redirects (more than {0})")]
    TooManyRedirects(u32),
    /// The body, decoded, is larger than this many bytes. `body-too-large`.
    #[error("response body larger than the limit of {0} bytes")]
    BodyTooLarge(u64),
    /// Anything else that the operating system said. `other`.
    #[error("{0}")]
    Other(Cow<'static, str>),
}

/// What an exchange was doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// Name resolution, TCP and TLS.
    #[default]
    Connecting,
    /// From the first byte of the request to the head of the response.
    Waiting,
    /// The body of the response.
    ReadingBody,
    /// Only the first byte of the response was late: it has a timeout of its own.
    FirstByte,
    /// Only the next bytes of the response were late: they have a timeout of their own.
    BetweenBytes,
}

pub(crate) const RESET: HttpError = HttpError::Closed("connection reset by peer");
pub(crate) const CLOSED_EARLY: HttpError =
    HttpError::Closed("connection closed before the response was complete");
pub(crate) const FLOODED: HttpError =
    HttpError::Malformed(Cow::Borrowed("endless interim responses or control frames"));
pub(crate) const CLOSED_UNANSWERED: HttpError =
    HttpError::Closed("connection closed without a response");

impl Phase {
    fn text(self) -> &'static str {
        match self {
            Self::Connecting => "connecting",
            Self::Waiting => "waiting for the response",
            Self::ReadingBody => "reading the response body",
            Self::FirstByte => "waiting for the first byte of the response",
            Self::BetweenBytes => "waiting for the next bytes of the response",
        }
    }
}

impl HttpError {
    /// The text for the failures table: short, and the same for the same cause.
    pub fn message(&self) -> String {
        self.to_string()
    }

    /// What an I/O error while connecting means.
    pub(crate) fn from_connect(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        if let Some(known) = error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()) {
            return known.clone();
        }
        let text = match error.kind() {
            Kind::ConnectionRefused => "connection refused",
            Kind::ConnectionReset | Kind::ConnectionAborted => return RESET,
            Kind::TimedOut => return Self::Timeout(Phase::Connecting),
            Kind::HostUnreachable => "no route to host",
            Kind::NetworkUnreachable => "network is unreachable",
            Kind::AddrNotAvailable => "no local port is free for another connection",
            _ if is_out_of_files(error) => "too many open files",
            kind => return Self::Connect(kind.to_string().into()),
        };
        Self::Connect(text.into())
    }

    /// What an I/O error on an established connection means.
    pub(crate) fn from_io(error: &io::Error) -> Self {
        use io::ErrorKind as Kind;
        if let Some(tls) = crate::tls::find(error) {
            return crate::tls::explain(tls);
        }
        match error.kind() {
            // Which of the two is seen after a reset depends on whether we were reading or writing.
            Kind::ConnectionReset | Kind::BrokenPipe | Kind::ConnectionAborted => RESET,
            Kind::UnexpectedEof => CLOSED_EARLY,
            Kind::TimedOut => Self::Timeout(Phase::Waiting),
            // These two kinds, when not the system's, are made by the decoder of chunked bodies.
            Kind::InvalidInput | Kind::InvalidData if error.raw_os_error().is_none() => {
                from_chunks(&error.to_string())
            }
            kind => Self::Other(kind.to_string().into()),
        }
    }

    /// What hyper's error means. `answered`: some byte of the response had arrived.
    pub(crate) fn from_hyper(error: &hyper::Error, answered: bool, limits: &HttpLimits) -> Self {
        if error.is_incomplete_message() {
            return if answered { CLOSED_EARLY } else { CLOSED_UNANSWERED };
        }
        if error.is_parse() {
            return from_parse(&error.to_string(), limits);
        }
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return match Self::from_io(io) {
                    CLOSED_EARLY if !answered => CLOSED_UNANSWERED,
                    error => error,
                };
            }
            source = cause.source();
        }
        if error.is_closed() || error.is_canceled() {
            return if answered { CLOSED_EARLY } else { CLOSED_UNANSWERED };
        }
        // An incomplete body has no source that can be named.
        if error.to_string().contains("reading a body") {
            return CLOSED_EARLY;
        }
        Self::Other(error.to_string().into())
    }

    /// What an error of HTTP/2 means. `answered`: the head of the response had arrived. The debug data
    /// of GOAWAY is left out: it may say something else every time.
    pub(crate) fn from_h2(error: &h2::Error, answered: bool, limits: &HttpLimits) -> Self {
        if let Some(io) = error.get_io() {
            // An end of the connection is a broken pipe to h2; one of the system has a number.
            let is_end = io.kind() == io::ErrorKind::UnexpectedEof
                || (io.kind() == io::ErrorKind::BrokenPipe && !io.to_string().contains("os error"));
            return match (is_end, answered) {
                (true, true) => CLOSED_EARLY,
                (true, false) => CLOSED_UNANSWERED,
                (false, _) => Self::from_io(io),
            };
        }
        let Some(reason) = error.reason() else {
            return Self::Http2(error.to_string().into());
        };
        // This is how h2 refuses a header block over our limit.
        if error.is_library() && error.is_reset() && reason == h2::Reason::REFUSED_STREAM {
            return Self::head_too_large(limits);
        }
        let name = reason_name(reason);
        let text = match (error.is_go_away(), error.is_remote()) {
            (true, true) => format!("the server is closing the connection ({name})"),
            (false, true) => format!("the server reset the stream ({name})"),
            _ => format!("the server broke the protocol ({name})"),
        };
        Self::Http2(text.into())
    }

    /// What the end of a connection means after a GOAWAY with an error.
    pub(crate) fn from_farewell(reason: h2::Reason) -> Self {
        let name = reason_name(reason);
        Self::Http2(format!("the server closed the connection ({name})").into())
    }

    pub(crate) fn head_too_large(limits: &HttpLimits) -> Self {
        Self::HeadTooLarge { bytes: limits.header_bytes_max, fields: limits.header_fields_max }
    }
}

/// RFC 9113, 7. A number that is not there has no name of its own, so that a server that sends random
/// ones does not make a row each.
fn reason_name(reason: h2::Reason) -> String {
    if u32::from(reason) <= u32::from(h2::Reason::HTTP_1_1_REQUIRED) {
        format!("{reason:?}")
    } else {
        "an unknown reason".to_owned()
    }
}

fn from_parse(text: &str, limits: &HttpLimits) -> HttpError {
    if text.contains("too large") {
        return HttpError::head_too_large(limits);
    }
    let text = match text {
        _ if text.contains("version") => "not an HTTP/1 status line",
        _ if text.contains("status") => "invalid status code",
        _ if text.contains("content-length") => "invalid or contradicting content-length",
        _ if text.contains("transfer-encoding") => "unexpected transfer-encoding",
        _ if text.contains("header") => "invalid header",
        other => return HttpError::Malformed(other.to_owned().into()),
    };
    HttpError::Malformed(text.into())
}

/// hyper's texts of chunked bodies name its own states, and of a trailer they quote the server.
fn from_chunks(text: &str) -> HttpError {
    let text = match text {
        _ if text.contains("extensions over limit") => "chunk extensions over the limit",
        "chunk trailers bytes over limit" | "chunk trailers count overflow" => {
            "chunk trailers over the limit"
        }
        _ if text.to_ascii_lowercase().starts_with("invalid chunk size") => "invalid chunk size",
        _ if text.to_ascii_lowercase().starts_with("invalid chunk") => "invalid chunk",
        _ => "invalid chunk trailers",
    };
    HttpError::Malformed(text.into())
}

/// `EMFILE` or `ENFILE`, which have no `ErrorKind`.
fn is_out_of_files(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(23 | 24))
}
