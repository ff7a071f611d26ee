//! Bodies that are too long, too short, badly cut into chunks or badly coded.
//!
//! Upstream: `steps`. Downstream: the table of kinds.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::hostile::Kind;
use crate::hostile::Says::{Failure, Success};
use crate::hostile::steps::{BODY_LEN, Step, closing, endless, keeping, response, staying};

const CLOSED_EARLY: &str = "connection closed before the response was complete";
const TOO_LARGE: &str = "response body larger than the limit of 67108864 bytes";
const CORRUPT: &str = "content-encoding gzip: corrupt data";
const LATE: &str = "timed out while reading the response body";

/// More than wload's limit of a body, by a megabyte.
const BOMB_BYTES: usize = 65 << 20;
const LONG: &str = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhello";
const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

pub(super) const KINDS: &[Kind] = &[
    Kind::answer(
        "length-too-long",
        "closes before the length it promised",
        Failure(CLOSED_EARLY),
        |_| closing(LONG),
    ),
    Kind::answer("length-too-short", "sends more than the length it promised", Success(2), |_| {
        closing("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello")
    }),
    Kind::answer(
        "until-closed",
        "sends a body without a length and closes: that is its end",
        Success(BODY_LEN),
        |_| closing("HTTP/1.0 200 OK\r\n\r\nhello"),
    ),
    Kind::answer(
        "until-reset",
        "sends a body without a length and resets: it may be cut",
        Failure("connection reset by peer"),
        |_| Some(vec![Step::Send(b"HTTP/1.0 200 OK\r\n\r\nhello".to_vec()), Step::Reset]),
    ),
    Kind::answer("length-of-1-tib", "promises 1 TiB", Failure(TOO_LARGE), |_| {
        staying("HTTP/1.1 200 OK\r\nContent-Length: 1099511627776\r\n\r\nhello")
    }),
    Kind::answer(
        "second-response",
        "sends a second response that nobody asked for",
        Success(BODY_LEN),
        |_| closing([response("", b"hello"), response("", b"not asked for")].concat()),
    ),
    Kind::answer("body-of-204", "sends a body with status 204, which has none", Success(0), |_| {
        closing("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello")
    }),
    Kind::answer("stalled-body", "stops within the body", Failure(LATE), |_| staying(LONG))
        .within(500),
    Kind::answer("dripping-body", "sends a body byte by byte, too slowly", Failure(LATE), |_| {
        let first = Step::Send(LONG.as_bytes().to_vec());
        Some(vec![first, Step::Forever(b"a".to_vec(), Duration::from_millis(20))])
    })
    .within(700),
    Kind::answer("endless-body", "sends chunks without end", Failure(TOO_LARGE), |_| {
        endless(CHUNKED, &[b"1000\r\n", &[b'a'; 4_096][..], b"\r\n"].concat())
    })
    .asked(2),
    Kind::answer(
        "chunk-size-no-number",
        "has a chunk of the size `five`",
        Failure("malformed response: invalid chunk size"),
        |_| staying([CHUNKED, "five\r\nhello\r\n0\r\n\r\n"].concat()),
    ),
    Kind::answer(
        "chunk-size-over-64-bits",
        "has a chunk size of 17 digits",
        Failure("malformed response: invalid chunk size"),
        |_| staying([CHUNKED, "fffffffffffffffff\r\nhello\r\n0\r\n\r\n"].concat()),
    ),
    Kind::answer(
        "chunk-without-line-end",
        "has a chunk that is longer than its size",
        Failure("malformed response: invalid chunk"),
        |_| staying([CHUNKED, "2\r\nhello\r\n0\r\n\r\n"].concat()),
    ),
    Kind::answer(
        "chunks-without-last",
        "closes without the last chunk",
        Failure(CLOSED_EARLY),
        |_| closing([CHUNKED, "5\r\nhello\r\n"].concat()),
    ),
    Kind::answer(
        "endless-chunk-extension",
        "sends a chunk extension without end",
        Failure("malformed response: chunk extensions over the limit"),
        |_| endless([CHUNKED, "5;"].concat(), b"abcdefghijklmnopqrstuvwxyz"),
    ),
    Kind::answer(
        "endless-trailer",
        "sends trailers without end",
        Failure("malformed response: chunk trailers over the limit"),
        |_| endless([CHUNKED, "5\r\nhello\r\n0\r\n"].concat(), b"X-Endless: abcdefghijklmn\r\n"),
    ),
    Kind::answer("gzip-that-is-none", "says gzip of a plain text", Failure(CORRUPT), |_| {
        staying(response("Content-Encoding: gzip\r\n", b"hello"))
    }),
    Kind::answer("gzip-cut", "sends half of a gzip", Failure(CORRUPT), |_| {
        let body = gzip(b"hello, hello, hello");
        staying(response("Content-Encoding: gzip\r\n", &body[..body.len() / 2]))
    }),
    Kind::answer(
        "gzip-with-wrong-sum",
        "sends a gzip with a wrong checksum",
        Failure(CORRUPT),
        |_| {
            let mut body = gzip(b"hello, hello, hello");
            let sum = body.len() - 8;
            body[sum] ^= 1;
            staying(response("Content-Encoding: gzip\r\n", &body))
        },
    ),
    Kind::answer(
        "deflate-that-is-none",
        "says deflate of a plain text",
        Failure("content-encoding deflate: corrupt data"),
        |_| staying(response("Content-Encoding: deflate\r\n", b"hello")),
    ),
    Kind::answer(
        "gzip-bomb",
        "sends a gzip that is larger than the limit when unpacked",
        Failure(TOO_LARGE),
        |_| staying(response("Content-Encoding: gzip\r\n", bomb())),
    )
    .asked(2),
    Kind::answer(
        "encoding-unknown",
        "has an encoding that nobody asked for: it is left as it is",
        Success(BODY_LEN),
        |_| keeping(response("Content-Encoding: secret\r\n", b"hello")),
    ),
];

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).and_then(|()| encoder.finish()).expect("memory takes all")
}

fn bomb() -> &'static [u8] {
    static BOMB: OnceLock<Vec<u8>> = OnceLock::new();
    BOMB.get_or_init(|| gzip(&vec![0; BOMB_BYTES]))
}
