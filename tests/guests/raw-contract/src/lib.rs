//! A scenario without an SDK: what the contract itself asks for, and nothing else.
//!
//! Upstream: the tests of truth and of the command line. One user class with one task, which sends
//! `GET` to the option `path` from a template and never waits. It exports `users` only, so it is also
//! the proof that `shape` and `hooks` may be left out.

use std::cell::OnceCell;

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use wload::scenario::http::{Recording, RequestSpec, RequestTemplate};
use wload::scenario::options;

struct Raw;

thread_local! {
    static GET: OnceCell<RequestTemplate> = const { OnceCell::new() };
}

fn template() -> RequestTemplate {
    RequestTemplate::create(&RequestSpec {
        method: "GET".into(),
        url: options::get("path").expect("an option with a default"),
        name: None,
        headers: Vec::new(),
        recording: Recording::Automatic,
        redirects: None,
        timeout: None,
        keep_body: false,
    })
    .expect("a path of the target")
}

impl Guest for Raw {
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
                name: "Raw".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::None,
                root: 0,
                has_hooks: false,
            }],
            nodes: vec![
                node("Raw", NodeKind::WeightedSet, vec![1]),
                node("get", NodeKind::Task, Vec::new()),
            ],
            options: vec![OptionSpec {
                name: "path".into(),
                help: "What is asked for".into(),
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
        })
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        GET.with(|get| drop(get.get_or_init(template).send(&[], None)));
        Ok(Outcome::Next)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Raw);
