//! The body of a request: bytes, or parts that are made while they are sent.
//!
//! Upstream: the scenario. Downstream: `h1/output.rs`, hyper (as an `http_body::Body`) and `h2`, which
//! ask for a chunk when they can send it.
//! Invariant: a body may be sent again (a redirect, a repeated request), so sending does not use it up;
//! a gigabyte of a repeated pattern takes the memory of one chunk.

use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use wload_core::limits::{UPLOAD_BYTES_MAX, UPLOAD_CHUNK_BYTES, UPLOAD_PARTS_MAX};

use crate::error::HttpError;

/// The body of a request. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct RequestBody(Kind);

/// A part of a body.
#[derive(Clone, Debug)]
pub enum BodyPart {
    /// These bytes.
    Bytes(Bytes),
    /// A pattern, again and again, cut off at `len` bytes.
    Repeated {
        /// Not empty.
        pattern: Bytes,
        /// How many bytes are sent.
        len: u64,
    },
}

#[derive(Clone, Debug, Default)]
enum Kind {
    #[default]
    Empty,
    Whole(Bytes),
    Parts(Rc<Parts>),
}

#[derive(Debug)]
struct Parts {
    list: Box<[BodyPart]>,
    len: u64,
    is_chunked: bool,
}

impl RequestBody {
    /// A body of parts, one after the other. `is_chunked`: its length is not announced; on HTTP/1.1 it
    /// is sent with `Transfer-Encoding: chunked`.
    pub fn from_parts(parts: Vec<BodyPart>, is_chunked: bool) -> Result<Self, HttpError> {
        let refuse = |why: String| Err(HttpError::InvalidRequest(why));
        if parts.len() > UPLOAD_PARTS_MAX {
            return refuse(format!(
                "the body has {} parts, at most {UPLOAD_PARTS_MAX} are allowed",
                parts.len()
            ));
        }
        let mut len = 0u64;
        let mut ready = Vec::with_capacity(parts.len());
        for part in parts {
            len = len.saturating_add(part.len());
            match part {
                BodyPart::Repeated { pattern, .. } if pattern.is_empty() => {
                    return refuse("the pattern of a part of the body is empty".to_owned());
                }
                BodyPart::Repeated { pattern, len } => {
                    ready.push(BodyPart::Repeated { pattern: fill_chunk(pattern, len), len });
                }
                part @ BodyPart::Bytes(_) => ready.push(part),
            }
        }
        if len > UPLOAD_BYTES_MAX {
            return refuse(format!(
                "the body has {len} bytes, at most {UPLOAD_BYTES_MAX} are allowed"
            ));
        }
        let list = ready.into_boxed_slice();
        Ok(Self(Kind::Parts(Rc::new(Parts { list, len, is_chunked }))))
    }

    /// Bytes of it.
    #[must_use]
    pub fn len(&self) -> u64 {
        match &self.0 {
            Kind::Empty => 0,
            Kind::Whole(bytes) => bytes.len() as u64,
            Kind::Parts(parts) => parts.len,
        }
    }

    /// It has no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Its length is not announced.
    pub(crate) fn is_chunked(&self) -> bool {
        matches!(&self.0, Kind::Parts(parts) if parts.is_chunked)
    }

    /// Bytes that are kept in memory for it.
    pub(crate) fn bytes_kept(&self) -> usize {
        match &self.0 {
            Kind::Empty => 0,
            Kind::Whole(bytes) => bytes.len(),
            Kind::Parts(parts) => parts.list.iter().map(BodyPart::bytes_kept).sum(),
        }
    }

    /// Begins to send it.
    pub(crate) fn outgoing(&self) -> Outgoing {
        match &self.0 {
            Kind::Empty => Outgoing::Whole(Bytes::new()),
            Kind::Whole(bytes) => Outgoing::Whole(bytes.clone()),
            Kind::Parts(parts) => Outgoing::Parts(Box::new(PartsLeft {
                parts: Rc::clone(parts),
                part: 0,
                offset: 0,
                sent: 0,
            })),
        }
    }
}

impl From<Bytes> for RequestBody {
    fn from(bytes: Bytes) -> Self {
        Self(if bytes.is_empty() { Kind::Empty } else { Kind::Whole(bytes) })
    }
}

impl From<Vec<u8>> for RequestBody {
    fn from(bytes: Vec<u8>) -> Self {
        Bytes::from(bytes).into()
    }
}

impl From<Option<Vec<u8>>> for RequestBody {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        bytes.map(Self::from).unwrap_or_default()
    }
}

