//! What runs outside of users: the scenario's load shape, its test start and its test stop.
//!
//! Control. Upstream: the controller, on its own thread. Downstream: one instance for the shape and
//! one for the hooks, for the whole run. Data: what their requests measure goes into a recorder of
//! their own, which the controller takes.

use std::rc::Rc;
use std::time::Duration;

use wload_core::delta::StatsDelta;
use wload_core::shape::Tick;
use wload_scenario::{CoreContext, HooksInstance, Scenario, ShapeInstance, TaskFailure};

/// The instances beside the users.
pub(crate) struct RunPrograms {
    core: Rc<CoreContext>,
    shape: Option<ShapeInstance>,
    hooks: Option<HooksInstance>,
}

impl RunPrograms {
    /// Makes the instances that the scenario asks for.
    pub(crate) async fn start(
        scenario: &Scenario,
        core: Rc<CoreContext>,
    ) -> Result<Self, TaskFailure> {
        let shape = ShapeInstance::start(scenario, core.clone()).await?;
        let hooks = HooksInstance::start(scenario, core.clone()).await?;
        Ok(Self { core, shape, hooks })
    }

    pub(crate) async fn test_start(&mut self) -> Result<(), TaskFailure> {
        match &mut self.hooks {
            Some(hooks) => hooks.test_start().await,
            None => Ok(()),
        }
    }

    pub(crate) async fn spawning_complete(&mut self, users: u32) -> Result<(), TaskFailure> {
        match &mut self.hooks {
            Some(hooks) => hooks.spawning_complete(users).await,
            None => Ok(()),
        }
    }

    pub(crate) async fn test_stop(&mut self) -> Result<(), TaskFailure> {
        match &mut self.hooks {
            Some(hooks) => hooks.test_stop().await,
            None => Ok(()),
        }
    }

    /// The shape's next target; none ends the run, and so does a scenario without a shape.
    pub(crate) async fn shape_tick(
        &mut self,
        elapsed: Duration,
        users: u32,
    ) -> Result<Option<Tick>, TaskFailure> {
        match &mut self.shape {
            Some(shape) => shape.tick(elapsed, users).await,
            None => Ok(None),
        }
    }

    /// What was measured since the last time.
    pub(crate) fn take_delta(&self) -> StatsDelta {
        self.core.recorder.borrow_mut().take_delta()
    }
}
