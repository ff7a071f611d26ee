//! The only door to a run, for the command line and for every later front end.
//!
//! Control goes in by [`RunControl::send`]; data comes out by [`RunHandle::next_event`].
//! Ends: `next_event` answers `None` after [`RunEvent::Ended`].

use tokio::sync::mpsc;

use crate::event::{RunCommand, RunEvent};

/// A running run. Dropping it aborts the run.
#[derive(Debug)]
pub struct RunHandle {
    commands: mpsc::Sender<RunCommand>,
    events: mpsc::Receiver<RunEvent>,
}

/// Sends commands to a run; may be cloned.
#[derive(Clone, Debug)]
pub struct RunControl {
    commands: mpsc::Sender<RunCommand>,
}

impl RunHandle {
    /// Joins the two ends; made by the engine.
    #[must_use]
    pub fn new(commands: mpsc::Sender<RunCommand>, events: mpsc::Receiver<RunEvent>) -> Self {
        Self { commands, events }
    }

    /// A control that can be given away.
    #[must_use]
    pub fn control(&self) -> RunControl {
        RunControl { commands: self.commands.clone() }
    }

    /// The next event; none when the run is over.
    pub async fn next_event(&mut self) -> Option<RunEvent> {
        self.events.recv().await
    }
}

impl RunControl {
    /// Tells the run something; false when the run is already over.
    pub async fn send(&self, command: RunCommand) -> bool {
        self.commands.send(command).await.is_ok()
    }
}
