//! From bytes to values.
//!
//! Upstream: the bytes. Downstream: `codec.rs`, whose table is the format. A type that asks for
//! something else than is there gets an error that names both.

use serde::de::value::{SeqDeserializer, StrDeserializer};
use serde::de::{
    self, DeserializeSeed, Deserializer, EnumAccess, Expected, IntoDeserializer, MapAccess,
    SeqAccess, Unexpected, VariantAccess, Visitor,
};

use super::{CodecError, SHORT_TEXT_MAX, tag};

type Result<T> = std::result::Result<T, CodecError>;

/// Reads one value after the other.
pub(super) struct Decoder<'de> {
    input: &'de [u8],
}

/// A value, or how one begins.
#[derive(Clone, Copy)]
enum Token<'de> {
    Unit,
    Bool(bool),
    None,
    Some,
    Unsigned(u64),
    Negative(i64),
    U128(u128),
    I128(i128),
    F32(f32),
    F64(f64),
    Char(char),
    Text(&'de str),
    Bytes(&'de [u8]),
    Sequence,
    Map,
}

impl<'de> Decoder<'de> {
    pub(super) fn new(input: &'de [u8]) -> Self {
        Self { input }
    }

    pub(super) fn rest(self) -> &'de [u8] {
        self.input
    }

    fn take(&mut self, len: usize) -> Result<&'de [u8]> {
        let (taken, rest) = self.input.split_at_checked(len).ok_or_else(cut_off)?;
        self.input = rest;
        Ok(taken)
    }

    fn take_array<const LEN: usize>(&mut self) -> Result<[u8; LEN]> {
        let (taken, rest) = self.input.split_first_chunk().ok_or_else(cut_off)?;
        self.input = rest;
        Ok(*taken)
    }

    fn number(&mut self) -> Result<u64> {
        let mut number = 0;
        for shift in (0..u64::BITS).step_by(7) {
            let [byte] = self.take_array()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(CodecError::new("a number in the saved state is too long"))
    }

    fn len(&mut self) -> Result<usize> {
        usize::try_from(self.number()?).map_err(|_| cut_off())
    }

    fn text(&mut self, len: usize) -> Result<Token<'de>> {
        let text = std::str::from_utf8(self.take(len)?);
        text.map(Token::Text).map_err(|_| CodecError::new("a text in the saved state is no UTF-8"))
    }

    fn token(&mut self) -> Result<Token<'de>> {
        let [byte] = self.take_array()?;
        Ok(match byte {
            tag::SMALL_INTEGER.. => Token::Unsigned(u64::from(byte ^ tag::SMALL_INTEGER)),
            tag::SHORT_TEXT.. => self.text(usize::from(byte) & SHORT_TEXT_MAX)?,
            tag::UNIT => Token::Unit,
            tag::FALSE => Token::Bool(false),
            tag::TRUE => Token::Bool(true),
            tag::NONE => Token::None,
            tag::SOME => Token::Some,
            tag::INTEGER => Token::Unsigned(self.number()?),
            tag::NEGATIVE => Token::Negative(!(self.number()? as i64)),
            tag::U128 => Token::U128(u128::from_le_bytes(self.take_array()?)),
            tag::I128 => Token::I128(i128::from_le_bytes(self.take_array()?)),
            tag::F32 => Token::F32(f32::from_le_bytes(self.take_array()?)),
            tag::F64 => Token::F64(f64::from_le_bytes(self.take_array()?)),
            tag::CHAR => {
                let character = u32::try_from(self.number()?).ok().and_then(char::from_u32);
                Token::Char(character.ok_or_else(|| unknown(byte))?)
            }
            tag::TEXT => {
                let len = self.len()?;
                self.text(len)?
            }
            tag::BYTES => {
                let len = self.len()?;
                Token::Bytes(self.take(len)?)
            }
            tag::SEQUENCE => Token::Sequence,
            tag::MAP => Token::Map,
            _ => return Err(unknown(byte)),
        })
    }

    /// The next token, without a `Some` in front of it, for a type that asked for no `Option`.
    fn plain_token(&mut self) -> Result<Token<'de>> {
        loop {
            match self.token()? {
                Token::Some => {}
                token => return Ok(token),
            }
        }
    }

    fn is_at_end(&self) -> bool {
        self.input.first() == Some(&tag::END)
    }

    /// After the last part of a sequence, a map, or a variant.
    fn end(&mut self) -> Result<()> {
        match self.take_array()? {
            [tag::END] => Ok(()),
            _ => Err(CodecError::new("there is more in the saved state than its type asks for")),
        }
    }

    /// Hands the value that begins with this token to a type.
    fn visit<V: Visitor<'de>>(&mut self, token: Token<'de>, visitor: V) -> Result<V::Value> {
        match token {
            Token::Unit => visitor.visit_unit(),
            Token::Bool(value) => visitor.visit_bool(value),
            Token::None => visitor.visit_none(),
            Token::Some => visitor.visit_some(self),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Negative(value) => visitor.visit_i64(value),
            Token::U128(value) => visitor.visit_u128(value),
            Token::I128(value) => visitor.visit_i128(value),
            Token::F32(value) => visitor.visit_f32(value),
            Token::F64(value) => visitor.visit_f64(value),
            Token::Char(value) => visitor.visit_char(value),
            Token::Text(value) => visitor.visit_borrowed_str(value),
            Token::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Token::Sequence => self.sequence(visitor),
            Token::Map => self.map(visitor),
        }
    }

    fn sequence<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let value = visitor.visit_seq(Parts(self))?;
        self.end()?;
        Ok(value)
    }

    fn map<V: Visitor<'de>>(&mut self, visitor: V) -> Result<V::Value> {
        let value = visitor.visit_map(Parts(self))?;
        self.end()?;
        Ok(value)
    }
}

