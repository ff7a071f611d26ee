//! A scenario whose description is whatever the test writes into its bytes.
//!
//! Upstream: `tests/misbehaviour`, which replaces the text of [`LIE`] in the component: `describe` may not
//! ask for options, and a lie per component would be a build per lie.

use std::hint::black_box;
use std::time::Duration;

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TableSpec,
    TaskError, UserClass, WaitTime,
};
use wload::scenario::options;

/// Which lie it is, filled up with dots.
#[used]
static LIE: [u8; 32] = *b"wload-lie:none..................";
/// What [`LIE`] begins with.
const MARK: &str = "wload-lie:";

struct Lies;

/// Read so that the compiler cannot know it.
fn lie() -> String {
    // SAFETY: the static is there, aligned and initialised; it is only read.
    let bytes = unsafe { std::ptr::read_volatile(&raw const LIE) };
    let text = String::from_utf8_lossy(&bytes).into_owned();
    text.trim_start_matches(MARK).trim_end_matches('.').to_owned()
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

fn class(name: &str) -> UserClass {
    UserClass {
        name: name.into(),
        share: Share::Weight(1.0),
        target_host: None,
        wait: WaitTime::None,
        root: 0,
        has_hooks: false,
    }
}

fn option(name: &str) -> OptionSpec {
    OptionSpec {
        name: name.into(),
        help: String::new(),
        default_value: None,
        choices: Vec::new(),
        secret: false,
        flags: Vec::new(),
        kind: OptionKind::Text,
        variable: None,
        required: false,
    }
}

fn truth() -> ScenarioInfo {
    ScenarioInfo {
        classes: vec![class("Honest")],
        nodes: vec![
            node("Honest", NodeKind::WeightedSet, vec![1]),
            node("act", NodeKind::Task, Vec::new()),
        ],
        options: Vec::new(),
        tables: Vec::new(),
        has_shape: false,
        has_hooks: false,
    }
}

/// What `describe` does instead of answering.
fn misbehave(lie: &str) -> Result<(), String> {
    match lie {
        "loop" => loop {
            black_box(());
        },
        "trap" => core::arch::wasm32::unreachable(),
        "panic" => panic!("nothing to describe"),
        "exit" => std::process::exit(3),
        "recursion" => {
            #[expect(unconditional_recursion, reason = "that is what is tested")]
            fn descend(depth: u64) -> u64 {
                black_box(depth) + descend(black_box(depth + 1))
            }
            black_box(descend(0));
        }
        "memory" => drop(black_box(vec![1_u8; 1 << 30])),
        "sleep" => std::thread::sleep(Duration::from_secs(365 * 86_400)),
        "host" => drop(options::get("anything")),
        "error" => return Err("the catalogue is closed".into()),
        "escape-in-error" => return Err("\u{1b}[2Jgone\nerror: another".into()),
        "long-error" => return Err("long ".repeat(4 << 20)),
        _ => {}
    }
    Ok(())
}

/// Changes one thing of the truth about classes.
fn lie_about_classes(info: &mut ScenarioInfo, lie: &str) {
    let first = &mut info.classes[0];
    match lie {
        "no-classes" => info.classes.clear(),
        "10000-classes" => info.classes.resize_with(10_000, || class("Many")),
        "weight-negative" => first.share = Share::Weight(-1.0),
        "weight-nan" => first.share = Share::Weight(f64::NAN),
        "weight-infinite" => first.share = Share::Weight(f64::INFINITY),
        "fixed-count" => first.share = Share::FixedCount(u32::MAX),
        "throughput-nan" => first.wait = WaitTime::Throughput(f64::NAN),
        "throughput-negative" => first.wait = WaitTime::Throughput(-2.0),
        "wait-reversed" => first.wait = WaitTime::Between((2_000_000_000, 1_000_000_000)),
        "long-name" => first.name = "long ".repeat(1 << 20),
        "empty-name" => first.name.clear(),
        "escape-in-name" => first.name = "\u{1b}[2Jgone".into(),
        "same-names" => info.classes.push(class("Honest")),
        "root-unknown" => first.root = 1_000,
        "root-is-task" => first.root = 1,
        "target-host" => first.target_host = Some("gopher://{host}/".into()),
        _ => {}
    }
}

/// Changes one thing of the truth about everything else.
fn lie_about_the_rest(info: &mut ScenarioInfo, lie: &str) {
    let nodes = &mut info.nodes;
    match lie {
        "cycle" => {
            nodes[0].children.push(2);
            nodes.push(node("left", NodeKind::WeightedSet, vec![3]));
            nodes.push(node("right", NodeKind::WeightedSet, vec![2]));
        }
        "own-child" => nodes[0].children.push(0),
        "child-unknown" => nodes[0].children.push(4_000_000_000),
        "two-parents" => nodes[0].children.push(1),
        "empty-set" => nodes[0].children.clear(),
        "100000-nodes" => nodes.resize_with(100_000, || node("many", NodeKind::Task, Vec::new())),
        "10000-deep" => {
            nodes.truncate(1);
            for depth in 1..9_000 {
                nodes.push(node("deep", NodeKind::WeightedSet, vec![depth + 1]));
            }
            nodes.push(node("bottom", NodeKind::Task, Vec::new()));
        }
        "many-tags" => nodes[1].tags = vec!["tag".into(); 100_000],
        "many-children" => nodes[0].children = vec![1; 1_000_000],
        "many-options" => info.options = (0..10_000).map(|n| option(&n.to_string())).collect(),
        "table-outside" => info.tables.push(TableSpec {
            name: "passwd".into(),
            path: "../../etc/passwd".into(),
            has_header: false,
        }),
        "shape-missing" => info.has_shape = true,
        "hooks-missing" => info.has_hooks = true,
        _ => {}
    }
}

impl Guest for Lies {
    fn describe() -> Result<ScenarioInfo, String> {
        let lie = lie();
        misbehave(&lie)?;
        let mut info = truth();
        lie_about_classes(&mut info, &lie);
        lie_about_the_rest(&mut info, &lie);
        Ok(info)
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        Ok(Outcome::StopUser)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Lies);
