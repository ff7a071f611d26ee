//! Reads a response body to its end, decodes it, counts it, and keeps it if somebody wants it.
//!
//! Upstream: the connection, or hyper's or h2's body. Downstream: `Exchange::body` and `body_size`, or whoever asks for one
//! piece after another.
//! Invariants: nothing over `body_bytes_max` is kept or decoded further, whatever the head promised
//! and however well it was compressed; a body in one piece is not copied.

use std::borrow::Cow;
use std::future::poll_fn;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::time::timeout;
use wload_core::limits::{BODY_RESERVE_BYTES_MAX, HttpLimits};

use crate::connection::Lease;
use crate::decode::{self, Decoder};
use crate::error::{FLOODED, HttpError, Phase};
use crate::h1::Engine;
use crate::h1::framing::Framing;
use crate::h2::StreamBody;
use crate::headers::Headers;
use crate::timing::Marks;

/// A body is read from a connection that did not bring it.
const MIXED: HttpError = HttpError::Other(Cow::Borrowed("this is a bug in wload: a body got lost"));

/// The body of a response as its protocol hands it on. That of the thin engine is on the connection;
/// this is what is left of it.
pub(crate) enum Incoming {
    Thin(Framing),
    Hyper(hyper::body::Incoming),
    Http2(Box<StreamBody>),
}

/// A body on its way in.
pub(crate) struct BodyReader {
    incoming: Incoming,
    between_bytes: Option<Duration>,
    decoder: Option<Box<Decoder>>,
    keep: bool,
    promised: u64,
    received: u64,
}

/// Some bytes of a body.
enum Piece<'a> {
    /// They are ours.
    Whole(Bytes),
    /// They are in the buffer of the connection.
    Lent(&'a [u8]),
}

impl Piece<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Lent(bytes) => bytes,
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::Whole(bytes) => bytes,
            Self::Lent(bytes) => Bytes::copy_from_slice(bytes),
        }
    }
}

impl Incoming {
    fn promised(&self) -> u64 {
        match self {
            Self::Thin(framing) => framing.promised(),
            Self::Hyper(body) => body.size_hint().lower(),
            Self::Http2(_) => 0,
        }
    }

    /// The next piece; it is empty at the end. Stops without another turn when the length says that it
    /// was the last.
    async fn data<'a>(
        &mut self,
        lease: &'a mut Lease,
        limits: &HttpLimits,
    ) -> Result<Piece<'a>, HttpError> {
        match (self, lease) {
            (Self::Thin(framing), Lease::Http1 { connection, .. }) => {
                let connection = &mut **connection;
                let Engine::Thin(thin) = &mut connection.engine else {
                    return Err(MIXED);
                };
                let marks = &connection.marks;
                let part = poll_fn(|cx| thin.poll_body(framing, marks, cx)).await?;
                Ok(Piece::Lent(thin.piece(part)))
            }
            (Self::Thin(_), Lease::Http2 { .. }) => Err(MIXED),
            (Self::Hyper(body), lease) => {
                Box::pin(hyper_data(body, lease.marks(), limits)).await.map(Piece::Whole)
            }
            (Self::Http2(body), _) => Box::pin(http2_data(body, limits)).await.map(Piece::Whole),
        }
    }
}

async fn hyper_data(
    body: &mut hyper::body::Incoming,
    marks: &Marks,
    limits: &HttpLimits,
) -> Result<Bytes, HttpError> {
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else { break };
        marks.claimed();
        let frame = frame.map_err(|error| match marks.is_flooded() {
            true => FLOODED,
            false => HttpError::from_hyper(&error, true, limits),
        })?;
        let data = frame.into_data().unwrap_or_default();
        if !data.is_empty() {
            return Ok(data);
        }
    }
    Ok(Bytes::new())
}

async fn http2_data(body: &mut StreamBody, limits: &HttpLimits) -> Result<Bytes, HttpError> {
    while !body.is_end() {
        let Some(data) = body.data(limits).await else { break };
        let data = data?;
        if !data.is_empty() {
            return Ok(data);
        }
    }
    Ok(Bytes::new())
}

