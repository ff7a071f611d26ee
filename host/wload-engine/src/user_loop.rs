//! The life of one user: start, (pick a task, run it, wait)*, stop.
//!
//! Control. Upstream: `user_set.rs` starts it and raises its phase. Downstream: the guest, by
//! [`Program`]. Data: exceptions go to the core's recorder; requests are recorded below.
//! Invariants: an exception never ends the run; a guest that trapped is replaced by a fresh one;
//! a user may be dropped wherever it is, which is how a run is aborted.

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use wload_core::cancel::StopPhase;
use wload_core::ids::NodeId;
use wload_core::random::UserRandom;
use wload_core::sample::Exception;
use wload_scenario::{CoreContext, Identity, Outcome, Scope, TaskFailure, UserSignals};

use crate::program::{CallResult, Program, ProgramFactory};
use crate::task_picker::{Pause, Step, TaskEnd, TaskPicker, TaskTree};

/// Before an instance that died is replaced: a scenario that dies at once must not keep its core
/// busy with making instances.
pub(crate) const RESTART_PAUSE: Duration = Duration::from_secs(1);
/// A user that never suspends gives way to the others after so many steps,
const STEPS_IN_A_ROW: u32 = 16;
/// or after this time: tasks that compute, each too short for the lane of those that compute for long,
/// must not add up to a long one.
const TIME_IN_A_ROW: Duration = Duration::from_millis(1);

/// What the users of a core share.
pub(crate) struct UserContext<F> {
    pub(crate) factory: F,
    pub(crate) tree: Arc<TaskTree>,
    pub(crate) seed: u64,
    /// Tasks that may still start in the run; none: no limit.
    pub(crate) iterations: Option<Arc<AtomicI64>>,
}

/// Why a user's guest is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// The user is over.
    Done,
    /// The guest trapped: another one.
    Died,
}

/// Runs a user until it stops or is dropped: guest after guest, until one ends well.
pub(crate) async fn user_loop<F: ProgramFactory>(
    context: Rc<UserContext<F>>,
    identity: Identity,
    signals: Rc<UserSignals>,
) {
    let is_new_turn = Cell::new(true);
    let mut life = pin!(live(&context, identity, &signals, &is_new_turn));
    poll_fn(|turn| {
        is_new_turn.set(true);
        life.as_mut().poll(turn)
    })
    .await;
}

async fn live<F: ProgramFactory>(
    context: &UserContext<F>,
    identity: Identity,
    signals: &Rc<UserSignals>,
    is_new_turn: &Cell<bool>,
) {
    let mut random = UserRandom::new(context.seed, identity.id);
    loop {
        if run_guest(context, identity, signals, is_new_turn, &mut random).await == Exit::Done {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART_PAUSE) => {}
            () = signals.reached(StopPhase::Drain) => return,
        }
        // Nothing is left that a fresh guest could do.
        if context.iterations.as_ref().is_some_and(|left| left.load(Ordering::Relaxed) <= 0) {
            return;
        }
    }
}

async fn run_guest<F: ProgramFactory>(
    context: &UserContext<F>,
    identity: Identity,
    signals: &Rc<UserSignals>,
    is_new_turn: &Cell<bool>,
    random: &mut UserRandom,
) -> Exit {
    let core = context.factory.core();
    let class = &context.tree.info().class(identity.class).name;
    let program = match context.factory.create(identity, signals.clone()).await {
        Ok(program) => program,
        Err(failure) => {
            record(core, class, "instantiate", &failure);
            return Exit::Died;
        }
    };
    let picker = TaskPicker::new(context.tree.clone(), identity.class, core.clock.elapsed());
    let mut guest = Guest { program, picker, context, class, signals, is_new_turn };
    match guest.run(random).await {
        Ok(()) => Exit::Done,
        Err(Died) => Exit::Died,
    }
}

/// The guest trapped; its exception is recorded.
struct Died;

/// One guest and where its user is in the task tree.
struct Guest<'a, F: ProgramFactory> {
    program: F::Program,
    picker: TaskPicker,
    context: &'a UserContext<F>,
    class: &'a str,
    signals: &'a UserSignals,
    /// Set whenever the user is polled: it had suspended, and others had their turn.
    is_new_turn: &'a Cell<bool>,
}

