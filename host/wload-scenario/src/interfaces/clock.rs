//! `wload:scenario/clock`: time of the run, and sleeping.

use std::time::Duration;

use wload_core::cancel::StopPhase;
use wload_core::limits::WAIT_MAX;

use crate::bindings::wload::scenario::{clock, types};
use crate::outside::{Done, WRONG_WORK, Work};
use crate::store_state::{StoreState, misuse};

impl types::Host for StoreState {}

impl clock::Host for StoreState {
    fn elapsed(&mut self) -> wasmtime::Result<u64> {
        let elapsed = self.user()?.core.clock.elapsed();
        Ok(u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX))
    }

    async fn sleep(&mut self, time: u64) -> wasmtime::Result<bool> {
        let turn = self.compute.turn();
        let user = self.user()?;
        if user.refuses()? {
            return Ok(false);
        }
        let signals = user.resident.signals.clone();
        let is_stoppable = user.is_stoppable;
        let timer = user.core.timer.sleep(Duration::from_nanos(time).min(WAIT_MAX));
        turn.outside.begin(Work::Sleep(Box::pin(async move {
            if !is_stoppable {
                timer.await;
                return true;
            }
            tokio::select! {
                () = timer => true,
                () = signals.reached(StopPhase::Stop) => false,
            }
        })));
        match turn.done().await {
            Done::Slept(slept) => Ok(slept),
            Done::Exchange(_) => Err(misuse(WRONG_WORK)),
        }
    }
}
