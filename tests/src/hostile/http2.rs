//! The server's side of HTTP/2, frame by frame, as far as a target needs it to misbehave.
//!
//! Upstream: a TLS connection that agreed on `h2`. Downstream: the client. It reads what a client sends, answers
//! settings and pings, and takes each GET as a request; RFC 9113 has the numbers. Header blocks are written
//! without a table and without Huffman (RFC 7541, 6.2.2), so that bytes here are what they say.

use std::io;

use tokio::io::AsyncReadExt;

use super::tally::Counts;
use super::wire::{Goes, Request, Socket, perform};
use super::{Step, steps};

/// What a client says first.
const PREFACE_LEN: usize = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".len();
/// Bytes before each payload.
const FRAME_HEAD_LEN: usize = 9;
/// Largest payload that a client may send to us, as we announce no other.
const PAYLOAD_MAX: usize = 16 << 10;

/// Flag of SETTINGS and PING.
pub(super) const ACK: u8 = 1;
/// Flag of DATA and HEADERS.
pub(super) const END_STREAM: u8 = 1;
/// Flag of HEADERS, CONTINUATION and PUSH_PROMISE.
pub(super) const END_HEADERS: u8 = 4;

/// Types of frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Frame {
    Data = 0,
    Headers = 1,
    ResetStream = 3,
    Settings = 4,
    PushPromise = 5,
    Ping = 6,
    GoAway = 7,
    WindowUpdate = 8,
    Continuation = 9,
}

/// Why a stream or a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    NoError = 0,
    InternalError = 2,
    RefusedStream = 7,
    Cancel = 8,
    EnhanceYourCalm = 11,
}

/// One frame.
pub(super) fn frame(frame: Frame, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a short payload").to_be_bytes();
    [&length[1..], &[frame as u8, flags], &stream.to_be_bytes(), payload].concat()
}

/// Headers with status 200, or without a status, and these fields.
pub(super) fn head(has_status: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    /// `:status: 200` in the static table.
    const OK: u8 = 0x88;
    let mut block = if has_status { vec![OK] } else { Vec::new() };
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.extend(length(text.len()));
            block.extend(text.as_bytes());
        }
    }
    block
}

/// An integer with a prefix of 7 bits (RFC 7541, 5.1).
fn length(mut number: usize) -> Vec<u8> {
    const PREFIX: usize = 127;
    let low = |number: usize| u8::try_from(number & 0x7f).expect("seven bits");
    if number < PREFIX {
        return vec![low(number)];
    }
    let mut bytes = vec![low(PREFIX)];
    number -= PREFIX;
    while number > 0x7f {
        bytes.push(low(number) | 0x80);
        number >>= 7;
    }
    bytes.push(low(number));
    bytes
}

/// Ends a stream.
pub(super) fn reset(stream: u32, reason: Reason) -> Vec<u8> {
    frame(Frame::ResetStream, 0, stream, &(reason as u32).to_be_bytes())
}

/// Ends a connection; streams after `last` were not acted on.
pub(super) fn go_away(last: u32, reason: Reason) -> Vec<u8> {
    let payload = [last.to_be_bytes(), (reason as u32).to_be_bytes()].concat();
    frame(Frame::GoAway, 0, 0, &payload)
}

/// The right answer.
pub(super) fn good(stream: u32) -> Vec<Step> {
    let body = steps::BODY;
    let head = head(true, &[("content-length", &body.len().to_string())]);
    let head = frame(Frame::Headers, END_HEADERS, stream, &head);
    vec![Step::Send([head, frame(Frame::Data, END_STREAM, stream, body)].concat())]
}

/// Answers requests until one of the answers ends the connection, or the client does.
pub(super) async fn serve(socket: &mut impl Socket, counts: &Counts) -> io::Result<()> {
    socket.read_exact(&mut [0; PREFACE_LEN]).await?;
    let send = |bytes| vec![Step::Send(bytes)];
    perform(socket, send(frame(Frame::Settings, 0, 0, &[]))).await?;
    let mut before = 0;
    loop {
        let mut head = [0; FRAME_HEAD_LEN];
        socket.read_exact(&mut head).await?;
        let [_, _, _, kind, flags, ..] = head;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        if length > PAYLOAD_MAX {
            return Err(io::ErrorKind::InvalidData.into());
        }
        let mut payload = vec![0; length];
        socket.read_exact(&mut payload).await?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        let steps = if kind == Frame::Headers as u8 {
            let request = Request { path: "/".to_owned(), is_idempotent: true, stream };
            before += 1;
            counts.next(&request, before - 1)
        } else if kind == Frame::Settings as u8 && flags & ACK == 0 {
            send(frame(Frame::Settings, ACK, 0, &[]))
        } else if kind == Frame::Ping as u8 && flags & ACK == 0 {
            send(frame(Frame::Ping, ACK, 0, &payload))
        } else {
            continue;
        };
        if perform(socket, steps).await? == Goes::Away {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_and_lengths_are_those_of_the_standards() {
        // RFC 7541, C.1.2, with a prefix of seven bits instead of five.
        assert_eq!(length(10), [10]);
        assert_eq!(length(1_337), [127, 0xba, 9]);
        let ping = frame(Frame::Ping, ACK, 0, &[7; 8]);
        assert_eq!(ping, [&[0, 0, 8, 6, 1, 0, 0, 0, 0][..], &[7; 8]].concat());
        assert_eq!(reset(5, Reason::Cancel), [0, 0, 4, 3, 0, 0, 0, 0, 5, 0, 0, 0, 8]);
        assert_eq!(head(true, &[("a", "b")]), [0x88, 0, 1, b'a', 1, b'b']);
    }
}
