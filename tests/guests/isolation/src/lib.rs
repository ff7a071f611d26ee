//! User classes that misbehave, each in its own way, and one that does not.
//!
//! Upstream: `tests/scenario/isolation.rs`; `Steady` also serves the tests of truth. Without an SDK, so
//! that nothing stands between the guest's fault and the host. Before it misbehaves a user leaves its task
//! in the target's log: so the test knows how often it did.

use std::cell::OnceCell;
use std::hint::black_box;
use std::time::Duration;

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use wload::scenario::http::{self, Recording, RequestSpec, RequestTemplate};
use wload::scenario::{identity, options};

/// Time between two tasks of a steady user.
const PACE: Duration = Duration::from_millis(100);
/// Wait time of all others.
const WAIT: Duration = Duration::from_millis(50);

/// What a class does; its place here is its place in `classes`.
#[derive(Clone, Copy, PartialEq)]
enum Class {
    Steady,
    Looping,
    TrapsAtStart,
    Panics,
    Recurses,
    Fails,
    Hoards,
    Exits,
    Floods,
}

const CLASSES: [(Class, &str, &str); 9] = [
    (Class::Steady, "Steady", "get"),
    (Class::Looping, "Looping", "spin"),
    (Class::TrapsAtStart, "TrapsAtStart", "never_reached"),
    (Class::Panics, "Panics", "buy"),
    (Class::Recurses, "Recurses", "descend"),
    (Class::Fails, "Fails", "redeem"),
    (Class::Hoards, "Hoards", "hoard"),
    (Class::Exits, "Exits", "walk_out"),
    (Class::Floods, "Floods", "flood"),
];

struct Isolation;

thread_local! {
    static GET: OnceCell<RequestTemplate> = const { OnceCell::new() };
}

fn get(url: String, recording: Recording) -> RequestSpec {
    RequestSpec {
        method: "GET".into(),
        url,
        name: None,
        headers: Vec::new(),
        recording,
        redirects: None,
        timeout: None,
        keep_body: false,
    }
}

fn template() -> RequestTemplate {
    let path = options::get("path").expect("an option with a default");
    RequestTemplate::create(&get(path, Recording::Automatic)).expect("a path of the target")
}

fn leave(step: &str) {
    drop(http::send(&get(format!("/log/{step}"), Recording::Silent), None));
}

fn class() -> (Class, &'static str) {
    let (class, _, task) = CLASSES[identity::current().class as usize];
    (class, task)
}

/// The addition after the call keeps the compiler from making a loop of it.
#[expect(unconditional_recursion, reason = "that is what is tested")]
fn descend(depth: u64) -> u64 {
    black_box(depth) + descend(black_box(depth + 1))
}

/// Takes memory until there is none; untouched, so that it does not take long.
fn hoard() {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(1 << 20)));
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).expect("a short time")
}

fn node(name: &str, kind: NodeKind, children: Vec<u32>) -> Node {
    Node {
        name: name.into(),
        kind,
        weight: 1,
        tags: Vec::new(),
        children,
        wait: None,
        has_hooks: false,
    }
}

impl Guest for Isolation {
    fn describe() -> Result<ScenarioInfo, String> {
        let mut info = ScenarioInfo {
            classes: Vec::new(),
            nodes: Vec::new(),
            options: vec![OptionSpec {
                name: "path".into(),
                help: "What the steady users ask for".into(),
                default_value: Some("/ok".into()),
                choices: Vec::new(),
                secret: false,
                flags: Vec::new(),
                kind: OptionKind::Text,
                variable: None,
                required: false,
            }],
            tables: Vec::new(),
            has_shape: false,
            has_hooks: false,
        };
        for (class, name, task) in CLASSES {
            let root = u32::try_from(info.nodes.len()).expect("a small tree");
            info.nodes.push(node(name, NodeKind::WeightedSet, vec![root + 1]));
            info.nodes.push(node(task, NodeKind::Task, Vec::new()));
            info.classes.push(UserClass {
                name: name.into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: match class {
                    Class::Steady => WaitTime::Pacing(nanos(PACE)),
                    _ => WaitTime::Constant(nanos(WAIT)),
                },
                root,
                has_hooks: class == Class::TrapsAtStart,
            });
        }
        Ok(info)
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        leave("on_start");
        core::arch::wasm32::unreachable()
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        let (class, task) = class();
        if class != Class::Steady {
            leave(task);
        }
        match class {
            Class::Steady => GET.with(|get| drop(get.get_or_init(template).send(&[], None))),
            Class::Looping => loop {
                black_box(());
            },
            Class::TrapsAtStart => {}
            Class::Panics => panic!("the cart is empty"),
            Class::Recurses => drop(black_box(descend(0))),
            Class::Hoards => hoard(),
            Class::Exits => std::process::exit(3),
            Class::Floods => {
                let spec = get("/ok".into(), Recording::Silent);
                // Leaked on purpose: the host holds a response until its handle is dropped.
                loop {
                    std::mem::forget(http::send(&spec, None));
                }
            }
            Class::Fails => {
                return Err(TaskError {
                    message: "the coupon is used up".into(),
                    trace: Some("redeem (coupons.rs:7)".into()),
                });
            }
        }
        Ok(Outcome::Next)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Isolation);
