//! Ctrl-C, SIGTERM and SIGHUP: the first drains, the second Ctrl-C aborts, the third exits.
//!
//! Control. Upstream: the operating system. Downstream: [`RunControl`]. A thread of its own listens,
//! so that the third Ctrl-C works even when everything else is stuck. SIGTERM never escalates:
//! `timeout` and init systems send it twice. SIGHUP, a terminal that was closed, is the same; under
//! `nohup` it stays ignored.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use tokio::runtime::Builder;
use tokio::sync::oneshot;
use wload_core::cancel::StopReason;
use wload_core::event::RunCommand;
use wload_core::handle::RunControl;

use crate::env::exit_now;
use crate::error::CliError;
use crate::exit_code;

/// How far a run is being stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Running,
    Draining,
    Aborting,
}

/// What arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Signal {
    Interrupt,
    Terminate,
    /// The terminal is gone.
    HangUp,
}

/// What is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reaction {
    Drain,
    Abort,
    Exit,
    Nothing,
}

fn react(stage: Stage, signal: Signal) -> (Stage, Reaction) {
    match (stage, signal) {
        (Stage::Running, _) => (Stage::Draining, Reaction::Drain),
        (Stage::Draining, Signal::Interrupt) => (Stage::Aborting, Reaction::Abort),
        (Stage::Aborting, Signal::Interrupt) => (Stage::Aborting, Reaction::Exit),
        (_, Signal::Terminate | Signal::HangUp) => (stage, Reaction::Nothing),
    }
}

/// Listens until it is dropped.
#[derive(Debug)]
pub(crate) struct SignalWatch {
    is_aborted: Arc<AtomicBool>,
    control: Option<oneshot::Sender<RunControl>>,
    end: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl SignalWatch {
    /// Listens on behalf of a run that is about to start: what arrives before
    /// [`SignalWatch::obey`] is kept for it.
    ///
    /// # Errors
    /// When the system gives no thread or no signal handler.
    pub(crate) fn start() -> Result<Self, CliError> {
        let is_aborted = Arc::new(AtomicBool::new(false));
        let (end, ended) = oneshot::channel();
        let (control, controlled) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::sync_channel(1);
        let flag = Arc::clone(&is_aborted);
        let thread = std::thread::Builder::new()
            .name("wload-signals".to_owned())
            .spawn(move || {
                let started = Builder::new_current_thread().enable_all().build();
                match started.and_then(|runtime| {
                    let _context = runtime.enter();
                    let signals = Signals::new()?;
                    drop(_context);
                    Ok((runtime, signals))
                }) {
                    Ok((runtime, signals)) => {
                        let _ = ready.send(Ok(()));
                        runtime.block_on(signal_loop(signals, controlled, flag, ended));
                    }
                    Err(error) => {
                        let _ = ready.send(Err(error));
                    }
                }
            })
            .map_err(|error| failed(&error))?;
        match is_ready.recv() {
            Ok(Ok(())) => Ok(Self {
                is_aborted,
                control: Some(control),
                end: Some(end),
                thread: Some(thread),
            }),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }

    /// The run that signals stop.
    pub(crate) fn obey(&mut self, control: RunControl) {
        if let Some(sender) = self.control.take() {
            // Nobody takes it only when the thread has panicked, and then its message is out already.
            let _ = sender.send(control);
        }
    }

    /// A second Ctrl-C has aborted the run.
    pub(crate) fn is_aborted(&self) -> bool {
        self.is_aborted.load(Ordering::Relaxed)
    }

    fn stop(&mut self) {
        drop(self.end.take());
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and then its message is out already.
            let _ = thread.join();
        }
    }
}

impl Drop for SignalWatch {
    fn drop(&mut self) {
        self.stop();
    }
}

fn failed(error: &dyn std::error::Error) -> CliError {
    CliError::broken("failed to listen for Ctrl-C and SIGTERM").caused_by(error)
}

async fn signal_loop(
    mut signals: Signals,
    mut controlled: oneshot::Receiver<RunControl>,
    is_aborted: Arc<AtomicBool>,
    mut ended: oneshot::Receiver<()>,
) {
    let mut stage = Stage::Running;
    let mut pending = None;
    let mut control = None;
    loop {
        tokio::select! {
            biased;
            _ = &mut ended => return,
            Ok(run) = &mut controlled, if control.is_none() => control = Some(run),
            signal = signals.next() => {
                let (next, reaction) = react(stage, signal);
                stage = next;
                match reaction {
                    Reaction::Drain => {
                        match signal {
                            Signal::Interrupt => {
                                tracing::info!("Stopping the users; Ctrl-C again aborts");
                            }
                            Signal::Terminate => tracing::info!("Got SIGTERM signal"),
                            Signal::HangUp => tracing::info!("Got SIGHUP signal"),
                        }
                        pending = Some(RunCommand::Stop(StopReason::Interrupted));
                    }
                    Reaction::Abort => {
                        is_aborted.store(true, Ordering::Relaxed);
                        pending = Some(RunCommand::Abort);
                    }
                    Reaction::Exit => exit_now(exit_code::ABORTED),
                    Reaction::Nothing => {}
                }
            }
            _ = send(control.as_ref(), pending.clone()), if pending.is_some() && control.is_some() => {
                pending = None;
            }
        }
    }
}

async fn send(control: Option<&RunControl>, command: Option<RunCommand>) {
    if let (Some(control), Some(command)) = (control, command) {
        // False: the run is over already, which is what was asked for.
        control.send(command).await;
    }
}

/// The signals of this process.
#[cfg(unix)]
struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    /// None: ignored since before we were started.
    hang_up: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};
        let status = std::fs::read_to_string(PROCESS_STATUS).unwrap_or_default();
        let hang_up = match ignores_hang_up(&status) {
            true => None,
            false => Some(signal(SignalKind::hangup())?),
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up,
        })
    }

    /// The next one.
    async fn next(&mut self) -> Signal {
        let hang_up = async {
            match &mut self.hang_up {
                Some(signal) => signal.recv().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            Some(()) = self.interrupt.recv() => Signal::Interrupt,
            Some(()) = self.terminate.recv() => Signal::Terminate,
            Some(()) = hang_up => Signal::HangUp,
            else => std::future::pending().await,
        }
    }
}

