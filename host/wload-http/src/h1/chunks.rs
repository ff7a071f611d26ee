//! The chunked coding of a body (RFC 9112, 7.1), taken off.
//!
//! Upstream: `framing`, with whatever has arrived. Downstream: the data in it, where it is.
//! Invariants: how the bytes are cut into pieces makes no difference; extensions and trailers have
//! limits. It is as strict as hyper: every line ends with CR LF.

use std::ops::Range;

use wload_core::limits::{CHUNK_EXTENSIONS_BYTES_MAX, HttpLimits};

use crate::error::HttpError;

const SIZE: HttpError = malformed("invalid chunk size");
const CHUNK: HttpError = malformed("invalid chunk");
const EXTENSIONS: HttpError = malformed("chunk extensions over the limit");
const TRAILERS: HttpError = malformed("invalid chunk trailers");
const TRAILERS_OVER: HttpError = malformed("chunk trailers over the limit");

const fn malformed(text: &'static str) -> HttpError {
    HttpError::Malformed(std::borrow::Cow::Borrowed(text))
}

/// What is expected next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    SizeStart,
    Size,
    /// White space after the size.
    SizeEnd,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    /// A trailer, or the empty line that ends all.
    LineStart,
    Trailer,
    TrailerLf,
    EndLf,
    End,
}

/// Takes the coding off one body.
#[derive(Debug)]
pub(crate) struct Chunks {
    state: State,
    /// Of the chunk: its size while that is read, then what is left of it.
    left: u64,
    extension_bytes: usize,
    trailers: Vec<u8>,
    trailer_lines: usize,
    trailer_bytes_max: usize,
    trailer_lines_max: usize,
}

impl Chunks {
    pub(crate) fn new(limits: &HttpLimits) -> Self {
        Self {
            state: State::SizeStart,
            left: 0,
            extension_bytes: 0,
            trailers: Vec::new(),
            trailer_lines: 0,
            trailer_bytes_max: limits.header_bytes_max,
            trailer_lines_max: limits.header_fields_max,
        }
    }

    pub(crate) fn is_end(&self) -> bool {
        self.state == State::End
    }

    /// Looks at bytes up to the first data among them. Returns how many bytes it has dealt with, and
    /// where the data is; it is empty when there was none.
    pub(crate) fn next(&mut self, bytes: &[u8]) -> Result<(usize, Range<usize>), HttpError> {
        let mut at = 0;
        while at < bytes.len() && self.state != State::End {
            if self.state == State::Data {
                let len = usize::try_from(self.left).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.left -= len as u64;
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                return Ok((at + len, at..at + len));
            }
            self.state = self.step(bytes[at])?;
            at += 1;
        }
        Ok((at, at..at))
    }

