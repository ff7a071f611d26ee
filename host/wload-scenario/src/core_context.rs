//! What the users of one core share: recorder, HTTP, clock, log, and the lane for long computing.
//!
//! Upstream: the engine makes one per core, on the core's thread. Downstream: every interface.
//! Invariants: never leaves its thread; nothing here is locked.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, Semaphore};
use wload_core::cancel::StopPhase;
use wload_core::event::LogLevel;
use wload_core::recorder::Recorder;
use wload_core::statistics::Statistics;
use wload_http::{CoreHttp, Exchange};

use crate::prepared::PreparedRequests;
use crate::run_view::RunView;
use crate::timer::Timer;

/// The clock of a run: time since its start. Follows tokio's clock, so tests can pause it.
#[derive(Clone, Copy, Debug)]
pub struct RunClock {
    start: tokio::time::Instant,
}

impl RunClock {
    /// Time zero is now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: tokio::time::Instant::now() }
    }

    /// Time zero is this.
    #[must_use]
    pub fn starting_at(start: tokio::time::Instant) -> Self {
        Self { start }
    }

    /// Since the start of the run.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A line of a guest's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuestLine {
    /// Its level.
    pub level: LogLevel,
    /// `class/user id`, or the name of the export.
    pub origin: String,
    /// One line.
    pub message: String,
}

/// An exchange that has ended.
#[derive(Debug)]
pub struct ObservedRequest<'a> {
    /// The request type.
    pub method: &'a str,
    /// The request name.
    pub name: &'a str,
    /// What became of it.
    pub exchange: &'a Exchange,
    /// Why it is a failure by the automatic rule.
    pub failure: Option<&'a str>,
}

/// Shared by the users of one core.
pub struct CoreContext {
    /// Where samples, exceptions and metrics go.
    pub recorder: RefCell<Recorder>,
    /// DNS cache and TLS settings.
    pub http: Rc<CoreHttp>,
    /// Time of the run.
    pub clock: RunClock,
    /// What users wait by.
    pub timer: Timer,
    /// Takes log lines; must not block.
    pub log: Box<dyn Fn(GuestLine)>,
    /// Takes the wish of a scenario to stop the run, with its exit code.
    pub stop_run: Box<dyn Fn(Option<u8>)>,
    /// The run as a whole.
    pub run: Arc<RunView>,
    /// The statistics of the run, on the thread of hooks and shape; nowhere else.
    pub statistics: Option<Rc<RefCell<Statistics>>>,
    /// Sees each exchange as it ends, for `wload check`; absent in a run.
    pub observe: Option<Observer>,
    /// Exchanges keep a trace, for `wload check --verbose`.
    pub is_traced: bool,
    /// Log lines that were over the limit.
    pub log_lines_dropped: Cell<u64>,
    /// One place: of all users that compute for longer than a tick, one at a time goes on, so that
    /// the others keep at least half of the core.
    pub(crate) lane: Arc<Semaphore>,
    /// Requests that users have prepared alike.
    pub(crate) prepared: PreparedRequests,
}

/// Sees exchanges as they end.
pub type Observer = Box<dyn Fn(&ObservedRequest<'_>)>;

impl std::fmt::Debug for CoreContext {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("CoreContext").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl CoreContext {
    /// A context for the current thread.
    #[must_use]
    pub fn new(
        recorder: Recorder,
        http: Rc<CoreHttp>,
        clock: RunClock,
        log: Box<dyn Fn(GuestLine)>,
        stop_run: Box<dyn Fn(Option<u8>)>,
    ) -> Self {
        Self {
            recorder: RefCell::new(recorder),
            http,
            clock,
            timer: Timer::default(),
            log,
            stop_run,
            run: Arc::default(),
            statistics: None,
            observe: None,
            is_traced: false,
            log_lines_dropped: Cell::new(0),
            lane: Arc::new(Semaphore::new(1)),
            prepared: PreparedRequests::default(),
        }
    }
}

/// What the engine tells one user, and the user the engine.
#[derive(Debug)]
pub struct UserSignals {
    phase: Cell<StopPhase>,
    changed: Notify,
    wants_stop: Cell<bool>,
}

impl Default for UserSignals {
    fn default() -> Self {
        Self {
            phase: Cell::new(StopPhase::Run),
            changed: Notify::new(),
            wants_stop: Cell::new(false),
        }
    }
}

impl UserSignals {
    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> StopPhase {
        self.phase.get()
    }

    /// Goes up to `phase`; never down.
    pub fn raise(&self, phase: StopPhase) {
        if phase > self.phase.get() {
            self.phase.set(phase);
            self.changed.notify_waiters();
        }
    }

    /// Ends when the phase is at least `phase`.
    pub async fn reached(&self, phase: StopPhase) {
        loop {
            let changed = self.changed.notified();
            if self.phase.get() >= phase {
                return;
            }
            changed.await;
        }
    }

    /// The guest asked to stop when its task returns.
    #[must_use]
    pub fn wants_stop(&self) -> bool {
        self.wants_stop.get()
    }

    pub(crate) fn want_stop(&self) {
        self.wants_stop.set(true);
    }
}