impl<F: ProgramFactory> Guest<'_, F> {
    async fn run(&mut self, random: &mut UserRandom) -> Result<(), Died> {
        if !self.start_user().await? {
            return Ok(());
        }
        let core = self.context.factory.core();
        let mut steps = 0_u32;
        // The clock is read after whatever takes time, and nowhere else.
        let mut now = core.clock.elapsed();
        let mut since = now;
        loop {
            if self.is_new_turn.replace(false) {
                (steps, since) = (0, now);
            }
            if steps >= STEPS_IN_A_ROW || now.saturating_sub(since) >= TIME_IN_A_ROW {
                tokio::task::yield_now().await;
                now = core.clock.elapsed();
            }
            steps += 1;
            if self.signals.phase() >= StopPhase::Drain || self.signals.wants_stop() {
                self.picker.stop();
            }
            match self.picker.next(now, random) {
                Step::EnterSet(set) => {
                    if self.context.tree.info().node(set).has_hooks {
                        let result = self.program.on_start(Scope::Set(set)).await;
                        let end = self.end_of(result, Some(set), " on_start")?;
                        self.picker.after(end);
                        now = core.clock.elapsed();
                    } else {
                        self.picker.after(TaskEnd::Next);
                    }
                }
                Step::RunTask(task) => {
                    self.run_task(task).await?;
                    now = core.clock.elapsed();
                }
                Step::LeaveSet(set) => {
                    if self.context.tree.info().node(set).has_hooks {
                        let result = self.program.on_stop(Scope::Set(set)).await;
                        self.end_of(result, Some(set), " on_stop")?;
                        now = core.clock.elapsed();
                    }
                }
                Step::Wait => {
                    if self.wait(now, random).await? {
                        now = core.clock.elapsed();
                    }
                }
                Step::UserDone => return self.stop_user().await,
            }
        }
    }

    /// False: the user does not live. As in Locust, an exception in its `on_start` ends a user.
    async fn start_user(&mut self) -> Result<bool, Died> {
        if !self.has_user_hooks() {
            return Ok(true);
        }
        let result = self.program.on_start(Scope::User).await;
        match self.end_of(result, None, "on_start")? {
            TaskEnd::Exception => Ok(false),
            TaskEnd::StopUser => {
                self.stop_user().await?;
                Ok(false)
            }
            TaskEnd::Next | TaskEnd::Reschedule | TaskEnd::Interrupt { .. } => Ok(true),
        }
    }

    async fn stop_user(&mut self) -> Result<(), Died> {
        if !self.has_user_hooks() {
            return Ok(());
        }
        let result = self.program.on_stop(Scope::User).await;
        // Nothing comes after it: a guest that dies here is not replaced.
        let _ = self.end_of(result, None, "on_stop");
        Ok(())
    }

    async fn run_task(&mut self, task: NodeId) -> Result<(), Died> {
        if let Some(left) = &self.context.iterations
            && left.fetch_sub(1, Ordering::Relaxed) <= 0
        {
            self.picker.after(TaskEnd::StopUser);
            return Ok(());
        }
        let result = self.program.run_task(task).await;
        let end = self.end_of(result, Some(task), "")?;
        self.picker.after(end);
        Ok(())
    }

    /// Waits between two tasks; a user that is to stop waits no longer. False: there was nothing to
    /// wait for, and others had no turn.
    async fn wait(&mut self, now: Duration, random: &mut UserRandom) -> Result<bool, Died> {
        let pause = match self.picker.wait(now, random) {
            Pause::For(pause) => pause,
            Pause::Ask(set) => match self.program.wait_time(set).await {
                Ok(pause) => crate::wait_time::cut(pause),
                Err(failure) => return Err(self.died(set, " wait_time", &failure)),
            },
        };
        if pause.is_zero() {
            return Ok(false);
        }
        self.program.rests(pause);
        tokio::select! {
            () = self.context.factory.core().timer.sleep(pause) => {}
            () = self.signals.reached(StopPhase::Drain) => {}
        }
        Ok(true)
    }

    /// What a call means for the picker; exceptions and traps are recorded.
    fn end_of(
        &self,
        result: CallResult,
        node: Option<NodeId>,
        hook: &str,
    ) -> Result<TaskEnd, Died> {
        match result {
            Ok(Outcome::Next) => Ok(TaskEnd::Next),
            Ok(Outcome::Reschedule) => Ok(TaskEnd::Reschedule),
            Ok(Outcome::Interrupt(reschedule)) => Ok(TaskEnd::Interrupt { reschedule }),
            Ok(Outcome::StopUser) => Ok(TaskEnd::StopUser),
            Ok(Outcome::StopRun(code)) => {
                (self.context.factory.core().stop_run)(code);
                Ok(TaskEnd::StopUser)
            }
            Err(failure) if failure.is_trap => Err(self.died(node, hook, &failure)),
            Err(failure) => {
                self.record(node, hook, &failure);
                Ok(TaskEnd::Exception)
            }
        }
    }

    fn died(&self, node: Option<NodeId>, hook: &str, failure: &TaskFailure) -> Died {
        // A guest that is dropped because its user must stop did nothing wrong.
        if self.signals.phase() < StopPhase::Stop {
            self.record(node, hook, failure);
        }
        Died
    }

    fn record(&self, node: Option<NodeId>, hook: &str, failure: &TaskFailure) {
        let info = self.context.tree.info();
        let task = match node {
            Some(node) => format!("{}{hook}", info.node(node).name),
            None => hook.trim_start().to_owned(),
        };
        record(self.context.factory.core(), self.class, &task, failure);
    }

    fn has_user_hooks(&self) -> bool {
        self.context.tree.info().class(self.picker.class()).has_hooks
    }
}

fn record(core: &CoreContext, class: &str, task: &str, failure: &TaskFailure) {
    core.recorder.borrow_mut().record_exception(&Exception {
        class,
        task,
        message: &failure.message,
        trace: &failure.trace,
        at: core.clock.elapsed(),
    });
}
