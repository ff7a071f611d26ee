//! How a run ends: reasons, and how users are let go.
//!
//! Control: whoever ends a run gives a [`StopReason`]; the controller turns it into a
//! [`StopPhase`], which only escalates and which users watch.

use std::fmt;

/// Why a run ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// `--run-time` is over.
    RunTime,
    /// The load shape said so.
    ShapeEnded,
    /// A scenario asked for it, perhaps with an exit code.
    Scenario(Option<u8>),
    /// All users stopped by themselves and none is to come.
    NoUsersLeft,
    /// First Ctrl-C or SIGTERM.
    Interrupted,
    /// Something of ours broke: the message.
    Broken(String),
}

impl fmt::Display for StopReason {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RunTime => out.write_str("run time limit reached"),
            Self::ShapeEnded => out.write_str("load shape ended"),
            Self::Scenario(_) => out.write_str("stopped by the scenario"),
            Self::NoUsersLeft => out.write_str("all users have stopped"),
            Self::Interrupted => out.write_str("interrupted"),
            Self::Broken(message) => write!(out, "broken off: {message}"),
        }
    }
}

/// What a user must do; ordered, and only ever goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum StopPhase {
    /// Go on.
    Run,
    /// End after the current task; waiting ends at once (`--stop-timeout` more than 0).
    Drain,
    /// Start nothing new: requests on the wire may end, others are refused.
    Stop,
    /// Gone now.
    Abort,
}
