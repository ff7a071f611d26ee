//! The head of a response, parsed where it was read.
//!
//! Upstream: `thin`, with bytes of its input. Downstream: `exchange`, which gets a [`ResponseHead`], and
//! `framing`.
//! Invariants: one pass over the fields finds all that wload itself needs, so that no table of them is
//! made; what is accepted is what hyper accepts, with the same messages.

use std::borrow::Cow;
use std::mem::MaybeUninit;

use http::{StatusCode, Version};
use httparse::{Header, ParserConfig, Response, Status};
use wload_core::limits::HttpLimits;

use super::framing::Framing;
use crate::error::HttpError;
use crate::headers::{Headers, Known};
use crate::response::ResponseHead;

/// Fields of a head for which there is a place on the stack.
const FIELDS_ON_STACK: usize = 100;
/// Bytes of a name from which on no one believes in it.
const NAME_BYTES_MAX: usize = 1 << 16;

const STATUS: HttpError = malformed("invalid status code");
const VERSION: HttpError = malformed("not an HTTP/1 status line");
const FIELD: HttpError = malformed("invalid header");
const LENGTH: HttpError = malformed("invalid or contradicting content-length");
const CODING: HttpError = malformed("unexpected transfer-encoding");

const fn malformed(text: &'static str) -> HttpError {
    HttpError::Malformed(Cow::Borrowed(text))
}

/// What the bytes so far are.
#[derive(Debug)]
pub(crate) enum Parsed {
    /// Not a whole head.
    Partial,
    /// The head of an interim response, of so many bytes.
    Interim(usize),
    Final(Final),
}

/// The head that counts.
#[derive(Debug)]
pub(crate) struct Final {
    pub(crate) len: usize,
    pub(crate) head: ResponseHead,
    pub(crate) framing: Framing,
    /// The server lets the connection be used again.
    pub(crate) keeps_alive: bool,
}

/// What one pass over the fields finds.
#[derive(Default)]
struct Found {
    known: Known,
    length: Option<Result<u64, ()>>,
    /// The last field of this name: the body's last coding is `chunked`.
    chunked: Option<bool>,
    closes: bool,
    keeps: bool,
}

/// Parses a head. `is_head`: the request was `HEAD`, so that there is no body.
pub(crate) fn parse(bytes: &[u8], is_head: bool, limits: &HttpLimits) -> Result<Parsed, HttpError> {
    let max = limits.header_fields_max;
    if max <= FIELDS_ON_STACK {
        let mut fields = [const { MaybeUninit::uninit() }; FIELDS_ON_STACK];
        return parse_into(bytes, &mut fields[..max], is_head, limits);
    }
    let mut fields = vec![MaybeUninit::uninit(); max];
    parse_into(bytes, &mut fields, is_head, limits)
}

fn parse_into<'b>(
    bytes: &'b [u8],
    fields: &mut [MaybeUninit<Header<'b>>],
    is_head: bool,
    limits: &HttpLimits,
) -> Result<Parsed, HttpError> {
    let mut response = Response::new(&mut []);
    let config = ParserConfig::default();
    let len = match config.parse_response_with_uninit_headers(&mut response, bytes, fields) {
        Ok(Status::Complete(len)) if len > limits.header_bytes_max => {
            return Err(HttpError::head_too_large(limits));
        }
        Ok(Status::Complete(len)) => len,
        Ok(Status::Partial) => return Ok(Parsed::Partial),
        Err(error) => return Err(explain(error, limits)),
    };
    let code = response.code.unwrap_or_default();
    let status = StatusCode::from_u16(code).map_err(|_| STATUS)?;
    let is_http11 = response.version == Some(1);
    let mut found = Found::default();
    for field in response.headers.iter() {
        if field.name.len() >= NAME_BYTES_MAX {
            return Err(HttpError::head_too_large(limits));
        }
        found.look(field.name.as_bytes(), field.value);
    }
    if status.is_informational() && status != StatusCode::SWITCHING_PROTOCOLS {
        return Ok(Parsed::Interim(len));
    }
    let framing = found.framing(status, is_http11, is_head, limits)?;
    let keeps_alive = match (is_http11, status) {
        (_, StatusCode::SWITCHING_PROTOCOLS) => false,
        (true, _) => !found.closes,
        (false, _) => !found.closes && found.keeps,
    };
    let keeps_alive = keeps_alive && !matches!(framing, Framing::UntilClose);
    let reason = reason(response.reason.unwrap_or_default(), status);
    let version = if is_http11 { Version::HTTP_11 } else { Version::HTTP_10 };
    let headers = Headers::unread(&bytes[..len], response.headers.len(), found.known);
    let head = ResponseHead { status, version, reason, headers };
    Ok(Parsed::Final(Final { len, head, framing, keeps_alive }))
}

