//! What runs outside of users: the scenario's load shape, its test start and its test stop.
//!
//! Control. Upstream: the controller, on its own thread. Downstream: one instance for the shape and
//! one for the hooks, for the whole run. Data: what their requests measure goes into a recorder of
//! their own, which the controller takes. Invariant: no call takes longer than its limit.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use wload_core::delta::StatsDelta;
use wload_core::shape::Tick;
use wload_scenario::{CoreContext, HooksInstance, RunView, Scenario, ShapeInstance, TaskFailure};

/// The instances beside the users.
pub(crate) struct RunPrograms {
    core: Rc<CoreContext>,
    shape: Option<ShapeInstance>,
    hooks: Option<HooksInstance>,
    shape_time_max: Duration,
    hook_time_max: Duration,
}

impl RunPrograms {
    /// Makes the instances that the scenario asks for.
    pub(crate) async fn start(
        scenario: &Scenario,
        core: Rc<CoreContext>,
    ) -> Result<Self, TaskFailure> {
        let shape = ShapeInstance::start(scenario, core.clone()).await?;
        let hooks = HooksInstance::start(scenario, core.clone()).await?;
        let limits = scenario.limits();
        let (shape_time_max, hook_time_max) = (limits.shape_time_max, limits.hook_time_max);
        Ok(Self { core, shape, hooks, shape_time_max, hook_time_max })
    }

    pub(crate) async fn init(&mut self) -> Result<(), TaskFailure> {
        let Some(hooks) = &mut self.hooks else { return Ok(()) };
        let ended = in_time(hooks.init(), self.hook_time_max, "hook-time").await;
        self.after_hook(ended)
    }

    pub(crate) async fn quitting(&mut self) -> Result<(), TaskFailure> {
        let Some(hooks) = &mut self.hooks else { return Ok(()) };
        let ended = in_time(hooks.quitting(), self.hook_time_max, "hook-time").await;
        self.after_hook(ended)
    }

    pub(crate) async fn test_start(&mut self) -> Result<(), TaskFailure> {
        let Some(hooks) = &mut self.hooks else { return Ok(()) };
        let ended = in_time(hooks.test_start(), self.hook_time_max, "hook-time").await;
        self.after_hook(ended)
    }

    pub(crate) async fn spawning_complete(&mut self, users: u32) -> Result<(), TaskFailure> {
        let Some(hooks) = &mut self.hooks else { return Ok(()) };
        let called = hooks.spawning_complete(users);
        let ended = in_time(called, self.hook_time_max, "hook-time").await;
        self.after_hook(ended)
    }

    pub(crate) async fn test_stop(&mut self) -> Result<(), TaskFailure> {
        let Some(hooks) = &mut self.hooks else { return Ok(()) };
        let ended = in_time(hooks.test_stop(), self.hook_time_max, "hook-time").await;
        self.after_hook(ended)
    }

    /// The hooks were called and nobody waits for them any more.
    pub(crate) fn give_up_hooks(&mut self) {
        self.hooks = None;
    }

    /// An instance that trapped cannot be called again: the other hooks are left out.
    fn after_hook(&mut self, ended: Result<(), TaskFailure>) -> Result<(), TaskFailure> {
        if ended.as_ref().is_err_and(|failure| failure.is_trap) {
            self.give_up_hooks();
        }
        ended
    }

    /// The shape's next target; none ends the run, and so does a scenario without a shape. A failure
    /// is the shape's last word.
    pub(crate) async fn shape_tick(
        &mut self,
        elapsed: Duration,
        users: u32,
    ) -> Result<Option<Tick>, TaskFailure> {
        let Some(shape) = &mut self.shape else { return Ok(None) };
        in_time(shape.tick(elapsed, users), self.shape_time_max, "shape-time").await
    }

    /// Log lines of hooks and shape that were over the limit.
    pub(crate) fn log_lines_dropped(&self) -> u64 {
        self.core.log_lines_dropped.get()
    }

    /// The run as a whole, for all its instances.
    pub(crate) fn view(&self) -> &RunView {
        &self.core.run
    }

    /// What was measured since the last time.
    pub(crate) fn take_delta(&self) -> StatsDelta {
        self.core.recorder.borrow_mut().take_delta()
    }
}

/// A call that takes too long is dropped, and its instance with it.
async fn in_time<T>(
    call: impl Future<Output = Result<T, TaskFailure>>,
    time_max: Duration,
    limit: &str,
) -> Result<T, TaskFailure> {
    tokio::time::timeout(time_max, call).await.unwrap_or_else(|_| {
        let millis = time_max.as_millis();
        Err(TaskFailure {
            message: format!("took more than {millis} ms, waiting included (`--limit {limit}`)"),
            trace: String::new(),
            is_trap: true,
        })
    })
}
