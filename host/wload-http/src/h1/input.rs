//! What a connection has read and nobody has looked at yet.
//!
//! Upstream: the socket. Downstream: `parse` and `framing`, which look at the bytes where they are.
//! Invariants: a connection that waits holds no buffer; half a head is kept in a place of its own size.

use std::io;
use std::ops::Range;
use std::rc::Rc;
use std::task::Poll;

use tokio::io::ReadBuf;
use wload_core::limits::{PARTIAL_HEAD_BYTES_MAX, READ_BUFFER_BYTES};

use super::buffers::Buffers;

/// Bytes that were read, those before `start` are done with.
#[derive(Debug)]
pub(crate) struct Input {
    /// Empty: no buffer is held. Shorter than a whole one: a place for a rest, which is full.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    buffers: Rc<Buffers>,
}

impl Input {
    pub(crate) fn new(buffers: Rc<Buffers>) -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, buffers }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// What is here.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// These bytes are done with. Says where in the buffer `part` of them is: it stays there until
    /// more is read.
    pub(crate) fn take(&mut self, count: usize, part: Range<usize>) -> Range<usize> {
        let part = self.start + part.start..self.start + part.end;
        self.start += count;
        part
    }

    /// A part that was [taken](Input::take).
    pub(crate) fn part(&self, part: Range<usize>) -> &[u8] {
        &self.bytes[part]
    }

    /// Reads more. Ready with 0 at the end.
    pub(crate) fn fill(
        &mut self,
        read: impl FnOnce(&mut ReadBuf<'_>) -> Poll<io::Result<()>>,
    ) -> Poll<io::Result<usize>> {
        self.make_room();
        let mut buffer = ReadBuf::new(&mut self.bytes[self.end..]);
        let poll = read(&mut buffer);
        let count = buffer.filled().len();
        self.end += count;
        if count == 0 {
            self.settle();
        }
        poll.map_ok(|()| count)
    }

    fn make_room(&mut self) {
        if self.bytes.len() < READ_BUFFER_BYTES {
            let mut buffer = self.buffers.take_reading();
            let rest = self.end - self.start;
            buffer[..rest].copy_from_slice(self.bytes());
            (self.bytes, self.start, self.end) = (buffer, 0, rest);
        } else if self.is_empty() {
            (self.start, self.end) = (0, 0);
        } else if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start.., 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.bytes.resize(2 * self.bytes.len(), 0);
            }
        }
    }

    /// Nobody will look for a while: gives the buffer back when that costs little.
    pub(crate) fn settle(&mut self) {
        let rest = self.end - self.start;
        let is_place = self.bytes.len() < READ_BUFFER_BYTES;
        if rest > PARTIAL_HEAD_BYTES_MAX || (is_place && rest > 0) {
            return;
        }
        let rest = self.bytes().to_vec();
        let buffer = std::mem::replace(&mut self.bytes, rest);
        self.buffers.give_reading(buffer);
        (self.start, self.end) = (0, self.bytes.len());
    }
}

/// An exchange that is dropped half way gives its buffer back, too.
impl Drop for Input {
    fn drop(&mut self) {
        self.buffers.give_reading(std::mem::take(&mut self.bytes));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(input: &mut Input, bytes: &[u8]) -> usize {
        let filled = input.fill(|buffer| {
            buffer.put_slice(&bytes[..bytes.len().min(buffer.remaining())]);
            Poll::Ready(Ok(()))
        });
        let Poll::Ready(Ok(count)) = filled else { panic!("{filled:?}") };
        count
    }

    fn is_pending(input: &mut Input) -> bool {
        input.fill(|_| Poll::Pending).is_pending()
    }

    #[test]
    fn who_waits_holds_no_buffer_and_loses_no_byte() {
        let mut input = Input::new(Rc::default());
        assert!(is_pending(&mut input));
        assert_eq!(input.bytes.capacity(), 0);

        assert_eq!(fill(&mut input, b"half a he"), 9);
        assert_eq!(input.take(5, 1..3), 1..3);
        assert_eq!(input.part(1..3), b"al");
        assert!(is_pending(&mut input));
        assert_eq!((input.bytes(), input.bytes.len()), (&b"a he"[..], 4));
        fill(&mut input, b"ad");
        assert_eq!(input.bytes(), b"a head");
        input.take(6, 0..0);
        assert!(is_pending(&mut input));
        assert_eq!(input.bytes.capacity(), 0);
        assert_eq!(fill(&mut input, b"x"), 1);
    }

    #[test]
    fn a_long_rest_keeps_its_buffer_which_grows() {
        let mut input = Input::new(Rc::default());
        let long = vec![b'x'; READ_BUFFER_BYTES];
        fill(&mut input, &long);
        input.take(100, 0..0);
        assert!(is_pending(&mut input));
        assert_eq!(fill(&mut input, &long), 100);
        for _ in 0..3 {
            assert!(is_pending(&mut input));
            fill(&mut input, b"y");
        }
        assert_eq!(input.bytes().len(), READ_BUFFER_BYTES + 3);
        assert_eq!(input.bytes()[READ_BUFFER_BYTES..], *b"yyy");
        input.take(input.bytes().len(), 0..0);
        input.settle();
        assert_eq!((input.bytes.len(), input.buffers.take_reading().len()), (0, READ_BUFFER_BYTES));
    }
}
