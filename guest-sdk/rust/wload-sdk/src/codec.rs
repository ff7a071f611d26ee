//! States as bytes: a compact format for `serde` that says of each value what it is.
//!
//! Upstream: `saving.rs`. Downstream: `codec/encode.rs` and `codec/decode.rs`. Invariant: what was encoded
//! is decoded as the same value, whatever `serde` can do with a type: flattened structs, untagged
//! enums, maps with keys of any type, NaN, `Option<Option<T>>`.
//!
//! Why no other format. JSON has no NaN, and only texts as keys. The small implementations of CBOR
//! (cbor4ii, minicbor) write `()` as an empty array, so that a `null` in a `serde_json::Value` comes back
//! as `[]`; ciborium does not, and makes a component 60 KB larger than this does.
//!
//! One byte says what follows; numbers are LEB128 or little endian.
//!
//! | byte | what | followed by |
//! |---|---|---|
//! | 0x00 to 0x04 | `()`, `false`, `true`, `None`, `Some` | `Some`: the value |
//! | 0x05, 0x06 | integer *n*; the negative integer -1 - *n* | *n*, up to 64 bits |
//! | 0x07, 0x08 | `u128`, `i128` that is larger | 16 bytes |
//! | 0x09, 0x0a | `f32`, `f64` | 4 or 8 bytes |
//! | 0x0b | `char` | its number |
//! | 0x0c, 0x0d | text, bytes | length, bytes |
//! | 0x0e | sequence | items, then 0x10 |
//! | 0x0f | map, or struct by the names of its fields | keys and values in turn, then 0x10 |
//! | 0x40 to 0x7f | text of 0 to 63 bytes | bytes |
//! | 0x80 to 0xff | integer from 0 to 127 | |
//!
//! A variant of an enum is its name, or a map of its name to what it holds, because `serde` can look
//! into these without knowing the enum. Types write themselves as they do for people, because `serde` takes
//! that for granted inside of flattened structs.

use std::fmt::{self, Display};

use serde::Serialize;
use serde::de::DeserializeOwned;

mod decode;
mod encode;

use decode::Decoder;
use encode::Encoder;

/// How deep values may nest. It keeps a long list of boxes from using up the stack, and is what
/// `serde_json` allows.
const DEPTH_MAX: u32 = 128;

/// Texts up to this length need no number for it.
const SHORT_TEXT_MAX: usize = 63;
/// Integers up to this one are one byte.
const SMALL_INTEGER_MAX: u64 = 127;

/// What follows.
mod tag {
    pub(super) const UNIT: u8 = 0x00;
    pub(super) const FALSE: u8 = 0x01;
    pub(super) const TRUE: u8 = 0x02;
    pub(super) const NONE: u8 = 0x03;
    pub(super) const SOME: u8 = 0x04;
    pub(super) const INTEGER: u8 = 0x05;
    pub(super) const NEGATIVE: u8 = 0x06;
    pub(super) const U128: u8 = 0x07;
    pub(super) const I128: u8 = 0x08;
    pub(super) const F32: u8 = 0x09;
    pub(super) const F64: u8 = 0x0a;
    pub(super) const CHAR: u8 = 0x0b;
    pub(super) const TEXT: u8 = 0x0c;
    pub(super) const BYTES: u8 = 0x0d;
    pub(super) const SEQUENCE: u8 = 0x0e;
    pub(super) const MAP: u8 = 0x0f;
    pub(super) const END: u8 = 0x10;
    pub(super) const SHORT_TEXT: u8 = 0x40;
    pub(super) const SMALL_INTEGER: u8 = 0x80;
}

/// Appends a value.
pub(crate) fn encode<T: Serialize>(value: &T, out: &mut Vec<u8>) -> Result<(), String> {
    value.serialize(Encoder::new(out)).map_err(|error| error.0)
}

/// Takes a value from the front.
pub(crate) fn decode<T: DeserializeOwned>(input: &mut &[u8]) -> Result<T, String> {
    let mut decoder = Decoder::new(input);
    let value = T::deserialize(&mut decoder).map_err(|error| error.0)?;
    *input = decoder.rest();
    Ok(value)
}

/// Why a value cannot be encoded or decoded: for the author of its type.
#[derive(Debug)]
struct CodecError(String);

impl CodecError {
    fn new(what: &str) -> Self {
        Self(what.to_owned())
    }
}

impl Display for CodecError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for CodecError {}

impl serde::ser::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl serde::de::Error for CodecError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

#[cfg(test)]
mod tests;
