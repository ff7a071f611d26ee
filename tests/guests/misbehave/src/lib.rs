//! User classes that misbehave, one per kind, and one that does not.
//!
//! Upstream: `tests/misbehaviour`, which has a row for each. Downstream: the host's limits. Without an
//! SDK, so that nothing stands between the fault and the host. `kinds.rs` has the table of classes; what
//! they do is in one file per resource that they are after.

mod computing;
mod handles;
mod hooks;
mod kinds;
mod memory;
mod names;
mod output;
mod requests;
mod stopping;

wit_bindgen::generate!({ path: "../../../wit", world: "full" });

/// The part of WASI that the tests reach for and the language's own library does not offer. The version
/// is not the library's own, so that the linker does not ask for the rest of these interfaces.
mod wasi {
    wit_bindgen::generate!({
        inline: r"
            package wload-tests:wasi;

            package wasi:io@0.2.3 {
                interface poll { resource pollable; }
            }

            package wasi:clocks@0.2.3 {
                interface monotonic-clock {
                    use wasi:io/poll@0.2.3.{pollable};
                    type duration = u64;
                    subscribe-duration: func(when: duration) -> pollable;
                }
            }

            package wasi:random@0.2.3 {
                interface random { get-random-bytes: func(len: u64) -> list<u8>; }
            }

            world reach {
                import wasi:clocks/monotonic-clock@0.2.3;
                import wasi:random/random@0.2.3;
            }
        ",
        world: "reach",
        generate_all,
    });
}

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use exports::wload::scenario::{hibernation, shape};
use wload::scenario::identity;

use kinds::{KINDS, Kind, Moment, Pause};

/// How a call into the guest ends.
type Ended = Result<Outcome, TaskError>;

struct Misbehave;

/// Of the user that is running.
fn kind() -> &'static Kind {
    &KINDS[identity::current().class as usize]
}

fn act_at(moment: Moment) -> Ended {
    let kind = kind();
    if kind.moment == moment { (kind.act)() } else { Ok(Outcome::Next) }
}

/// A set with one child; a task has none.
fn node(name: &str, child: Option<u32>, has_hooks: bool) -> Node {
    Node {
        name: name.into(),
        kind: if child.is_some() { NodeKind::WeightedSet } else { NodeKind::Task },
        weight: 1,
        tags: Vec::new(),
        children: child.into_iter().collect(),
        wait: None,
        has_hooks,
    }
}

/// Each class has a root with a set with a task, so that all have the same moments.
fn add_class(info: &mut ScenarioInfo, kind: &Kind) {
    let root = u32::try_from(info.nodes.len()).expect("a small tree");
    info.nodes.push(node(kind.name, Some(root + 1), false));
    let is_set_moment = matches!(kind.moment, Moment::SetStart | Moment::SetStop);
    info.nodes.push(node("set", Some(root + 2), is_set_moment));
    info.nodes.push(node("act", None, false));
    info.classes.push(UserClass {
        name: kind.name.into(),
        share: Share::FixedCount(kind.users),
        target_host: None,
        wait: match kind.pause {
            Pause::None => WaitTime::None,
            Pause::Pace(time) => WaitTime::Pacing(time),
            Pause::Ask => WaitTime::Custom,
        },
        root,
        has_hooks: matches!(kind.moment, Moment::UserStart | Moment::UserStop),
    });
}

impl Guest for Misbehave {
    fn describe() -> Result<ScenarioInfo, String> {
        let mut info = ScenarioInfo {
            classes: Vec::new(),
            nodes: Vec::new(),
            options: vec![OptionSpec {
                name: "hooks".into(),
                help: "What the hooks do".into(),
                default_value: None,
                choices: hooks::ACTS.iter().map(|act| (*act).to_owned()).collect(),
                secret: false,
                flags: Vec::new(),
                kind: OptionKind::Text,
                variable: None,
                required: false,
            }],
            tables: Vec::new(),
            has_shape: false,
            has_hooks: true,
        };
        for kind in &KINDS {
            add_class(&mut info, kind);
        }
        Ok(info)
    }

    fn on_start(scope: Scope) -> Ended {
        act_at(match scope {
            Scope::User(_) => Moment::UserStart,
            Scope::Node(_) => Moment::SetStart,
        })
    }

    fn run_task(_: u32) -> Ended {
        match kind().moment {
            Moment::Task => (kind().act)(),
            // Their moment comes when the task is left.
            Moment::UserStop => Ok(Outcome::StopUser),
            Moment::SetStop => Ok(Outcome::Interrupt(false)),
            Moment::UserStart | Moment::SetStart | Moment::Wait => Ok(Outcome::Next),
        }
    }

    fn on_stop(scope: Scope) -> Ended {
        act_at(match scope {
            Scope::User(_) => Moment::UserStop,
            Scope::Node(_) => Moment::SetStop,
        })
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        // An error has no place in a wait time.
        let _ = act_at(Moment::Wait);
        u64::MAX
    }
}

impl shape::Guest for Misbehave {
    fn tick(_: shape::State) -> Option<shape::Step> {
        None
    }
}

impl hibernation::Guest for Misbehave {
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

export!(Misbehave);
