//! The states of a run (Locust: runner states) and which may follow which.
//!
//! Control: the controller owns the state; events carry it to reporters.
//!
//! | from \ input | Start | Ramped | Retarget | Stop | Stopped |
//! |---|---|---|---|---|---|
//! | Ready | Spawning | - | - | Stopping | - |
//! | Spawning | - | Running | Spawning | Stopping | - |
//! | Running | - | - | Spawning | Stopping | - |
//! | Stopping | - | - | - | Stopping | Stopped |
//! | Stopped | - | - | - | - | - |

use std::fmt;

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Nothing started yet.
    Ready,
    /// Users are being started or stopped towards a target.
    Spawning,
    /// The target is reached.
    Running,
    /// Users are being stopped for good.
    Stopping,
    /// All users are gone.
    Stopped,
}

/// What moves a run from state to state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunInput {
    /// The first target.
    Start,
    /// The number of users is what was asked for.
    Ramped,
    /// Another target.
    Retarget,
    /// The end was asked for.
    Stop,
    /// The last user is gone.
    Stopped,
}

/// A transition that the table does not have: a bug in wload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a run in state `{state}` cannot take {input:?}")]
pub struct IllegalTransition {
    /// The state.
    pub state: RunState,
    /// What came.
    pub input: RunInput,
}

impl RunState {
    /// All states, in order.
    pub const ALL: [RunState; 5] =
        [Self::Ready, Self::Spawning, Self::Running, Self::Stopping, Self::Stopped];

    /// The state after `input`.
    ///
    /// # Errors
    /// [`IllegalTransition`] for the pairs that the table of this module leaves out.
    pub fn next(self, input: RunInput) -> Result<Self, IllegalTransition> {
        use RunInput as I;
        match (self, input) {
            (Self::Ready, I::Start) => Ok(Self::Spawning),
            (Self::Spawning, I::Ramped) => Ok(Self::Running),
            (Self::Spawning | Self::Running, I::Retarget) => Ok(Self::Spawning),
            (Self::Ready | Self::Spawning | Self::Running | Self::Stopping, I::Stop) => {
                Ok(Self::Stopping)
            }
            (Self::Stopping, I::Stopped) => Ok(Self::Stopped),
            _ => Err(IllegalTransition { state: self, input }),
        }
    }
}

impl fmt::Display for RunState {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Ready => "ready",
            Self::Spawning => "spawning",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Stopped => "stopped",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_in_the_header_is_the_code() {
        let inputs = [
            RunInput::Start,
            RunInput::Ramped,
            RunInput::Retarget,
            RunInput::Stop,
            RunInput::Stopped,
        ];
        let mut table =
            String::from("//! | from \\ input | Start | Ramped | Retarget | Stop | Stopped |\n");
        table.push_str("//! |---|---|---|---|---|---|\n");
        for state in RunState::ALL {
            table.push_str(&format!("//! | {state:?} |"));
            for input in inputs {
                match state.next(input) {
                    Ok(next) => table.push_str(&format!(" {next:?} |")),
                    Err(_) => table.push_str(" - |"),
                }
            }
            table.push('\n');
        }
        assert!(include_str!("run_state.rs").contains(&table), "the header should say:\n{table}");
    }
}
