//! The two instances of a run that are no user's: load shape, and hooks.
//!
//! Upstream: the controller of the engine, on its own thread. Downstream: the guest's exports.
//! Invariant: calls of one instance never overlap.

use std::rc::Rc;
use std::time::Duration;

use wasmtime::Store;
use wload_core::shape::Tick;

use crate::bindings::exports::wload::scenario::{hooks, shape};
use crate::compute::watched;
use crate::core_context::CoreContext;
use crate::guest_log::Origin;
use crate::instance::{begin, end, failure, finish_text, new_user_store};
use crate::loader::Scenario;
use crate::store_state::{Resident, StoreState};
use crate::trap::TaskFailure;

/// The instance that a load shape runs on.
pub struct ShapeInstance {
    store: Store<StoreState>,
    guest: shape::Guest,
}

impl std::fmt::Debug for ShapeInstance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("ShapeInstance").finish_non_exhaustive()
    }
}

impl ShapeInstance {
    /// The instance of the scenario's shape; none when it has no shape.
    ///
    /// # Errors
    /// [`TaskFailure`] when the instance cannot be made.
    pub async fn start(
        scenario: &Scenario,
        core: Rc<CoreContext>,
    ) -> Result<Option<Self>, TaskFailure> {
        let Some(indices) = &scenario.inner.shape else { return Ok(None) };
        let mut store = nobodys_store(scenario, core, "shape")?;
        let turn = store.data().compute.turn();
        let instance = watched(turn, scenario.inner.pre.instantiate_async(&mut store)).await;
        let guest = instance.and_then(|instance| indices.load(&mut store, &instance));
        let guest = guest.map_err(|error| failure(&mut store, &error))?;
        Ok(Some(Self { store, guest }))
    }

    /// The next target; none ends the run. What the guest says is not checked here.
    ///
    /// # Errors
    /// A trap of the guest.
    pub async fn tick(
        &mut self,
        elapsed: Duration,
        user_count: u32,
    ) -> Result<Option<Tick>, TaskFailure> {
        let turn = begin(&mut self.store, true);
        let elapsed = u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX);
        let state = shape::State { elapsed, user_count };
        let result = watched(turn, self.guest.call_tick(&mut self.store, state)).await;
        end(&mut self.store);
        let step = result.map_err(|error| failure(&mut self.store, &error))?;
        Ok(step.map(|step| Tick {
            users: step.users,
            spawn_rate: step.spawn_rate,
            classes: step.classes,
        }))
    }
}

/// The instance that test start and test stop run on.
pub struct HooksInstance {
    store: Store<StoreState>,
    guest: hooks::Guest,
}

impl std::fmt::Debug for HooksInstance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("HooksInstance").finish_non_exhaustive()
    }
}

impl HooksInstance {
    /// The instance of the scenario's hooks; none when it has no hooks.
    ///
    /// # Errors
    /// [`TaskFailure`] when the instance cannot be made.
    pub async fn start(
        scenario: &Scenario,
        core: Rc<CoreContext>,
    ) -> Result<Option<Self>, TaskFailure> {
        let Some(indices) = &scenario.inner.hooks else { return Ok(None) };
        let mut store = nobodys_store(scenario, core, "hooks")?;
        let turn = store.data().compute.turn();
        let instance = watched(turn, scenario.inner.pre.instantiate_async(&mut store)).await;
        let guest = instance.and_then(|instance| indices.load(&mut store, &instance));
        let guest = guest.map_err(|error| failure(&mut store, &error))?;
        Ok(Some(Self { store, guest }))
    }

    /// Before test start.
    ///
    /// # Errors
    /// The guest's error or trap.
    pub async fn init(&mut self) -> Result<(), TaskFailure> {
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_init(&mut self.store)).await;
        finish_text(&mut self.store, result)
    }

    /// After everything.
    ///
    /// # Errors
    /// A trap of the guest.
    pub async fn quitting(&mut self) -> Result<(), TaskFailure> {
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_quitting(&mut self.store)).await;
        finish_text(&mut self.store, result.map(Ok))
    }

    /// Before any user.
    ///
    /// # Errors
    /// The guest's error or trap.
    pub async fn test_start(&mut self) -> Result<(), TaskFailure> {
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_test_start(&mut self.store)).await;
        finish_text(&mut self.store, result)
    }

    /// The number of users is what was asked for.
    ///
    /// # Errors
    /// A trap of the guest.
    pub async fn spawning_complete(&mut self, user_count: u32) -> Result<(), TaskFailure> {
        let turn = begin(&mut self.store, false);
        let call = self.guest.call_spawning_complete(&mut self.store, user_count);
        let result = watched(turn, call).await;
        finish_text(&mut self.store, result.map(Ok))
    }

    /// After the last user.
    ///
    /// # Errors
    /// The guest's error or trap.
    pub async fn test_stop(&mut self) -> Result<(), TaskFailure> {
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_test_stop(&mut self.store)).await;
        finish_text(&mut self.store, result)
    }
}

fn nobodys_store(
    scenario: &Scenario,
    core: Rc<CoreContext>,
    export: &'static str,
) -> Result<Store<StoreState>, TaskFailure> {
    let nobody = Resident::new(&core, &scenario.inner.shared, Rc::default(), None);
    new_user_store(scenario, core, nobody, Origin::Export(export))
}
