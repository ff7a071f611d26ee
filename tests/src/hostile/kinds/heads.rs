//! Status lines and headers that are wrong, too many or too slow.
//!
//! Upstream: `steps`. Downstream: the table of kinds.

use std::time::Duration;

use crate::hostile::Kind;
use crate::hostile::Says::{Failure, Success};
use crate::hostile::steps::{BODY_LEN, Step, closing, endless, good, keeping, response, staying};

const NOT_HTTP: &str = "malformed response: not an HTTP/1 status line";
const BAD_STATUS: &str = "malformed response: invalid status code";
const BAD_HEADER: &str = "malformed response: invalid header";
const BAD_LENGTH: &str = "malformed response: invalid or contradicting content-length";
const BAD_CODING: &str = "malformed response: unexpected transfer-encoding";
const HEAD_TOO_LARGE: &str = "response headers larger than the limit of 262144 bytes or 100 fields";
const LATE: &str = "timed out while waiting for the response";
const FLOODED: &str = "malformed response: endless interim responses or control frames";

/// Hints that come before the answer in a finite flood.
const HINTS: usize = 1_000;
const HINT: &[u8] = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\n";

pub(super) const KINDS: &[Kind] = &[
    Kind::answer("not-http", "answers as an SSH server", Failure(NOT_HTTP), |_| {
        staying("SSH-2.0-OpenSSH_9.2\r\n")
    }),
    Kind::answer("http-0.9", "sends a page without a head", Failure(NOT_HTTP), |_| {
        closing("<html><body>hello</body></html>\r\n")
    }),
    Kind::answer("unknown-version", "says HTTP/9.9", Failure(NOT_HTTP), |_| {
        staying("HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n")
    }),
    Kind::answer("status-no-number", "has the status `2x0`", Failure(BAD_STATUS), |_| {
        staying("HTTP/1.1 2x0 OK\r\nContent-Length: 0\r\n\r\n")
    }),
    Kind::answer("status-of-two-digits", "has the status `99`", Failure(BAD_STATUS), |_| {
        staying("HTTP/1.1 99 Low\r\nContent-Length: 0\r\n\r\n")
    }),
    Kind::answer("status-of-four-digits", "has the status `2000`", Failure(BAD_STATUS), |_| {
        staying("HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n")
    }),
    Kind::answer(
        "header-without-colon",
        "has a header without a colon",
        Failure(BAD_HEADER),
        |_| staying([OK, "no colon here\r\nContent-Length: 0\r\n\r\n"].concat()),
    ),
    Kind::answer("header-with-null", "has a zero byte in a header", Failure(BAD_HEADER), |_| {
        staying([OK, "X-Zero: a\0b\r\nContent-Length: 0\r\n\r\n"].concat())
    }),
    Kind::answer(
        "header-name-with-space",
        "has a space before a colon",
        Failure(BAD_HEADER),
        |_| staying([OK, "X-Space : a\r\nContent-Length: 0\r\n\r\n"].concat()),
    ),
    Kind::answer("header-of-1-mib", "has one header of 1 MiB", Failure(HEAD_TOO_LARGE), |_| {
        staying(response(&format!("X-Large: {}\r\n", "a".repeat(1 << 20)), b"hello"))
    }),
    Kind::answer(
        "header-fields",
        "has 101 headers, one over the limit",
        Failure(HEAD_TOO_LARGE),
        |_| staying(response(&"X-Many: a\r\n".repeat(100), b"hello")),
    ),
    Kind::answer("endless-headers", "sends headers without end", Failure(HEAD_TOO_LARGE), |_| {
        endless(OK, b"X-Endless: abcdefghijklmnopqrstuvwxyz\r\n")
    }),
    Kind::answer("endless-header", "sends one header without end", Failure(HEAD_TOO_LARGE), |_| {
        endless([OK, "X-Endless: "].concat(), b"abcdefghijklmnopqrstuvwxyz")
    }),
    Kind::answer("dripping-head", "sends a head byte by byte without end", Failure(LATE), |_| {
        let first = Step::Send([OK, "X-Drip: "].concat().into_bytes());
        Some(vec![first, Step::Forever(b"a".to_vec(), Duration::from_millis(20))])
    })
    .within(700),
    Kind::answer("dripping", "sends all byte by byte, in time", Success(BODY_LEN), |_| {
        Some(vec![Step::Drip(response("", b"hello"), Duration::from_millis(2))])
    }),
    Kind::answer(
        "hints",
        "sends 1000 times status 103 before its answer",
        Success(BODY_LEN),
        |_| Some([Step::Send(HINT.repeat(HINTS))].into_iter().chain(good()).collect()),
    ),
    Kind::answer("endless-hints", "sends status 103 without end", Failure(FLOODED), |_| {
        endless("", HINT)
    })
    .asked(2),
    Kind::answer(
        "switching-protocols",
        "switches to a protocol that nobody asked for: it is the response",
        Success(0),
        |_| {
            staying("HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n")
        },
    ),
    Kind::answer("length-no-number", "has the length `five`", Failure(BAD_LENGTH), |_| {
        staying([OK, "Content-Length: five\r\n\r\nhello"].concat())
    }),
    Kind::answer("length-negative", "has the length `-5`", Failure(BAD_LENGTH), |_| {
        staying([OK, "Content-Length: -5\r\n\r\nhello"].concat())
    }),
    Kind::answer("length-over-64-bits", "has a length of 25 digits", Failure(BAD_LENGTH), |_| {
        staying([OK, "Content-Length: 9999999999999999999999999\r\n\r\nhello"].concat())
    }),
    Kind::answer("lengths-differ", "has two lengths that differ", Failure(BAD_LENGTH), |_| {
        staying([OK, "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"].concat())
    }),
    Kind::answer("lengths-agree", "has the right length twice", Success(BODY_LEN), |_| {
        keeping([OK, "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"].concat())
    }),
    Kind::answer(
        "length-and-chunks",
        "has a wrong length and chunks, which count",
        Success(BODY_LEN),
        |_| {
            let headers = "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n";
            keeping([OK, headers, "5\r\nhello\r\n0\r\n\r\n"].concat())
        },
    ),
    Kind::answer(
        "transfer-encoding-unknown",
        "has a transfer-encoding that nobody knows, and closes",
        Success(BODY_LEN),
        |_| closing([OK, "Transfer-Encoding: secret\r\n\r\nhello"].concat()),
    ),
    Kind::answer(
        "transfer-encoding-in-http-1.0",
        "sends chunks as HTTP/1.0, which has none",
        Failure(BAD_CODING),
        |_| staying("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"),
    ),
];