/// Where Linux says which signals this process ignores; elsewhere none is known to be.
#[cfg(unix)]
const PROCESS_STATUS: &str = "/proc/self/status";

/// `nohup` starts programs that way, and then a closed terminal is none of our business.
#[cfg(unix)]
fn ignores_hang_up(status: &str) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // The lowest bit is signal 1, SIGHUP.
    mask.is_some_and(|mask| mask & 1 == 1)
}

/// The signals of this process.
#[cfg(not(unix))]
struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    /// The next one.
    async fn next(&mut self) -> Signal {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Signal::Interrupt,
            Err(_) => std::future::pending().await,
        }
    }
}

/// Listens for Ctrl-C, SIGTERM and SIGHUP from now on; the future ends with the first. To be called in a runtime.
///
/// # Errors
/// When the system gives no signal handler.
pub(crate) fn listen_for_end() -> Result<impl Future<Output = ()>, CliError> {
    let mut signals = Signals::new().map_err(|error| failed(&error))?;
    Ok(async move {
        signals.next().await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ctrl_c_escalates_and_the_others_do_not() {
        use Signal::{HangUp, Interrupt, Terminate};
        let walk = |signals: &[Signal]| {
            let mut stage = Stage::Running;
            let step = |signal: &Signal| {
                let (next, reaction) = react(stage, *signal);
                stage = next;
                reaction
            };
            signals.iter().map(step).collect::<Vec<_>>()
        };
        use Reaction::{Abort, Drain, Exit, Nothing};
        assert_eq!(walk(&[Interrupt; 4]), [Drain, Abort, Exit, Exit]);
        assert_eq!(walk(&[Terminate; 3]), [Drain, Nothing, Nothing]);
        assert_eq!(walk(&[HangUp, HangUp, Terminate]), [Drain, Nothing, Nothing]);
        assert_eq!(
            walk(&[Terminate, Interrupt, Terminate, Interrupt]),
            [Drain, Abort, Nothing, Exit]
        );
    }

    #[cfg(unix)]
    #[test]
    fn a_hang_up_that_was_ignored_stays_so() {
        assert!(ignores_hang_up("Name:\twload\nSigIgn:\t0000000000001001\nSigCgt:\t0\n"));
        for status in ["SigIgn:\t0000000000001000\n", "SigBlk:\t1\n", "SigIgn:\n", ""] {
            assert!(!ignores_hang_up(status), "{status}");
        }
    }
}
