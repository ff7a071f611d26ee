//! Users who do at random everything that a request may go through.
//!
//! Upstream: the test of the law that every request that left is in exactly one row. Each task sends a few
//! requests: from a template or not, judged by the host, by the guest or by nobody, named late, kept open,
//! dropped, or followed by an error or a trap. What nobody records goes to `/cookies`, and nothing else
//! does, so that the target can tell it apart.

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, OptionKind, OptionSpec, Outcome, ScenarioInfo, Scope, Share, TaskError,
    UserClass, WaitTime,
};
use wload::scenario::http::{self, Exchange, Recording, Reply, RequestSpec, RequestTemplate};
use wload::scenario::{options, random};

struct Erratic;

/// Where requests go that are recorded.
const PATHS: [&str; 5] = ["/ok", "/status/404", "/fail/500", "/bytes/1000", "/delay/3"];
/// Requests of one task at most.
const REQUESTS_MAX: i64 = 5;

fn once_in(times: i64) -> bool {
    random::get_range(0, times) == 0
}

fn spec(recording: Recording) -> RequestSpec {
    let is_silent = recording == Recording::Silent;
    let path = PATHS[random::get_range(0, PATHS.len() as i64) as usize];
    RequestSpec {
        method: if once_in(3) { "POST" } else { "GET" }.into(),
        url: if is_silent { "/cookies" } else { path }.into(),
        name: once_in(2).then(|| format!("name {}", random::get_range(0, 5))),
        headers: Vec::new(),
        recording,
        redirects: None,
        timeout: None,
        keep_body: once_in(2),
    }
}

fn send(spec: &RequestSpec) -> Reply {
    let body = once_in(2).then(|| vec![b'x'; 10]);
    if once_in(2) {
        return http::send(spec, body.as_deref());
    }
    let template = RequestTemplate::create(spec).expect("a request");
    // The template goes before its exchange does.
    template.send(&[], body.as_deref())
}

fn judge(exchange: &Exchange) {
    for _ in 0..random::get_range(0, 4) {
        match random::get_range(0, 3) {
            0 => exchange.success(),
            1 => exchange.failure("not as it should be"),
            _ => exchange.set_name("named late"),
        }
    }
}

/// A few requests; some stay open until the call ends, however it ends.
fn requests(may_die: bool) -> Result<(), TaskError> {
    let has_silent = options::get("silent").as_deref() == Some("yes");
    let mut open = Vec::new();
    for _ in 0..random::get_range(1, REQUESTS_MAX + 1) {
        let recording = match random::get_range(0, 3) {
            0 if has_silent => Recording::Silent,
            1 => Recording::Judged,
            _ => Recording::Automatic,
        };
        let reply = send(&spec(recording));
        if recording == Recording::Judged {
            judge(&reply.exchange);
        }
        if once_in(2) {
            open.push(reply);
        }
        if once_in(20) {
            return Err(TaskError { message: "enough".into(), trace: None });
        }
        if may_die && once_in(200) {
            // An exchange of an instance that dies is neither dropped nor judged.
            std::mem::forget(open);
            std::process::abort();
        }
    }
    if once_in(10) {
        std::mem::forget(open);
    }
    Ok(())
}

impl Guest for Erratic {
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
                name: "Erratic".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::None,
                root: 0,
                has_hooks: true,
            }],
            nodes: vec![
                node("Erratic", NodeKind::WeightedSet, vec![1]),
                node("requests", NodeKind::Task, Vec::new()),
            ],
            options: vec![OptionSpec {
                name: "silent".into(),
                help: "Whether some requests are recorded by nobody".into(),
                default_value: Some("yes".into()),
                choices: vec!["yes".into(), "no".into()],
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
        // An error here would end the user, and soon there would be none. A death here would come again
        // with each new instance, because its random numbers are the same.
        let _ = requests(false);
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        requests(true).map(|()| if once_in(500) { Outcome::StopUser } else { Outcome::Next })
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        requests(true).map(|()| Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Erratic);
