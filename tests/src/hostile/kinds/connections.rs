//! Connections that are refused, closed, reset or silent.
//!
//! Upstream: `steps`. Downstream: the table of kinds.

use crate::hostile::Says::{Failure, Success};
use crate::hostile::steps::{Asked, BODY_LEN, Step, good, response, staying};
use crate::hostile::{Kind, Way};

const CLOSED: &str = "connection closed without a response";
const CLOSED_EARLY: &str = "connection closed before the response was complete";
const RESET: &str = "connection reset by peer";

/// The places in a good response where it can be cut: after its first byte, up to before its last.
const CUTS: u64 = 42;
/// The same in a response of chunks.
const CUTS_IN_CHUNKS: u64 = 61;

pub(super) const KINDS: &[Kind] = &[
    Kind::new("refused", "nobody listens on the port", Failure("connection refused"), Way::Refuse),
    Kind::connect(
        "closed-at-once",
        "accepts the connection and closes it",
        Failure(CLOSED),
        || vec![Step::Close],
    ),
    Kind::connect("reset-at-once", "accepts the connection and resets it", Failure(RESET), || {
        vec![Step::Reset]
    }),
    Kind::connect(
        "silent-at-once",
        "accepts the connection and says nothing",
        Failure("timed out while waiting for the response"),
        || vec![Step::Silence],
    )
    .within(500),
    Kind::connect(
        "speaks-first",
        "speaks before it is asked, as an SSH server",
        Failure("malformed response: not an HTTP/1 status line"),
        || vec![Step::Send(b"SSH-2.0-OpenSSH_9.2\r\n".to_vec()), Step::Silence],
    ),
    Kind::answer(
        "silent",
        "reads the request and says nothing",
        Failure("timed out while waiting for the response"),
        |_| Some(vec![Step::Silence]),
    )
    .within(500),
    Kind::answer("closed-unanswered", "reads the request and closes", Failure(CLOSED), |_| {
        Some(vec![Step::Close])
    }),
    Kind::answer("reset-unanswered", "reads the request and resets", Failure(RESET), |_| {
        Some(vec![Step::Reset])
    }),
    Kind::answer(
        "closed-at-every-byte",
        "closes within the response: after its first byte, its second, and so on",
        Failure(CLOSED_EARLY),
        |asked| cut(good_bytes(), CUTS, asked, Step::Close),
    )
    .asked(CUTS),
    Kind::answer(
        "reset-at-every-byte",
        "resets within the response: after its first byte, its second, and so on",
        Failure(RESET),
        |asked| cut(good_bytes(), CUTS, asked, Step::Reset),
    )
    .asked(CUTS),
    Kind::answer(
        "closed-at-every-byte-of-chunks",
        "the same closing within a response of chunks",
        Failure(CLOSED_EARLY),
        |asked| cut(CHUNKS.to_vec(), CUTS_IN_CHUNKS, asked, Step::Close),
    )
    .asked(CUTS_IN_CHUNKS),
    Kind::answer(
        "reset-at-every-byte-of-chunks",
        "the same reset within a response of chunks",
        Failure(RESET),
        |asked| cut(CHUNKS.to_vec(), CUTS_IN_CHUNKS, asked, Step::Reset),
    )
    .asked(CUTS_IN_CHUNKS),
    Kind::answer(
        "kept-then-closed",
        "answers well, then closes the kept connection under the next GET: it is sent once more",
        Success(BODY_LEN),
        |asked| (asked.before > 0).then(|| vec![Step::Close]),
    ),
    Kind::answer(
        "kept-then-reset",
        "answers well, then resets the kept connection under the next GET: it is sent once more",
        Success(BODY_LEN),
        |asked| (asked.before > 0).then(|| vec![Step::Reset]),
    ),
    Kind::answer(
        "kept-then-closed-under-post",
        "the same under a POST, which may have been acted on: it is not repeated",
        Failure(CLOSED),
        |asked| (asked.before > 0).then(|| vec![Step::Close]),
    )
    .by_post(),
    Kind::answer("kept-then-reset-under-post", "the same with a reset", Failure(RESET), |asked| {
        (asked.before > 0).then(|| vec![Step::Reset])
    })
    .by_post(),
    Kind::answer(
        "kept-then-silent",
        "answers well, then nothing more on the kept connection, as a machine that is gone",
        Failure("timed out while waiting for the response"),
        |asked| (asked.before > 0).then(|| vec![Step::Silence]),
    )
    .within(500),
    Kind::answer(
        "kept-though-closed",
        "says that it closes, and does not",
        Success(BODY_LEN),
        |_| staying(response("Connection: close\r\n", b"hello")),
    ),
    Kind::answer(
        "closed-though-kept",
        "answers well, says nothing of closing, and closes: nobody notices",
        Success(BODY_LEN),
        |_| good().into_iter().chain([Step::Close]).map(Some).collect(),
    ),
];

const CHUNKS: &[u8] =
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";

fn good_bytes() -> Vec<u8> {
    response("", b"hello")
}

/// The response up to a byte that is the next one each time.
fn cut(mut bytes: Vec<u8>, cuts: u64, asked: &Asked<'_>, end: Step) -> Option<Vec<Step>> {
    bytes.truncate(usize::try_from(asked.round % cuts + 1).expect("a length"));
    Some(vec![Step::Send(bytes), end])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_cut_at_each_of_its_bytes_but_the_last() {
        assert_eq!(good_bytes().len() as u64, CUTS + 1);
        assert_eq!(CHUNKS.len() as u64, CUTS_IN_CHUNKS + 1);
    }
}