impl BodyPart {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Repeated { len, .. } => *len,
        }
    }

    fn bytes_kept(&self) -> usize {
        match self {
            Self::Bytes(bytes) | Self::Repeated { pattern: bytes, .. } => bytes.len(),
        }
    }

    /// What is sent at this offset, as much as there is in one piece.
    fn chunk(&self, offset: u64) -> Bytes {
        let (bytes, at) = match self {
            Self::Bytes(bytes) => (bytes, offset),
            Self::Repeated { pattern, .. } => (pattern, offset % pattern.len() as u64),
        };
        let at = usize::try_from(at).expect("an offset in bytes that are in memory");
        let left = usize::try_from(self.len() - offset).unwrap_or(usize::MAX);
        let piece = bytes.len().saturating_sub(at).min(left).min(UPLOAD_CHUNK_BYTES);
        bytes.slice(at..at + piece)
    }
}

/// Repeats a short pattern, so that one chunk is sent where otherwise there would be thousands.
fn fill_chunk(pattern: Bytes, len: u64) -> Bytes {
    let wanted = UPLOAD_CHUNK_BYTES.min(usize::try_from(len).unwrap_or(usize::MAX));
    let times = wanted / pattern.len();
    if times < 2 { pattern } else { pattern.repeat(times).into() }
}

/// What is left of a body on its way. Small: it passes through hyper's channels by value.
#[derive(Debug)]
pub(crate) enum Outgoing {
    Whole(Bytes),
    Parts(Box<PartsLeft>),
}

#[derive(Debug)]
pub(crate) struct PartsLeft {
    parts: Rc<Parts>,
    part: usize,
    offset: u64,
    sent: u64,
}

impl Outgoing {
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Whole(bytes) => bytes.is_empty(),
            Self::Parts(left) => left.sent >= left.parts.len,
        }
    }

    /// The next bytes, or `None` at its end.
    pub(crate) fn next_chunk(&mut self) -> Option<Bytes> {
        match self {
            Self::Whole(bytes) => Some(std::mem::take(bytes)).filter(|bytes| !bytes.is_empty()),
            Self::Parts(left) => left.next_chunk(),
        }
    }
}

impl PartsLeft {
    fn next_chunk(&mut self) -> Option<Bytes> {
        loop {
            let part = self.parts.list.get(self.part)?;
            if self.offset < part.len() {
                let chunk = part.chunk(self.offset);
                self.offset += chunk.len() as u64;
                self.sent += chunk.len() as u64;
                return Some(chunk);
            }
            self.part += 1;
            self.offset = 0;
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.next_chunk().map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.is_end()
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Self::Parts(left) if left.parts.is_chunked => SizeHint::default(),
            Self::Parts(left) => SizeHint::with_exact(left.parts.len - left.sent),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repeated(pattern: &'static [u8], len: u64) -> BodyPart {
        BodyPart::Repeated { pattern: Bytes::from_static(pattern), len }
    }

    fn sent(body: &RequestBody) -> Vec<u8> {
        let mut outgoing = body.outgoing();
        let mut all = Vec::new();
        while let Some(chunk) = outgoing.next_chunk() {
            assert!(!chunk.is_empty());
            all.extend_from_slice(&chunk);
        }
        assert!(outgoing.is_end());
        all
    }

    #[test]
    fn parts_follow_each_other_and_can_be_sent_again() {
        let parts = vec![
            BodyPart::Bytes(Bytes::from_static(b"head;")),
            BodyPart::Bytes(Bytes::new()),
            repeated(b"abc", 7),
            repeated(b"x", 0),
            repeated(b"0123456789", 3),
        ];
        let body = RequestBody::from_parts(parts, false).unwrap();
        assert_eq!(body.len(), 15);
        for _ in 0..2 {
            assert_eq!(sent(&body), b"head;abcabca012");
        }
        assert!(sent(&RequestBody::default()).is_empty());
        assert_eq!(sent(&RequestBody::from(b"abc".to_vec())), b"abc");
    }

    #[test]
    fn a_long_pattern_is_exact_and_takes_little_memory() {
        let body = RequestBody::from_parts(vec![repeated(b"abcdefg", 1_000_003)], false).unwrap();
        assert!(body.bytes_kept() <= UPLOAD_CHUNK_BYTES);
        let expected: Vec<u8> = b"abcdefg".iter().copied().cycle().take(1_000_003).collect();
        assert!(sent(&body) == expected);
    }

    #[test]
    fn impossible_bodies_are_refused() {
        let many = vec![repeated(b"x", 1); UPLOAD_PARTS_MAX + 1];
        for (parts, part) in [
            (many, "parts, at most"),
            (vec![repeated(b"", 3)], "pattern of a part of the body is empty"),
            (vec![repeated(b"x", u64::MAX), repeated(b"x", 9)], "bytes, at most"),
        ] {
            let error = RequestBody::from_parts(parts, true).unwrap_err().message();
            assert!(error.contains(part), "{error}");
        }
    }
}
