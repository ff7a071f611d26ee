//! One instance of the component: its exports as calls, with the meters around them.
//!
//! Upstream: `user.rs` and `pool.rs` make and drive it. Downstream: the guest's exports. Ends when it
//! is dropped; after a trap it must be.
//! Invariant: calls of one instance never overlap.

use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use slab::Slab;
use wasmtime::{Func, Store};
use wload_core::ids::NodeId;
use wload_core::limits::WAIT_MAX;

use crate::bindings::exports::wload::scenario::{hibernation, users};
use crate::compute::{ComputeMeter, Turn, watched, watched_in_place};
use crate::core_context::CoreContext;
use crate::error::ScenarioError;
use crate::guest_log::{GuestLog, Origin};
use crate::loader::{Scenario, new_store};
use crate::stack::{self, StackRelease};
use crate::store_state::{Resident, StoreState, UserState};
use crate::trap::TaskFailure;

/// Tasks that an instance runs at least before it can be worn out: one that needs much memory for each task
/// is not made anew for each.
const TASKS_BEFORE_WORN: u32 = 16;

/// What is started or stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The user itself.
    User,
    /// A task set.
    Set(NodeId),
}

/// How a task ended, when it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Wait, then the next task.
    Next,
    /// The next task at once.
    Reschedule,
    /// Leave the innermost set; true: the parent goes on at once.
    Interrupt(bool),
    /// The user stops.
    StopUser,
    /// The run stops.
    StopRun(Option<u8>),
}

/// An instance with the user that lives in it.
pub(crate) struct Instance {
    store: Store<StoreState>,
    guest: users::Guest,
    hibernation: Option<hibernation::Guest>,
    /// Of its memory, when it was made.
    bytes_at_start: usize,
    /// Users that lived in it before this one.
    earlier_users: u32,
    tasks: u32,
    /// Makes the store give its stack back; absent before its user waits for long.
    unwind: Option<Func>,
}

impl Instance {
    /// A fresh instance for this user.
    pub(crate) async fn new(
        scenario: &Scenario,
        core: Rc<CoreContext>,
        resident: Box<Resident>,
    ) -> Result<Self, TaskFailure> {
        let inner = &scenario.inner;
        let origin = resident.identity.map_or(Origin::Export("users"), Origin::User);
        let mut store = new_user_store(scenario, core, resident, origin)?;
        let turn = store.data().compute.turn();
        let instance = watched(turn, inner.pre.instantiate_async(&mut store)).await;
        let guests = instance.and_then(|instance| {
            let hibernation = inner.hibernation.as_ref();
            let hibernation = hibernation.map(|it| it.load(&mut store, &instance)).transpose()?;
            Ok((inner.users.load(&mut store, &instance)?, hibernation))
        });
        let (guest, hibernation) = guests.map_err(|error| failure(&mut store, &error))?;
        let bytes_at_start = store.data().memory_bytes();
        let (earlier_users, tasks, unwind) = (0, 0, None);
        Ok(Self { store, guest, hibernation, bytes_at_start, earlier_users, tasks, unwind })
    }

    /// A user starts, or enters a task set.
    pub(crate) async fn on_start(&mut self, scope: users::Scope) -> Result<Outcome, TaskFailure> {
        if matches!(scope, users::Scope::User(_)) {
            // One that begins anew knows nothing of what it kept.
            self.user().resident.kept.clear();
        }
        let turn = begin(&mut self.store, true);
        let result = watched(turn, self.guest.call_on_start(&mut self.store, scope)).await;
        finish(&mut self.store, result)
    }

    /// Runs a task once.
    pub(crate) async fn run_task(&mut self, task: NodeId) -> Result<Outcome, TaskFailure> {
        self.tasks = self.tasks.saturating_add(1);
        let turn = begin(&mut self.store, true);
        let result = {
            let call = pin!(self.guest.call_run_task(&mut self.store, task.0));
            watched_in_place(turn, call).await
        };
        finish(&mut self.store, result)
    }

