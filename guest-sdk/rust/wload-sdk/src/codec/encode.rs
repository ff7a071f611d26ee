//! From values to bytes.
//!
//! Upstream: `codec.rs`, whose table is the format. Downstream: the bytes.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
    SerializeTupleStruct, SerializeTupleVariant, Serializer,
};

use super::{CodecError, DEPTH_MAX, SHORT_TEXT_MAX, SMALL_INTEGER_MAX, tag};

type Result<T> = std::result::Result<T, CodecError>;

/// Writes one value.
pub(super) struct Encoder<'a> {
    out: &'a mut Vec<u8>,
    /// How much deeper it may go.
    depth_left: u32,
}

/// Writes the parts of a value, one after the other, and what ends it.
pub(super) struct Parts<'a> {
    encoder: Encoder<'a>,
    ends: u8,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(out: &'a mut Vec<u8>) -> Self {
        Self { out, depth_left: DEPTH_MAX }
    }

    /// For a value inside of this one.
    fn inner(&mut self) -> Encoder<'_> {
        Encoder { out: self.out, depth_left: self.depth_left }
    }

    fn deeper(mut self) -> Result<Self> {
        let deeper = self.depth_left.checked_sub(1);
        self.depth_left = deeper.ok_or_else(|| {
            CodecError(format!("values nest deeper than the limit of {DEPTH_MAX} levels"))
        })?;
        Ok(self)
    }

    fn parts(self, open: u8) -> Result<Parts<'a>> {
        self.out.push(open);
        Ok(Parts { encoder: self.deeper()?, ends: 1 })
    }

    /// A variant that holds something, in a map of its own.
    fn variant(self, name: &str) -> Result<Self> {
        self.out.push(tag::MAP);
        push_text(self.out, name);
        self.deeper()
    }

    fn variant_parts(self, name: &str, open: u8) -> Result<Parts<'a>> {
        let parts = self.variant(name)?.parts(open)?;
        Ok(Parts { ends: 2, ..parts })
    }
}

impl Parts<'_> {
    fn part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<()> {
        part.serialize(self.encoder.inner())
    }

    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<()> {
        push_text(self.encoder.out, name);
        self.part(value)
    }

    fn finish(self) -> Result<()> {
        self.encoder.out.extend((0..self.ends).map(|_| tag::END));
        Ok(())
    }
}

fn push_number(out: &mut Vec<u8>, mut number: u64) {
    while number > SMALL_INTEGER_MAX {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn push_integer(out: &mut Vec<u8>, number: u64) {
    if number <= SMALL_INTEGER_MAX {
        out.push(tag::SMALL_INTEGER | number as u8);
    } else {
        out.push(tag::INTEGER);
        push_number(out, number);
    }
}

fn push_text(out: &mut Vec<u8>, text: &str) {
    if text.len() <= SHORT_TEXT_MAX {
        out.push(tag::SHORT_TEXT | text.len() as u8);
    } else {
        out.push(tag::TEXT);
        push_number(out, text.len() as u64);
    }
    out.extend_from_slice(text.as_bytes());
}

macro_rules! integers {
    ($($name:ident: $type:ty => $as:ident: $wider:ty),* $(,)?) => {
        $(
            fn $name(self, value: $type) -> Result<()> {
                self.$as(<$wider>::from(value))
            }
        )*
    };
}

impl<'a> Serializer for Encoder<'a> {
    type Ok = ();
    type Error = CodecError;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    integers! {
        serialize_u8: u8 => serialize_u64: u64,
        serialize_u16: u16 => serialize_u64: u64,
        serialize_u32: u32 => serialize_u64: u64,
        serialize_i8: i8 => serialize_i64: i64,
        serialize_i16: i16 => serialize_i64: i64,
        serialize_i32: i32 => serialize_i64: i64,
    }

    fn serialize_bool(self, value: bool) -> Result<()> {
        self.out.push(if value { tag::TRUE } else { tag::FALSE });
        Ok(())
    }

    fn serialize_u64(self, value: u64) -> Result<()> {
        push_integer(self.out, value);
        Ok(())
    }

    fn serialize_i64(self, value: i64) -> Result<()> {
        if value < 0 {
            self.out.push(tag::NEGATIVE);
            push_number(self.out, !value as u64);
        } else {
            push_integer(self.out, value as u64);
        }
        Ok(())
    }

    fn serialize_u128(self, value: u128) -> Result<()> {
        if let Ok(value) = u64::try_from(value) {
            return self.serialize_u64(value);
        }
        self.out.push(tag::U128);
        self.out.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_i128(self, value: i128) -> Result<()> {
        if let Ok(value) = i64::try_from(value) {
            return self.serialize_i64(value);
        }
        self.out.push(tag::I128);
        self.out.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_f32(self, value: f32) -> Result<()> {
        self.out.push(tag::F32);
        self.out.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_f64(self, value: f64) -> Result<()> {
        self.out.push(tag::F64);
        self.out.extend(value.to_le_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<()> {
        self.out.push(tag::CHAR);
        push_number(self.out, u64::from(value));
        Ok(())
    }

    fn serialize_str(self, value: &str) -> Result<()> {
        push_text(self.out, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<()> {
        self.out.push(tag::BYTES);
        push_number(self.out, value.len() as u64);
        self.out.extend_from_slice(value);
        Ok(())
    }

    fn serialize_none(self) -> Result<()> {
        self.out.push(tag::NONE);
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<()> {
        self.out.push(tag::SOME);
        value.serialize(self.deeper()?)
    }

    fn serialize_unit(self) -> Result<()> {
        self.out.push(tag::UNIT);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<()> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, name: &'static str) -> Result<()> {
        self.serialize_str(name)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<()> {
        value.serialize(self.deeper()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        value: &T,
    ) -> Result<()> {
        let mut encoder = self.variant(name)?;
        value.serialize(encoder.inner())?;
        encoder.out.push(tag::END);
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>> {
        self.parts(tag::SEQUENCE)
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>> {
        self.parts(tag::SEQUENCE)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>> {
        self.parts(tag::SEQUENCE)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Parts<'a>> {
        self.variant_parts(name, tag::SEQUENCE)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>> {
        self.parts(tag::MAP)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>> {
        self.parts(tag::MAP)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        name: &'static str,
        _: usize,
    ) -> Result<Parts<'a>> {
        self.variant_parts(name, tag::MAP)
    }
}

macro_rules! parts {
    ($($trait:ident: $part:ident),* $(,)?) => {
        $(
            impl $trait for Parts<'_> {
                type Ok = ();
                type Error = CodecError;

                fn $part<T: Serialize + ?Sized>(&mut self, part: &T) -> Result<()> {
                    self.part(part)
                }

                fn end(self) -> Result<()> {
                    self.finish()
                }
            }
        )*
    };
}

macro_rules! fields {
    ($($trait:ident),* $(,)?) => {
        $(
            impl $trait for Parts<'_> {
                type Ok = ();
                type Error = CodecError;

                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    name: &'static str,
                    value: &T,
                ) -> Result<()> {
                    self.field(name, value)
                }

                fn end(self) -> Result<()> {
                    self.finish()
                }
            }
        )*
    };
}

parts! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field,
}

fields!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = CodecError;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<()> {
        self.part(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<()> {
        self.part(value)
    }

    fn end(self) -> Result<()> {
        self.finish()
    }
}
