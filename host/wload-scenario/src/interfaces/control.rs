//! `wload:scenario/control` and `identity`: which user this is, and what it may do to the run.

use wload_core::cancel::StopPhase;

use crate::bindings::wload::scenario::{control, identity};
use crate::store_state::{StoreState, misuse};

impl control::Host for StoreState {
    fn stop_user(&mut self) -> wasmtime::Result<()> {
        self.user()?.resident.signals.want_stop();
        Ok(())
    }

    fn is_stopping(&mut self) -> wasmtime::Result<bool> {
        let user = self.user()?;
        Ok(user.resident.signals.phase() > StopPhase::Run || user.resident.signals.wants_stop())
    }

    fn stop_run(&mut self, exit_code: Option<u8>) -> wasmtime::Result<()> {
        (self.user()?.core.stop_run)(exit_code);
        Ok(())
    }
}

impl identity::Host for StoreState {
    fn current(&mut self) -> wasmtime::Result<identity::User> {
        match self.user()?.resident.identity {
            Some(user) => Ok(identity::User {
                id: user.id.0,
                class: user.class.0,
                class_index: user.class_index,
            }),
            None => Err(misuse(
                "a shape and hooks run outside of users: `identity.current` has no answer here",
            )),
        }
    }
}
