//! Reads a response body to its end, decodes it, counts it, and keeps it if somebody wants it.
//!
//! Upstream: hyper's or h2's body. Downstream: `Exchange::body` and `body_size`, or whoever asks for one
//! piece after another.
//! Invariants: nothing over `body_bytes_max` is kept or decoded further, whatever the head promised
//! and however well it was compressed; a body in one piece is not copied.

use std::rc::Rc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use tokio::time::timeout;
use wload_core::limits::{BODY_RESERVE_BYTES_MAX, HttpLimits};

use crate::decode::{self, Decoder};
use crate::error::{FLOODED, HttpError, Phase};
use crate::h2::StreamBody;
use crate::shared::CoreHttp;
use crate::timing::Marks;

/// The body of a response as its protocol hands it on.
pub(crate) enum Incoming {
    Http1(hyper::body::Incoming),
    Http2(Box<StreamBody>),
}

/// A body on its way in.
pub(crate) struct BodyReader {
    incoming: Incoming,
    marks: Rc<Marks>,
    core: Rc<CoreHttp>,
    between_bytes: Option<Duration>,
    decoder: Option<Box<Decoder>>,
    keep: bool,
    promised: u64,
    received: u64,
}

impl Incoming {
    fn is_end(&self) -> bool {
        match self {
            Self::Http1(body) => body.is_end_stream(),
            Self::Http2(body) => body.is_end(),
        }
    }

    fn promised(&self) -> u64 {
        match self {
            Self::Http1(body) => body.size_hint().lower(),
            Self::Http2(_) => 0,
        }
    }

    /// The next piece that is not empty. Stops without another turn when the length says it was the last.
    async fn data(
        &mut self,
        marks: &Marks,
        limits: &HttpLimits,
    ) -> Result<Option<Bytes>, HttpError> {
        while !self.is_end() {
            let data = match self {
                Self::Http1(body) => {
                    let Some(frame) = body.frame().await else { return Ok(None) };
                    marks.claimed();
                    let frame = frame.map_err(|error| match marks.is_flooded() {
                        true => FLOODED,
                        false => HttpError::from_hyper(&error, true, limits),
                    })?;
                    frame.into_data().unwrap_or_default()
                }
                Self::Http2(body) => match body.data(limits).await {
                    Some(data) => data?,
                    None => return Ok(None),
                },
            };
            if !data.is_empty() {
                return Ok(Some(data));
            }
        }
        Ok(None)
    }
}

impl BodyReader {
    /// `keep`: what is decoded is wanted.
    pub(crate) fn new(
        incoming: Incoming,
        headers: &HeaderMap,
        keep: bool,
        marks: Rc<Marks>,
        between_bytes: Option<Duration>,
        core: &Rc<CoreHttp>,
    ) -> Result<Self, HttpError> {
        let limits = core.limits();
        let promised = incoming.promised();
        if promised > limits.body_bytes_max {
            return Err(HttpError::BodyTooLarge(limits.body_bytes_max));
        }
        let codings = decode::codings_of(headers)?;
        let decoder = (!codings.is_empty())
            .then(|| Box::new(Decoder::new(&codings, keep, limits.body_bytes_max)));
        let core = Rc::clone(core);
        Ok(Self { incoming, marks, core, between_bytes, decoder, keep, promised, received: 0 })
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

    /// Reads all that is left. Returns it, or nothing when it is not wanted.
    pub(crate) async fn read(&mut self) -> Result<Bytes, HttpError> {
        if self.decoder.is_none() {
            return self.read_plain().await;
        }
        while self.piece().await?.is_some() {}
        Ok(self.decoder.as_mut().map(|decoder| decoder.take()).unwrap_or_default())
    }

    /// The next piece, decoded; `None` at the end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, HttpError> {
        while let Some(piece) = self.piece().await? {
            let Some(decoder) = &mut self.decoder else { return Ok(Some(piece)) };
            let decoded = decoder.take();
            if !decoded.is_empty() {
                return Ok(Some(decoded));
            }
        }
        // What the decoder held back until it saw the end.
        let rest = self.decoder.as_mut().map(|decoder| decoder.take()).unwrap_or_default();
        Ok((!rest.is_empty()).then_some(rest))
    }

    async fn read_plain(&mut self) -> Result<Bytes, HttpError> {
        let mut first = Bytes::new();
        let mut all = BytesMut::new();
        while let Some(data) = self.piece().await? {
            if !self.keep {
                continue;
            }
            if first.is_empty() && all.is_empty() {
                first = data;
                continue;
            }
            if all.is_empty() {
                let promised = usize::try_from(self.promised).unwrap_or(usize::MAX);
                all.reserve(promised.min(BODY_RESERVE_BYTES_MAX).max(first.len() + data.len()));
                all.extend_from_slice(&std::mem::take(&mut first));
            }
            all.extend_from_slice(&data);
        }
        Ok(if all.is_empty() { first } else { all.freeze() })
    }

    /// The next piece as it came in; the decoder has had it. At the end the decoder knows, too.
    async fn piece(&mut self) -> Result<Option<Bytes>, HttpError> {
        let limits = self.core.limits();
        let data = self.incoming.data(&self.marks, limits);
        let data = match self.between_bytes {
            None => data.await,
            Some(limit) => Box::pin(timeout(limit, data))
                .await
                .unwrap_or(Err(HttpError::Timeout(Phase::BetweenBytes))),
        };
        let Some(data) = data? else {
            if let Some(decoder) = &mut self.decoder {
                decoder.finish()?;
            }
            return Ok(None);
        };
        self.received = self.received.saturating_add(data.len() as u64);
        if self.received > limits.body_bytes_max {
            return Err(HttpError::BodyTooLarge(limits.body_bytes_max));
        }
        if let Some(decoder) = &mut self.decoder {
            decoder.push(&data)?;
        }
        Ok(Some(data))
    }
}
