//! The buffers of a core, lent to exchanges for as long as there is something in them.
//!
//! Upstream: `shared`, which has one set per core. Downstream: `input` and `output` of the connections.
//! Invariant: whoever waits holds no buffer that is empty, so a core with ten thousand waiting users has
//! a handful of buffers. The same few are used again and again, so they also stay in the cache of the
//! processor.

use std::cell::RefCell;

use wload_core::limits::{BUFFERS_KEPT_MAX, READ_BUFFER_BYTES};

/// What is not lent at present.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    /// All of [`READ_BUFFER_BYTES`], filled with something.
    reading: RefCell<Vec<Vec<u8>>>,
    /// Empty, with room.
    writing: RefCell<Vec<Vec<u8>>>,
}

impl Buffers {
    /// To read into.
    pub(crate) fn take_reading(&self) -> Vec<u8> {
        self.reading.borrow_mut().pop().unwrap_or_else(|| vec![0; READ_BUFFER_BYTES])
    }

    /// Takes one back, unless it has another size.
    pub(crate) fn give_reading(&self, buffer: Vec<u8>) {
        if buffer.len() == READ_BUFFER_BYTES {
            keep(&self.reading, buffer);
        }
    }

    /// To append to.
    pub(crate) fn take_writing(&self) -> Vec<u8> {
        self.writing.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes one back, unless it has grown large.
    pub(crate) fn give_writing(&self, mut buffer: Vec<u8>) {
        if buffer.capacity() <= READ_BUFFER_BYTES {
            buffer.clear();
            keep(&self.writing, buffer);
        }
    }
}

fn keep(list: &RefCell<Vec<Vec<u8>>>, buffer: Vec<u8>) {
    let mut list = list.borrow_mut();
    if list.len() < BUFFERS_KEPT_MAX {
        list.push(buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back_and_only_a_few_are_kept() {
        let buffers = Buffers::default();
        let lent: Vec<Vec<u8>> =
            (0..BUFFERS_KEPT_MAX + 3).map(|_| buffers.take_reading()).collect();
        for buffer in lent {
            buffers.give_reading(buffer);
        }
        buffers.give_reading(vec![0; 10]);
        assert_eq!(buffers.reading.borrow().len(), BUFFERS_KEPT_MAX);
        assert_eq!(buffers.take_reading().len(), READ_BUFFER_BYTES);

        buffers.give_writing(b"request".to_vec());
        buffers.give_writing(Vec::with_capacity(READ_BUFFER_BYTES + 1));
        let again = buffers.take_writing();
        assert!(again.is_empty() && again.capacity() >= 7);
        assert_eq!(buffers.take_writing().capacity(), 0);
    }
}