/// The usual words take no memory.
fn reason(text: &str, status: StatusCode) -> Cow<'static, str> {
    match status.canonical_reason() {
        Some(usual) if usual == text => Cow::Borrowed(usual),
        _ => Cow::Owned(text.to_owned()),
    }
}

fn explain(error: httparse::Error, limits: &HttpLimits) -> HttpError {
    match error {
        httparse::Error::TooManyHeaders => HttpError::head_too_large(limits),
        httparse::Error::Version => VERSION,
        httparse::Error::Status => STATUS,
        httparse::Error::HeaderName
        | httparse::Error::HeaderValue
        | httparse::Error::NewLine
        | httparse::Error::Token => FIELD,
    }
}

impl Found {
    /// The length of a name tells most of them apart.
    fn look(&mut self, name: &[u8], value: &[u8]) {
        let is = |known: &[u8]| name.eq_ignore_ascii_case(known);
        match name.len() {
            8 if is(b"location") => self.known.location = true,
            10 if is(b"set-cookie") => self.known.set_cookie = true,
            10 if is(b"connection") => {
                self.closes |= has_token(value, b"close");
                self.keeps |= has_token(value, b"keep-alive");
            }
            14 if is(b"content-length") => {
                let length = lengths(value);
                self.length = Some(match self.length {
                    Some(before) if before != length => Err(()),
                    _ => length,
                });
            }
            16 if is(b"content-encoding") => self.known.content_encoding = true,
            17 if is(b"transfer-encoding") => {
                let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default();
                let is_chunked = last.trim_ascii().eq_ignore_ascii_case(b"chunked");
                self.chunked = Some(is_text(value) && is_chunked);
            }
            _ => {}
        }
    }

    /// RFC 9112, 6.3. A coding is stronger than a length.
    fn framing(
        &self,
        status: StatusCode,
        is_http11: bool,
        is_head: bool,
        limits: &HttpLimits,
    ) -> Result<Framing, HttpError> {
        if is_head || matches!(status.as_u16(), 101 | 204 | 304) {
            return Ok(Framing::Length(0));
        }
        match (self.chunked, self.length) {
            (Some(_), _) if !is_http11 => Err(CODING),
            (Some(true), _) => Ok(Framing::chunked(limits)),
            (Some(false), _) | (None, None) => Ok(Framing::UntilClose),
            (None, Some(Ok(length))) => Ok(Framing::Length(length)),
            (None, Some(Err(()))) => Err(LENGTH),
        }
    }
}

/// One length; several are one when they are equal.
fn lengths(value: &[u8]) -> Result<u64, ()> {
    let mut all = value.split(|byte| *byte == b',').map(|text| length(text.trim_ascii()));
    let first = all.next().ok_or(())??;
    if all.all(|other| other == Ok(first)) { Ok(first) } else { Err(()) }
}

fn length(digits: &[u8]) -> Result<u64, ()> {
    if digits.is_empty() {
        return Err(());
    }
    digits.iter().try_fold(0u64, |length, digit| {
        let digit = digit.is_ascii_digit().then(|| u64::from(digit - b'0')).ok_or(())?;
        length.checked_mul(10).and_then(|length| length.checked_add(digit)).ok_or(())
    })
}

fn has_token(value: &[u8], token: &[u8]) -> bool {
    let mut tokens = value.split(|byte| *byte == b',');
    is_text(value) && tokens.any(|found| found.trim_ascii().eq_ignore_ascii_case(token))
}

/// It has no letters outside ASCII, which are in no word that matters.
fn is_text(value: &[u8]) -> bool {
    value.is_ascii()
}

