//! One core: an OS thread with a current-thread runtime that runs its users.
//!
//! Control. Upstream: commands of the controller, on a bounded inbox. Downstream: [`UserSet`].
//! Data: takes the recorder's delta twice a second, and when its last user has begun or ended, and sends one report.
//! When the controller is slow the core keeps its delta and adds to it: users never wait for statistics.
//! Ends when its inbox is closed: users still there are dropped, the last report is sent.

use std::future::Future;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::LocalOptions;
use tokio::sync::mpsc;
use tokio::time::Instant;
use wload_core::delta::StatsDelta;
use wload_core::ids::CoreId;
use wload_scenario::CoreContext;

use crate::message::{CoreCommand, CoreDelta, CoreReport};
use crate::program::ProgramFactory;
use crate::self_monitor::{CoreMonitor, LAG_PERIOD};
use crate::user_set::UserSet;

/// How often a core reports: current numbers are half a second old at most.
const REPORT_PERIOD: Duration = Duration::from_millis(500);

/// One core's loop.
pub(crate) struct CoreLoop<F: ProgramFactory> {
    core: CoreId,
    context: Rc<CoreContext>,
    users: UserSet<F>,
    monitor: CoreMonitor,
    reports: mpsc::Sender<CoreReport>,
    commands_obeyed: u64,
    /// What could not be sent yet.
    kept: StatsDelta,
}

/// What wakes a core.
enum Input {
    Command(CoreCommand),
    Closed,
    ReportDue,
    LagTimer(Instant),
    Escalation,
    UserEnded,
    StartDue,
}

/// Runs a future on a runtime of its own, on this thread, with local tasks. Without a `LocalSet`, which
/// is a second queue through which every wake-up would go.
pub(crate) fn block_on_local<T>(future: impl Future<Output = T>) -> std::io::Result<T> {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    let runtime = builder.enable_all().build_local(LocalOptions::default())?;
    Ok(runtime.block_on(future))
}

impl<F: ProgramFactory> CoreLoop<F> {
    pub(crate) fn new(
        core: CoreId,
        context: Rc<CoreContext>,
        users: UserSet<F>,
        reports: mpsc::Sender<CoreReport>,
    ) -> Self {
        let monitor = CoreMonitor::new(core);
        Self {
            core,
            context,
            users,
            monitor,
            reports,
            commands_obeyed: 0,
            kept: StatsDelta::default(),
        }
    }

    /// Runs until the inbox is closed.
    pub(crate) async fn core_loop(self, inbox: mpsc::Receiver<CoreCommand>) {
        let timer = self.context.timer.clone();
        let tend = self.users.tend();
        tokio::select! {
            biased;
            () = timer.drive() => {}
            () = tend => {}
            () = self.serve(inbox) => {}
        }
    }

    async fn serve(mut self, mut inbox: mpsc::Receiver<CoreCommand>) {
        let mut report_at = Instant::now() + REPORT_PERIOD;
        let mut lag_at = Instant::now() + LAG_PERIOD;
        loop {
            match self.wait(&mut inbox, report_at, lag_at).await {
                Input::Command(command) => self.obey(command),
                Input::Closed => break,
                Input::ReportDue => {
                    self.report();
                    report_at = Instant::now() + REPORT_PERIOD;
                }
                Input::LagTimer(due) => {
                    self.monitor.timer_fired(due);
                    self.users.look_at_memory();
                    lag_at = Instant::now() + LAG_PERIOD;
                }
                Input::StartDue => {
                    self.users.start_some();
                    self.report_all_started();
                }
                Input::Escalation => self.users.escalate(Instant::now()),
                // The last user of a stopping run is worth a report at once.
                Input::UserEnded => {
                    if self.users.alive() == 0 {
                        self.report();
                    }
                }
            }
        }
        self.finish().await;
    }

