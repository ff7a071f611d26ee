//! One user, wherever it lives: the calls that the engine makes.
//!
//! Upstream: a core of the engine makes it on its own thread and drives it. Downstream: the pool, which
//! has the instance for each call. Ends when it is dropped; after a trap it must be.
//! Invariant: calls of one user never overlap.

use std::rc::Rc;
use std::time::Duration;

use wload_core::ids::{ClassId, NodeId};

use crate::bindings::exports::wload::scenario::users;
use crate::core_context::UserSignals;
use crate::instance::{Outcome, Scope};
use crate::pool::{Home, InstancePool, Pooled};
use crate::store_state::{Identity, Resident};
use crate::trap::TaskFailure;

/// A user.
pub struct UserInstance {
    pool: Rc<InstancePool>,
    home: Rc<Home>,
    class: ClassId,
}

impl std::fmt::Debug for UserInstance {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("UserInstance").field("class", &self.class).finish_non_exhaustive()
    }
}

impl UserInstance {
    /// A new user, in an instance where nothing of another one can be found.
    ///
    /// # Errors
    /// [`TaskFailure`] when the instance cannot be made, or traps while it is.
    pub async fn start(
        pool: &Rc<InstancePool>,
        signals: Rc<UserSignals>,
        identity: Identity,
    ) -> Result<Self, TaskFailure> {
        let shared = &pool.scenario().inner.shared;
        let resident = Resident::new(pool.core(), shared, signals, Some(identity));
        let home = Home::new(pool, identity.class);
        let pooled = pool.start(resident, &home).await?;
        let user = Self { pool: pool.clone(), home, class: identity.class };
        user.leave(pooled).await;
        Ok(user)
    }

    /// A user starts, or enters a task set.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn on_start(&mut self, scope: Scope) -> Result<Outcome, TaskFailure> {
        let mut pooled = self.enter().await?;
        let result = pooled.instance.on_start(self.scope(scope)).await;
        self.ended(pooled, result).await
    }

    /// Runs a task once.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn run_task(&mut self, task: NodeId) -> Result<Outcome, TaskFailure> {
        let mut pooled = self.enter().await?;
        let result = pooled.instance.run_task(task).await;
        self.ended(pooled, result).await
    }

    /// A user stops, or leaves a task set. Requests are possible though the user is being stopped.
    ///
    /// # Errors
    /// An exception or a trap of the guest.
    pub async fn on_stop(&mut self, scope: Scope) -> Result<Outcome, TaskFailure> {
        let mut pooled = self.enter().await?;
        let result = pooled.instance.on_stop(self.scope(scope)).await;
        self.ended(pooled, result).await
    }

    /// Asks the guest how long to wait; `set` is the set whose wait time is custom, none for the
    /// class.
    ///
    /// # Errors
    /// A trap of the guest.
    pub async fn wait_time(&mut self, set: Option<NodeId>) -> Result<Duration, TaskFailure> {
        let mut pooled = self.enter().await?;
        let result = pooled.instance.wait_time(set).await;
        self.ended(pooled, result).await
    }

    /// It will wait for so long before its next call.
    pub fn rests(&mut self, pause: Duration) {
        self.pool.rests(&self.home, pause);
    }

    /// Boxed, as is leaving, where it has to wait: a call usually finds its instance and keeps it, and does not
    /// carry the state of saving around.
    async fn enter(&self) -> Result<Box<Pooled>, TaskFailure> {
        match self.pool.enter_at_once(&self.home) {
            Some(pooled) => Ok(pooled),
            None => Box::pin(self.pool.enter(&self.home)).await,
        }
    }

    async fn leave(&self, pooled: Box<Pooled>) {
        if let Some(pooled) = self.pool.leave(pooled, &self.home) {
            Box::pin(self.pool.vacate(pooled, &self.home)).await;
        }
    }

    /// An instance that trapped is dropped here.
    async fn ended<T>(
        &self,
        pooled: Box<Pooled>,
        result: Result<T, TaskFailure>,
    ) -> Result<T, TaskFailure> {
        if !matches!(&result, Err(failure) if failure.is_trap) {
            self.leave(pooled).await;
        }
        result
    }

    fn scope(&self, scope: Scope) -> users::Scope {
        match scope {
            Scope::User => users::Scope::User(self.class.0),
            Scope::Set(node) => users::Scope::Node(node.0),
        }
    }
}

impl Drop for UserInstance {
    fn drop(&mut self) {
        self.pool.forget(&self.home);
    }
}
