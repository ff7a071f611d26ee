//! The one loop of a run: decides how many users there are, gathers what they did, ends the run.
//!
//! Control: load shape and commands come in, absolute user counts go to the cores. Data: deltas of
//! the cores come in, snapshots go out. Owns the state of the run.
//! Invariants: one input at a time, and no branch of the `select!` loses data when another is
//! taken; every user is counted in a report before the final snapshot.

mod target;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::mpsc;
use tokio::time::Instant;
use wload_core::cancel::StopReason;
use wload_core::dispatch::Dispatcher;
use wload_core::event::{RunCommand, RunEvent, RunSummary};
use wload_core::limits::WIRE_GRACE;
use wload_core::plan::{Load, RunPlan};
use wload_core::run_state::{RunInput, RunState};
use wload_core::shape::Tick;
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_core::user_class::ScenarioInfo;
use wload_scenario::{GuestLine, RunClock, Scenario, TaskFailure};

use crate::hook_call::{self, Hook, at};
use crate::message::{CoreCommand, CoreDelta, CoreReport};
use crate::program_hooks::RunPrograms;
use crate::self_monitor::HealthLog;

/// How often a snapshot is made and a shape is asked.
const TICK: Duration = Duration::from_secs(1);
/// After the last moment at which users may live: cores that do not answer are left.
const CORE_GRACE: Duration = Duration::from_secs(5);

/// The ends of the channels that a controller holds.
pub(crate) struct Channels {
    pub(crate) cores: Vec<mpsc::Sender<CoreCommand>>,
    pub(crate) reports: mpsc::Receiver<CoreReport>,
    pub(crate) log: mpsc::Receiver<GuestLine>,
    pub(crate) stop_wishes: mpsc::Receiver<Option<u8>>,
    pub(crate) commands: mpsc::Receiver<RunCommand>,
    pub(crate) events: mpsc::Sender<RunEvent>,
}

/// A run.
pub(crate) struct Controller {
    plan: RunPlan,
    info: Arc<ScenarioInfo>,
    clock: RunClock,
    channels: Channels,
    programs: RunPrograms,
    dispatcher: Dispatcher,
    state: RunState,
    statistics: Rc<RefCell<Statistics>>,
    health: HealthLog,
    /// Users of each class, per core, as last reported.
    users: Vec<Vec<u32>>,
    /// Users that wait for their turn to be started, per core.
    starting: Vec<u32>,
    /// Users that still run, per core.
    alive: Vec<u32>,
    /// Commands sent to and obeyed by each core: older reports say nothing about who is left.
    sent: Vec<u64>,
    obeyed: Vec<u64>,
    log_lines_dropped: Vec<u64>,
    cores_ended: usize,
    /// What the users are ramped to.
    target: Tick,
    /// The cores have been told the whole target.
    is_told: bool,
    reason: Option<StopReason>,
    users_max: u32,
    /// Commands that came while a hook ran.
    kept: VecDeque<RunCommand>,
}

/// What wakes the controller.
enum Input {
    Report(Box<CoreReport>),
    CoresGone,
    Log(GuestLine),
    /// A scenario wants the run to stop.
    StopWish(Option<u8>),
    Command(RunCommand),
    /// The front end is gone.
    Abandoned,
    Tick,
    RampDue,
    RunTimeOver,
    StopOverdue,
}

/// The moments that the controller waits for.
struct Timers {
    tick: Instant,
    ramp: Option<Instant>,
    run_time: Option<Instant>,
    overdue: Option<Instant>,
}

/// Whom there may be, and where.
pub(crate) struct Room {
    pub(crate) dispatcher: Dispatcher,
    pub(crate) users_max: u32,
}

impl Controller {
    pub(crate) fn new(
        plan: RunPlan,
        scenario: &Scenario,
        clock: RunClock,
        channels: Channels,
        programs: RunPrograms,
        statistics: Rc<RefCell<Statistics>>,
        room: Room,
    ) -> Self {
        let Room { dispatcher, users_max } = room;
        let info = scenario.info().clone();
        let cores = channels.cores.len();
        let classes = info.classes.len();
        Self {
            statistics,
            plan,
            info,
            clock,
            channels,
            programs,
            dispatcher,
            state: RunState::Ready,
            health: HealthLog::new(scenario.isolation()),
            users: vec![vec![0; classes]; cores],
            starting: vec![0; cores],
            alive: vec![0; cores],
            sent: vec![0; cores],
            obeyed: vec![0; cores],
            log_lines_dropped: vec![0; cores],
            cores_ended: 0,
            target: Tick { users: 0, spawn_rate: 1.0, classes: Vec::new() },
            is_told: false,
            reason: None,
            users_max,
            kept: VecDeque::new(),
        }
    }

