//! From a plan and a scenario to a running run: threads, channels, and the handle to it.
//!
//! Control. Upstream: the command line. Downstream: the controller's thread and one thread per core.
//! Ends: the controller closes the inboxes of the cores, says `Ended` and drops its events; the
//! threads are joined by the last of them, the control thread.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;
use std::thread::JoinHandle;

use tokio::sync::mpsc;
use tokio::time::Instant;
use wload_core::cancel::StopReason;
use wload_core::dispatch::{DispatchClass, Dispatcher};
use wload_core::event::{RunEvent, RunSummary};
use wload_core::handle::RunHandle;
use wload_core::ids::{ClassId, CoreId};
use wload_core::limits::EVENT_QUEUE_LEN;
use wload_core::plan::{Load, RunPlan};
use wload_core::recorder::Recorder;
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_core::user_class::{ScenarioInfo, Share};
use wload_http::{CoreHttp, HttpShared};
use wload_scenario::{CoreContext, GuestLine, InstancePool, RunClock, RunView, Scenario, Timer};

use crate::controller::{Channels, Controller, Room};
use crate::core_thread::{CoreLoop, block_on_local};
use crate::error::EngineError;
use crate::message::{CoreCommand, CoreReport};
use crate::program::GuestFactory;
use crate::program_hooks::RunPrograms;
use crate::task_picker::TaskTree;
use crate::user_loop::UserContext;
use crate::user_set::UserSet;

/// Commands that wait for a core: the controller sends one per batch.
const CORE_INBOX_LEN: usize = 64;
/// Reports that wait for the controller; a core whose report finds no place keeps its numbers.
const REPORTS_PER_CORE: usize = 4;
/// Log lines of guests that wait for the controller; more are left out.
const LOG_QUEUE_LEN: usize = 1_024;
/// Commands of front ends that wait.
const COMMAND_QUEUE_LEN: usize = 16;

/// What every thread of a run gets.
#[derive(Clone)]
struct Setup {
    plan: Arc<RunPlan>,
    info: Arc<ScenarioInfo>,
    tree: Arc<TaskTree>,
    scenario: Scenario,
    http: Arc<HttpShared>,
    clock: RunClock,
    iterations: Option<Arc<AtomicI64>>,
    log: mpsc::Sender<GuestLine>,
    stop_wishes: mpsc::Sender<Option<u8>>,
    view: Arc<RunView>,
}

/// Starts a run. `users_max` is the number of places that the scenario was prepared for.
///
/// # Errors
/// [`EngineError`] when there is no user to start, or no thread.
pub fn start(
    plan: RunPlan,
    scenario: Scenario,
    http: Arc<HttpShared>,
    users_max: u32,
) -> Result<RunHandle, EngineError> {
    let info = scenario.info().clone();
    if plan.load == Load::ScenarioShape && !info.has_shape {
        return Err(EngineError::NoShape);
    }
    let dispatcher = dispatcher(&plan, &info)?;
    let cores = usize::from(plan.cores.max(1));
    let (commands_in, commands) = mpsc::channel(COMMAND_QUEUE_LEN);
    let (events, events_out) = mpsc::channel(EVENT_QUEUE_LEN);
    let (reports_in, reports) = mpsc::channel(cores * REPORTS_PER_CORE);
    let (log_in, log) = mpsc::channel(LOG_QUEUE_LEN);
    // One wish is enough: the run stops once.
    let (stop_wishes_in, stop_wishes) = mpsc::channel(1);
    let setup = Setup {
        iterations: plan
            .iterations
            .map(|count| Arc::new(AtomicI64::new(i64::try_from(count).unwrap_or(i64::MAX)))),
        plan: Arc::new(plan),
        tree: Arc::new(TaskTree::new(info.clone())),
        info,
        scenario,
        http,
        clock: RunClock::starting_at(Instant::now()),
        log: log_in,
        stop_wishes: stop_wishes_in,
        view: Arc::default(),
    };
    let mut inboxes = Vec::new();
    let mut threads = Vec::new();
    for core in 0..cores {
        let core = CoreId(u16::try_from(core).unwrap_or(u16::MAX));
        let (inbox_in, inbox) = mpsc::channel(CORE_INBOX_LEN);
        inboxes.push(inbox_in);
        threads.push(start_core(core, setup.clone(), inbox, reports_in.clone())?);
    }
    let channels = Channels { cores: inboxes, reports, log, stop_wishes, commands, events };
    start_control(setup, dispatcher, channels, users_max, threads)?;
    Ok(RunHandle::new(commands_in, events_out))
}

