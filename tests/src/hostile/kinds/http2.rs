//! HTTP/2 connections and streams that are given up, reset, flooded or wrong.
//!
//! Upstream: `http2`. Downstream: the table of kinds.

use std::time::Duration;

use crate::hostile::Kind;
use crate::hostile::Says::{self, Failure, Success};
use crate::hostile::http2::{END_HEADERS, END_STREAM, Frame, Reason, frame, go_away, head, reset};
use crate::hostile::steps::{Asked, BODY_LEN, Step};

const CALM: &str = "HTTP/2: the server broke the protocol (ENHANCE_YOUR_CALM)";
const BROKEN: &str = "HTTP/2: the server broke the protocol (PROTOCOL_ERROR)";
const FLOODED: &str = "malformed response: endless interim responses or control frames";
const CLOSED_EARLY: &str = "connection closed before the response was complete";
/// A request that the server has not acted on is sent so often, in all.
const ATTEMPTS: u64 = 4;

pub(super) const KINDS: &[Kind] = &[
    kind(
        "h2-silent",
        "says nothing to a request",
        Failure("timed out while waiting for the response"),
        |_| Some(vec![Step::Silence]),
    )
    .within(500)
    // One for each user: its connection stays, and a server that is silent reads no second one.
    .asked(2),
    kind(
        "h2-goaway-refuses",
        "closes the connection with GOAWAY and refuses the request: it is sent again, three times",
        Failure("HTTP/2: the server is closing the connection (NO_ERROR)"),
        |_| Some(vec![Step::Send(go_away(0, Reason::NoError)), Step::Close]),
    )
    .attempted(ATTEMPTS),
    kind(
        "h2-kept-then-goaway",
        "answers well, then refuses the next request with GOAWAY: it is sent once more",
        Success(BODY_LEN),
        |asked| {
            (asked.before > 0).then(|| {
                vec![Step::Refuse(go_away(asked.stream - 2, Reason::NoError)), Step::Close]
            })
        },
    ),
    kind(
        "h2-goaway-error",
        "gives up within a request, with GOAWAY and an error",
        Failure("HTTP/2: the server closed the connection (INTERNAL_ERROR)"),
        |asked| Some(vec![Step::Send(go_away(asked.stream, Reason::InternalError)), Step::Close]),
    ),
    kind(
        "h2-goaway-calm",
        "says that we are too fast, with GOAWAY",
        Failure("HTTP/2: the server closed the connection (ENHANCE_YOUR_CALM)"),
        |asked| Some(vec![Step::Send(go_away(asked.stream, Reason::EnhanceYourCalm)), Step::Close]),
    ),
    kind(
        "h2-stream-reset",
        "resets the stream with an error",
        Failure("HTTP/2: the server reset the stream (INTERNAL_ERROR)"),
        |asked| sends(reset(asked.stream, Reason::InternalError)),
    ),
    kind(
        "h2-stream-refused",
        "refuses every stream: it is sent again, three times",
        Failure("HTTP/2: the server reset the stream (REFUSED_STREAM)"),
        |asked| sends(reset(asked.stream, Reason::RefusedStream)),
    )
    .attempted(ATTEMPTS),
    kind(
        "h2-stream-reset-in-body",
        "resets the stream within the body",
        Failure("HTTP/2: the server reset the stream (CANCEL)"),
        |asked| sends([begun(asked), reset(asked.stream, Reason::Cancel)].concat()),
    ),
    kind(
        "h2-closed-unanswered",
        "closes without a word of HTTP/2",
        Failure("connection closed without a response"),
        |_| Some(vec![Step::Close]),
    ),
    kind("h2-closed-in-body", "closes within the body", Failure(CLOSED_EARLY), |asked| {
        Some(vec![Step::Send(begun(asked)), Step::Close])
    }),
    kind(
        "h2-stalled-body",
        "stops within the body",
        Failure("timed out while reading the response body"),
        |asked| sends(begun(asked)),
    )
    .within(500),
    kind("h2-settings-flood", "sends settings without end", Failure(FLOODED), |_| {
        endless(frame(Frame::Settings, 0, 0, &[]))
    })
    .asked(2),
    kind("h2-ping-flood", "sends pings without end", Failure(FLOODED), |_| {
        endless(frame(Frame::Ping, 0, 0, &[7; 8]))
    })
    .asked(2),
    kind(
        "h2-empty-data-flood",
        "sends empty pieces of a body without end",
        Failure(CALM),
        |asked| {
            let first = frame(Frame::Headers, END_HEADERS, asked.stream, &head(true, &[]));
            let again = frame(Frame::Data, 0, asked.stream, &[]);
            Some([Step::Send(first)].into_iter().chain(endless(again)?).collect())
        },
    )
    .asked(2),
    kind("h2-continuation-flood", "sends headers without end", Failure(CALM), |asked| {
        let first = frame(Frame::Headers, 0, asked.stream, &head(true, &[]));
        let again =
            frame(Frame::Continuation, 0, asked.stream, &head(false, &[("x-endless", "abc")]));
        Some([Step::Send(first)].into_iter().chain(endless(again)?).collect())
    }),
    kind(
        "h2-header-fields",
        "has 101 headers, one over the limit",
        Failure("response headers larger than the limit of 262144 bytes or 100 fields"),
        |asked| {
            let head = head(true, &[("x-many", "a"); 101]);
            sends(frame(Frame::Headers, END_HEADERS | END_STREAM, asked.stream, &head))
        },
    ),
    kind(
        "h2-frame-too-large",
        "sends a frame over the size that was agreed",
        Failure("HTTP/2: the server broke the protocol (FRAME_SIZE_ERROR)"),
        |asked| sends(frame(Frame::Data, 0, asked.stream, &[0; 100_000])),
    ),
    kind(
        "h2-window-overflow",
        "opens a window beyond what is possible",
        Failure("HTTP/2: the server broke the protocol (FLOW_CONTROL_ERROR)"),
        |_| sends(frame(Frame::WindowUpdate, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
    ),
    kind("h2-headers-corrupt", "sends headers that cannot be decoded", Failure(BROKEN), |asked| {
        sends(frame(Frame::Headers, END_HEADERS, asked.stream, &[0xff; 20]))
    }),
    kind("h2-no-status", "sends headers without a status", Failure(BROKEN), |asked| {
        let head = head(false, &[("x-a", "b")]);
        sends(frame(Frame::Headers, END_HEADERS | END_STREAM, asked.stream, &head))
    }),
    kind(
        "h2-length-lies",
        "sends less than the length that it promised",
        Failure(BROKEN),
        |asked| {
            let head = frame(
                Frame::Headers,
                END_HEADERS,
                asked.stream,
                &head(true, &[("content-length", "5")]),
            );
            sends([head, frame(Frame::Data, END_STREAM, asked.stream, b"he")].concat())
        },
    ),
    kind("h2-stream-not-opened", "answers on a stream that nobody opened", Failure(BROKEN), |_| {
        sends(frame(Frame::Headers, END_HEADERS | END_STREAM, 1_001, &head(true, &[])))
    }),
    kind("h2-push", "pushes, which we have forbidden", Failure(BROKEN), |asked| {
        let promise = [&2_u32.to_be_bytes()[..], &head(false, &[(":path", "/pushed")])].concat();
        sends(frame(Frame::PushPromise, END_HEADERS, asked.stream, &promise))
    }),
    kind(
        "h2-that-is-http-1",
        "agrees on HTTP/2 and answers with HTTP/1.1",
        Failure("HTTP/2: the server broke the protocol (FRAME_SIZE_ERROR)"),
        |_| sends(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_vec()),
    ),
];

const fn kind(
    name: &'static str,
    does: &'static str,
    says: Says,
    answer: fn(&Asked<'_>) -> Option<Vec<Step>>,
) -> Kind {
    Kind::answer(name, does, says, answer).by_http2()
}

fn sends(bytes: Vec<u8>) -> Option<Vec<Step>> {
    Some(vec![Step::Send(bytes)])
}

/// So many at a time that the way is short.
fn endless(frame: Vec<u8>) -> Option<Vec<Step>> {
    Some(vec![Step::Forever(frame.repeat(1_000), Duration::ZERO)])
}

/// A head, and a body that has only begun.
fn begun(asked: &Asked<'_>) -> Vec<u8> {
    let head = frame(Frame::Headers, END_HEADERS, asked.stream, &head(true, &[]));
    [head, frame(Frame::Data, 0, asked.stream, b"hel")].concat()
}
