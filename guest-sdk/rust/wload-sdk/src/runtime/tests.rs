//! A user's life in an instance, as the host drives it.

use super::*;
use crate::prelude::*;

#[derive(Default)]
struct Shopper {
    visits: u32,
    sets_left: Vec<u32>,
}

#[user(weight = 2, wait_time = between(1, 2), tags("all"))]
impl Shopper {
    #[on_start]
    fn start(&mut self) {
        self.visits = 10;
    }

    #[task(3)]
    fn browse(&mut self) -> TaskResult {
        self.visits += 1;
        if self.visits > 11 { stop_run(Some(self.visits as u8)) } else { Ok(()) }
    }

    #[task(weight = 2, tags("buy"))]
    type Checkout = Basket;

    #[task(name = "never mind")]
    fn fail(&self) -> Result<(), std::num::ParseIntError> {
        "x".parse::<u8>().map(drop)
    }
}

#[derive(Default)]
struct Basket {
    steps: u32,
}

#[task_set(user = Shopper, sequential)]
impl Basket {
    #[on_start]
    fn enter(&mut self) {
        self.steps += 1;
    }

    #[task]
    fn step(&mut self, user: &mut Shopper) -> TaskResult {
        self.steps += 1;
        if self.steps == 3 {
            user.visits += 100;
            return interrupt_and_wait();
        }
        Ok(())
    }

    #[task]
    type Inner = Anywhere;

    #[on_stop]
    fn leave(&mut self, user: &mut Shopper) {
        user.sets_left.push(self.steps);
    }
}

/// A set without state, for any user.
#[derive(Default)]
struct Anywhere;

#[task_set(wait_time = constant(3))]
impl Anywhere {
    #[task]
    fn nothing(&self) {}
}

#[derive(Default)]
struct Admin;

#[user(fixed_count = 1, host = "http://localhost", sequential, name = "The admin")]
impl Admin {
    #[task]
    fn work(&mut self) {}

    #[wait_time]
    fn pause(&mut self) -> Duration {
        Duration::from_secs(7)
    }
}

static CITY: ScenarioOption = ScenarioOption::new("city").default_value("Bern");
static PRODUCTS: Table = Table::csv("products", "products.csv");

scenario! {
    users: [Shopper, Admin],
    options: [CITY],
    tables: [PRODUCTS],
    shape: Stages::new(),
}

fn runtime() -> Runtime {
    Runtime::new(Definition::of::<__WloadScenario>())
}

fn visits(runtime: &Runtime) -> u32 {
    runtime.user.as_ref().unwrap().state.downcast_ref::<Shopper>().unwrap().visits
}

#[test]
fn the_tree_is_the_one_that_was_written() {
    let info = crate::describe::scenario_info(&runtime().definition).unwrap();
    let nodes: Vec<_> = info
        .nodes
        .iter()
        .map(|node| {
            let kind = format!("{:?}", node.kind);
            (node.name.as_str(), kind, node.weight, node.children.as_slice(), node.has_hooks)
        })
        .collect();
    let kind = |kind: &str| format!("NodeKind::{kind}");
    assert_eq!(
        nodes,
        [
            ("Shopper", kind("WeightedSet"), 1, &[1, 2, 6][..], false),
            ("browse", kind("Task"), 3, &[], false),
            ("Checkout", kind("SequentialSet"), 2, &[3, 4], true),
            ("step", kind("Task"), 1, &[], false),
            ("Inner", kind("WeightedSet"), 1, &[5], false),
            ("nothing", kind("Task"), 1, &[], false),
            ("never mind", kind("Task"), 1, &[], false),
            ("The admin", kind("SequentialSet"), 1, &[8], false),
            ("work", kind("Task"), 1, &[], false),
        ]
    );
    assert_eq!(info.nodes[0].tags, ["all"]);
    assert_eq!(info.nodes[2].tags, ["buy"]);
    assert!(info.nodes[4].wait.is_some() && info.nodes[2].wait.is_none());
    assert!(info.nodes[0].wait.is_none() && info.classes[0].has_hooks);
    assert!(!info.classes[1].has_hooks);
    assert_eq!(info.classes[1].target_host.as_deref(), Some("http://localhost"));
    assert_eq!((info.options.len(), info.tables.len()), (1, 1));
    assert!(info.has_shape && !info.has_hooks);
}

#[test]
fn a_task_set_begins_anew_each_time_and_shares_the_user() {
    let mut runtime = runtime();
    assert!(matches!(runtime.hook(&Scope::User(0), Edge::Start), Ok(Outcome::Next)));
    for round in 1..=2 {
        assert!(matches!(runtime.hook(&Scope::Node(2), Edge::Start), Ok(Outcome::Next)));
        assert!(matches!(runtime.run_task(3), Ok(Outcome::Next)));
        assert!(matches!(runtime.run_task(3), Ok(Outcome::Interrupt(false))));
        assert!(matches!(runtime.hook(&Scope::Node(2), Edge::Stop), Ok(Outcome::Next)));
        assert_eq!(visits(&runtime), 10 + 100 * round);
    }
    let user = runtime.user.as_ref().unwrap().state.downcast_ref::<Shopper>().unwrap();
    assert_eq!(user.sets_left, [3, 3]);
}

#[test]
fn outcomes_and_exceptions_reach_the_host() {
    let mut runtime = runtime();
    let _ = runtime.hook(&Scope::User(0), Edge::Start);
    assert!(matches!(runtime.run_task(1), Ok(Outcome::Next)));
    assert!(matches!(runtime.run_task(1), Ok(Outcome::StopRun(Some(12)))));
    let error = runtime.run_task(6).unwrap_err();
    assert_eq!(error.message, "invalid digit found in string");
    assert!(error.trace.is_some());
}

#[test]
fn a_malformed_request_is_an_exception_and_a_stopping_user_is_none() {
    use crate::http::HttpError;

    notes::note("GET", "/{", &HttpError::InvalidRequest("a brace too many".into()));
    assert_eq!(answer(Ok(())).unwrap_err().message, "GET /{: a brace too many");
    notes::note("GET", "/", &HttpError::Stopping);
    assert!(matches!(answer(raise("no token")), Ok(Outcome::StopUser)));
    assert_eq!(answer(raise("no token")).unwrap_err().message, "no token");
}

#[test]
fn a_wait_time_may_be_a_function() {
    let mut runtime = runtime();
    assert!(matches!(runtime.run_task(8), Ok(Outcome::Next)));
    assert_eq!(runtime.wait_time(None), Duration::from_secs(7));
}

#[test]
fn a_wait_time_that_cannot_be_is_an_error_of_describe() {
    let mut definition = Definition::default();
    definition.user::<Impatient>();
    let error = crate::describe::scenario_info(&definition).unwrap_err();
    assert_eq!(error, "`Impatient`: a wait time is -1 seconds; expected 0 or more");
}

#[derive(Default)]
struct Impatient;

#[user(wait_time = constant(-1))]
impl Impatient {
    #[task]
    fn nothing(&mut self) {}
}