fn dispatcher(plan: &RunPlan, info: &ScenarioInfo) -> Result<Dispatcher, EngineError> {
    let classes: Vec<DispatchClass> = info
        .classes
        .iter()
        .enumerate()
        .map(|(index, class)| DispatchClass {
            id: ClassId(u32::try_from(index).expect("a bounded number of classes")),
            name: class.name.clone(),
            share: match class.share {
                Share::Weight(_) if plan.equal_weights => Share::Weight(1.0),
                share => share,
            },
        })
        .collect();
    Ok(Dispatcher::new(&classes, plan.cores.max(1))?)
}

fn start_core(
    core: CoreId,
    setup: Setup,
    inbox: mpsc::Receiver<CoreCommand>,
    reports: mpsc::Sender<CoreReport>,
) -> Result<JoinHandle<()>, EngineError> {
    spawn(format!("wload-core-{core}"), move || async move {
        let mut context = setup.context();
        context.timer = Timer::precise();
        let context = Rc::new(context);
        let users = UserContext {
            factory: GuestFactory(InstancePool::new(
                setup.scenario.clone(),
                context.clone(),
                setup.plan.cores.max(1),
            )),
            tree: setup.tree.clone(),
            seed: setup.plan.seed,
            iterations: setup.iterations.clone(),
        };
        let users = UserSet::new(
            Rc::new(users),
            core,
            setup.plan.cores.max(1),
            setup.plan.stop_timeout,
            setup.info.classes.len(),
        );
        CoreLoop::new(core, context, users, reports).core_loop(inbox).await;
    })
}

fn start_control(
    setup: Setup,
    dispatcher: Dispatcher,
    channels: Channels,
    users_max: u32,
    cores: Vec<JoinHandle<()>>,
) -> Result<(), EngineError> {
    spawn("wload-control".to_owned(), move || async move {
        let plan = (*setup.plan).clone();
        let statistics = Statistics::with_limits(plan.full_history, plan.statistics);
        let statistics = Rc::new(RefCell::new(statistics));
        let mut context = setup.context();
        context.statistics = Some(statistics.clone());
        let context = Rc::new(context);
        let started = RunPrograms::start(&setup.scenario, context.clone()).await;
        match started {
            Ok(programs) => {
                Controller::new(
                    plan,
                    &setup.scenario,
                    setup.clock,
                    channels,
                    programs,
                    statistics,
                    Room { dispatcher, users_max },
                )
                .controller_loop()
                .await;
            }
            Err(failure) => {
                let message = format!("shape or hooks could not start: {}", failure.message);
                say_broken(&channels, &setup.clock, message).await;
                drop(channels);
            }
        }
        for core in cores {
            // A panic of a core has been printed; its numbers are missing, as the controller said.
            let _ = core.join();
        }
    })
    .map(drop)
}

/// The end of a run that never began.
async fn say_broken(channels: &Channels, clock: &RunClock, message: String) {
    let input = SnapshotInput {
        elapsed: clock.elapsed(),
        user_count: 0,
        user_target: 0,
        health: wload_core::snapshot::GeneratorHealth::default(),
    };
    let summary = RunSummary {
        reason: StopReason::Broken(message),
        snapshot: Statistics::new(false).snapshot(input),
        rows: Vec::new(),
        saturation: None,
        exit_code: None,
    };
    // A front end that is gone does not need to know.
    let _ = channels.events.send(RunEvent::Ended(Arc::new(summary))).await;
}

/// A thread with a runtime of its own.
fn spawn<F: Future<Output = ()>>(
    name: String,
    make: impl FnOnce() -> F + Send + 'static,
) -> Result<JoinHandle<()>, EngineError> {
    let thread = std::thread::Builder::new().name(name.clone()).spawn(move || {
        if let Err(error) = block_on_local(async { make().await }) {
            tracing::error!(%error, "no runtime for a thread of the run");
        }
    });
    thread.map_err(|source| EngineError::Thread { name, source })
}

impl Setup {
    fn context(&self) -> CoreContext {
        let (log, stop) = (self.log.clone(), self.stop_wishes.clone());
        let mut context = CoreContext::new(
            Recorder::with_limits(self.plan.full_history, self.plan.statistics),
            CoreHttp::new(self.http.clone()),
            self.clock,
            // A line that finds no place is left out: a user never waits for its log.
            Box::new(move |line| {
                let _ = log.try_send(line);
            }),
            // A place that is taken means that somebody else had the same wish.
            Box::new(move |code| {
                let _ = stop.try_send(code);
            }),
        );
        context.run = self.view.clone();
        context
    }
}
