//! What became of a request: the exchange, and reading its body.
//!
//! Upstream: `client.rs`. Downstream: the guest and the recorder. Bodies are read to their end,
//! within the limit, before and after decoding.

use std::io::Read;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use wload_core::failure::http_status_failure;

use crate::error::HttpError;
use crate::request::ExchangeUrl;
use crate::timing::RequestTiming;

/// One request with all its redirects, and what came of it.
#[derive(Debug)]
pub struct Exchange {
    /// Of the last response; 0 when there was none.
    pub status: u16,
    /// Why there is no complete response.
    pub error: Option<HttpError>,
    /// As the server wrote it, when it is not the usual one.
    pub reason: Option<Bytes>,
    /// What answered, after redirects.
    pub url: ExchangeUrl,
    /// Of the last response.
    pub headers: HeaderMap,
    /// The decoded body; empty when it is not kept.
    pub body: Bytes,
    /// Bytes of the decoded body (Locust: response length).
    pub body_size: u64,
    /// Redirects that were followed.
    pub history: Vec<Hop>,
    /// Where the time went.
    pub timings: RequestTiming,
}

/// A redirect that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Its status.
    pub status: u16,
    /// What answered.
    pub url: String,
    /// Where it pointed.
    pub location: String,
}

impl Exchange {
    /// The automatic rule: no complete response, or a status of 400 and more, is a failure. The
    /// text is Locust's, with the request name, so that failures of one kind are one row.
    #[must_use]
    pub fn failure(&self, name: &str) -> Option<String> {
        if let Some(error) = &self.error {
            return Some(error.to_string());
        }
        if self.status < 400 {
            return None;
        }
        let written = self.reason.as_deref().map(String::from_utf8_lossy);
        let usual = http::StatusCode::from_u16(self.status).ok();
        let reason = match &written {
            Some(text) => text,
            None => usual.and_then(|status| status.canonical_reason()).unwrap_or_default(),
        };
        Some(http_status_failure(self.status, reason, name))
    }
}

/// A body that was read.
#[derive(Debug, Default)]
pub(crate) struct ReadBody {
    pub(crate) bytes: Bytes,
    pub(crate) size: u64,
}

/// Reads a body to its end and decodes it.
pub(crate) async fn read_body(
    mut body: Incoming,
    headers: &HeaderMap,
    keep: bool,
    limit: u64,
) -> Result<ReadBody, HttpError> {
    let encoding = Encoding::of(headers);
    let mut size = 0;
    let mut whole = BytesMut::new();
    let mut first = Bytes::new();
    let keeps = keep || encoding.is_some();
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        let frame = frame.map_err(|error| HttpError::hyper(&error))?;
        let Ok(data) = frame.into_data() else { continue };
        size += data.len() as u64;
        if size > limit {
            return Err(HttpError::BodyTooLarge(limit));
        }
        if !keeps {
            continue;
        }
        // Most bodies are one frame: it is kept as it is.
        if first.is_empty() && whole.is_empty() {
            first = data;
        } else {
            whole.extend_from_slice(&std::mem::take(&mut first));
            whole.extend_from_slice(&data);
        }
    }
    let bytes = if whole.is_empty() { first } else { whole.freeze() };
    match encoding {
        None => Ok(ReadBody { bytes, size }),
        Some(_) if bytes.is_empty() => Ok(ReadBody::default()),
        Some(encoding) => encoding.decode(&bytes, keep, limit),
    }
}

/// The encodings that wload asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Gzip,
    Deflate,
}

impl Encoding {
    /// One that wload knows. Others are left as they are.
    fn of(headers: &HeaderMap) -> Option<Self> {
        let value = headers.get(CONTENT_ENCODING)?.to_str().ok()?.trim();
        if value.eq_ignore_ascii_case("gzip") || value.eq_ignore_ascii_case("x-gzip") {
            return Some(Self::Gzip);
        }
        value.eq_ignore_ascii_case("deflate").then_some(Self::Deflate)
    }

    fn decode(self, bytes: &[u8], keep: bool, limit: u64) -> Result<ReadBody, HttpError> {
        match self {
            Self::Gzip => inflate(flate2::read::MultiGzDecoder::new(bytes), "gzip", keep, limit),
            // RFC 9110 means zlib; some servers send raw deflate, whose first byte tells.
            Self::Deflate if bytes[0] & 0x0f == 8 => {
                inflate(flate2::read::ZlibDecoder::new(bytes), "deflate", keep, limit)
            }
            Self::Deflate => {
                inflate(flate2::read::DeflateDecoder::new(bytes), "deflate", keep, limit)
            }
        }
    }
}

/// Decodes piece by piece, so that a small body cannot fill the memory.
fn inflate(
    mut decoder: impl Read,
    name: &'static str,
    keep: bool,
    limit: u64,
) -> Result<ReadBody, HttpError> {
    let mut bytes = Vec::new();
    let mut piece = [0_u8; 16 << 10];
    let mut size = 0;
    loop {
        let read = decoder.read(&mut piece).map_err(|_| HttpError::Encoding(name))?;
        if read == 0 {
            return Ok(ReadBody { bytes: bytes.into(), size });
        }
        size += read as u64;
        if size > limit {
            return Err(HttpError::BodyTooLarge(limit));
        }
        if keep {
            bytes.extend_from_slice(&piece[..read]);
        }
    }
}
