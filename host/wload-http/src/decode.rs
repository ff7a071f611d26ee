//! Undoes `Content-Encoding`: gzip, deflate, brotli and zstd, also one over the other.
//!
//! Upstream: `body`, piece by piece as it arrives. Downstream: a [`Sink`], which counts and keeps.
//! Invariants: the limit of a body is in force while it is decoded, so that a bomb stops at its first
//! byte too many; whatever a server sends is decoded in safe code and memory that has a limit; an empty
//! body is empty in every coding; a coding that is not known leaves the body as it is.

use std::io::{self, Write};

use brotli_decompressor::DecompressorWriter;
use bytes::Bytes;
use flate2::write::{DeflateDecoder, GzDecoder, ZlibDecoder};
use http::HeaderMap;
use http::header::CONTENT_ENCODING;
use wload_core::limits::BODY_CODINGS_MAX;

use crate::error::HttpError;
use crate::zstd::ZstdDecoder;

/// Bytes that brotli writes at a time.
const BROTLI_BUFFER: usize = 16 << 10;

/// How a body is coded, one layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
    Brotli,
    Zstd,
}

/// Decodes all layers of a body.
pub(crate) struct Decoder {
    chain: Chain,
}

/// Where bytes go: to the next layer, or out.
pub(crate) enum Chain {
    Out(Sink),
    Layer(Box<Layer>),
}

/// Where decoded bytes end.
#[derive(Debug, Default)]
pub(crate) struct Sink {
    kept: Vec<u8>,
    keep: bool,
    size: u64,
    max: u64,
}

/// One coding on its way off.
pub(crate) struct Layer {
    coding: Coding,
    state: State,
}

enum State {
    /// Nothing arrived yet: what deflate is shows in its first byte.
    Empty(Chain),
    Gzip(GzDecoder<Chain>),
    Zlib(ZlibDecoder<Chain>),
    Raw(DeflateDecoder<Chain>),
    Brotli(Box<DecompressorWriter<Chain>>),
    Zstd(Box<ZstdDecoder>),
    /// The coded data ended; what follows is padding.
    Padding(Chain),
}

impl Coding {
    fn parse(name: &[u8]) -> Option<Self> {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name {
            _ if is(b"gzip") || is(b"x-gzip") => Some(Self::Gzip),
            _ if is(b"deflate") => Some(Self::Deflate),
            _ if is(b"br") => Some(Self::Brotli),
            _ if is(b"zstd") => Some(Self::Zstd),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
            Self::Brotli => "br",
            Self::Zstd => "zstd",
        }
    }
}

/// The codings of a body in the order in which they were applied; none when one is not known, because
/// then nothing can be undone.
pub(crate) fn codings_of(headers: &HeaderMap) -> Result<Vec<Coding>, HttpError> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        for name in value.as_bytes().split(|byte| *byte == b',') {
            let name = name.trim_ascii();
            if name.is_empty() || name.eq_ignore_ascii_case(b"identity") {
                continue;
            }
            let Some(coding) = Coding::parse(name) else { return Ok(Vec::new()) };
            if codings.len() >= BODY_CODINGS_MAX {
                return Err(HttpError::Malformed("too many content-encodings".into()));
            }
            codings.push(coding);
        }
    }
    Ok(codings)
}

impl Decoder {
    /// `max`: bytes that may come out.
    pub(crate) fn new(codings: &[Coding], keep: bool, max: u64) -> Self {
        let mut chain = Chain::Out(Sink { keep, max, ..Sink::default() });
        for coding in codings {
            chain = Chain::Layer(Box::new(Layer { coding: *coding, state: State::Empty(chain) }));
        }
        Self { chain }
    }

    /// Decodes a piece.
    pub(crate) fn push(&mut self, data: &[u8]) -> Result<(), HttpError> {
        match &mut self.chain {
            Chain::Out(sink) => sink.push(data),
            Chain::Layer(layer) => layer.push(data),
        }
    }

    /// The body ended: was it whole?
    pub(crate) fn finish(&mut self) -> Result<(), HttpError> {
        self.chain.finish()
    }

    /// What comes out is wanted after all. Nothing has come out yet.
    pub(crate) fn keep(&mut self) {
        self.sink().keep = true;
    }

    /// What was kept since the last call.
    pub(crate) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.sink().kept).into()
    }

    /// Bytes that came out so far.
    pub(crate) fn size(&mut self) -> u64 {
        self.sink().size
    }

    fn sink(&mut self) -> &mut Sink {
        let mut chain = &mut self.chain;
        loop {
            match chain {
                Chain::Out(sink) => return sink,
                Chain::Layer(layer) => chain = layer.next(),
            }
        }
    }
}

