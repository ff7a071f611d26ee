//! `wload:scenario/keeping`: what a user keeps beside its saved state.
//!
//! Upstream: the guest, from every export but `describe`. Downstream: `kept.rs`. Invariant: a number means
//! something to the user alone that got it, so that no user can ask for what is another's.

use std::sync::Arc;

use wload_core::limits::KEPT_VALUES_PER_USER_MAX;

use crate::bindings::wload::scenario::keeping;
use crate::kept::KeptValue;
use crate::store_state::{StoreState, UserState, misuse};

impl UserState {
    fn kept(&self, number: u32) -> wasmtime::Result<&Arc<KeptValue>> {
        let kept = self.resident.kept.get(number as usize);
        kept.ok_or_else(|| misuse(format!("the user keeps no value with the number {number}")))
    }
}

impl keeping::Host for StoreState {
    fn keep(&mut self, content: Vec<u8>) -> wasmtime::Result<Result<u32, String>> {
        let user = self.owner()?;
        if user.resident.kept.len() >= KEPT_VALUES_PER_USER_MAX {
            return Ok(Err(format!(
                "the user keeps {KEPT_VALUES_PER_USER_MAX} values already, which is the most"
            )));
        }
        let value = match user.shared.kept.keep(content) {
            Ok(value) => value,
            Err(no_room) => return Ok(Err(no_room.to_string())),
        };
        let number = user.resident.kept.insert(value);
        Ok(Ok(u32::try_from(number).expect("a user keeps few values")))
    }

    fn read(&mut self, value: u32) -> wasmtime::Result<Vec<u8>> {
        Ok(self.owner()?.kept(value)?.bytes().to_vec())
    }

    fn forget(&mut self, value: u32) -> wasmtime::Result<()> {
        let user = self.owner()?;
        user.kept(value)?;
        user.resident.kept.remove(value as usize);
        Ok(())
    }
}
