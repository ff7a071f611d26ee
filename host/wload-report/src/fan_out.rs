//! One event to all reporters, each on its own thread.
//!
//! Upstream: a front end forwards the events of its run. Downstream: [`Reporter`]s.
//! Invariants: sending never waits; each inbox is bounded by [`REPORTER_INBOX_LEN`]; a slow reporter
//! loses its oldest ticks, then other news, but never the start, a reset or the end; a thread ends
//! when its inbox is closed and empty, and [`FanOut::join`] waits for all of them.

use std::any::Any;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use wload_core::event::RunEvent;
use wload_core::limits::REPORTER_INBOX_LEN;

use crate::Reporter;
use crate::error::ReportError;

/// What a reporter failed at.
#[derive(Debug, thiserror::Error)]
#[error("report to the {reporter}")]
pub struct ReporterFailure {
    /// The name it was started with.
    pub reporter: String,
    /// The failure.
    #[source]
    pub error: ReportError,
}

/// All reporters of a run.
pub struct FanOut {
    threads: Vec<ReporterThread>,
}

struct ReporterThread {
    name: String,
    inbox: Arc<Inbox>,
    handle: JoinHandle<Vec<ReportError>>,
}

impl FanOut {
    /// Starts a thread for each reporter; the name is for messages: `console`, `CSV files`.
    ///
    /// # Errors
    /// When the system gives no thread; those already started end.
    pub fn start(reporters: Vec<(String, Box<dyn Reporter>)>) -> Result<Self, ReportError> {
        let mut fan_out = Self { threads: Vec::with_capacity(reporters.len()) };
        for (name, reporter) in reporters {
            let inbox = Arc::new(Inbox::default());
            let own_inbox = inbox.clone();
            let spawned = Builder::new()
                .name(format!("report {name}"))
                .spawn(move || reporter_loop(reporter, &own_inbox));
            match spawned {
                Ok(handle) => fan_out.threads.push(ReporterThread { name, inbox, handle }),
                Err(error) => {
                    fan_out.join();
                    return Err(ReportError::Thread(error));
                }
            }
        }
        Ok(fan_out)
    }

    /// Gives an event to every reporter, without waiting.
    pub fn send(&self, event: &RunEvent) {
        for thread in &self.threads {
            thread.inbox.push(event.clone());
        }
    }

    /// Closes the inboxes and waits until every reporter has taken what is in its own. Blocks.
    /// Answers what failed: for each reporter the first failure, and the last when it came at the
    /// end of the run.
    pub fn join(self) -> Vec<ReporterFailure> {
        for thread in &self.threads {
            thread.inbox.close();
        }
        let mut failures = Vec::new();
        for ReporterThread { name, handle, .. } in self.threads {
            let errors = handle
                .join()
                .unwrap_or_else(|panic| vec![ReportError::Panicked(panic_text(&*panic))]);
            failures.extend(
                errors.into_iter().map(|error| ReporterFailure { reporter: name.clone(), error }),
            );
        }
        failures
    }
}

/// Ends when the inbox is closed and empty.
fn reporter_loop(mut reporter: Box<dyn Reporter>, inbox: &Inbox) -> Vec<ReportError> {
    let mut failures = Vec::new();
    while let Some(event) = inbox.pop() {
        let is_last = matches!(event, RunEvent::Ended(_));
        match reporter.on_event(&event) {
            Err(error) if failures.is_empty() || is_last => failures.push(error),
            Err(_) | Ok(()) => {}
        }
    }
    failures
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
        .to_owned()
}

#[derive(Default)]
struct Inbox {
    state: Mutex<InboxState>,
    changed: Condvar,
}

#[derive(Default)]
struct InboxState {
    events: VecDeque<RunEvent>,
    is_closed: bool,
}

impl Inbox {
    fn push(&self, event: RunEvent) {
        let mut state = self.lock();
        let is_full = state.events.len() >= REPORTER_INBOX_LEN;
        if is_full && !make_room(&mut state.events) && !matches!(event, RunEvent::Ended(_)) {
            return;
        }
        state.events.push_back(event);
        drop(state);
        self.changed.notify_one();
    }

    fn pop(&self) -> Option<RunEvent> {
        let mut state = self.lock();
        loop {
            if let Some(event) = state.events.pop_front() {
                return Some(event);
            }
            if state.is_closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, InboxState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Drops the event that is missed least: the oldest tick, else the oldest news.
fn make_room(events: &mut VecDeque<RunEvent>) -> bool {
    let tick = |event: &RunEvent| matches!(event, RunEvent::Snapshot(_));
    let news = |event: &RunEvent| {
        !matches!(event, RunEvent::Started { .. } | RunEvent::StatsReset | RunEvent::Ended(_))
    };
    let oldest = events.iter().position(tick).or_else(|| events.iter().position(news));
    oldest.and_then(|at| events.remove(at)).is_some()
}