    async fn wait(
        &self,
        inbox: &mut mpsc::Receiver<CoreCommand>,
        report_at: Instant,
        lag_at: Instant,
    ) -> Input {
        let escalation = self.users.next_escalation();
        tokio::select! {
            biased;
            command = inbox.recv() => command.map_or(Input::Closed, Input::Command),
            () = self.context.timer.sleep_until(lag_at) => Input::LagTimer(lag_at),
            () = tokio::time::sleep_until(report_at) => Input::ReportDue,
            () = tokio::time::sleep_until(escalation.unwrap_or(report_at)), if escalation.is_some() => Input::Escalation,
            // Before the ends: users that end in every turn must not keep others from being started, which waits
            // for a turn each time.
            () = self.users.start_due(), if self.users.has_starting() => Input::StartDue,
            () = self.users.some_ended() => Input::UserEnded,
        }
    }

    fn obey(&mut self, command: CoreCommand) {
        self.commands_obeyed += 1;
        match command {
            CoreCommand::Users { counts, replaces_gone, gap } => {
                self.users.set_counts(&counts, replaces_gone, gap);
            }
            CoreCommand::StopAll => self.users.stop_all(),
            CoreCommand::AbortAll => self.users.abort_all(),
        }
        self.report_all_started();
    }

    /// Nobody waits to be started: the controller may wait for this, and it is worth a report at once.
    fn report_all_started(&mut self) {
        if !self.users.has_starting() {
            self.report();
        }
    }

    fn report(&mut self) {
        let delta = self.delta();
        if let Err(error) = self.reports.try_send(CoreReport::Delta(delta)) {
            let (mpsc::error::TrySendError::Full(report)
            | mpsc::error::TrySendError::Closed(report)) = error;
            let (CoreReport::Delta(delta) | CoreReport::Ended(delta)) = report;
            self.kept = delta.stats;
        }
    }

    fn delta(&mut self) -> CoreDelta {
        let mut stats = std::mem::take(&mut self.kept);
        stats.merge(self.context.recorder.borrow_mut().take_delta());
        CoreDelta {
            core: self.core,
            stats,
            health: self.monitor.report(self.users.alive(), self.users.instances()),
            users: self.users.counts(),
            starting: self.users.starting(),
            alive: self.users.alive(),
            commands_obeyed: self.commands_obeyed,
            log_lines_dropped: self.context.log_lines_dropped.get(),
        }
    }

    /// The last report waits for its place: nothing may be lost.
    async fn finish(mut self) {
        self.users.drop_all().await;
        let delta = self.delta();
        // Closed means that the controller is gone, and with it everyone who could read this.
        let _ = self.reports.send(CoreReport::Ended(delta)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::user_loop::fake::{Fake, context};

    /// Users wanted of the core.
    const USERS: u32 = 1_000;
    /// Turns in which a user ends; many more than it takes to start all others.
    const TURNS: u32 = 20_000;

    #[test]
    fn users_that_end_in_every_turn_do_not_keep_others_from_being_started() {
        let fake = Fake::new(&[], &[]);
        let users = UserSet::new(Rc::new(context(&fake)), CoreId(0), 1, Duration::ZERO, 1);
        let end_of_user = users.end_of_user();
        let (commands, inbox) = mpsc::channel(1);
        let (reports_in, mut reports) = mpsc::channel(1_000);
        let core = CoreLoop::new(CoreId(0), fake.core.clone(), users, reports_in);
        let (counts, gap) = (vec![USERS], Duration::ZERO);
        commands.try_send(CoreCommand::Users { counts, replaces_gone: true, gap }).unwrap();
        block_on_local(async move {
            tokio::task::spawn_local(async move {
                for _ in 0..TURNS {
                    end_of_user();
                    tokio::task::yield_now().await;
                }
                drop(commands);
            });
            core.core_loop(inbox).await;
        })
        .unwrap();
        let created = fake.log().iter().filter(|line| line.contains("create")).count();
        assert_eq!(created, USERS as usize);
        let Ok(CoreReport::Delta(delta)) = reports.try_recv() else {
            panic!("nobody said that all have begun");
        };
        assert_eq!((delta.starting, delta.users), (0, vec![USERS]));
    }
}
