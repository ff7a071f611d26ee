//! Every host interface in one linker.
//!
//! Upstream: `loader.rs`, once per scenario. Downstream: one file per WIT interface.

use wasmtime::component::{HasSelf, Linker};

use crate::bindings::wload::scenario as contract;
use crate::store_state::StoreState;

pub(crate) mod clock;
pub(crate) mod control;
pub(crate) mod data;
pub(crate) mod events;
pub(crate) mod http;
pub(crate) mod keeping;
pub(crate) mod log;
pub(crate) mod options;
pub(crate) mod random;
pub(crate) mod run;

/// WASI and the contract.
pub(crate) fn add_to_linker(linker: &mut Linker<StoreState>) -> wasmtime::Result<()> {
    wasmtime_wasi::p2::add_to_linker_async(linker)?;
    contract::types::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::http::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::events::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::data::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::random::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::clock::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::log::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::options::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::identity::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::control::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::run::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)?;
    contract::keeping::add_to_linker::<_, HasSelf<StoreState>>(linker, |state| state)
}