    /// A user stops, or leaves a task set. Requests are possible though the user is being stopped.
    pub(crate) async fn on_stop(&mut self, scope: users::Scope) -> Result<Outcome, TaskFailure> {
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_on_stop(&mut self.store, scope)).await;
        finish(&mut self.store, result)
    }

    /// How long to wait; `set` is the set whose wait time is custom, none for the class.
    pub(crate) async fn wait_time(&mut self, set: Option<NodeId>) -> Result<Duration, TaskFailure> {
        let turn = begin(&mut self.store, true);
        let set = set.map(|set| set.0);
        let result = watched(turn, self.guest.call_get_wait_time(&mut self.store, set)).await;
        end(&mut self.store);
        let wait = result.map_err(|error| failure(&mut self.store, &error))?;
        Ok(Duration::from_nanos(wait).min(WAIT_MAX))
    }

    /// The state of the user; the inner error is a reason why it cannot be saved.
    pub(crate) async fn save(&mut self) -> Result<Result<Vec<u8>, String>, TaskFailure> {
        let Some(guest) = &self.hibernation else { return Ok(Err("no `hibernation`".into())) };
        let turn = begin_closed(&mut self.store);
        let result = watched(turn, guest.call_save(&mut self.store)).await;
        end_closed(&mut self.store);
        result.map_err(|error| failure(&mut self.store, &error))
    }

    /// The user that moved in goes on from what was saved.
    pub(crate) async fn restore(&mut self, class: u32, state: &[u8]) -> Result<(), TaskFailure> {
        let Some(guest) = &self.hibernation else { return Ok(()) };
        let turn = begin_closed(&mut self.store);
        let result = watched(turn, guest.call_restore(&mut self.store, class, state)).await;
        end_closed(&mut self.store);
        match result {
            Ok(Ok(())) => Ok(()),
            Ok(Err(message)) => Err(TaskFailure::exception(message, None)),
            Err(error) => Err(failure(&mut self.store, &error)),
        }
    }

    /// Whether the guest has forgotten its user, and has left nothing in the host.
    pub(crate) async fn reset(&mut self) -> Result<bool, TaskFailure> {
        let Some(guest) = &self.hibernation else { return Ok(false) };
        let turn = begin_closed(&mut self.store);
        let result = watched(turn, guest.call_reset(&mut self.store)).await;
        end_closed(&mut self.store);
        let is_reset = result.map_err(|error| failure(&mut self.store, &error))?;
        Ok(is_reset && self.store.data_mut().is_clean())
    }

    /// The first call into an instance that will serve several users. What it keeps for that purpose is
    /// no growth.
    pub(crate) async fn prepare_for_reuse(&mut self) -> Result<(), TaskFailure> {
        self.reset().await?;
        self.bytes_at_start = self.store.data().memory_bytes();
        Ok(())
    }

    /// Another user moves in; the one that moves out is returned.
    pub(crate) fn move_in(&mut self, resident: Box<Resident>) -> Box<Resident> {
        self.earlier_users += 1;
        self.user().move_in(resident)
    }

    /// Bytes by which its memory has grown since it was made.
    pub(crate) fn growth_bytes(&self) -> usize {
        self.store.data().memory_bytes().saturating_sub(self.bytes_at_start)
    }

    /// Half of the memory that it may still take is taken: what it does not give back may soon be all.
    pub(crate) fn is_worn(&self) -> bool {
        let allowed = self.store.data().limits().memory_bytes_max;
        self.tasks >= TASKS_BEFORE_WORN
            && self.growth_bytes() > allowed.saturating_sub(self.bytes_at_start) / 2
    }

    /// Users that lived in it before this one.
    pub(crate) fn earlier_users(&self) -> u32 {
        self.earlier_users
    }

    /// Its user waits for long: the stack of its last call is of use to others.
    pub(crate) fn give_stack_back(&mut self, release: &StackRelease) {
        if self.unwind.is_none() {
            self.unwind = release.of(&mut self.store);
        }
        if let Some(unwind) = self.unwind {
            stack::release(&mut self.store, unwind);
        }
    }

    /// The user holds responses, which cannot be saved.
    pub(crate) fn holds_exchanges(&mut self) -> bool {
        !self.user().exchanges.is_empty()
    }

    fn user(&mut self) -> &mut UserState {
        self.store.data_mut().user_if_any().expect("an instance for a user has one")
    }
}