impl Sink {
    fn push(&mut self, bytes: &[u8]) -> Result<(), HttpError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.max {
            return Err(HttpError::BodyTooLarge(self.max));
        }
        if self.keep {
            self.kept.extend_from_slice(bytes);
        }
        Ok(())
    }
}

impl Default for Chain {
    fn default() -> Self {
        Self::Out(Sink::default())
    }
}

impl Chain {
    fn finish(&mut self) -> Result<(), HttpError> {
        match self {
            Self::Out(_) => Ok(()),
            Self::Layer(layer) => layer.finish(),
        }
    }
}

/// Takes all or fails: brotli's writer would turn in circles over a part.
impl Write for Chain {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let pushed = match self {
            Self::Out(sink) => sink.push(bytes),
            Self::Layer(layer) => layer.push(bytes),
        };
        pushed.map(|()| bytes.len()).map_err(io::Error::other)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Layer {
    fn push(&mut self, mut data: &[u8]) -> Result<(), HttpError> {
        while !data.is_empty() {
            let written = match &mut self.state {
                State::Empty(next) => {
                    let next = std::mem::take(next);
                    self.state = State::start(self.coding, data[0], next);
                    continue;
                }
                State::Gzip(decoder) => decoder.write(data),
                State::Zlib(decoder) => decoder.write(data),
                State::Raw(decoder) => decoder.write(data),
                State::Brotli(decoder) => decoder.write(data),
                State::Zstd(decoder) => decoder.write(data),
                State::Padding(_) => return Ok(()),
            };
            match written {
                // The coded data ended before the body did.
                Ok(0) => self.next_member(data)?,
                Ok(written) => data = &data[written..],
                Err(error) => return Err(self.failure(&error)),
            }
        }
        Ok(())
    }

    /// A gzip body may be several members one after another; anything else is padding.
    fn next_member(&mut self, rest: &[u8]) -> Result<(), HttpError> {
        if let State::Gzip(decoder) = &mut self.state
            && let Err(error) = decoder.try_finish()
        {
            return Err(self.failure(&error));
        }
        let is_member = matches!(self.state, State::Gzip(_)) && rest[0] == 0x1f;
        let next = std::mem::take(self.next());
        self.state = if is_member { State::Empty(next) } else { State::Padding(next) };
        Ok(())
    }

    fn finish(&mut self) -> Result<(), HttpError> {
        let finished = match &mut self.state {
            State::Gzip(decoder) => decoder.try_finish(),
            State::Zlib(decoder) => decoder.try_finish(),
            State::Raw(decoder) => decoder.try_finish(),
            State::Brotli(decoder) => decoder.close(),
            State::Zstd(decoder) => decoder.finish(),
            State::Empty(_) | State::Padding(_) => Ok(()),
        };
        finished.map_err(|error| self.failure(&error))?;
        self.next().finish()
    }

    fn next(&mut self) -> &mut Chain {
        match &mut self.state {
            State::Gzip(decoder) => decoder.get_mut(),
            State::Zlib(decoder) => decoder.get_mut(),
            State::Raw(decoder) => decoder.get_mut(),
            State::Brotli(decoder) => decoder.get_mut(),
            State::Zstd(decoder) => decoder.next(),
            State::Empty(next) | State::Padding(next) => next,
        }
    }

    /// An error of what comes after this layer is passed on; any other is this layer's.
    fn failure(&self, error: &io::Error) -> HttpError {
        let below = error.get_ref().and_then(|inner| inner.downcast_ref::<HttpError>());
        below.cloned().unwrap_or(HttpError::Encoding(self.coding.name()))
    }
}

impl State {
    fn start(coding: Coding, first: u8, next: Chain) -> Self {
        match coding {
            Coding::Gzip => Self::Gzip(GzDecoder::new(next)),
            // `deflate` means zlib, but some servers send it without zlib's head, whose low half
            // byte is always 8; raw data never begins so in practice, browsers rely on it too.
            Coding::Deflate if first & 0x0f == 8 => Self::Zlib(ZlibDecoder::new(next)),
            Coding::Deflate => Self::Raw(DeflateDecoder::new(next)),
            Coding::Brotli => Self::Brotli(Box::new(DecompressorWriter::new(next, BROTLI_BUFFER))),
            Coding::Zstd => Self::Zstd(Box::new(ZstdDecoder::new(next))),
        }
    }
}

#[cfg(test)]
mod tests;
