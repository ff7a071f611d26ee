//! The states of one user and which may follow which.
//!
//! Control: the user loop owns the state; the number of users by state is what the core counts.
//!
//! | from \ input | Started | TaskEnded | WaitOver | Finished | Drain | Stop | Gone |
//! |---|---|---|---|---|---|---|---|
//! | Starting | Running | - | - | Leaving | Draining | Stopping | Stopped |
//! | Running | - | Waiting | - | Leaving | Draining | Stopping | Stopped |
//! | Waiting | - | - | Running | Leaving | Leaving | Leaving | Stopped |
//! | Draining | Leaving | Leaving | - | Leaving | Draining | Stopping | Stopped |
//! | Stopping | Leaving | Leaving | - | Leaving | Stopping | Stopping | Stopped |
//! | Leaving | - | - | - | - | Leaving | Leaving | Stopped |
//! | Stopped | - | - | - | - | - | - | - |

use std::fmt;

use wload_core::cancel::StopPhase;

/// Where a user is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserState {
    /// Its instance is made and `on-start(user)` runs.
    Starting,
    /// It runs a task, or enters or leaves a set.
    Running,
    /// It waits between two tasks.
    Waiting,
    /// It is to stop, and finishes its task first.
    Draining,
    /// It is to stop, its task gets no further requests.
    Stopping,
    /// `on-stop` of its open sets, innermost first, and of the user.
    Leaving,
    /// Nothing of it is left.
    Stopped,
}

/// What moves a user from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UserInput {
    /// `on-start(user)` has returned.
    Started,
    /// A task has ended and a wait is due. A task that is followed at once changes nothing.
    TaskEnded,
    /// The wait is over.
    WaitOver,
    /// The user stops of its own accord.
    Finished,
    /// Told to end after the current task.
    Drain,
    /// Told to start nothing new.
    Stop,
    /// It is no more: the last `on-stop` returned, `on-start(user)` failed, its instance trapped,
    /// or it was aborted.
    Gone,
}

/// A transition that the table does not have: a bug in wload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user in state `{state}` cannot take {input:?}")]
pub struct IllegalUserTransition {
    /// The state.
    pub state: UserState,
    /// What came.
    pub input: UserInput,
}

impl UserState {
    /// All states, in order.
    pub const ALL: [UserState; 7] = [
        Self::Starting,
        Self::Running,
        Self::Waiting,
        Self::Draining,
        Self::Stopping,
        Self::Leaving,
        Self::Stopped,
    ];

    /// The state after `input`.
    ///
    /// # Errors
    /// [`IllegalUserTransition`] for the pairs that the table of this module leaves out.
    pub fn next(self, input: UserInput) -> Result<Self, IllegalUserTransition> {
        use UserInput as I;
        match (self, input) {
            (Self::Stopped, _) => Err(IllegalUserTransition { state: self, input }),
            (_, I::Gone) => Ok(Self::Stopped),
            (Self::Waiting | Self::Leaving, I::Drain | I::Stop) => Ok(Self::Leaving),
            (Self::Stopping, I::Drain | I::Stop) | (_, I::Stop) => Ok(Self::Stopping),
            (_, I::Drain) => Ok(Self::Draining),
            (Self::Starting, I::Started) | (Self::Waiting, I::WaitOver) => Ok(Self::Running),
            (Self::Running, I::TaskEnded) => Ok(Self::Waiting),
            (Self::Draining | Self::Stopping, I::Started | I::TaskEnded) => Ok(Self::Leaving),
            (
                Self::Starting | Self::Running | Self::Waiting | Self::Draining | Self::Stopping,
                I::Finished,
            ) => Ok(Self::Leaving),
            _ => Err(IllegalUserTransition { state: self, input }),
        }
    }

    /// The user was told to stop, or stops of its own accord.
    #[must_use]
    pub fn is_stopping(self) -> bool {
        !matches!(self, Self::Starting | Self::Running | Self::Waiting)
    }
}

impl UserInput {
    /// What a stop phase means to a user; none when it goes on.
    #[must_use]
    pub fn of_phase(phase: StopPhase) -> Option<Self> {
        match phase {
            StopPhase::Run => None,
            StopPhase::Drain => Some(Self::Drain),
            StopPhase::Stop => Some(Self::Stop),
            StopPhase::Abort => Some(Self::Gone),
        }
    }
}

impl fmt::Display for UserState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Draining => "draining",
            Self::Stopping => "stopping",
            Self::Leaving => "leaving",
            Self::Stopped => "stopped",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUTS: [UserInput; 7] = [
        UserInput::Started,
        UserInput::TaskEnded,
        UserInput::WaitOver,
        UserInput::Finished,
        UserInput::Drain,
        UserInput::Stop,
        UserInput::Gone,
    ];

    #[test]
    fn the_table_in_the_header_is_the_code() {
        let names: Vec<_> = INPUTS.iter().map(|input| format!(" {input:?} |")).collect();
        let mut table = format!("//! | from \\ input |{}\n", names.concat());
        table.push_str(&format!("//! |---|{}\n", "---|".repeat(INPUTS.len())));
        for state in UserState::ALL {
            table.push_str(&format!("//! | {state:?} |"));
            for input in INPUTS {
                match state.next(input) {
                    Ok(next) => table.push_str(&format!(" {next:?} |")),
                    Err(_) => table.push_str(" - |"),
                }
            }
            table.push('\n');
        }
        assert!(include_str!("user_state.rs").contains(&table), "the header should say:\n{table}");
    }

    #[test]
    fn a_user_that_is_to_stop_never_goes_back_to_work() {
        for state in UserState::ALL.into_iter().filter(|state| state.is_stopping()) {
            for next in INPUTS.into_iter().filter_map(|input| state.next(input).ok()) {
                assert!(next.is_stopping(), "{state} to {next}");
            }
        }
    }

    #[test]
    fn every_phase_beyond_run_ends_every_user() {
        assert_eq!(UserInput::of_phase(StopPhase::Run), None);
        for phase in [StopPhase::Drain, StopPhase::Stop, StopPhase::Abort] {
            let input = UserInput::of_phase(phase).unwrap();
            for state in UserState::ALL.into_iter().filter(|&state| state != UserState::Stopped) {
                assert!(state.next(input).unwrap().is_stopping(), "{state} in {phase:?}");
            }
        }
    }
}