/// A store with the user that will live in it.
pub(crate) fn new_user_store(
    scenario: &Scenario,
    core: Rc<CoreContext>,
    resident: Box<Resident>,
    origin: Origin,
) -> Result<Store<StoreState>, TaskFailure> {
    let inner = &scenario.inner;
    let compute = ComputeMeter::new(inner.limits.compute_time_max, core.lane.clone());
    let lines_max = inner.limits.log_lines_per_second_max;
    let user = UserState {
        log: GuestLog::new(core.clone(), inner.shared.clone(), origin, lines_max),
        core,
        shared: inner.shared.clone(),
        resident,
        exchanges: Slab::new(),
        templates: Slab::new(),
        template_bytes: 0,
        judged_open: 0,
        limits: inner.limits.clone(),
        held_body_bytes: 0,
        handles_open: 0,
        is_stoppable: true,
    };
    let state = StoreState::for_user(inner.limits.clone(), compute, user, &inner.grants)
        .map_err(|error: ScenarioError| TaskFailure::before_start(&error))?;
    Ok(new_store(inner.pre.engine(), state))
}

/// Before a call that must do without the host.
fn begin_closed(store: &mut Store<StoreState>) -> Arc<Turn> {
    store.data_mut().set_closed(true);
    begin(store, false)
}

fn end_closed(store: &mut Store<StoreState>) {
    end(store);
    store.data_mut().set_closed(false);
}

/// Before a call into the guest, which is to be [`watched`].
pub(crate) fn begin(store: &mut Store<StoreState>, is_stoppable: bool) -> Arc<Turn> {
    store.set_epoch_deadline(1);
    let state = store.data_mut();
    state.compute.start();
    if let Some(user) = state.user_if_any() {
        user.is_stoppable = is_stoppable;
    }
    state.compute.turn()
}

/// After a call into the guest, whatever became of it.
pub(crate) fn end(store: &mut Store<StoreState>) {
    let state = store.data_mut();
    state.compute.stop();
    if let Some(user) = state.user_if_any() {
        user.end_call();
    }
}

fn finish(
    store: &mut Store<StoreState>,
    result: wasmtime::Result<Result<users::Outcome, users::TaskError>>,
) -> Result<Outcome, TaskFailure> {
    end(store);
    match result {
        Ok(Ok(outcome)) => Ok(match outcome {
            users::Outcome::Next => Outcome::Next,
            users::Outcome::Reschedule => Outcome::Reschedule,
            users::Outcome::Interrupt(at_once) => Outcome::Interrupt(at_once),
            users::Outcome::StopUser => Outcome::StopUser,
            users::Outcome::StopRun(code) => Outcome::StopRun(code),
        }),
        Ok(Err(error)) => Err(TaskFailure::exception(error.message, error.trace)),
        Err(error) => Err(failure(store, &error)),
    }
}

pub(crate) fn finish_text(
    store: &mut Store<StoreState>,
    result: wasmtime::Result<Result<(), String>>,
) -> Result<(), TaskFailure> {
    end(store);
    match result {
        Ok(Ok(())) => Ok(()),
        Ok(Err(message)) => Err(TaskFailure::exception(message, None)),
        Err(error) => Err(failure(store, &error)),
    }
}

pub(crate) fn failure(store: &mut Store<StoreState>, error: &wasmtime::Error) -> TaskFailure {
    let panic = store.data_mut().user_if_any().and_then(|user| user.log.take_panic());
    TaskFailure::from_trap(error, panic)
}
