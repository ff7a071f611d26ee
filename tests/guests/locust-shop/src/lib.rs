//! The visit of `tests/locust/shop.py`, request by request, as a scenario.
//!
//! Upstream: the tests beside Locust. It stands on the contract alone: what both sides are compared by must
//! not change with an SDK.

use serde_json::{Value, json};

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{
    Guest, Node, NodeKind, Outcome, ScenarioInfo, Scope, Share, TaskError, UserClass, WaitTime,
};
use wload::scenario::http::{self, Recording, Reply, RequestSpec};

struct Shopper;

impl Guest for Shopper {
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
                name: "Shopper".into(),
                share: Share::Weight(1.0),
                target_host: None,
                wait: WaitTime::None,
                root: 0,
                has_hooks: false,
            }],
            nodes: vec![
                node("Shopper", NodeKind::WeightedSet, vec![1]),
                node("visit", NodeKind::Task, Vec::new()),
            ],
            options: Vec::new(),
            tables: Vec::new(),
            has_shape: false,
            has_hooks: false,
        })
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        visit().map(|()| Outcome::Next).map_err(|message| TaskError { message, trace: None })
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Shopper);

fn visit() -> Result<(), String> {
    let credentials = json!({ "username": "ann", "password": "secret" });
    let login = read(&post("/login", None, Some(&credentials)))?;
    let token = login["token"].as_str().ok_or("no token")?;
    let listed = read(&get("/products?category=books&limit=5", None))?;
    let product = listed["products"][0]["id"].as_u64().ok_or("no product")?;
    get(&format!("/products/{product}"), Some("/products/{id}"));
    let item = json!({ "product_id": product, "quantity": 2 });
    post("/cart", Some(token), Some(&item));
    let order = read(&post("/orders", Some(token), None))?;

    get("/redirect/2", None);
    get("/gzip", None);
    get("/products/9999", Some("/products/{id}"));
    get("/fail/503", None);
    let search = judged("/search?q=lamp");
    let found = read(&search)?["products"].as_array().map_or(0, Vec::len);
    search.exchange.failure(&format!("it isn't \"4\" but {found} lamps"));
    judged("/status/404").exchange.success();

    match order["order_id"].as_u64() {
        None => Err("no order".into()),
        Some(number) if number % 5 == 0 => {
            Err("the number of the order, can be divided by \"five\"".into())
        }
        Some(_) => Ok(()),
    }
}

fn get(url: &str, name: Option<&str>) -> Reply {
    http::send(&RequestSpec { name: name.map(Into::into), ..spec("GET", url) }, None)
}

fn judged(url: &str) -> Reply {
    http::send(&RequestSpec { recording: Recording::Judged, ..spec("GET", url) }, None)
}

fn post(url: &str, token: Option<&str>, body: Option<&Value>) -> Reply {
    let mut spec = spec("POST", url);
    if let Some(token) = token {
        spec.headers.push(("Authorization".into(), format!("Bearer {token}").into()));
    }
    let body = body.map(|body| {
        spec.headers.push(("Content-Type".into(), "application/json".into()));
        body.to_string().into_bytes()
    });
    http::send(&spec, body.as_deref())
}

fn spec(method: &str, url: &str) -> RequestSpec {
    RequestSpec {
        method: method.into(),
        url: url.into(),
        name: None,
        headers: Vec::new(),
        recording: Recording::Automatic,
        redirects: None,
        timeout: None,
        keep_body: true,
    }
}

fn read(reply: &Reply) -> Result<Value, String> {
    serde_json::from_slice(&reply.exchange.body()).map_err(|error| error.to_string())
}
