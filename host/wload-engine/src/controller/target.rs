//! The number of users that a run has: where it comes from, and how it is reached.
//!
//! Control. Upstream: the plan, the load shape, commands. Downstream: the cores. Invariant: a target that cannot
//! be leaves the present one as it is.

use std::time::Duration;

use tokio::time::Instant;
use wload_core::cancel::StopReason;
use wload_core::dispatch::{Counts, DispatchError};
use wload_core::event::RunEvent;
use wload_core::ids::CoreId;
use wload_core::plan::Load;
use wload_core::run_state::{RunInput, RunState};
use wload_core::shape::Tick;

use super::{Controller, Timers};
use crate::hook_call::Hook;
use crate::message::CoreCommand;

/// Longest time from one user of a batch to the next on a core. Locust starts those of a second at once; users of
/// a constant pace would stay in one phase for ever, and ask in a burst each time.
const START_GAP_MAX: Duration = Duration::from_millis(10);

/// Why a target was not taken.
#[derive(Debug, thiserror::Error)]
enum TargetProblem {
    #[error(
        "it has {users} users, but room was made for {users_max}: say with `--users` how many there may be"
    )]
    NoRoom { users: u32, users_max: u32 },
    #[error(transparent)]
    Dispatch(#[from] DispatchError),
}

impl Controller {
    pub(super) async fn first_target(&mut self, timers: &mut Timers) {
        match self.plan.load {
            Load::Constant { users, spawn_rate } => {
                self.obey_target(Tick { users, spawn_rate, classes: Vec::new() }, timers).await;
            }
            Load::ScenarioShape => self.ask_shape(timers).await,
        }
    }

    /// A target of the plan or of a front end; one that cannot be leaves the present one.
    pub(super) async fn obey_target(&mut self, tick: Tick, timers: &mut Timers) {
        if let Err(problem) = self.retarget(tick, timers).await {
            let message = format!("the number of users cannot be changed: {problem}");
            if self.state == RunState::Ready {
                self.stop(StopReason::Broken(message), timers).await;
            } else {
                self.try_say(RunEvent::Warning(message));
            }
        }
    }

    pub(super) async fn ask_shape(&mut self, timers: &mut Timers) {
        let count = self.user_count();
        match self.programs.shape_tick(self.clock.elapsed(), count).await {
            Ok(None) => self.stop(StopReason::ShapeEnded, timers).await,
            Ok(Some(tick)) if self.state != RunState::Ready && tick == self.target => {}
            Ok(Some(tick)) => {
                if let Err(problem) = self.retarget(tick, timers).await {
                    let message = format!("the load shape's tick cannot be: {problem}");
                    self.stop(StopReason::Broken(message), timers).await;
                }
            }
            Err(failure) => {
                let message = format!("the load shape failed: {}", failure.message);
                self.stop(StopReason::Broken(message), timers).await;
            }
        }
    }

    async fn retarget(&mut self, tick: Tick, timers: &mut Timers) -> Result<(), TargetProblem> {
        let input =
            if self.state == RunState::Ready { RunInput::Start } else { RunInput::Retarget };
        // A run that is ending takes no target any more.
        let Ok(state) = self.state.next(input) else { return Ok(()) };
        if tick.users > self.users_max {
            return Err(TargetProblem::NoRoom { users: tick.users, users_max: self.users_max });
        }
        self.dispatcher.retarget(&tick)?;
        self.enter(state).await;
        self.target = tick.clone();
        self.programs.view().count(self.user_count(), tick.users);
        self.is_told = false;
        self.say(RunEvent::Ramping(tick)).await;
        self.ramp(timers).await;
        Ok(())
    }

    /// The next batch of the ramp.
    pub(super) async fn ramp(&mut self, timers: &mut Timers) {
        timers.ramp = None;
        if let Some(batch) = self.dispatcher.next_batch() {
            // Their first tasks may ask, before any core has reported.
            self.programs.view().count(batch.counts.total(), self.target.users);
            let (gap, replaces_gone) = (self.gap(), batch.replaces_gone);
            for core in 0..self.channels.cores.len() {
                let counts = self.counts_of(&batch.counts, core);
                self.tell(core, CoreCommand::Users { counts, replaces_gone, gap }).await;
            }
            if !batch.pause_after.is_zero() {
                timers.ramp = Some(Instant::now() + batch.pause_after);
                return;
            }
        }
        self.is_told = true;
        self.ramp_ended(timers).await;
    }

    /// Says that all users run, once the cores have started the last of them.
    pub(super) async fn ramp_ended(&mut self, timers: &Timers) {
        if !self.is_reached() {
            return;
        }
        let Ok(state) = self.state.next(RunInput::Ramped) else { return };
        self.enter(state).await;
        let counts = self.dispatcher.counts();
        let total = counts.total();
        let per_class =
            counts.of_classes().map(|(class, users)| (self.info.class(class).name.clone(), users));
        let event = RunEvent::AllSpawned(per_class.collect());
        self.say(event).await;
        let hook = Hook::SpawningComplete(total);
        if let Some(Err(failure)) = self.interruptible(hook, timers.run_time).await {
            self.try_say(RunEvent::Warning(format!(
                "spawning-complete failed: {}",
                failure.message
            )));
        }
        if self.plan.reset_stats {
            self.statistics.borrow_mut().reset(self.clock.elapsed());
            self.say(RunEvent::StatsReset).await;
        }
    }

    /// From one user that a core starts to its next.
    fn gap(&self) -> Duration {
        let cores = f64::from(self.plan.cores.max(1));
        // A rate is over zero, and may be so small that there is no such duration.
        let gap = Duration::try_from_secs_f64(cores / self.target.spawn_rate);
        gap.unwrap_or(START_GAP_MAX).min(START_GAP_MAX)
    }

    /// Users of each class that a core must have, by class id.
    fn counts_of(&self, counts: &Counts, core: usize) -> Vec<u32> {
        let core = CoreId(u16::try_from(core).unwrap_or(u16::MAX));
        let mut users = vec![0; self.info.classes.len()];
        for (class, count) in counts.of_core(core) {
            users[class.index()] = count;
        }
        users
    }
}
