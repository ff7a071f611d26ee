//! What a user runs: the guest's calls behind a trait, so that users can be tested without wasm.
//!
//! Upstream: `user_loop.rs` drives it. Downstream: an instance of the scenario.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use wload_core::ids::NodeId;
use wload_core::snapshot::InstanceCounts;
use wload_scenario::{
    CoreContext, Identity, InstancePool, Outcome, Scope, TaskFailure, UserInstance, UserSignals,
};

/// How a call into the guest ended.
pub(crate) type CallResult = Result<Outcome, TaskFailure>;

/// One user's guest.
pub(crate) trait Program: 'static {
    /// The user starts, or enters a set.
    fn on_start(&mut self, scope: Scope) -> impl Future<Output = CallResult>;
    /// Runs one task.
    fn run_task(&mut self, task: NodeId) -> impl Future<Output = CallResult>;
    /// The user stops, or leaves a set.
    fn on_stop(&mut self, scope: Scope) -> impl Future<Output = CallResult>;
    /// A custom wait time; of a set, or of the class.
    fn wait_time(
        &mut self,
        set: Option<NodeId>,
    ) -> impl Future<Output = Result<Duration, TaskFailure>>;
    /// The user will wait for so long before its next call.
    fn rests(&mut self, pause: Duration);
}

/// Makes the guests of one core.
pub(crate) trait ProgramFactory: 'static {
    /// What it makes.
    type Program: Program;
    /// A fresh guest for this user.
    fn create(
        &self,
        identity: Identity,
        signals: Rc<UserSignals>,
    ) -> impl Future<Output = Result<Self::Program, TaskFailure>>;
    /// What the users of the core share.
    fn core(&self) -> &Rc<CoreContext>;
    /// What its guests live in.
    fn instances(&self) -> InstanceCounts;
    /// Looks whether they take too much memory.
    fn look_at_memory(&self);
    /// Lets go of what is too much; never ends.
    fn tend(&self) -> impl Future<Output = ()>;
}

/// Makes instances of a scenario.
pub(crate) struct GuestFactory(pub(crate) Rc<InstancePool>);

impl ProgramFactory for GuestFactory {
    type Program = UserInstance;

    async fn create(
        &self,
        identity: Identity,
        signals: Rc<UserSignals>,
    ) -> Result<UserInstance, TaskFailure> {
        Box::pin(UserInstance::start(&self.0, signals, identity)).await
    }

    fn core(&self) -> &Rc<CoreContext> {
        self.0.core()
    }

    fn instances(&self) -> InstanceCounts {
        self.0.counts()
    }

    fn look_at_memory(&self) {
        self.0.look_at_memory();
    }

    async fn tend(&self) {
        self.0.tend().await;
    }
}

/// Each call has its state in a box of its own: a user that waits must not keep room for it.
impl Program for UserInstance {
    async fn on_start(&mut self, scope: Scope) -> CallResult {
        Box::pin(UserInstance::on_start(self, scope)).await
    }

    async fn run_task(&mut self, task: NodeId) -> CallResult {
        Box::pin(UserInstance::run_task(self, task)).await
    }

    async fn on_stop(&mut self, scope: Scope) -> CallResult {
        Box::pin(UserInstance::on_stop(self, scope)).await
    }

    async fn wait_time(&mut self, set: Option<NodeId>) -> Result<Duration, TaskFailure> {
        Box::pin(UserInstance::wait_time(self, set)).await
    }

    fn rests(&mut self, pause: Duration) {
        UserInstance::rests(self, pause);
    }
}
