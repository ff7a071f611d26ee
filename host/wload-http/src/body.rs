//! Reads a response body to its end, decodes it, counts it, and keeps it if somebody wants it.
//!
//! Upstream: hyper's body. Downstream: `Exchange::body` and `body_size`.
//! Invariants: nothing over `body_bytes_max` is kept or decoded further, whatever the head promised
//! and however well it was compressed; a body in one piece is not copied.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use wload_core::limits::{BODY_RESERVE_BYTES_MAX, HttpLimits};

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
    match coding_of(headers) {
        Coding::Identity => read_plain(incoming, keep, promised, limits).await,
        coding => read_coded(incoming, coding, keep, limits).await,
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
    coding: Coding,
    keep: bool,
    limits: &HttpLimits,
) -> Result<(Bytes, u64), HttpError> {
    let max = limits.body_bytes_max;
    let mut received = 0;
    let mut decoder: Option<Decoder> = None;
    while let Some(data) = next_data(incoming, limits).await? {
        add_size(&mut received, data.len(), max)?;
        // Made at the first byte: an empty body is empty in every coding.
        let decoder = decoder.get_or_insert_with(|| {
            Decoder::new(coding, data[0], Sink { keep, max, ..Sink::default() })
        });
        decoder.push(&data)?;
    }
    match decoder {
        Some(decoder) => decoder.finish(),
        None => Ok((Bytes::new(), 0)),
    }
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

/// How a body is coded. What is not asked for and not known is left as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Coding {
    Identity,
    Gzip,
    Deflate,
}

fn coding_of(headers: &HeaderMap) -> Coding {
    let Some(value) = headers.get(CONTENT_ENCODING) else { return Coding::Identity };
    let value = value.as_bytes().trim_ascii();
    if value.eq_ignore_ascii_case(b"gzip") || value.eq_ignore_ascii_case(b"x-gzip") {
        Coding::Gzip
    } else if value.eq_ignore_ascii_case(b"deflate") {
        Coding::Deflate
    } else {
        Coding::Identity
    }
}

