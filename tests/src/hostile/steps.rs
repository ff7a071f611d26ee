//! What a server does on a connection, step by step.
//!
//! Upstream: the rows in `kinds`. Downstream: `wire`, which performs the steps. Pure.

use std::time::Duration;

/// One step. After the last one the connection is kept for the next request.
#[derive(Debug)]
pub(super) enum Step {
    /// Sends this.
    Send(Vec<u8>),
    /// Sends this, which says that the request was not acted on.
    Refuse(Vec<u8>),
    /// Sends this byte by byte, with a pause before each.
    Drip(Vec<u8>, Duration),
    /// Sends this again and again until the client has gone, with a pause before each.
    Forever(Vec<u8>, Duration),
    /// Sends this below TLS.
    Below(Vec<u8>),
    /// Waits until the client has said something.
    Hear,
    /// Waits for the client to go.
    Silence,
    /// Closes properly: with TLS it says so first.
    Close,
    /// Closes TCP, without a word of TLS.
    Cut,
    /// Resets TCP.
    Reset,
}

/// A request that is to be answered.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    pub(super) path: &'a str,
    /// Requests on the same connection so far.
    pub(super) before: u64,
    /// The stream that it came on, with HTTP/2.
    pub(super) stream: u32,
    /// How often this kind has had its turn.
    pub(super) round: u64,
}

/// The body of a good answer.
pub(super) const BODY: &[u8] = b"hello";
/// Its length, as it stands in tables.
pub(super) const BODY_LEN: u64 = BODY.len() as u64;

/// The right answer.
pub(super) fn good() -> Vec<Step> {
    vec![Step::Send(response("", BODY))]
}

/// A response with more header lines, each with its line end, and the right length.
pub(super) fn response(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 200 OK\r\n{headers}Content-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// Sends these bytes and closes.
pub(super) fn closing(bytes: impl Into<Vec<u8>>) -> Option<Vec<Step>> {
    Some(vec![Step::Send(bytes.into()), Step::Close])
}

/// Sends these bytes and keeps the connection.
pub(super) fn keeping(bytes: impl Into<Vec<u8>>) -> Option<Vec<Step>> {
    Some(vec![Step::Send(bytes.into())])
}

/// Sends these bytes and waits for the client to go, so that not the end of the connection is what it sees.
pub(super) fn staying(bytes: impl Into<Vec<u8>>) -> Option<Vec<Step>> {
    Some(vec![Step::Send(bytes.into()), Step::Silence])
}

/// Sends the first bytes, then these again and again.
pub(super) fn endless(first: impl Into<Vec<u8>>, again: &[u8]) -> Option<Vec<Step>> {
    /// Large enough that the way is short, small enough that a client which has gone is noticed.
    const PIECE: usize = 16 << 10;
    let piece = again.repeat(PIECE.div_ceil(again.len()));
    Some(vec![Step::Send(first.into()), Step::Forever(piece, Duration::ZERO)])
}
