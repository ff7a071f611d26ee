//! Reads a response body to its end, decodes it, counts it, and keeps it if somebody wants it.
//!
//! Upstream: hyper's body. Downstream: `Exchange::body` and `body_size`.
//! Invariants: nothing over `body_bytes_max` is kept or decoded further, whatever the head promised
//! and however well it was compressed; a body in one piece is not copied.

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use wload_core::limits::{BODY_RESERVE_BYTES_MAX, HttpLimits};

use crate::decode::{self, Coding, Decoder};
use crate::error::HttpError;

/// Reads all of it. Returns the decoded body (empty without `keep`) and its length.
pub(crate) async fn read(
    incoming: &mut Incoming,
    headers: &HeaderMap,
    keep: bool,
    limits: &HttpLimits,
) -> Result<(Bytes, u64), HttpError> {
    if incoming.is_end_stream() {
        return Ok((Bytes::new(), 0));
    }
    let max = limits.body_bytes_max;
    let promised = incoming.size_hint().lower();
    if promised > max {
        return Err(HttpError::BodyTooLarge(max));
    }
    let codings = decode::codings_of(headers)?;
    if codings.is_empty() {
        read_plain(incoming, keep, promised, limits).await
    } else {
        read_coded(incoming, &codings, keep, limits).await
    }
}

async fn read_plain(
    incoming: &mut Incoming,
    keep: bool,
    promised: u64,
    limits: &HttpLimits,
) -> Result<(Bytes, u64), HttpError> {
    let mut size = 0;
    let mut first = Bytes::new();
    let mut all = BytesMut::new();
    while let Some(data) = next_data(incoming, limits).await? {
        add_size(&mut size, data.len(), limits.body_bytes_max)?;
        if !keep {
            continue;
        }
        if first.is_empty() && all.is_empty() {
            first = data;
            continue;
        }
        if all.is_empty() {
            let promised = usize::try_from(promised).unwrap_or(usize::MAX);
            all.reserve(promised.min(BODY_RESERVE_BYTES_MAX).max(first.len() + data.len()));
            all.extend_from_slice(&std::mem::take(&mut first));
        }
        all.extend_from_slice(&data);
    }
    Ok((if all.is_empty() { first } else { all.freeze() }, size))
}

async fn read_coded(
    incoming: &mut Incoming,
    codings: &[Coding],
    keep: bool,
    limits: &HttpLimits,
) -> Result<(Bytes, u64), HttpError> {
    let max = limits.body_bytes_max;
    let mut received = 0;
    let mut decoder = Decoder::new(codings, keep, max);
    while let Some(data) = next_data(incoming, limits).await? {
        add_size(&mut received, data.len(), max)?;
        decoder.push(&data)?;
    }
    decoder.finish()?;
    Ok((decoder.take(), decoder.size()))
}

/// The next piece that is not empty. Stops without another turn when the length says it was the last.
async fn next_data(
    incoming: &mut Incoming,
    limits: &HttpLimits,
) -> Result<Option<Bytes>, HttpError> {
    let head = (limits.header_bytes_max, limits.header_fields_max);
    while !incoming.is_end_stream() {
        let Some(frame) = incoming.frame().await else { return Ok(None) };
        let frame = frame.map_err(|error| HttpError::from_hyper(&error, true, head))?;
        if let Ok(data) = frame.into_data()
            && !data.is_empty()
        {
            return Ok(Some(data));
        }
    }
    Ok(None)
}

fn add_size(size: &mut u64, len: usize, max: u64) -> Result<(), HttpError> {
    *size = size.saturating_add(len as u64);
    if *size > max { Err(HttpError::BodyTooLarge(max)) } else { Ok(()) }
}
