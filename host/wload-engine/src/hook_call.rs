//! A hook that the controller waits for, and what makes it wait no longer.
//!
//! Control. Upstream: the controller, which does nothing else while a hook runs. Downstream: the hooks'
//! instance. Invariant: no command is lost that comes while a hook runs.

use std::collections::VecDeque;

use tokio::sync::mpsc;
use tokio::time::Instant;
use wload_core::event::RunCommand;
use wload_scenario::TaskFailure;

use crate::program_hooks::RunPrograms;

/// Which hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hook {
    Init,
    TestStart,
    /// With the number of users.
    SpawningComplete(u32),
    TestStop,
    Quitting,
}

impl Hook {
    /// As the contract calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Init => "init",
            Self::TestStart => "test-start",
            Self::SpawningComplete(_) => "spawning-complete",
            Self::TestStop => "test-stop",
            Self::Quitting => "quitting",
        }
    }

    pub(crate) async fn call(self, programs: &mut RunPrograms) -> Result<(), TaskFailure> {
        match self {
            Self::Init => programs.init().await,
            Self::TestStart => programs.test_start().await,
            Self::SpawningComplete(users) => programs.spawning_complete(users).await,
            Self::TestStop => programs.test_stop().await,
            Self::Quitting => programs.quitting().await,
        }
    }
}

/// Ends when the run is to stop: by a command, because nobody is left to command, or at `until`. The
/// commands that come meanwhile are put into `kept`.
pub(crate) async fn interruption(
    commands: &mut mpsc::Receiver<RunCommand>,
    kept: &mut VecDeque<RunCommand>,
    until: Option<Instant>,
) {
    loop {
        let command = tokio::select! {
            biased;
            command = commands.recv() => command,
            () = at(until) => return,
        };
        let Some(command) = command else { return };
        let is_target = |command: &RunCommand| matches!(command, RunCommand::Retarget(_));
        let is_stop = !is_target(&command);
        if !is_stop {
            // The latest target is the one that counts: a front end cannot fill the queue with them.
            kept.retain(|kept| !is_target(kept));
        }
        kept.push_back(command);
        if is_stop {
            return;
        }
    }
}

/// Sleeps until the moment, or for ever when there is none.
pub(crate) async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wload_core::cancel::StopReason;
    use wload_core::shape::Tick;

    use super::*;

    fn retarget(users: u32) -> RunCommand {
        RunCommand::Retarget(Tick { users, spawn_rate: 1.0, classes: Vec::new() })
    }

    #[tokio::test(start_paused = true)]
    async fn a_stop_ends_the_wait_and_is_kept_with_the_last_target_before_it() {
        let (sender, mut commands) = mpsc::channel(4);
        let mut kept = VecDeque::new();
        for command in [retarget(1), retarget(2), RunCommand::Stop(StopReason::Interrupted)] {
            sender.try_send(command).unwrap();
        }
        interruption(&mut commands, &mut kept, None).await;
        let kept: Vec<RunCommand> = kept.into();
        assert_eq!(kept, [retarget(2), RunCommand::Stop(StopReason::Interrupted)]);
    }

    #[tokio::test(start_paused = true)]
    async fn the_wait_ends_at_its_time_and_when_nobody_is_left() {
        let (sender, mut commands) = mpsc::channel(4);
        let mut kept = VecDeque::new();
        let start = Instant::now();
        let until = start + Duration::from_secs(3);
        interruption(&mut commands, &mut kept, Some(until)).await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
        drop(sender);
        interruption(&mut commands, &mut kept, None).await;
        assert!(kept.is_empty());
    }
}
