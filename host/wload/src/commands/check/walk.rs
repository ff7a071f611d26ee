//! One user of each class runs each of its tasks once; every request and exception is shown.
//!
//! Upstream: a prepared scenario. Downstream: lines on stdout. A failed `on-start` ends the user or
//! leaves the set, as in a run; after a trap a fresh user goes on with the next task.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use wload_core::ids::{ClassId, NodeId, UserId};
use wload_core::recorder::Recorder;
use wload_core::run_state::RunState;
use wload_core::snapshot::GeneratorHealth;
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_core::user_class::{NodeKind, ScenarioInfo};
use wload_http::{CoreHttp, HttpShared};
use wload_scenario::{
    CoreContext, HooksInstance, Identity, InstancePool, ObservedRequest, Outcome, RunClock,
    Scenario, Scope, TaskFailure, UserInstance, UserSignals,
};

use crate::error::CliError;
use crate::exit_code;
use crate::logging::{plain, scenario_line};
use crate::printer::{Colour, Printer};

/// What is on its way to stdout.
type Page = Rc<RefCell<String>>;

/// Runs everything once; answers the exit code.
pub(super) async fn walk(
    scenario: &Scenario,
    http: Arc<HttpShared>,
    printer: &Printer,
    is_verbose: bool,
) -> Result<u8, CliError> {
    let page = Page::default();
    let statistics = Rc::new(RefCell::new(Statistics::new(false)));
    let mut core = core(http, &page, is_verbose);
    core.statistics = Some(statistics.clone());
    let core = Rc::new(core);
    let mut walk = Walk {
        info: scenario.info().clone(),
        scenario,
        pool: InstancePool::new(scenario.clone(), core.clone(), 1),
        core,
        page,
        printer,
        exceptions: 0,
        statistics,
        next_user: 0,
    };
    let mut hooks = walk.test_start().await?;
    walk.core.run.enter(RunState::Running);
    for class in 0..walk.info.classes.len() {
        let class = ClassId(u32::try_from(class).unwrap_or(u32::MAX));
        walk.class(class).await?;
    }
    walk.core.run.enter(RunState::Stopped);
    walk.test_stop(hooks.as_mut()).await?;
    Ok(walk.verdict())
}

/// A core whose requests are shown as they end.
fn core(http: Arc<HttpShared>, page: &Page, is_traced: bool) -> CoreContext {
    let seen = page.clone();
    let mut core = CoreContext::new(
        Recorder::new(false),
        CoreHttp::new(http),
        RunClock::start(),
        Box::new(|line| scenario_line(line.level, &line.origin, &line.message)),
        Box::new(|_| {}),
    );
    core.is_traced = is_traced;
    core.observe =
        Some(Box::new(move |request| seen.borrow_mut().push_str(&request_line(request))));
    core
}

struct Walk<'a> {
    info: Arc<ScenarioInfo>,
    scenario: &'a Scenario,
    pool: Rc<InstancePool>,
    core: Rc<CoreContext>,
    page: Page,
    printer: &'a Printer,
    exceptions: u64,
    statistics: Rc<RefCell<Statistics>>,
    next_user: u64,
}

/// The user of one class; none after a trap.
struct OneUser {
    class: ClassId,
    instance: Option<UserInstance>,
    /// Sets that it is in.
    sets: Vec<NodeId>,
}