/// The end of a head may be among these bytes, of which the first `known` were looked at before. So a
/// head that trickles in is not parsed anew for every piece.
pub(crate) fn may_have_end(bytes: &[u8], known: usize) -> bool {
    let bytes = &bytes[known.saturating_sub(3).min(bytes.len())..];
    let is_end = |(at, _): (usize, &u8)| {
        let rest = &bytes[at + 1..];
        rest.starts_with(b"\n") || rest.starts_with(b"\r\n")
    };
    bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').any(is_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn final_of(text: &str, is_head: bool) -> Result<Final, String> {
        let limits = HttpLimits::default();
        match parse(text.as_bytes(), is_head, &limits).map_err(|error| error.message())? {
            Parsed::Final(found) => Ok(found),
            other => Err(format!("{other:?}")),
        }
    }

    #[test]
    fn the_end_of_a_body_follows_from_the_head() {
        let cases = [
            ("1.1 200 OK\r\ncontent-length: 5", "Length(5) keeps"),
            ("1.1 200 OK\r\nContent-Length: 5, 5\r\nCONTENT-LENGTH: 5", "Length(5) keeps"),
            ("1.1 204 No\r\ncontent-length: x", "Length(0) keeps"),
            ("1.1 304 No\r\ncontent-length: 5", "Length(0) keeps"),
            ("1.1 101 Up\r\nupgrade: x", "Length(0)"),
            (
                "1.1 200 OK\r\ntransfer-encoding: gzip, Chunked\r\ncontent-length: x",
                "Chunked keeps",
            ),
            ("1.1 200 OK\r\ntransfer-encoding: chunked, gzip", "UntilClose"),
            ("1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: x", "UntilClose"),
            ("1.1 200 OK\r\nx: y", "UntilClose"),
            ("1.1 200 OK\r\ncontent-length: 5\r\nconnection: x, Close", "Length(5)"),
            (
                "1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\nconnection: keep-alive",
                "Length(5)",
            ),
            ("1.0 200 OK\r\ncontent-length: 5", "Length(5)"),
            ("1.0 200 OK\r\ncontent-length: 5\r\nconnection: Keep-Alive", "Length(5) keeps"),
        ];
        for (text, expected) in cases {
            let found = final_of(&format!("HTTP/{text}\r\n\r\n"), false).unwrap();
            let framing = match found.framing {
                Framing::Chunked(_) => "Chunked".to_owned(),
                framing => format!("{framing:?}"),
            };
            let keeps = if found.keeps_alive { " keeps" } else { "" };
            assert_eq!(framing + keeps, expected, "{text}");
        }
        let found = final_of("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n", true).unwrap();
        assert!(found.framing.is_end() && found.keeps_alive);
    }

    #[test]
    fn heads_that_are_wrong_say_what_is() {
        let cases = [
            ("HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n", "content-length"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n", "content-length"),
            ("HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n", "content-length"),
            ("HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n", "content-length"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n", "content-length"),
            ("HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", "transfer-encoding"),
            ("HTTP/1.1 099 X\r\n\r\n", "status code"),
            ("HTTP/1.1 2x0 X\r\n\r\n", "status code"),
            ("HTTP/2.0 200 OK\r\n\r\n", "status line"),
            ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "invalid header"),
        ];
        for (text, part) in cases {
            let message = final_of(text, false).unwrap_err();
            assert!(message.contains(part), "{text}: {message}");
        }
        let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(101));
        assert!(final_of(&many, false).unwrap_err().contains("100 fields"));
    }

    #[test]
    fn the_fields_that_matter_are_found_in_the_same_pass() {
        let found =
            final_of("HTTP/1.1 302 Away\r\nLocation: /\r\nset-cookie: a=b\r\n\r\n", true).unwrap();
        assert_eq!(found.head.reason, "Away");
        let known = Known { location: true, set_cookie: true, content_encoding: false };
        assert_eq!(found.head.headers.known(), known);
        assert_eq!(found.head.headers["location"], "/");
        let interim = parse(b"HTTP/1.1 103 Hints\r\n\r\nrest", false, &HttpLimits::default());
        assert!(matches!(interim, Ok(Parsed::Interim(22))), "{interim:?}");
    }

    #[test]
    fn half_a_head_is_looked_at_again_when_it_may_be_whole() {
        for end in ["\r\n\r\n", "\n\n", "\n\r\n"] {
            let text = format!("HTTP/1.1 200 OK{end}");
            for known in 0..text.len() {
                assert!(may_have_end(text.as_bytes(), known), "{text:?} {known}");
                assert!(!may_have_end(&text.as_bytes()[..text.len() - 1], known), "{known}");
            }
        }
    }
}
