//! A load shape that answers nonsense.
//!
//! Upstream: `tests/misbehaviour`. For the first two seconds it answers as it should; then it does what
//! the option `shape` says. Without an SDK: an SDK would not let most of it pass.

use std::time::Duration;

wit_bindgen::generate!({ path: "../../../wit", world: "full" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use exports::wload::scenario::{hibernation, hooks, shape};
use wload::scenario::http::{self, Recording, RequestSpec};
use wload::scenario::{clock, options};

/// What the option may say.
const SHAPES: [&str; 11] = [
    "loop",
    "trap",
    "sleep",
    "sleep-in-wasi",
    "rate-nan",
    "rate-negative",
    "rate-zero",
    "rate-infinite",
    "too-many-users",
    "unknown-class",
    "many-classes",
];
/// How long the shape answers well.
const GOOD: Duration = Duration::from_secs(2);
/// A steady user's time between two tasks.
const PACE: Duration = Duration::from_millis(500);
const USERS: u32 = 40;
const YEAR: Duration = Duration::from_secs(365 * 86_400);

struct Misshaped;

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn step(users: u32, spawn_rate: f64, nobodies: usize) -> Option<shape::Step> {
    Some(shape::Step { users, spawn_rate, classes: vec!["Nobody".into(); nobodies] })
}

fn misshapen(shape: &str) -> Option<shape::Step> {
    match shape {
        "loop" => loop {
            std::hint::black_box(());
        },
        "trap" => core::arch::wasm32::unreachable(),
        "sleep" => {
            clock::sleep(nanos(YEAR));
            None
        }
        "sleep-in-wasi" => {
            std::thread::sleep(YEAR);
            None
        }
        "rate-nan" => step(USERS, f64::NAN, 0),
        "rate-negative" => step(USERS, -1.0, 0),
        "rate-zero" => step(USERS, 0.0, 0),
        "rate-infinite" => step(USERS, f64::INFINITY, 0),
        "too-many-users" => step(u32::MAX, 1.0, 0),
        "unknown-class" => step(USERS, 100.0, 1),
        "many-classes" => step(USERS, 100.0, 100_000),
        _ => step(USERS, 1e9, 0),
    }
}

impl shape::Guest for Misshaped {
    fn tick(state: shape::State) -> Option<shape::Step> {
        let shape = options::get("shape").unwrap_or_default();
        if state.elapsed < nanos(GOOD) { step(USERS, 1e9, 0) } else { misshapen(&shape) }
    }
}

impl hooks::Guest for Misshaped {
    fn init() -> Result<(), String> {
        Ok(())
    }

    fn quitting() {}

    fn test_start() -> Result<(), String> {
        Ok(())
    }

    fn spawning_complete(_: u32) {}

    fn test_stop() -> Result<(), String> {
        Ok(())
    }
}

impl Guest for Misshaped {
    fn describe() -> Result<ScenarioInfo, String> {
        let node = |name: &str, kind, children| Node {
            name: name.into(),
            kind,
            weight: 1,
            tags: Vec::new(),
            children,
            wait: None,
            has_hooks: false,
        };
        Ok(ScenarioInfo {
            classes: vec![UserClass {
                name: "Steady".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::Pacing(nanos(PACE)),
                root: 0,
                has_hooks: false,
            }],
            nodes: vec![
                node("Steady", NodeKind::WeightedSet, vec![1]),
                node("get", NodeKind::Task, Vec::new()),
            ],
            options: vec![OptionSpec {
                name: "shape".into(),
                help: "What the shape answers after two seconds".into(),
                default_value: None,
                choices: SHAPES.iter().map(|shape| (*shape).to_owned()).collect(),
                secret: false,
                flags: Vec::new(),
                kind: OptionKind::Text,
                variable: None,
                required: false,
            }],
            tables: Vec::new(),
            has_shape: true,
            has_hooks: false,
        })
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        let spec = RequestSpec {
            method: "GET".into(),
            url: "/ok".into(),
            name: None,
            headers: Vec::new(),
            recording: Recording::Automatic,
            redirects: None,
            timeout: None,
            keep_body: false,
        };
        drop(http::send(&spec, None));
        Ok(Outcome::Next)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

impl hibernation::Guest for Misshaped {
    fn can_save(_: u32) -> Result<(), String> {
        Err("its users have nothing to save".into())
    }

    fn save() -> Result<Vec<u8>, String> {
        Err("its users have nothing to save".into())
    }

    fn restore(_: u32, _: Vec<u8>) -> Result<(), String> {
        Err("its users have nothing to save".into())
    }

    fn reset() -> bool {
        false
    }
}

export!(Misshaped);
