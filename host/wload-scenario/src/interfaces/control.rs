//! `wload:scenario/control` and `identity`: which user this is, and what it may do to the run.

use wload_core::cancel::StopPhase;
use wload_core::run_state::RunState;

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
        let core = &self.user()?.core;
        if exit_code.is_some() {
            core.run.set_exit_code(exit_code);
        }
        (core.stop_run)(exit_code);
        Ok(())
    }

    fn set_exit_code(&mut self, code: Option<u8>) -> wasmtime::Result<()> {
        self.user()?.core.run.set_exit_code(code);
        Ok(())
    }

    fn set_run_state(&mut self, state: Vec<u8>) -> wasmtime::Result<()> {
        let user = self.user()?;
        let bytes_max = user.limits.run_state_bytes_max;
        if user.resident.identity.is_some() || user.core.run.phase() != RunState::Ready {
            return Err(misuse(
                "`control.set-run-state` is for `hooks.init` and `hooks.test-start` alone",
            ));
        }
        if state.len() > bytes_max {
            return Err(misuse(format!(
                "`control.set-run-state` leaves {} bytes for the users; at most {bytes_max} (`--limit run-state`)",
                state.len()
            )));
        }
        user.core.run.set_state(state);
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
