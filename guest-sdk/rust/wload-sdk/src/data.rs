//! Tables of test data, which the host loads once and shares between all users.
//!
//! Upstream: a `static` of the author, listed in [`scenario!`](crate::scenario). Downstream: the
//! host's rows. A row crosses only when it is asked for.

mod row;

use std::fmt::{self, Display};
use std::sync::{Arc, OnceLock};

use crate::bindings::exports::wload::scenario::users;
use crate::bindings::wload::scenario::data;
use crate::handles::{Handles, Slot};

pub use row::{Row, RowError};

thread_local! {
    static TABLES: Handles<data::Table> = const { Handles::new() };
}

/// Which row comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// One after the other, over all users of the run; at the end the first again.
    Sequential,
    /// Any row.
    Random,
    /// No row twice in a run.
    Unique,
}

/// A table of test data: a CSV file beside the scenario.
///
/// ```no_run
/// use wload_sdk::prelude::*;
///
/// static PRODUCTS: Table = Table::csv("products", "products.csv");
///
/// # #[derive(Default)] struct Shopper;
/// # impl User for Shopper { fn define() -> UserClass<Self> { UserClass::new("Shopper") } }
/// fn view() -> TaskResult {
///     let product = PRODUCTS.next(Order::Random)?;
///     Client::new().get("/products/{id}").value(product.get("id")?).send();
///     Ok(())
/// }
///
/// scenario!(users: [Shopper], tables: [PRODUCTS]);
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Table {
    name: &'static str,
    path: &'static str,
    has_header: bool,
    open: OnceLock<OpenTable>,
}

/// The host's table, with the names of its columns.
#[derive(Debug)]
struct OpenTable {
    slot: Slot,
    columns: Arc<[String]>,
}

impl OpenTable {
    fn with<R>(&self, act: impl FnOnce(&data::Table) -> R) -> R {
        TABLES.with(|tables| tables.with(self.slot, act))
    }
}

impl Drop for OpenTable {
    fn drop(&mut self) {
        TABLES.with(|tables| tables.remove(self.slot));
    }
}

/// Gives the handles of all tables back; they must not be used any more.
pub(crate) fn forget_handles() {
    TABLES.with(Handles::clear);
}

impl Table {
    /// A CSV file in UTF-8 whose first row names the columns; its path is relative to the
    /// scenario's folder.
    pub const fn csv(name: &'static str, path: &'static str) -> Self {
        Self { name, path, has_header: true, open: OnceLock::new() }
    }

    /// The first row is data as well; the columns are `column_0`, `column_1` and so on.
    #[must_use]
    pub const fn without_header(mut self) -> Self {
        self.has_header = false;
        self
    }

    /// The next row in this order.
    ///
    /// # Errors
    /// [`DataError::Exhausted`] after the last row of [`Order::Unique`], and when the table is not
    /// listed in `scenario!`.
    pub fn next(&self, order: Order) -> Result<Row, DataError> {
        let table = self.open()?;
        let order = match order {
            Order::Sequential => data::Order::Sequential,
            Order::Random => data::Order::Random,
            Order::Unique => data::Order::Unique,
        };
        let values = table.with(|table| table.next(order)).map_err(|error| self.error(error))?;
        Ok(Row::new(self.name, table.columns.clone(), values))
    }

    /// The row with this number; none after the last.
    ///
    /// # Errors
    /// When the table is not listed in `scenario!`.
    pub fn row(&self, index: u64) -> Result<Option<Row>, DataError> {
        let table = self.open()?;
        let values = table.with(|table| table.row(index));
        Ok(values.map(|values| Row::new(self.name, table.columns.clone(), values)))
    }

    /// Number of rows, without the header.
    ///
    /// # Errors
    /// When the table is not listed in `scenario!`.
    pub fn size(&self) -> Result<u64, DataError> {
        Ok(self.open()?.with(data::Table::size))
    }

    fn open(&self) -> Result<&OpenTable, DataError> {
        if let Some(open) = self.open.get() {
            return Ok(open);
        }
        let handle = data::Table::open(self.name).map_err(|error| self.error(error))?;
        let columns = handle.columns().into();
        let slot = TABLES.with(|tables| tables.insert(handle));
        Ok(self.open.get_or_init(|| OpenTable { slot, columns }))
    }

    fn error(&self, error: data::Error) -> DataError {
        match error {
            data::Error::NoSuchTable(name) => DataError::NotDeclared(name),
            data::Error::Exhausted => DataError::Exhausted(self.name),
        }
    }

    pub(crate) fn to_contract(&self) -> users::TableSpec {
        users::TableSpec {
            name: self.name.to_owned(),
            path: self.path.to_owned(),
            has_header: self.has_header,
        }
    }
}

/// Why there is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataError {
    /// The table is not listed in `scenario!`.
    NotDeclared(String),
    /// Each row was handed out once.
    Exhausted(&'static str),
}

impl Display for DataError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotDeclared(name) => {
                write!(out, "table `{name}` is not declared: add it to `tables` of `scenario!`")
            }
            Self::Exhausted(name) => {
                write!(out, "table `{name}` has no more rows that nobody had before")
            }
        }
    }
}

impl std::error::Error for DataError {}
