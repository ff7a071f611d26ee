//! Where the body of a response ends (RFC 9112, 6.3).
//!
//! Upstream: `parse`, which decides it from the head. Downstream: `thin`, with bytes as they arrive.

use std::ops::Range;

use wload_core::limits::HttpLimits;

use super::chunks::Chunks;
use crate::error::HttpError;

/// What is left of a body.
#[derive(Debug)]
pub(crate) enum Framing {
    /// So many bytes.
    Length(u64),
    Chunked(Box<Chunks>),
    UntilClose,
    /// It was [`Framing::UntilClose`], and the peer has closed.
    Closed,
}

impl Framing {
    pub(crate) fn chunked(limits: &HttpLimits) -> Self {
        Self::Chunked(Box::new(Chunks::new(limits)))
    }

    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Length(left) => *left == 0,
            Self::Chunked(chunks) => chunks.is_end(),
            Self::UntilClose => false,
            Self::Closed => true,
        }
    }

    /// Bytes that the head announces.
    pub(crate) fn promised(&self) -> u64 {
        match self {
            Self::Length(left) => *left,
            Self::Chunked(_) | Self::UntilClose | Self::Closed => 0,
        }
    }

    /// How many of these bytes are dealt with, and where the first data among them is.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<(usize, Range<usize>), HttpError> {
        match self {
            Self::Length(left) => {
                let len = usize::try_from(*left).unwrap_or(usize::MAX).min(bytes.len());
                *left -= len as u64;
                Ok((len, 0..len))
            }
            Self::Chunked(chunks) => chunks.next(bytes),
            Self::UntilClose => Ok((bytes.len(), 0..bytes.len())),
            Self::Closed => Ok((0, 0..0)),
        }
    }
}
