//! `wload:scenario/random`: numbers that a run with the same seed repeats.

use crate::bindings::wload::scenario::random;
use crate::store_state::{StoreState, misuse};

impl random::Host for StoreState {
    fn get_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.user()?.resident.random.u64())
    }

    fn get_range(&mut self, low: i64, high: i64) -> wasmtime::Result<i64> {
        self.user()?.resident.random.range(low, high).ok_or_else(|| {
            misuse(format!("`random.get-range` needs low < high, found {low} and {high}"))
        })
    }

    fn get_float(&mut self) -> wasmtime::Result<f64> {
        Ok(self.user()?.resident.random.float())
    }
}
