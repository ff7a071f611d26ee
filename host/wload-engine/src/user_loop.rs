//! The life of one user: start, (pick a task, run it, wait)*, stop.
//!
//! Control. Upstream: `user_set.rs` starts it and raises its phase. Downstream: the guest, by
//! [`Program`]. Data: exceptions go to the core's recorder; requests are recorded below.
//! Invariants: an exception never ends the run; a guest that trapped is replaced by a fresh one;
//! a user in phase `Abort` is dropped wherever it is.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wload_core::cancel::StopPhase;
use wload_core::ids::NodeId;
use wload_core::random::UserRandom;
use wload_core::sample::Exception;
use wload_core::user_class::ScenarioInfo;
use wload_scenario::{Identity, Outcome, Scope, TaskFailure, UserSignals};

use crate::program::{CallResult, Program, ProgramFactory};
use crate::task_picker::{Step, TaskPicker, TaskTree};

/// Before an instance that died is replaced: a scenario that dies at once must not keep its core
/// busy with making instances.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_secs(1);

/// What the users of a core share.
pub(crate) struct UserContext<F> {
    pub(crate) factory: F,
    pub(crate) info: Arc<ScenarioInfo>,
    pub(crate) tree: Rc<TaskTree>,
    pub(crate) seed: u64,
    /// Tasks that may still start in the run; none: no limit.
    pub(crate) iterations: Option<Arc<AtomicI64>>,
}

/// Why a user's guest is left.
enum Exit {
    /// The user is over.
    Done,
    /// The guest trapped: another one.
    Died,
}

/// Runs a user until it stops or is dropped.
pub(crate) async fn user_loop<F: ProgramFactory>(
    context: Rc<UserContext<F>>,
    identity: Identity,
    signals: Rc<UserSignals>,
) {
    let life = live(&context, identity, &signals);
    tokio::select! {
        () = life => {}
        () = signals.reached(StopPhase::Abort) => {}
    }
}

async fn live<F: ProgramFactory>(context: &UserContext<F>, identity: Identity, signals: &Rc<UserSignals>) {
    let mut random = UserRandom::new(context.seed, identity.id.0);
    loop {
        match run_guest(context, identity, signals, &mut random).await {
            Exit::Done => return,
            Exit::Died => {
                tokio::select! {
                    () = tokio::time::sleep(RESTART_PAUSE) => {}
                    () = signals.reached(StopPhase::Drain) => return,
                }
            }
        }
    }
}