    /// Runs the run to its end.
    pub(crate) async fn controller_loop(mut self) {
        self.say(RunEvent::Started { at: SystemTime::now() }).await;
        let mut timers = Timers {
            tick: Instant::now() + TICK,
            ramp: None,
            run_time: self.plan.run_time.map(|run_time| Instant::now() + run_time),
            overdue: None,
        };
        if self.prepared(Hook::Init, &mut timers).await
            && self.prepared(Hook::TestStart, &mut timers).await
        {
            self.first_target(&mut timers).await;
        }
        while !(self.state == RunState::Stopping && self.nobody_left()) {
            let input = self.wait(&timers).await;
            if !self.on_input(input, &mut timers).await {
                break;
            }
        }
        self.end().await;
    }

    /// Calls a hook without which the run cannot begin; false: it does not.
    async fn prepared(&mut self, hook: Hook, timers: &mut Timers) -> bool {
        match self.interruptible(hook, timers.run_time).await {
            None => false,
            Some(Ok(())) => true,
            Some(Err(failure)) => {
                let message = format!("{} failed: {}", hook.name(), failure.message);
                self.stop(StopReason::Broken(message), timers).await;
                false
            }
        }
    }

    async fn wait(&mut self, timers: &Timers) -> Input {
        if let Some(command) = self.kept.pop_front() {
            return Input::Command(command);
        }
        let channels = &mut self.channels;
        tokio::select! {
            biased;
            command = channels.commands.recv() => command.map_or(Input::Abandoned, Input::Command),
            // Before reports: the user that wishes it stops next, and a report that nobody is left must
            // not end the run before the wish does, or its exit code is lost.
            Some(code) = channels.stop_wishes.recv() => Input::StopWish(code),
            report = channels.reports.recv() => report.map_or(Input::CoresGone, |report| Input::Report(Box::new(report))),
            Some(line) = channels.log.recv() => Input::Log(line),
            () = at(timers.overdue) => Input::StopOverdue,
            () = at(timers.run_time) => Input::RunTimeOver,
            () = at(timers.ramp) => Input::RampDue,
            () = tokio::time::sleep_until(timers.tick) => Input::Tick,
        }
    }

    /// False: there is nothing left to wait for.
    async fn on_input(&mut self, input: Input, timers: &mut Timers) -> bool {
        match input {
            Input::Report(report) => self.on_report(*report, timers).await,
            Input::CoresGone => return false,
            Input::Log(line) => self.say_log(line),
            Input::StopWish(code) => self.stop(StopReason::Scenario(code), timers).await,
            Input::Command(RunCommand::Retarget(tick)) => self.obey_target(tick, timers).await,
            Input::Command(RunCommand::Stop(reason)) => self.stop(reason, timers).await,
            Input::Command(RunCommand::Abort) => self.abort(timers).await,
            Input::Abandoned => {
                self.abort(timers).await;
                return false;
            }
            Input::Tick => self.on_tick(timers).await,
            Input::RampDue => self.ramp(timers).await,
            Input::RunTimeOver => {
                timers.run_time = None;
                self.stop(StopReason::RunTime, timers).await;
            }
            Input::StopOverdue => {
                self.try_say(RunEvent::Warning(
                    "a core did not stop in time: its last numbers are missing".into(),
                ));
                return false;
            }
        }
        true
    }

    /// Calls a hook. None: the run was told to stop, or its time was over, before the hook had ended;
    /// it is not waited for.
    async fn interruptible(
        &mut self,
        hook: Hook,
        until: Option<Instant>,
    ) -> Option<Result<(), TaskFailure>> {
        let ended = {
            let (programs, commands) = (&mut self.programs, &mut self.channels.commands);
            let interrupted = hook_call::interruption(commands, &mut self.kept, until);
            tokio::select! {
                biased;
                ended = hook.call(programs) => Some(ended),
                () = interrupted => None,
            }
        };
        if ended.is_none() {
            self.programs.give_up_hooks();
            self.try_say(RunEvent::Warning(format!(
                "{} had not ended when the run was to stop",
                hook.name()
            )));
        }
        ended
    }

    async fn on_tick(&mut self, timers: &mut Timers) {
        timers.tick = Instant::now() + TICK;
        if self.plan.load == Load::ScenarioShape && self.state != RunState::Stopping {
            self.ask_shape(timers).await;
        }
        self.statistics.borrow_mut().apply(self.programs.take_delta());
        let snapshot = Arc::new(self.snapshot());
        self.try_say(RunEvent::Snapshot(snapshot));
    }

    async fn on_report(&mut self, report: CoreReport, timers: &mut Timers) {
        let delta = match report {
            CoreReport::Delta(delta) => delta,
            CoreReport::Ended(delta) => {
                self.cores_ended += 1;
                delta
            }
        };
        self.take(delta);
        self.ramp_ended(timers).await;
        let everyone_left = self.is_told && self.target.users > 0 && self.nobody_left();
        let can_grow = self.plan.load == Load::ScenarioShape;
        if self.state == RunState::Running && everyone_left && !can_grow {
            self.stop(StopReason::NoUsersLeft, timers).await;
        }
    }