impl BodyReader {
    /// `keep`: what is decoded is wanted.
    pub(crate) fn new(
        incoming: Incoming,
        headers: &Headers,
        keep: bool,
        between_bytes: Option<Duration>,
        limits: &HttpLimits,
    ) -> Result<Self, HttpError> {
        let promised = incoming.promised();
        if promised > limits.body_bytes_max {
            return Err(HttpError::BodyTooLarge(limits.body_bytes_max));
        }
        let mut decoder = None;
        if headers.known().content_encoding {
            let codings = decode::codings_of(headers)?;
            let max = limits.body_bytes_max;
            decoder = (!codings.is_empty()).then(|| Box::new(Decoder::new(&codings, keep, max)));
        }
        Ok(Self { incoming, between_bytes, decoder, keep, promised, received: 0 })
    }

    /// Pieces are wanted one after the other.
    pub(crate) fn keep_pieces(&mut self) {
        if let Some(decoder) = &mut self.decoder {
            decoder.keep();
        }
    }

    /// Bytes of the decoded body so far.
    pub(crate) fn size(&mut self) -> u64 {
        self.decoder.as_mut().map_or(self.received, |decoder| decoder.size())
    }

    /// All of a body that is here already, as that of a small response mostly is; what
    /// [`BodyReader::read`] would return, without a turn.
    pub(crate) fn take_ready(&mut self, lease: &mut Lease) -> Option<Bytes> {
        let Incoming::Thin(framing) = &mut self.incoming else { return None };
        let Lease::Http1 { connection, .. } = lease else { return None };
        let Engine::Thin(thin) = &mut connection.engine else { return None };
        if self.decoder.is_some() {
            return None;
        }
        let body = thin.take_ready(framing)?;
        self.received = body.len() as u64;
        Some(if self.keep { Bytes::copy_from_slice(body) } else { Bytes::new() })
    }

    /// Reads all that is left. Returns it, or nothing when it is not wanted.
    pub(crate) async fn read(
        &mut self,
        lease: &mut Lease,
        limits: &HttpLimits,
    ) -> Result<Bytes, HttpError> {
        if self.decoder.is_none() {
            return self.read_plain(lease, limits).await;
        }
        while self.piece(lease, limits).await?.is_some() {}
        Ok(self.decoder.as_mut().map(|decoder| decoder.take()).unwrap_or_default())
    }

    /// The next piece, decoded; `None` at the end.
    pub(crate) async fn chunk(
        &mut self,
        lease: &mut Lease,
        limits: &HttpLimits,
    ) -> Result<Option<Bytes>, HttpError> {
        let mut chunk = None;
        while let Some(piece) = self.piece(lease, limits).await? {
            let found = match &mut self.decoder {
                None => piece.into_bytes(),
                Some(decoder) => decoder.take(),
            };
            if !found.is_empty() {
                chunk = Some(found);
                break;
            }
        }
        // Whoever reads piece by piece may take a long time for each.
        lease.settle();
        if chunk.is_none() {
            // What the decoder held back until it saw the end.
            chunk = self.decoder.as_mut().map(|decoder| decoder.take());
        }
        Ok(chunk.filter(|chunk| !chunk.is_empty()))
    }

    async fn read_plain(
        &mut self,
        lease: &mut Lease,
        limits: &HttpLimits,
    ) -> Result<Bytes, HttpError> {
        let (keep, promised) = (self.keep, usize::try_from(self.promised).unwrap_or(usize::MAX));
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(piece) = self.piece(lease, limits).await? {
            if !keep {
                continue;
            }
            let len = piece.bytes().len();
            if first.is_empty() && all.is_empty() && (len >= promised || promised == 0) {
                first = piece.into_bytes();
                continue;
            }
            if all.is_empty() {
                all.reserve(promised.min(BODY_RESERVE_BYTES_MAX).max(first.len() + len));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(piece.bytes());
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// The next piece as it came in; the decoder has had it. At the end the decoder knows, too.
    async fn piece<'a>(
        &mut self,
        lease: &'a mut Lease,
        limits: &HttpLimits,
    ) -> Result<Option<Piece<'a>>, HttpError> {
        let data = self.incoming.data(lease, limits);
        let data = match self.between_bytes {
            None => data.await,
            Some(limit) => Box::pin(timeout(limit, data))
                .await
                .unwrap_or(Err(HttpError::Timeout(Phase::BetweenBytes))),
        };
        let data = data?;
        let bytes = data.bytes();
        if bytes.is_empty() {
            if let Some(decoder) = &mut self.decoder {
                decoder.finish()?;
            }
            return Ok(None);
        }
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.received > limits.body_bytes_max {
            return Err(HttpError::BodyTooLarge(limits.body_bytes_max));
        }
        if let Some(decoder) = &mut self.decoder {
            decoder.push(bytes)?;
        }
        Ok(Some(data))
    }
}
