//! One row of a table: by column name, or as a struct.
//!
//! Upstream: the host's rows, which are texts. Downstream: tasks. Numbers and truth values are read
//! from the text when a struct asks for them; an empty text is none for an `Option`.

use std::fmt::{self, Display};
use std::str::FromStr;
use std::sync::Arc;

use serde::de::value::{MapDeserializer, StrDeserializer};
use serde::de::{self, DeserializeOwned, IntoDeserializer, Visitor};

/// One row of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    table: &'static str,
    columns: Arc<[String]>,
    values: Vec<String>,
}

/// Why a row is not what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowError(String);

impl Display for RowError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for RowError {}

impl de::Error for RowError {
    fn custom<T: Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl Row {
    pub(crate) fn new(table: &'static str, columns: Arc<[String]>, values: Vec<String>) -> Self {
        Self { table, columns, values }
    }

    /// The text in this column.
    ///
    /// # Errors
    /// When the table has no such column.
    pub fn get(&self, column: &str) -> Result<&str, RowError> {
        let place = self.columns.iter().position(|name| name == column);
        place.and_then(|place| self.values.get(place)).map(String::as_str).ok_or_else(|| {
            let (table, columns) = (self.table, self.columns.join("`, `"));
            RowError(format!("table `{table}` has no column `{column}`; there is `{columns}`"))
        })
    }

    /// What stands in this column, as a `T`.
    ///
    /// # Errors
    /// When the table has no such column, and when the text is no `T`.
    pub fn parse<T: FromStr<Err: Display>>(&self, column: &str) -> Result<T, RowError> {
        let text = self.get(column)?;
        text.parse().map_err(|error| {
            let table = self.table;
            RowError(format!("table `{table}`, column `{column}`: `{text}`: {error}"))
        })
    }

    /// The texts in the order of the columns.
    pub fn values(&self) -> &[String] {
        &self.values
    }

    /// The row as a struct whose fields have the names of the columns.
    ///
    /// # Errors
    /// When a field has no column, and when a text does not fit its field.
    pub fn deserialize<T: DeserializeOwned>(&self) -> Result<T, RowError> {
        let pairs = self
            .columns
            .iter()
            .zip(&self.values)
            .map(|(column, text)| (column.as_str(), Value { column, text }));
        T::deserialize(MapDeserializer::<_, RowError>::new(pairs))
            .map_err(|error| RowError(format!("table `{}`: {error}", self.table)))
    }
}

/// A text that becomes what its field is.
#[derive(Clone, Copy)]
struct Value<'a> {
    column: &'a str,
    text: &'a str,
}

impl Value<'_> {
    fn parse<T: FromStr<Err: Display>>(self) -> Result<T, RowError> {
        let Self { column, text } = self;
        text.parse().map_err(|error| RowError(format!("column `{column}`: `{text}`: {error}")))
    }
}

impl<'de> IntoDeserializer<'de, RowError> for Value<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($deserialize:ident => $visit:ident),* $(,)?) => {
        $(
            fn $deserialize<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
                visitor.$visit(self.parse()?)
            }
        )*
    };
}

impl<'de> de::Deserializer<'de> for Value<'_> {
    type Error = RowError;

    parsed! {
        deserialize_bool => visit_bool,
        deserialize_i8 => visit_i8,
        deserialize_i16 => visit_i16,
        deserialize_i32 => visit_i32,
        deserialize_i64 => visit_i64,
        deserialize_u8 => visit_u8,
        deserialize_u16 => visit_u16,
        deserialize_u32 => visit_u32,
        deserialize_u64 => visit_u64,
        deserialize_f32 => visit_f32,
        deserialize_f64 => visit_f64,
        deserialize_char => visit_char,
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        visitor.visit_str(self.text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, RowError> {
        if self.text.is_empty() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, RowError> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, RowError> {
        let name: StrDeserializer<'_, RowError> = self.text.into_deserializer();
        visitor.visit_enum(name)
    }

    serde::forward_to_deserialize_any! {
        i128 u128 str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Lamp,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Cents(u64);

    #[derive(Debug, Deserialize, PartialEq)]
    struct Product {
        id: u32,
        name: String,
        price: Cents,
        rebate: Option<f64>,
        kind: Kind,
    }

    fn row(values: [&str; 6]) -> Row {
        let columns = ["id", "name", "price", "rebate", "kind", "unused"].map(String::from);
        Row::new("products", columns.into(), values.map(String::from).into())
    }

    #[test]
    fn a_row_is_read_by_column_or_as_a_struct() {
        let row = row(["7", "red lamp", "1290", "", "lamp", "x"]);
        assert_eq!(row.get("name").unwrap(), "red lamp");
        assert_eq!(row.parse::<u8>("id").unwrap(), 7);
        let expected = Product {
            id: 7,
            name: "red lamp".into(),
            price: Cents(1290),
            rebate: None,
            kind: Kind::Lamp,
        };
        assert_eq!(row.deserialize::<Product>().unwrap(), expected);
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let row = row(["seven", "", "1", "0.5", "lamp", ""]);
        let error = row.deserialize::<Product>().unwrap_err().to_string();
        assert_eq!(error, "table `products`: column `id`: `seven`: invalid digit found in string");
        let error = row.parse::<u8>("id").unwrap_err().to_string();
        assert!(error.contains("column `id`: `seven`"), "{error}");
        let error = row.get("price_cents").unwrap_err().to_string();
        assert!(error.contains("no column `price_cents`; there is `id`, `name`"), "{error}");
    }
}
