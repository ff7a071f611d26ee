//! `wload:scenario/data`: rows of the tables that the host loaded.

use wasmtime::component::Resource;

use crate::bindings::wload::scenario::data::{self, Error, Order};
use crate::store_state::{StoreState, UserState, misuse};
use crate::tables::Table;

/// A table in the guest's hands: its number is the table's index.
#[expect(unreachable_pub, reason = "the generated bindings re-export it")]
pub struct TableHandle;

impl UserState {
    fn table(&self, handle: &Resource<TableHandle>) -> wasmtime::Result<&Table> {
        self.shared.tables.get(handle.rep()).ok_or_else(|| misuse("unknown table handle"))
    }
}

impl data::Host for StoreState {}

impl data::HostTable for StoreState {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<TableHandle>, Error>> {
        let user = self.user()?;
        let Some(index) = user.shared.tables.find(&name) else {
            return Ok(Err(Error::NoSuchTable(name)));
        };
        user.open_handle()?;
        Ok(Ok(Resource::new_own(index)))
    }

    fn columns(&mut self, table: Resource<TableHandle>) -> wasmtime::Result<Vec<String>> {
        Ok(self.user()?.table(&table)?.columns.clone())
    }

    fn size(&mut self, table: Resource<TableHandle>) -> wasmtime::Result<u64> {
        Ok(self.user()?.table(&table)?.len())
    }

    fn row(
        &mut self,
        table: Resource<TableHandle>,
        index: u64,
    ) -> wasmtime::Result<Option<Vec<String>>> {
        Ok(self.user()?.table(&table)?.row(index).map(<[String]>::to_vec))
    }

    fn next(
        &mut self,
        table: Resource<TableHandle>,
        order: Order,
    ) -> wasmtime::Result<Result<Vec<String>, Error>> {
        let user = self.user()?;
        let size = user.table(&table)?.len();
        let random =
            if matches!(order, Order::Random) { user.resident.random.below(size) } else { 0 };
        let table = user.table(&table)?;
        let row = match order {
            Order::Sequential => Some(table.next_sequential()),
            Order::Random => table.row(random),
            Order::Unique => table.next_unique(),
        };
        Ok(row.map(<[String]>::to_vec).ok_or(Error::Exhausted))
    }

    fn drop(&mut self, _: Resource<TableHandle>) -> wasmtime::Result<()> {
        self.owner()?.close_handle();
        Ok(())
    }
}