/// Where decoded bytes go.
#[derive(Debug, Default)]
struct Sink {
    kept: Vec<u8>,
    keep: bool,
    size: u64,
    max: u64,
    is_over: bool,
}

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.size += bytes.len() as u64;
        if self.size > self.max {
            self.is_over = true;
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        if self.keep {
            self.kept.extend_from_slice(bytes);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

enum Decoder {
    Gzip(GzDecoder<Sink>),
    Zlib(ZlibDecoder<Sink>),
    Raw(DeflateDecoder<Sink>),
    /// The gzip data ended; what follows is padding.
    Padding(Sink),
}

impl Decoder {
    fn new(coding: Coding, first: u8, sink: Sink) -> Self {
        match coding {
            // `deflate` means zlib, but some servers send it without zlib's head, whose low half
            // byte is always 8; raw data never begins so in practice, browsers rely on it too.
            Coding::Deflate if first & 0x0f == 8 => Self::Zlib(ZlibDecoder::new(sink)),
            Coding::Deflate => Self::Raw(DeflateDecoder::new(sink)),
            Coding::Gzip | Coding::Identity => Self::Gzip(GzDecoder::new(sink)),
        }
    }

    fn push(&mut self, mut data: &[u8]) -> Result<(), HttpError> {
        while !data.is_empty() {
            let written = match self {
                Self::Gzip(decoder) => decoder.write(data),
                Self::Zlib(decoder) => decoder.write(data),
                Self::Raw(decoder) => decoder.write(data),
                Self::Padding(_) => return Ok(()),
            };
            match written {
                // The coded data ended before the body did.
                Ok(0) => return self.next_member(data),
                Ok(written) => data = &data[written..],
                Err(_) => return Err(self.error()),
            }
        }
        Ok(())
    }

    /// A gzip body may be several members one after another; anything else is padding.
    fn next_member(&mut self, rest: &[u8]) -> Result<(), HttpError> {
        let Self::Gzip(decoder) = self else { return Ok(()) };
        if decoder.try_finish().is_err() {
            return Err(self.error());
        }
        let sink = std::mem::take(decoder.get_mut());
        if rest[0] != 0x1f {
            *self = Self::Padding(sink);
            return Ok(());
        }
        *self = Self::Gzip(GzDecoder::new(sink));
        self.push(rest)
    }

    fn finish(mut self) -> Result<(Bytes, u64), HttpError> {
        let finished = match &mut self {
            Self::Gzip(decoder) => decoder.try_finish(),
            Self::Zlib(decoder) => decoder.try_finish(),
            Self::Raw(decoder) => decoder.try_finish(),
            Self::Padding(_) => Ok(()),
        };
        if finished.is_err() {
            return Err(self.error());
        }
        let sink = std::mem::take(self.sink());
        Ok((sink.kept.into(), sink.size))
    }

    fn sink(&mut self) -> &mut Sink {
        match self {
            Self::Gzip(decoder) => decoder.get_mut(),
            Self::Zlib(decoder) => decoder.get_mut(),
            Self::Raw(decoder) => decoder.get_mut(),
            Self::Padding(sink) => sink,
        }
    }

    fn error(&mut self) -> HttpError {
        let sink = self.sink();
        if sink.is_over {
            return HttpError::BodyTooLarge(sink.max);
        }
        HttpError::Encoding(if matches!(self, Self::Gzip(_)) { "gzip" } else { "deflate" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    const TEXT: &[u8] = b"to be, or not to be, that is the question";

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(text: &[u8]) -> Vec<u8> {
        let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn raw(text: &[u8]) -> Vec<u8> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn decode(coding: Coding, data: &[u8], piece: usize, max: u64) -> Result<Bytes, HttpError> {
        let sink = Sink { keep: true, max, ..Sink::default() };
        let mut decoder = Decoder::new(coding, data[0], sink);
        for piece in data.chunks(piece) {
            decoder.push(piece)?;
        }
        let (body, size) = decoder.finish()?;
        assert_eq!(size, body.len() as u64);
        Ok(body)
    }

    #[test]
    fn every_coding_is_decoded_in_pieces_of_any_size() {
        let twice = [gzip(TEXT), gzip(TEXT)].concat();
        let padded = [gzip(TEXT), vec![0; 20]].concat();
        let cases = [
            (Coding::Gzip, gzip(TEXT), TEXT.to_vec()),
            (Coding::Gzip, gzip(b""), Vec::new()),
            (Coding::Gzip, twice, TEXT.repeat(2)),
            (Coding::Gzip, padded, TEXT.to_vec()),
            (Coding::Deflate, zlib(TEXT), TEXT.to_vec()),
            (Coding::Deflate, raw(TEXT), TEXT.to_vec()),
        ];
        for (number, (coding, data, expected)) in cases.into_iter().enumerate() {
            for piece in [1, 7, 1_000] {
                let found = decode(coding, &data, piece, 1_000);
                assert_eq!(found.as_deref(), Ok(expected.as_slice()), "case {number}, {piece}");
            }
        }
    }

    #[test]
    fn corrupt_data_and_bombs_are_errors() {
        let mut wrong_sum = gzip(TEXT);
        let at = wrong_sum.len() - 6;
        wrong_sum[at] ^= 1;
        let short = gzip(TEXT)[..20].to_vec();
        let corrupt = || Err(HttpError::Encoding("gzip"));
        assert_eq!(decode(Coding::Gzip, &wrong_sum, 7, 1_000), corrupt());
        assert_eq!(decode(Coding::Gzip, &short, 7, 1_000), corrupt());
        assert_eq!(decode(Coding::Gzip, TEXT, 7, 1_000), corrupt());
        let bomb = gzip(&vec![0; 1_000_000]);
        assert!(bomb.len() < 2_000);
        assert_eq!(decode(Coding::Gzip, &bomb, 100, 1_000), Err(HttpError::BodyTooLarge(1_000)));
    }
}
