//! What the instances of a run see of the run as a whole, and what they leave for one another.
//!
//! Control. Upstream: the controller writes phase and counts; hooks leave a state and an exit code. Downstream: the
//! interfaces `run`, `options` and `control`. One per run, shared by all its threads.
//! Invariant: nothing here is read or written per request.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use wload_core::run_state::RunState;

/// Shared by all cores of a run.
#[derive(Debug, Default)]
pub struct RunView {
    phase: AtomicU8,
    users: AtomicU32,
    target: AtomicU32,
    left: Mutex<Left>,
}

/// What scenarios left.
#[derive(Debug, Default)]
struct Left {
    exit_code: Option<u8>,
    state: Arc<[u8]>,
}

/// Phases in the order of a run.
const PHASES: [RunState; 5] =
    [RunState::Ready, RunState::Spawning, RunState::Running, RunState::Stopping, RunState::Stopped];

impl RunView {
    /// The run is in this phase.
    pub fn enter(&self, state: RunState) {
        let place = PHASES.iter().position(|phase| *phase == state).unwrap_or_default();
        self.phase.store(u8::try_from(place).unwrap_or_default(), Ordering::Relaxed);
    }

    /// So many users run, on the way to so many.
    pub fn count(&self, users: u32, target: u32) {
        self.users.store(users, Ordering::Relaxed);
        self.target.store(target, Ordering::Relaxed);
    }

    /// The phase now.
    #[must_use]
    pub fn phase(&self) -> RunState {
        PHASES[usize::from(self.phase.load(Ordering::Relaxed)) % PHASES.len()]
    }

    /// What the process is to end with, if a scenario said so.
    #[must_use]
    pub fn exit_code(&self) -> Option<u8> {
        self.left(|left| left.exit_code)
    }

    pub(crate) fn set_exit_code(&self, code: Option<u8>) {
        self.left(|left| left.exit_code = code);
    }

    pub(crate) fn users(&self) -> u32 {
        self.users.load(Ordering::Relaxed)
    }

    pub(crate) fn target(&self) -> u32 {
        self.target.load(Ordering::Relaxed)
    }

    pub(crate) fn state(&self) -> Arc<[u8]> {
        self.left(|left| left.state.clone())
    }

    pub(crate) fn set_state(&self, state: Vec<u8>) {
        self.left(|left| left.state = state.into());
    }

    /// Whole values only: a thread that panicked has left one.
    fn left<T>(&self, act: impl FnOnce(&mut Left) -> T) -> T {
        act(&mut self.left.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_phase_is_read_as_it_was_entered() {
        let view = RunView::default();
        assert_eq!(view.phase(), RunState::Ready);
        for phase in PHASES {
            view.enter(phase);
            assert_eq!(view.phase(), phase);
        }
    }

    #[test]
    fn the_last_state_and_the_last_exit_code_are_the_ones_that_count() {
        let view = RunView::default();
        assert!(view.state().is_empty());
        view.set_state(vec![1]);
        view.set_state(vec![2, 3]);
        view.set_exit_code(Some(4));
        view.set_exit_code(None);
        assert_eq!((view.state().as_ref(), view.exit_code()), ([2, 3].as_slice(), None));
    }
}