impl Token<'_> {
    /// The type asked for something else.
    fn mismatch(self, expected: &dyn Expected) -> CodecError {
        let found = match self {
            Self::Unit => Unexpected::Unit,
            Self::Bool(value) => Unexpected::Bool(value),
            Self::None | Self::Some => Unexpected::Option,
            Self::Unsigned(value) => Unexpected::Unsigned(value),
            Self::Negative(value) => Unexpected::Signed(value),
            Self::U128(_) | Self::I128(_) => Unexpected::Other("an integer of 128 bits"),
            Self::F32(value) => Unexpected::Float(f64::from(value)),
            Self::F64(value) => Unexpected::Float(value),
            Self::Char(value) => Unexpected::Char(value),
            Self::Text(value) => Unexpected::Str(value),
            Self::Bytes(value) => Unexpected::Bytes(value),
            Self::Sequence => Unexpected::Seq,
            Self::Map => Unexpected::Map,
        };
        de::Error::invalid_type(found, expected)
    }
}

fn cut_off() -> CodecError {
    CodecError::new("the saved state is cut off")
}

fn unknown(byte: u8) -> CodecError {
    CodecError(format!("the saved state has a byte {byte:#04x} where a value begins"))
}

/// What a type asks for, by the tokens that fit. Others are not tried, which keeps components small.
macro_rules! typed {
    ($($deserialize:ident)* => |$decoder:ident, $visitor:ident| $arms:tt) => {
        $(typed!(@one $deserialize |$decoder, $visitor| $arms);)*
    };
    (@one $deserialize:ident |$decoder:ident, $visitor:ident| {
        $($token:pat => $visit:expr),* $(,)?
    }) => {
        fn $deserialize<V: Visitor<'de>>(self, $visitor: V) -> Result<V::Value> {
            let $decoder = self;
            match $decoder.plain_token()? {
                $($token => $visit,)*
                token => Err(token.mismatch(&$visitor)),
            }
        }
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = CodecError;

    typed! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
        => |decoder, visitor| {
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Negative(value) => visitor.visit_i64(value),
        }
    }
    typed! {
        deserialize_i128 deserialize_u128 => |decoder, visitor| {
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Negative(value) => visitor.visit_i64(value),
            Token::U128(value) => visitor.visit_u128(value),
            Token::I128(value) => visitor.visit_i128(value),
        }
    }
    typed! {
        deserialize_f32 deserialize_f64 => |decoder, visitor| {
            Token::F32(value) => visitor.visit_f32(value),
            Token::F64(value) => visitor.visit_f64(value),
            Token::Unsigned(value) => visitor.visit_u64(value),
            Token::Negative(value) => visitor.visit_i64(value),
        }
    }
    typed! {
        deserialize_bool => |decoder, visitor| {
            Token::Bool(value) => visitor.visit_bool(value),
        }
    }
    typed! {
        deserialize_char deserialize_str deserialize_string deserialize_identifier
        => |decoder, visitor| {
            Token::Text(value) => visitor.visit_borrowed_str(value),
            Token::Char(value) => visitor.visit_char(value),
        }
    }
    typed! {
        deserialize_bytes deserialize_byte_buf => |decoder, visitor| {
            Token::Bytes(value) => visitor.visit_borrowed_bytes(value),
            Token::Text(value) => visitor.visit_borrowed_str(value),
            Token::Sequence => decoder.sequence(visitor),
        }
    }
    typed! {
        deserialize_unit => |decoder, visitor| {
            Token::Unit => visitor.visit_unit(),
        }
    }
    typed! {
        deserialize_seq => |decoder, visitor| {
            Token::Sequence => decoder.sequence(visitor),
            Token::Bytes(value) => visitor.visit_seq(SeqDeserializer::new(value.iter().copied())),
        }
    }
    typed! {
        deserialize_map => |decoder, visitor| {
            Token::Map => decoder.map(visitor),
        }
    }
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let token = self.token()?;
        self.visit(token, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_any(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let before = self.input;
        match self.token()? {
            Token::None => visitor.visit_none(),
            Token::Some => visitor.visit_some(self),
            // Written by a function of the author that knows no `Option`.
            _ => {
                self.input = before;
                visitor.visit_some(self)
            }
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.plain_token()? {
            Token::Text(name) => {
                let name: StrDeserializer<'_, CodecError> = name.into_deserializer();
                visitor.visit_enum(name)
            }
            Token::Map => {
                let value = visitor.visit_enum(Parts(self))?;
                self.end()?;
                Ok(value)
            }
            _ => Err(CodecError::new("expected a variant of an enum in the saved state")),
        }
    }
}

/// The parts of a sequence or a map that began, or the variant that a map stands for.
struct Parts<'a, 'de>(&'a mut Decoder<'de>);

impl<'de> Parts<'_, 'de> {
    fn next<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if self.0.is_at_end() { Ok(None) } else { seed.deserialize(&mut *self.0).map(Some) }
    }
}

impl<'de> SeqAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(seed)
    }
}

impl<'de> MapAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        self.next(seed)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(&mut *self.0)
    }
}

impl<'de> EnumAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        let variant = seed.deserialize(&mut *self.0)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Parts<'_, 'de> {
    type Error = CodecError;

    fn unit_variant(self) -> Result<()> {
        Err(CodecError::new("a variant that holds nothing holds something in the saved state"))
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.0)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value> {
        self.0.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_map(visitor)
    }
}