    fn take(&mut self, delta: CoreDelta) {
        let core = usize::from(delta.core.0);
        self.users[core] = delta.users;
        self.starting[core] = delta.starting;
        self.alive[core] = delta.alive;
        self.programs.view().count(self.user_count(), self.target.users);
        self.obeyed[core] = delta.commands_obeyed;
        self.log_lines_dropped[core] = delta.log_lines_dropped;
        self.statistics.borrow_mut().apply(delta.stats);
        if let Some(warning) = self.health.add(delta.health) {
            self.try_say(RunEvent::Warning(warning));
        }
    }

    async fn stop(&mut self, reason: StopReason, timers: &mut Timers) {
        if self.state == RunState::Stopping {
            return;
        }
        let Ok(state) = self.state.next(RunInput::Stop) else { return };
        self.reason = Some(reason);
        self.enter(state).await;
        (timers.ramp, timers.run_time) = (None, None);
        timers.overdue = Some(Instant::now() + self.plan.stop_timeout + WIRE_GRACE + CORE_GRACE);
        for core in 0..self.channels.cores.len() {
            self.tell(core, CoreCommand::StopAll).await;
        }
    }

    async fn abort(&mut self, timers: &mut Timers) {
        self.stop(StopReason::Interrupted, timers).await;
        timers.overdue = Some(Instant::now() + CORE_GRACE);
        for core in 0..self.channels.cores.len() {
            self.tell(core, CoreCommand::AbortAll).await;
        }
    }

    /// Closes the cores, takes their last reports, says the final numbers.
    async fn end(mut self) {
        self.channels.cores.clear();
        let deadline = Instant::now() + CORE_GRACE;
        let cores = self.alive.len();
        while self.cores_ended < cores {
            let Ok(Some(report)) =
                tokio::time::timeout_at(deadline, self.channels.reports.recv()).await
            else {
                break;
            };
            self.cores_ended += usize::from(matches!(report, CoreReport::Ended(_)));
            let (CoreReport::Delta(delta) | CoreReport::Ended(delta)) = report;
            self.take(delta);
        }
        self.programs.view().enter(RunState::Stopped);
        self.last_hook(Hook::TestStop).await;
        self.statistics.borrow_mut().apply(self.programs.take_delta());
        self.last_hook(Hook::Quitting).await;
        while let Ok(line) = self.channels.log.try_recv() {
            self.say_log(line);
        }
        let dropped =
            self.programs.log_lines_dropped() + self.log_lines_dropped.iter().sum::<u64>();
        if dropped > 0 {
            self.try_say(RunEvent::Warning(format!(
                "{dropped} log lines of the scenario were over the limit and left out"
            )));
        }
        if let Ok(state) = self.state.next(RunInput::Stopped) {
            self.enter(state).await;
        }
        let summary = RunSummary {
            reason: self.reason.take().unwrap_or(StopReason::NoUsersLeft),
            snapshot: self.snapshot(),
            rows: self.statistics.borrow().details(),
            exit_code: self.programs.view().exit_code(),
            saturation: self.health.saturation(),
        };
        self.say(RunEvent::Ended(Arc::new(summary))).await;
    }

    async fn last_hook(&mut self, hook: Hook) {
        if let Some(Err(failure)) = self.interruptible(hook, None).await {
            let message = format!("{} failed: {}", hook.name(), failure.message);
            self.try_say(RunEvent::Warning(message));
        }
    }

    fn snapshot(&mut self) -> wload_core::snapshot::Snapshot {
        let input = SnapshotInput {
            elapsed: self.clock.elapsed(),
            user_count: self.user_count(),
            user_target: self.target.users,
            health: self.health.latest().clone(),
        };
        self.statistics.borrow_mut().snapshot(input)
    }

    fn user_count(&self) -> u32 {
        self.users.iter().flatten().sum()
    }

    fn nobody_left(&self) -> bool {
        self.sent == self.obeyed && self.alive.iter().all(|alive| *alive == 0)
    }

    /// Every user of the target has begun.
    fn is_reached(&self) -> bool {
        self.is_told
            && self.sent == self.obeyed
            && self.starting.iter().all(|starting| *starting == 0)
    }

    async fn enter(&mut self, state: RunState) {
        self.state = state;
        self.programs.view().enter(state);
        self.say(RunEvent::State(state)).await;
    }

    /// A core that is gone has said so, or will be missed when the run ends.
    async fn tell(&mut self, core: usize, command: CoreCommand) {
        self.sent[core] += 1;
        if let Some(inbox) = self.channels.cores.get(core) {
            let _ = inbox.send(command).await;
        }
    }

    /// Waits for a place: for events that must not be lost.
    async fn say(&self, event: RunEvent) {
        // A front end that is gone is noticed by its commands.
        let _ = self.channels.events.send(event).await;
    }

    fn say_log(&self, line: GuestLine) {
        let (level, origin, message) = (line.level, line.origin, line.message);
        self.try_say(RunEvent::GuestLog { level, origin, message });
    }

    /// Leaves the event out when the front end is slow.
    fn try_say(&self, event: RunEvent) {
        let _ = self.channels.events.try_send(event);
    }
}