impl Walk<'_> {
    async fn class(&mut self, class: ClassId) -> Result<(), CliError> {
        let declared = self.info.class(class).clone();
        self.say(&format!("\n{}\n", plain(&declared.name)))?;
        let mut user = OneUser { class, instance: None, sets: Vec::new() };
        if !self.revive(&mut user).await? {
            return Ok(());
        }
        self.set(&mut user, declared.root).await?;
        if declared.has_hooks && self.revive(&mut user).await? {
            self.on_stop(&mut user, Scope::User, "on-stop").await?;
        }
        Ok(())
    }

    /// Enters a set, runs what is in it, leaves it. Recursion ends: trees have a limited depth.
    async fn set(&mut self, user: &mut OneUser, set: NodeId) -> Result<(), CliError> {
        let node = self.info.node(set).clone();
        if node.has_hooks && !self.on_start(user, Scope::Set(set), &node.name).await? {
            return Ok(());
        }
        user.sets.push(set);
        for child in &node.children {
            let below = self.info.node(*child).clone();
            if below.weight == 0 {
                continue;
            }
            if below.kind == NodeKind::Task {
                self.task(user, *child, &below.name).await?;
            } else {
                Box::pin(self.set(user, *child)).await?;
            }
        }
        user.sets.pop();
        if node.has_hooks && self.revive(user).await? {
            self.on_stop(user, Scope::Set(set), &format!("{} on-stop", node.name)).await?;
        }
        Ok(())
    }

    async fn task(&mut self, user: &mut OneUser, task: NodeId, name: &str) -> Result<(), CliError> {
        if !self.revive(user).await? {
            return Ok(());
        }
        let Some(instance) = &mut user.instance else { return Ok(()) };
        let result = instance.run_task(task).await;
        self.ended(user, name, result)?;
        Ok(())
    }

    /// A fresh user where there is none, in the sets where it was. False: it cannot start.
    async fn revive(&mut self, user: &mut OneUser) -> Result<bool, CliError> {
        if user.instance.is_some() {
            return Ok(true);
        }
        let identity = Identity { id: UserId(self.next_user), class: user.class, class_index: 0 };
        self.next_user += 1;
        let signals = Rc::<UserSignals>::default();
        let started = UserInstance::start(&self.pool, signals, identity).await;
        match started {
            Ok(instance) => user.instance = Some(instance),
            Err(failure) => {
                self.ended(user, "start of the user", Err(failure))?;
                return Ok(false);
            }
        }
        if self.info.class(user.class).has_hooks && !self.on_start(user, Scope::User, "").await? {
            user.instance = None;
            return Ok(false);
        }
        for set in user.sets.clone() {
            let node = self.info.node(set).clone();
            if node.has_hooks && !self.on_start(user, Scope::Set(set), &node.name).await? {
                return Ok(false);
            }
        }
        Ok(user.instance.is_some())
    }

    /// True when the user or the set may go on.
    async fn on_start(
        &mut self,
        user: &mut OneUser,
        scope: Scope,
        of: &str,
    ) -> Result<bool, CliError> {
        let Some(instance) = &mut user.instance else { return Ok(false) };
        let result = instance.on_start(scope).await;
        let goes_on = matches!(result, Ok(Outcome::Next | Outcome::Reschedule));
        self.ended(user, format!("{of} on-start").trim_start(), result)?;
        Ok(goes_on)
    }

    async fn on_stop(
        &mut self,
        user: &mut OneUser,
        scope: Scope,
        name: &str,
    ) -> Result<(), CliError> {
        let Some(instance) = &mut user.instance else { return Ok(()) };
        let result = instance.on_stop(scope).await;
        self.ended(user, name, result)
    }

    /// Shows what a call did: its requests, its failures, its exception.
    fn ended(
        &mut self,
        user: &mut OneUser,
        name: &str,
        result: Result<Outcome, TaskFailure>,
    ) -> Result<(), CliError> {
        if result.as_ref().is_err_and(|failure| failure.is_trap) {
            user.instance = None;
        }
        let note = match result {
            Ok(Outcome::Next | Outcome::Reschedule) => String::new(),
            Ok(Outcome::Interrupt(_)) => "    left its task set\n".to_owned(),
            Ok(Outcome::StopUser) => "    stopped its user\n".to_owned(),
            Ok(Outcome::StopRun(None)) => "    stopped the run\n".to_owned(),
            Ok(Outcome::StopRun(Some(code))) => {
                format!("    stopped the run with exit code {code}\n")
            }
            Err(failure) => self.exception(&failure),
        };
        self.show(name, &note)
    }

    fn exception(&mut self, failure: &TaskFailure) -> String {
        self.exceptions += 1;
        let mut text = format!("    exception: {}\n", plain(&failure.message));
        for line in failure.trace.lines() {
            text.push_str(&format!("      {}\n", plain(line)));
        }
        text
    }

    /// The lines of one call: requests, what was recorded as failed, and a note.
    fn show(&mut self, name: &str, note: &str) -> Result<(), CliError> {
        let requests = std::mem::take(&mut *self.page.borrow_mut());
        let failures = self.take_failures();
        self.say(&format!("  {}\n{requests}{failures}{note}", plain(name)))
    }

    /// What the recorder counted since the last call.
    fn take_failures(&mut self) -> String {
        let delta = self.core.recorder.borrow_mut().take_delta();
        let mut call = Statistics::new(false);
        call.apply(delta.clone());
        self.statistics.borrow_mut().apply(delta);
        let mut text = String::new();
        for failure in call.snapshot(input()).failures {
            let (method, name) = (plain(&failure.key.method), plain(&failure.key.name));
            let message = plain(&failure.message);
            text.push_str(&format!("    failure: {method} {name}: {message}\n"));
        }
        text
    }

    async fn test_start(&mut self) -> Result<Option<HooksInstance>, CliError> {
        let started = HooksInstance::start(self.scenario, self.core.clone()).await;
        let (hooks, result) = match started {
            Ok(None) => return Ok(None),
            Ok(Some(mut hooks)) => {
                let result = match hooks.init().await {
                    Ok(()) => hooks.test_start().await,
                    Err(failure) => Err(failure),
                };
                (Some(hooks), result)
            }
            Err(failure) => (None, Err(failure)),
        };
        let is_alive = result.is_ok();
        self.hook_ended("test-start", result)?;
        Ok(hooks.filter(|_| is_alive))
    }

    async fn test_stop(&mut self, hooks: Option<&mut HooksInstance>) -> Result<(), CliError> {
        let Some(hooks) = hooks else { return Ok(()) };
        let result = hooks.test_stop().await;
        let is_alive = result.as_ref().err().is_none_or(|failure| !failure.is_trap);
        self.hook_ended("test-stop", result)?;
        if is_alive && let Err(failure) = hooks.quitting().await {
            return self.hook_ended("quitting", Err(failure));
        }
        Ok(())
    }

    fn hook_ended(&mut self, name: &str, result: Result<(), TaskFailure>) -> Result<(), CliError> {
        let note = result.err().map(|failure| self.exception(&failure)).unwrap_or_default();
        self.say("\nScenario\n")?;
        self.show(name, &note)
    }

    fn verdict(&mut self) -> u8 {
        let all = self.statistics.borrow_mut().snapshot(input());
        let (requests, failures) = (all.aggregated.requests, all.aggregated.failures);
        let has_failed = failures > 0 || !all.failures.is_empty() || self.exceptions > 0;
        let (word, colour) =
            if has_failed { ("failed", Colour::Red) } else { ("passed", Colour::Green) };
        let word = self.printer.paint(word, colour);
        let exceptions = self.exceptions;
        self.printer.talk(&format!(
            "verdict: {word}: {requests} requests, {failures} failures, {exceptions} exceptions"
        ));
        if has_failed { exit_code::FAILED } else { exit_code::PASSED }
    }

    fn say(&self, text: &str) -> Result<(), CliError> {
        self.printer.data(text)
    }
}

fn input() -> SnapshotInput {
    SnapshotInput {
        elapsed: std::time::Duration::from_secs(1),
        user_count: 0,
        user_target: 0,
        health: GeneratorHealth::default(),
    }
}

/// One request: method, name, URL, status or error, time, size.
fn request_line(request: &ObservedRequest<'_>) -> String {
    let exchange = request.exchange;
    let status = match &exchange.error {
        Some(error) => plain(&error.to_string()),
        None => exchange.status.to_string(),
    };
    let millis = exchange.timings.total.as_secs_f64() * 1_000.0;
    let (method, name) = (plain(request.method), plain(request.name));
    let url = plain(&exchange.url());
    let size = exchange.body_size;
    let mut text = format!("    {method} {name}: {status}, {millis:.1} ms, {size} bytes, {url}\n");
    for line in &exchange.trace {
        text.push_str(&format!("      {}\n", plain(line)));
    }
    text
}
