//! Why there was no response, and why a response is not what was expected.
//!
//! Upstream: the host's error codes. Downstream: tasks, by `?`. The text of an error is the same for
//! the same cause; what differs from time to time (a place in the body, the body itself) stands in
//! [`ResponseError::detail`].

use std::fmt::{self, Display};

use crate::bindings::wload::scenario::http::ErrorCode;

/// Characters of a body that an error shows.
const BODY_SHOWN_CHARS: usize = 200;

/// Why there was no response.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpError {
    /// The URL, the method or a header is malformed.
    InvalidRequest(String),
    /// This destination is not allowed.
    Denied(String),
    /// The name of the target was not found.
    Dns(String),
    /// The target could not be reached.
    Connect(String),
    /// The secure connection could not be made.
    Tls(String),
    /// It took too long.
    Timeout(String),
    /// The connection was closed before the end of the response.
    ConnectionClosed(String),
    /// What came is not HTTP.
    Protocol(String),
    /// More redirects than are followed.
    TooManyRedirects(u32),
    /// The body was larger than this limit in bytes.
    BodyTooLarge(u64),
    /// The user is being stopped: nothing was sent.
    Stopping,
    /// Something else.
    Other(String),
}

impl From<ErrorCode> for HttpError {
    fn from(code: ErrorCode) -> Self {
        match code {
            ErrorCode::InvalidRequest(what) => Self::InvalidRequest(what),
            ErrorCode::Denied(what) => Self::Denied(what),
            ErrorCode::DnsError(what) => Self::Dns(what),
            ErrorCode::ConnectError(what) => Self::Connect(what),
            ErrorCode::TlsError(what) => Self::Tls(what),
            ErrorCode::Timeout(what) => Self::Timeout(what),
            ErrorCode::ConnectionClosed(what) => Self::ConnectionClosed(what),
            ErrorCode::ProtocolError(what) => Self::Protocol(what),
            ErrorCode::TooManyRedirects(count) => Self::TooManyRedirects(count),
            ErrorCode::BodyTooLarge(limit) => Self::BodyTooLarge(limit),
            ErrorCode::Stopping => Self::Stopping,
            ErrorCode::Other(what) => Self::Other(what),
        }
    }
}

impl Display for HttpError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidRequest(what)
            | Self::Denied(what)
            | Self::Dns(what)
            | Self::Connect(what)
            | Self::Tls(what)
            | Self::Timeout(what)
            | Self::ConnectionClosed(what)
            | Self::Protocol(what)
            | Self::Other(what) => out.write_str(what),
            Self::TooManyRedirects(count) => write!(out, "more than {count} redirects"),
            Self::BodyTooLarge(limit) => write!(out, "the body is larger than {limit} bytes"),
            Self::Stopping => out.write_str("the user is being stopped"),
        }
    }
}

impl std::error::Error for HttpError {}

/// A response that is not what was expected: which request, what came instead.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResponseError {
    /// `GET /products`
    request: String,
    status: u16,
    /// What is wrong, without the place in the body; empty when the status says it all.
    what: String,
    detail: String,
}

impl ResponseError {
    pub(super) fn no_response(request: String, error: Option<&HttpError>) -> Self {
        let what = error.map_or_else(|| "no response".to_owned(), ToString::to_string);
        Self { request, status: 0, what, detail: String::new() }
    }

    pub(super) fn of_status(request: String, status: u16) -> Self {
        Self { request, status, what: String::new(), detail: String::new() }
    }

    pub(super) fn of_body(
        request: String,
        status: u16,
        body: &[u8],
        error: &serde_json::Error,
    ) -> Self {
        let full = error.to_string();
        let what = full.split(" at line ").next().unwrap_or(&full);
        let what = format!("without the expected JSON: {what}");
        let mut detail = format!("\n  at line {}, column {}", error.line(), error.column());
        if body.is_empty() {
            detail.push_str(" of an empty body");
        } else {
            let text = String::from_utf8_lossy(body);
            detail.push_str(" of the body\n  ");
            detail.extend(text.chars().take(BODY_SHOWN_CHARS));
            if text.chars().nth(BODY_SHOWN_CHARS).is_some() {
                detail.push_str("...");
            }
        }
        Self { request, status, what, detail }
    }

    /// The status of the response; 0 when there was none.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// What is wrong, without the request: a reason for a failure of that request.
    pub fn reason(&self) -> String {
        let Self { status, what, .. } = self;
        match status {
            0 => what.clone(),
            status if what.is_empty() => format!("status {status}"),
            status => format!("status {status} {what}"),
        }
    }

    /// Where in the body it is wrong, and how the body begins: lines for a trace.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl Display for ResponseError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {}", self.request, self.reason())
    }
}

impl std::error::Error for ResponseError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task_end::TaskEnd;

    fn error(body: &str) -> ResponseError {
        let error = serde_json::from_str::<Vec<u8>>(body).unwrap_err();
        ResponseError::of_body("GET /products".into(), 500, body.as_bytes(), &error)
    }

    #[test]
    fn the_text_is_the_same_wherever_the_body_breaks() {
        let short = error("[1,]");
        assert_eq!(
            short.to_string(),
            "GET /products: status 500 without the expected JSON: trailing comma"
        );
        assert_eq!(short.to_string(), error("[1,\n2,]").to_string());
    }

    #[test]
    fn an_exception_shows_where_it_broke_and_how_the_body_begins() {
        let body = format!("<html>{}", "\u{e9}".repeat(BODY_SHOWN_CHARS));
        let TaskEnd::Exception(exception) = TaskEnd::from(error(&body)) else {
            panic!("an error is an exception")
        };
        assert!(exception.trace.contains("line 1, column 1"), "{}", exception.trace);
        assert!(exception.trace.contains("<html>\u{e9}"), "{}", exception.trace);
        assert!(exception.trace.ends_with("\u{e9}..."), "{}", exception.trace);
    }

    #[test]
    fn a_request_without_response_says_why() {
        let refused = HttpError::Connect("connection refused".into());
        let error = ResponseError::no_response("POST /login".into(), Some(&refused));
        assert_eq!(error.to_string(), "POST /login: connection refused");
        let error = ResponseError::of_status("POST /login".into(), 500);
        assert_eq!(error.to_string(), "POST /login: status 500");
    }
}
