//! A request on its way out.
//!
//! Upstream: `message` (the head) and `upload` (the body). Downstream: the socket.
//! Invariants: a request with a small body leaves in one write; of a body that is made while it is sent
//! one chunk is in memory, and only as long as the socket does not take it.

use std::io::{self, IoSlice, Write};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;
use wload_core::limits::BODY_COPY_BYTES_MAX;

use crate::timing::Marks;
use crate::upload::Outgoing;
use crate::wire::Stream;

/// What has not left yet.
#[derive(Debug)]
pub(crate) struct Output {
    /// The head, or what stands between two chunks; the bytes before `at` have left.
    text: Vec<u8>,
    at: usize,
    /// Follows the text.
    piece: Bytes,
    body: Outgoing,
    framing: Framing,
}

/// How the end of the body is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length,
    FirstChunk,
    NextChunk,
    /// It was said.
    Ended,
}

impl Output {
    /// A request: its head, and its body.
    pub(crate) fn new(head: Vec<u8>, body: Outgoing, is_chunked: bool) -> Self {
        let framing = if is_chunked { Framing::FirstChunk } else { Framing::Length };
        let mut output = Self { text: head, at: 0, piece: Bytes::new(), body, framing };
        output.gather();
        output
    }

    /// Sends what the socket takes. Ready when all has left; then the buffer can be used again.
    pub(crate) fn poll_send(
        &mut self,
        stream: &mut Stream,
        marks: &Marks,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            while self.at < self.text.len() || !self.piece.is_empty() {
                let count = ready!(self.poll_write(stream, cx))?;
                if count == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                marks.wrote();
                self.advance(count);
            }
            if !self.gather() {
                // TLS may hold back what the socket did not take.
                return Pin::new(stream).poll_flush(cx);
            }
        }
    }

    /// The buffer, to be used again.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.text
    }

    fn poll_write(&self, stream: &mut Stream, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let text = &self.text[self.at..];
        if self.piece.is_empty() {
            return Pin::new(stream).poll_write(cx, text);
        }
        let both = [IoSlice::new(text), IoSlice::new(&self.piece)];
        Pin::new(stream).poll_write_vectored(cx, &both)
    }

    fn advance(&mut self, count: usize) {
        let of_text = count.min(self.text.len() - self.at);
        self.at += of_text;
        self.piece.advance(count - of_text);
    }

    /// Prepares what follows, as much as belongs into one write. False: that was all.
    fn gather(&mut self) -> bool {
        if self.at == self.text.len() {
            self.text.clear();
            self.at = 0;
        }
        while self.piece.is_empty() && self.text.len() < BODY_COPY_BYTES_MAX {
            if self.framing == Framing::Ended {
                break;
            }
            let piece = self.body.next_chunk();
            if self.framing == Framing::NextChunk {
                self.text.extend_from_slice(b"\r\n");
            }
            match (self.framing, piece) {
                (Framing::Length, Some(piece)) => self.follow_with(piece),
                (Framing::Length, None) => self.framing = Framing::Ended,
                (_, Some(piece)) => {
                    // Writing to a vector does not fail.
                    let _ = write!(self.text, "{:X}\r\n", piece.len());
                    self.follow_with(piece);
                    self.framing = Framing::NextChunk;
                }
                (_, None) => {
                    self.text.extend_from_slice(b"0\r\n\r\n");
                    self.framing = Framing::Ended;
                }
            }
        }
        !self.text.is_empty() || !self.piece.is_empty()
    }

    fn follow_with(&mut self, piece: Bytes) {
        if piece.len() <= BODY_COPY_BYTES_MAX {
            self.text.extend_from_slice(&piece);
        } else {
            self.piece = piece;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upload::{BodyPart, RequestBody};

    /// What leaves, and in how many writes.
    fn sent(parts: Vec<BodyPart>, is_chunked: bool) -> (String, usize) {
        let body = RequestBody::from_parts(parts, is_chunked).unwrap();
        let mut output = Output::new(b"HEAD;".to_vec(), body.outgoing(), is_chunked);
        let (mut all, mut writes) = (Vec::new(), 0);
        loop {
            all.extend_from_slice(&output.text);
            all.extend_from_slice(&output.piece);
            output.advance(output.text.len() + output.piece.len());
            writes += 1;
            if !output.gather() {
                return (String::from_utf8(all).unwrap(), writes);
            }
        }
    }

    #[test]
    fn small_bodies_leave_with_their_head_and_large_ones_are_not_copied() {
        let bytes = |text: &'static str| BodyPart::Bytes(Bytes::from_static(text.as_bytes()));
        let large = || BodyPart::Repeated { pattern: Bytes::from_static(b"x"), len: 20_000 };
        let body = "x".repeat(20_000);
        let parts = || vec![bytes("abc"), bytes("de")];
        assert_eq!(sent(parts(), false), ("HEAD;abcde".to_owned(), 1));
        let chunks = "HEAD;3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n".to_owned();
        assert_eq!(sent(parts(), true), (chunks, 1));
        assert_eq!(sent(vec![], true), ("HEAD;0\r\n\r\n".to_owned(), 1));
        assert_eq!(sent(vec![], false), ("HEAD;".to_owned(), 1));
        assert_eq!(sent(vec![large(), bytes("!")], false), (format!("HEAD;{body}!"), 2));
        let chunks = format!("HEAD;4E20\r\n{body}\r\n1\r\n!\r\n0\r\n\r\n");
        assert_eq!(sent(vec![large(), bytes("!")], true), (chunks, 2));
    }
}
