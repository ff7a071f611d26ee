//! One request as the options say, and what became of it as a log line.
//!
//! Upstream: the tests of servers that misbehave, and of those that others wrote. It stands on the contract
//! alone. One user class with one task and no wait. The request is prepared once; its name is that of its
//! method, so that all paths are one row.

use std::cell::OnceCell;

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use wload::scenario::http::{Recording, RequestSpec, RequestTemplate};
use wload::scenario::log::{Level, log};
use wload::scenario::options;

struct Exchange;

/// Name, help, default.
const OPTIONS: [(&str, &str, &str); 4] = [
    ("method", "How it is asked", "GET"),
    ("path", "What is asked for", "/"),
    ("body", "What is sent; nothing: no body", ""),
    ("log", "`yes`: say what the response was", "no"),
];

thread_local! {
    static PREPARED: OnceCell<Prepared> = const { OnceCell::new() };
}

struct Prepared {
    template: RequestTemplate,
    body: Option<Vec<u8>>,
    is_logged: bool,
}

fn option(name: &str) -> String {
    options::get(name).expect("an option with a default")
}

fn prepare() -> Prepared {
    let (method, is_logged) = (option("method"), option("log") == "yes");
    let template = RequestTemplate::create(&RequestSpec {
        url: option("path"),
        name: Some(method.clone()),
        method,
        headers: Vec::new(),
        recording: Recording::Automatic,
        redirects: None,
        timeout: None,
        keep_body: is_logged,
    });
    let body = Some(option("body").into_bytes()).filter(|body| !body.is_empty());
    Prepared { template: template.expect("a request"), body, is_logged }
}

fn exchange() {
    PREPARED.with(|prepared| {
        let Prepared { template, body, is_logged } = prepared.get_or_init(prepare);
        let reply = template.send(&[], body.as_deref());
        if !is_logged {
            return;
        }
        let exchange = reply.exchange;
        let line = match exchange.error() {
            Some(error) => format!("exchange: {error:?}"),
            None => format!(
                "exchange: {} {} {} {} {}",
                reply.status,
                exchange.body_size(),
                exchange.body().len(),
                exchange.history().len(),
                exchange.url()
            ),
        };
        log(Level::Info, &line);
    });
}

impl Guest for Exchange {
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
        let option = |(name, help, default): (&str, &str, &str)| OptionSpec {
            name: name.into(),
            help: help.into(),
            default_value: Some(default.into()),
            choices: Vec::new(),
            secret: false,
            flags: Vec::new(),
            kind: OptionKind::Text,
            variable: None,
            required: false,
        };
        Ok(ScenarioInfo {
            classes: vec![UserClass {
                name: "Exchange".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::None,
                root: 0,
                has_hooks: false,
            }],
            nodes: vec![
                node("Exchange", NodeKind::WeightedSet, vec![1]),
                node("exchange", NodeKind::Task, Vec::new()),
            ],
            options: OPTIONS.map(option).to_vec(),
            tables: Vec::new(),
            has_shape: false,
            has_hooks: false,
        })
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        exchange();
        Ok(Outcome::Next)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Exchange);
