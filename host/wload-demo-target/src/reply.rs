//! An answer on its way out, before it is counted and delayed.
//!
//! Upstream: `routes` and `tools` make it. Downstream: `server` sends it.

use std::fmt::Display;
use std::time::Duration;

use bytes::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

/// An answer with its whole body.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    /// How much later than usual it is sent.
    pub(crate) delay: Duration,
}

/// The body of every JSON answer that is an error.
#[derive(Serialize)]
struct ErrorBody {
    error: String,
}

impl Reply {
    fn typed(status: StatusCode, content_type: &'static str, body: Bytes) -> Self {
        let content_type = HeaderValue::from_static(content_type);
        Self {
            status,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, content_type)]),
            body,
            delay: Duration::ZERO,
        }
    }

    pub(crate) fn text(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::typed(status, "text/plain; charset=utf-8", body.into())
    }

    pub(crate) fn octets(body: Bytes) -> Self {
        Self::typed(StatusCode::OK, "application/octet-stream", body)
    }

    /// A body that is JSON already.
    pub(crate) fn json_text(body: Bytes) -> Self {
        Self::typed(StatusCode::OK, "application/json", body)
    }

    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        let body = serde_json::to_vec(value).expect("answers have only text keys and plain values");
        Self::typed(status, "application/json", body.into())
    }

    pub(crate) fn error(status: StatusCode, error: impl Display) -> Self {
        let error = error.to_string();
        Self::json(status, &ErrorBody { error })
    }

    pub(crate) fn bad_request(error: impl Display) -> Self {
        Self::error(StatusCode::BAD_REQUEST, error)
    }

    /// Adds a header, replacing the one of the same name.
    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    pub(crate) fn into_response<B>(self, make_body: impl FnOnce(Bytes) -> B) -> Response<B> {
        let mut response = Response::new(make_body(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}
