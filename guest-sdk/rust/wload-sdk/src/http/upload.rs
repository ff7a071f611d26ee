//! Large bodies that are made while they are sent.
//!
//! Upstream: [`Request::upload`](super::Request::upload). Downstream: the host, which makes them: a
//! gigabyte of a pattern needs no memory of the user.

use crate::bindings::wload::scenario::http;

/// A body in parts, one after the other.
///
/// ```no_run
/// use wload_sdk::http::Upload;
/// use wload_sdk::prelude::*;
///
/// let gigabyte = Upload::new().bytes("begin;").repeated(*b"0123456789", 1 << 30).chunked();
/// Client::new().put("/files/large").upload(gigabyte).send();
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "give it to `upload`"]
pub struct Upload {
    parts: Vec<http::BodyPart>,
    is_chunked: bool,
}

impl Upload {
    /// A body without parts.
    pub fn new() -> Self {
        Self::default()
    }

    /// These bytes.
    pub fn bytes(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.parts.push(http::BodyPart::Bytes(bytes.into()));
        self
    }

    /// A pattern, again and again, cut off at `len` bytes.
    pub fn repeated(mut self, pattern: impl Into<Vec<u8>>, len: u64) -> Self {
        self.parts.push(http::BodyPart::Repeated((pattern.into(), len)));
        self
    }

    /// The length is not announced: in HTTP/1.1 it is sent as `Transfer-Encoding: chunked`.
    pub fn chunked(mut self) -> Self {
        self.is_chunked = true;
        self
    }

    pub(super) fn to_host(&self) -> http::Upload {
        http::Upload { parts: self.parts.clone(), chunked: self.is_chunked }
    }
}