    fn step(&mut self, byte: u8) -> Result<State, HttpError> {
        Ok(match (self.state, byte) {
            (State::SizeStart | State::Size, byte) if byte.is_ascii_hexdigit() => {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                self.left = self.left.checked_mul(16).ok_or(SIZE)? + digit;
                State::Size
            }
            (State::Size | State::SizeEnd, b'\t' | b' ') => State::SizeEnd,
            (State::Size | State::SizeEnd, b';') => State::Extension,
            (State::Size | State::SizeEnd | State::Extension, b'\r') => State::SizeLf,
            (State::Extension, b'\n') => return Err(CHUNK),
            (State::Extension, _) => {
                self.extension_bytes += 1;
                if self.extension_bytes >= CHUNK_EXTENSIONS_BYTES_MAX {
                    return Err(EXTENSIONS);
                }
                State::Extension
            }
            (State::SizeLf, b'\n') if self.left == 0 => State::LineStart,
            (State::SizeLf, b'\n') => State::Data,
            (State::SizeStart | State::Size | State::SizeEnd | State::SizeLf, _) => {
                return Err(SIZE);
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::SizeStart,
            (State::DataCr | State::DataLf, _) => return Err(CHUNK),
            (State::LineStart | State::Trailer | State::TrailerLf | State::EndLf, byte) => {
                self.trailer(byte)?
            }
            (State::Data | State::End, _) => unreachable!("these states take no single bytes"),
        })
    }

    /// Trailers are checked, and nobody wants them.
    fn trailer(&mut self, byte: u8) -> Result<State, HttpError> {
        let state = match (self.state, byte) {
            (State::LineStart, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::LineStart | State::Trailer, _) => State::Trailer,
            (State::TrailerLf, b'\n') => {
                if self.trailer_lines >= self.trailer_lines_max {
                    return Err(TRAILERS_OVER);
                }
                self.trailer_lines += 1;
                State::LineStart
            }
            (State::TrailerLf, _) => return Err(TRAILERS),
            (_, b'\n') => State::End,
            (_, _) => return Err(CHUNK),
        };
        let is_in_trailers = state == State::Trailer || !self.trailers.is_empty();
        if is_in_trailers {
            self.trailers.push(byte);
            if self.trailers.len() >= self.trailer_bytes_max {
                return Err(TRAILERS_OVER);
            }
        }
        if state == State::End && is_in_trailers {
            self.check_trailers()?;
        }
        Ok(state)
    }

    fn check_trailers(&self) -> Result<(), HttpError> {
        let mut fields = vec![httparse::EMPTY_HEADER; self.trailer_lines];
        match httparse::parse_headers(&self.trailers, &mut fields) {
            Ok(httparse::Status::Complete(_)) => Ok(()),
            Ok(httparse::Status::Partial) | Err(_) => Err(TRAILERS),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data in pieces of every size, which must not matter, and what was left over.
    fn check(bytes: &[u8], expected: Result<(&[u8], usize), &str>) {
        for size in 1..=bytes.len() {
            let mut chunks = Chunks::new(&HttpLimits::default());
            let mut data = Vec::new();
            let found = (|| {
                let mut left = bytes.len();
                for mut piece in bytes.chunks(size) {
                    while !piece.is_empty() && !chunks.is_end() {
                        let (taken, part) = chunks.next(piece)?;
                        data.extend_from_slice(&piece[part]);
                        piece = &piece[taken..];
                        left -= taken;
                    }
                }
                Ok(left)
            })();
            let found: Result<_, HttpError> = found;
            let found = found.map(|left| (&data[..], left)).map_err(|error| error.message());
            let expected = expected.map_err(|text| format!("malformed response: {text}"));
            assert_eq!(found, expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }

    #[test]
    fn data_is_found_however_it_is_cut() {
        check(b"3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n", Ok((b"abcdefg", 0)));
        check(b"3 \t;a=b\r\nabc\r\n000\r\nx: y\r\nz:\r\n\r\nmore", Ok((b"abc", 4)));
        check(b"A;\r\n0123456789\r\n0\r\n\r\n", Ok((b"0123456789", 0)));
        check(b"5\r\nhal", Ok((b"hal", 0)));
    }

    #[test]
    fn what_is_wrong_has_one_text_for_each_part() {
        for (bytes, text) in [
            ("zz\r\n", "invalid chunk size"),
            ("\r\n", "invalid chunk size"),
            ("5 5\r\n", "invalid chunk size"),
            ("5\rh", "invalid chunk size"),
            ("10000000000000000\r\n", "invalid chunk size"),
            ("3\r\nabcd", "invalid chunk"),
            ("3\r\nabc\rd", "invalid chunk"),
            ("5;a\n", "invalid chunk"),
            ("0\r\n\rx", "invalid chunk"),
            ("0\r\na b: 1\r\n\r\n", "invalid chunk trailers"),
            ("0\r\na: b\rx", "invalid chunk trailers"),
        ] {
            check(bytes.as_bytes(), Err(text));
        }
        let mut chunks = Chunks::new(&HttpLimits::default());
        assert_eq!(chunks.next(b"ffffffffffffffff\r\nx"), Ok((19, 18..19)));
    }
}
