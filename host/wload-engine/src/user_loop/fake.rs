//! A guest without wasm: it logs each call with its time and answers by a script.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use wload_core::ids::NodeId;
use wload_core::recorder::Recorder;
use wload_core::snapshot::{ExceptionRow, GeneratorHealth, InstanceCounts};
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_core::user_class::{NodeKind, ScenarioInfo, Share, TaskNode, UserClass, WaitTime};
use wload_http::{CoreHttp, HttpSettings, HttpShared};
use wload_scenario::{CoreContext, Identity, Outcome, RunClock, Scope, TaskFailure, UserSignals};

use crate::program::{CallResult, Program, ProgramFactory};
use crate::task_picker::TaskTree;
use crate::user_loop::UserContext;

/// What a task does when it is run.
#[derive(Clone, Debug)]
pub(crate) enum Act {
    Return(Outcome),
    Fail,
    Trap,
    /// Sleeps, then returns `next`.
    Take(Duration),
    Hang,
}

pub(crate) struct Fake {
    pub(crate) core: Rc<CoreContext>,
    pub(crate) log: Rc<RefCell<Vec<String>>>,
    /// What `run_task`, and `on_start` of the user, do next; then all is well.
    pub(crate) tasks: Rc<RefCell<VecDeque<Act>>>,
    pub(crate) starts: Rc<RefCell<VecDeque<Act>>>,
}

pub(crate) struct FakeUser {
    fake: Rc<Fake>,
    id: u64,
}

pub(crate) struct FakeFactory(pub(crate) Rc<Fake>);

impl Fake {
    pub(crate) fn new(tasks: &[Act], starts: &[Act]) -> Rc<Self> {
        let http = CoreHttp::new(HttpShared::new(HttpSettings::default()).unwrap());
        let nothing = Box::new(|_| {});
        let core = CoreContext::new(
            Recorder::new(false),
            http,
            RunClock::start(),
            nothing,
            Box::new(|_| {}),
        );
        Rc::new(Self {
            core: Rc::new(core),
            log: Rc::default(),
            tasks: Rc::new(RefCell::new(tasks.iter().cloned().collect())),
            starts: Rc::new(RefCell::new(starts.iter().cloned().collect())),
        })
    }

    pub(crate) fn log(&self) -> Vec<String> {
        self.log.borrow().clone()
    }

    pub(crate) fn exceptions(&self) -> Vec<ExceptionRow> {
        let mut statistics = Statistics::new(false);
        statistics.apply(self.core.recorder.borrow_mut().take_delta());
        let input = SnapshotInput {
            elapsed: self.core.clock.elapsed(),
            user_count: 0,
            user_target: 0,
            health: GeneratorHealth::default(),
        };
        statistics.snapshot(input).exceptions
    }

    fn say(&self, text: String) {
        let at = self.core.clock.elapsed().as_millis();
        self.log.borrow_mut().push(format!("{at} {text}"));
    }

    async fn act(&self, act: Option<Act>) -> CallResult {
        let failure =
            |is_trap| TaskFailure { message: "boom".into(), trace: String::new(), is_trap };
        match act {
            None => Ok(Outcome::Next),
            Some(Act::Return(outcome)) => Ok(outcome),
            Some(Act::Fail) => Err(failure(false)),
            Some(Act::Trap) => Err(failure(true)),
            Some(Act::Take(time)) => {
                tokio::time::sleep(time).await;
                Ok(Outcome::Next)
            }
            Some(Act::Hang) => std::future::pending().await,
        }
    }
}

impl ProgramFactory for FakeFactory {
    type Program = FakeUser;

    async fn create(
        &self,
        identity: Identity,
        _: Rc<UserSignals>,
    ) -> Result<FakeUser, TaskFailure> {
        self.0.say(format!("create {}", identity.id));
        Ok(FakeUser { fake: self.0.clone(), id: identity.id.0 })
    }

    fn core(&self) -> &Rc<CoreContext> {
        &self.0.core
    }

    fn instances(&self) -> InstanceCounts {
        InstanceCounts::default()
    }

    fn look_at_memory(&self) {}

    async fn tend(&self) {
        std::future::pending().await
    }
}

impl Program for FakeUser {
    async fn on_start(&mut self, scope: Scope) -> CallResult {
        self.fake.say(format!("{} on_start {scope:?}", self.id));
        let act = self.fake.starts.borrow_mut().pop_front();
        self.fake.act(act).await
    }

    async fn run_task(&mut self, task: NodeId) -> CallResult {
        self.fake.say(format!("{} task {task}", self.id));
        let act = self.fake.tasks.borrow_mut().pop_front();
        self.fake.act(act).await
    }

    async fn on_stop(&mut self, scope: Scope) -> CallResult {
        self.fake.say(format!("{} on_stop {scope:?}", self.id));
        Ok(Outcome::Next)
    }

    async fn wait_time(&mut self, _: Option<NodeId>) -> Result<Duration, TaskFailure> {
        Ok(Duration::from_secs(1))
    }

    fn rests(&mut self, _: Duration) {}
}

/// One class with hooks, a root set without, one task; it waits a second.
pub(crate) fn context(fake: &Rc<Fake>) -> UserContext<FakeFactory> {
    let node = |name: &str, kind, children| TaskNode {
        name: name.into(),
        kind,
        weight: 1,
        tags: Vec::new(),
        children,
        wait: None,
        has_hooks: false,
    };
    let class = UserClass {
        name: "Shopper".into(),
        share: Share::Weight(1.0),
        target_host: None,
        wait: WaitTime::Constant(Duration::from_secs(1)),
        root: NodeId(0),
        has_hooks: true,
        pinned: None,
    };
    let info = ScenarioInfo {
        classes: vec![class],
        nodes: vec![
            node("root", NodeKind::WeightedSet, vec![NodeId(1)]),
            node("browse", NodeKind::Task, Vec::new()),
        ],
        ..ScenarioInfo::default()
    };
    UserContext {
        factory: FakeFactory(fake.clone()),
        tree: Arc::new(TaskTree::new(Arc::new(info))),
        seed: 1,
        iterations: None,
    }
}
