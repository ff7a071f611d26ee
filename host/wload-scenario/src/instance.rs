//! One user: an instance of the component with its own memory, client and signals.
//!
//! Upstream: a core of the engine makes it on its own thread and drives it. Downstream: the guest's
//! exports. Ends when it is dropped; after a trap it must be.
//! Invariant: calls of one instance never overlap.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use slab::Slab;
use wasmtime::Store;
use wload_core::ids::{NodeId, UserId};
use wload_core::limits::WAIT_MAX;
use wload_core::random::UserRandom;
use wload_core::shape::Tick;
use wload_http::HttpClient;

use crate::bindings::exports::wload::scenario::{hooks, shape, users};
use crate::compute::{ComputeMeter, Turn, watched};
use crate::core_context::{CoreContext, UserSignals};
use crate::error::ScenarioError;
use crate::guest_log::GuestLog;
use crate::loader::{Scenario, new_store};
use crate::store_state::{Identity, StoreState, UserState};
use crate::trap::TaskFailure;

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

/// The stream of random numbers that the guest draws from; the engine's own choices have another.
const GUEST_STREAM: u64 = 0x6775_6573_7400_0001;

/// A user.
pub struct UserInstance {
    store: Store<StoreState>,
    guest: users::Guest,
    class: u32,
}

impl std::fmt::Debug for UserInstance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UserInstance").field("class", &self.class).finish_non_exhaustive()
    }
}

impl UserInstance {
    /// A fresh instance for this user.
    ///
    /// # Errors
    /// [`TaskFailure`] when the instance cannot be made, or traps while it is.
    pub async fn start(
        scenario: &Scenario,
        core: Rc<CoreContext>,
        signals: Rc<UserSignals>,
        identity: Identity,
    ) -> Result<Self, TaskFailure> {
        let class = scenario.info().class(identity.class);
        let origin = format!("{}/{}", class.name, identity.id);
        let mut store = store(scenario, core, signals, Some(identity), origin)?;
        let turn = store.data().compute.turn();
        let instance = watched(turn, scenario.inner.pre.instantiate_async(&mut store)).await;
        let guest = instance.and_then(|instance| scenario.inner.users.load(&mut store, &instance));
        let guest = guest.map_err(|error| failure(&mut store, &error))?;
        Ok(Self { store, guest, class: identity.class.0 })
    }

    /// A user starts, or enters a task set.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn on_start(&mut self, scope: Scope) -> Result<Outcome, TaskFailure> {
        let scope = self.scope(scope);
        let turn = begin(&mut self.store, true);
        let result = watched(turn, self.guest.call_on_start(&mut self.store, scope)).await;
        finish(&mut self.store, result)
    }

    /// Runs a task once.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn run_task(&mut self, task: NodeId) -> Result<Outcome, TaskFailure> {
        let turn = begin(&mut self.store, true);
        let result = watched(turn, self.guest.call_run_task(&mut self.store, task.0)).await;
        finish(&mut self.store, result)
    }

    /// A user stops, or leaves a task set. Requests are possible though the user is being stopped.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn on_stop(&mut self, scope: Scope) -> Result<Outcome, TaskFailure> {
        let scope = self.scope(scope);
        let turn = begin(&mut self.store, false);
        let result = watched(turn, self.guest.call_on_stop(&mut self.store, scope)).await;
        finish(&mut self.store, result)
    }

    /// Asks the guest how long to wait; `set` is the set whose wait time is custom, none for the
    /// class.
    ///
    /// # Errors
    /// A trap of the guest.
    pub async fn wait_time(&mut self, set: Option<NodeId>) -> Result<Duration, TaskFailure> {
        let turn = begin(&mut self.store, true);
        let set = set.map(|set| set.0);
        let result = watched(turn, self.guest.call_get_wait_time(&mut self.store, set)).await;
        end(&mut self.store);
        let wait = result.map_err(|error| failure(&mut self.store, &error))?;
        Ok(Duration::from_nanos(wait).min(WAIT_MAX))
    }

    fn scope(&self, scope: Scope) -> users::Scope {
        match scope {
            Scope::User => users::Scope::User(self.class),
            Scope::Set(node) => users::Scope::Node(node.0),
        }
    }
}

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
        let mut store = store(scenario, core, Rc::default(), None, "shape".into())?;
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
        let mut store = store(scenario, core, Rc::default(), None, "hooks".into())?;
        let turn = store.data().compute.turn();
        let instance = watched(turn, scenario.inner.pre.instantiate_async(&mut store)).await;
        let guest = instance.and_then(|instance| indices.load(&mut store, &instance));
        let guest = guest.map_err(|error| failure(&mut store, &error))?;
        Ok(Some(Self { store, guest }))
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

fn store(
    scenario: &Scenario,
    core: Rc<CoreContext>,
    signals: Rc<UserSignals>,
    identity: Option<Identity>,
    origin: String,
) -> Result<Store<StoreState>, TaskFailure> {
    let inner = &scenario.inner;
    let compute = ComputeMeter::new(inner.limits.compute_time_max, core.lane.clone());
    let place = identity.map_or(inner.shared.info.classes.len(), |user| user.class.index());
    let base = inner.shared.bases.get(place).cloned().flatten();
    let (target_host, base) = base.map_or((None, None), |(text, base)| (Some(text), Some(base)));
    let id = identity.map_or(UserId(u64::MAX), |user| user.id);
    let user = UserState {
        log: GuestLog::new(core.clone(), origin, inner.limits.log_lines_per_second_max),
        client: HttpClient::new(core.http.clone(), base),
        core,
        signals,
        shared: inner.shared.clone(),
        exchanges: Slab::new(),
        templates: Slab::new(),
        template_bytes: 0,
        judged_open: 0,
        limits: inner.limits,
        held_body_bytes: 0,
        handles_open: 0,
        random: UserRandom::new(inner.shared.seed ^ GUEST_STREAM, id),
        identity,
        target_host,
        refusals: 0,
        is_stoppable: true,
    };
    let state = StoreState::for_user(inner.limits, compute, user, &inner.grants)
        .map_err(|error: ScenarioError| TaskFailure::before_start(&error))?;
    Ok(new_store(inner.pre.engine(), state))
}

/// Before a call into the guest, which is to be [`watched`].
fn begin(store: &mut Store<StoreState>, is_stoppable: bool) -> Arc<Turn> {
    store.set_epoch_deadline(1);
    let state = store.data_mut();
    state.compute.start();
    if let Some(user) = state.user_if_any() {
        user.is_stoppable = is_stoppable;
    }
    state.compute.turn()
}

/// After a call into the guest, whatever became of it.
fn end(store: &mut Store<StoreState>) {
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

fn finish_text(
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

fn failure(store: &mut Store<StoreState>, error: &wasmtime::Error) -> TaskFailure {
    let panic = store.data_mut().user_if_any().and_then(|user| user.log.take_panic());
    TaskFailure::from_trap(error, panic)
}
