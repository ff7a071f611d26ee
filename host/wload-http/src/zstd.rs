//! Decodes zstd frames that arrive in pieces of any size.
//!
//! Upstream: a layer of `decode`. Downstream: the next one.
//! Invariants: one block is decoded at a time (128 KiB at most) and handed on, so that the limit behind
//! it is in force before the next one; a frame that needs a larger window than RFC 9659 allows in HTTP
//! is refused before memory is taken for it.
//! The library wants whole frame headers and whole blocks, so this module finds where they end.

use std::io::{self, Write};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use wload_core::limits::ZSTD_WINDOW_BYTES_MAX;

use crate::decode::Chain;

const MAGIC: u32 = 0xFD2F_B528;
/// The low half byte of a skippable frame's magic number is free.
const MAGIC_SKIPPABLE: u32 = 0x184D_2A50;
/// RFC 8878, 3.1.1.2.4.
const BLOCK_BYTES_MAX: usize = 128 << 10;
const CHECKSUM_BYTES: usize = 4;

pub(crate) struct ZstdDecoder {
    frames: FrameDecoder,
    at: At,
    has_checksum: bool,
    /// Received, and not yet a whole header or block.
    pending: Vec<u8>,
    next: Chain,
}

/// What comes next in the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Frame,
    Block,
    /// Bytes of a skippable frame.
    Skip(usize),
}

impl ZstdDecoder {
    pub(crate) fn new(next: Chain) -> Self {
        let mut frames = FrameDecoder::new();
        frames.set_max_window_size(ZSTD_WINDOW_BYTES_MAX);
        Self { frames, at: At::Frame, has_checksum: false, pending: Vec::new(), next }
    }

    pub(crate) fn next(&mut self) -> &mut Chain {
        &mut self.next
    }

    pub(crate) fn finish(&mut self) -> io::Result<()> {
        let is_whole = self.pending.is_empty() && matches!(self.at, At::Frame | At::Skip(0));
        if is_whole { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }

    /// Decodes what begins at `input`; the bytes that it used, or `None` when more must arrive.
    fn step(&mut self, input: &[u8]) -> io::Result<Option<usize>> {
        match self.at {
            At::Skip(left) => {
                let skipped = left.min(input.len());
                self.at = if skipped == left { At::Frame } else { At::Skip(left - skipped) };
                Ok((!input.is_empty()).then_some(skipped))
            }
            At::Frame => self.start_frame(input),
            At::Block => self.decode_block(input),
        }
    }

    fn start_frame(&mut self, input: &[u8]) -> io::Result<Option<usize>> {
        let Some(magic) = number_at(input, 0) else { return Ok(None) };
        if magic & !0xF == MAGIC_SKIPPABLE {
            let Some(size) = number_at(input, 4) else { return Ok(None) };
            self.at = At::Skip(size as usize);
            return Ok(Some(8));
        }
        if magic != MAGIC {
            return Err(corrupt());
        }
        let Some(descriptor) = input.get(4) else { return Ok(None) };
        let len = frame_header_len(*descriptor);
        if input.len() < len {
            return Ok(None);
        }
        self.frames.init(&input[..len]).map_err(|_| corrupt())?;
        self.has_checksum = descriptor & 0b100 != 0;
        self.at = At::Block;
        Ok(Some(len))
    }

    fn decode_block(&mut self, input: &[u8]) -> io::Result<Option<usize>> {
        let Some(head) = input.first_chunk::<3>() else { return Ok(None) };
        let head = u32::from_le_bytes([head[0], head[1], head[2], 0]);
        let (is_last, kind, size) = (head & 1 == 1, head >> 1 & 3, (head >> 3) as usize);
        if kind == 3 || size > BLOCK_BYTES_MAX {
            return Err(corrupt());
        }
        // One byte stands for a block of equal ones.
        let body = if kind == 1 { 1 } else { size };
        let checksum = if is_last && self.has_checksum { CHECKSUM_BYTES } else { 0 };
        let len = 3 + body + checksum;
        if input.len() < len {
            return Ok(None);
        }
        self.frames
            .decode_blocks(&input[..len], BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|_| corrupt())?;
        self.frames.collect_to_writer(&mut self.next)?;
        if is_last {
            let found = self.frames.get_checksum_from_data();
            if found.is_some() && found != self.frames.get_calculated_checksum() {
                return Err(corrupt());
            }
            self.at = At::Frame;
        }
        Ok(Some(len))
    }
}

impl Write for ZstdDecoder {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut input = std::mem::take(&mut self.pending);
        input.extend_from_slice(bytes);
        let mut used = 0;
        while let Some(len) = self.step(&input[used..])? {
            used += len;
        }
        input.drain(..used);
        self.pending = input;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn corrupt() -> io::Error {
    io::ErrorKind::InvalidData.into()
}

fn number_at(input: &[u8], at: usize) -> Option<u32> {
    input.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes))
}

/// RFC 8878, 3.1.1.1: magic number, descriptor, window, dictionary, content size.
fn frame_header_len(descriptor: u8) -> usize {
    let is_single = descriptor & 0b10_0000 != 0;
    let dictionary = [0, 1, 2, 4][usize::from(descriptor & 3)];
    let content_size = [usize::from(is_single), 2, 4, 8][usize::from(descriptor >> 6)];
    4 + 1 + usize::from(!is_single) + dictionary + content_size
}
