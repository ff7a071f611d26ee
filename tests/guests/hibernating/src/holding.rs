//! What a user holds in its struct, and what the host holds for it.
//!
//! Upstream: `lib.rs`. Downstream: the target's log, and the statistics.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use wload_sdk::http::Cookie;
use wload_sdk::prelude::*;

use crate::{WORDS, take_turn};

static ORDERS: Counter = Counter::new("orders");
static PRICES: Trend = Trend::new("price");

/// Values of every kind; their text stands in the log.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Holder {
    turn: u32,
    numbers: Vec<f64>,
    words: HashMap<(u32, bool), String>,
    last: Option<Option<u8>>,
    json: serde_json::Value,
    mood: Mood,
    #[serde(flatten)]
    rest: BTreeMap<String, Loose>,
}

#[derive(Debug, Default, Deserialize, Serialize)]
enum Mood {
    #[default]
    Calm,
    Counting(u32),
    Split {
        left: i64,
        right: char,
    },
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum Loose {
    Number(u64),
    Text(String),
}

#[user(weight = 2, wait_time = constant(0.02))]
impl Holder {
    #[task]
    fn remember(&mut self) -> TaskResult {
        let number = random::range(0..1000);
        self.numbers.push(if number < 300 { f64::NAN } else { number as f64 / 7.0 });
        self.words.insert((self.turn, number % 2 == 0), format!("word {number}"));
        self.last = [None, Some(None), Some(Some(self.turn as u8))][self.turn as usize % 3];
        self.json = serde_json::json!({ "turn": self.turn, "none": null, "list": [number, 0.5] });
        self.mood = match self.turn % 3 {
            0 => Mood::Calm,
            1 => Mood::Counting(self.turn),
            _ => Mood::Split { left: -number, right: 'ß' },
        };
        let loose = if number < 500 { Loose::Number(7) } else { Loose::Text("seven".into()) };
        self.rest.insert(format!("key {}", number % 5), loose);
        self.tell("remembered")
    }

    #[task(2)]
    fn recall(&mut self) -> TaskResult {
        self.client().get("/products/{id}").value(1 + self.turn % 5).send();
        self.tell("recalls")
    }

    /// All of the state in one line; the words in an order of their own, which hashing does not give.
    fn tell(&mut self, what: &str) -> TaskResult {
        let mut words: Vec<_> = self.words.iter().collect();
        words.sort();
        let Self { numbers, last, json, mood, rest, .. } = self;
        let state = format!("{numbers:?} {words:?} {last:?} {json} {mood:?} {rest:?}");
        // The log cuts long lines.
        let sum = state.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31) + u32::from(byte));
        take_turn("Holder", &mut self.turn, &format!("{what} {sum} {mood:?} {last:?}"))
    }
}

/// Somebody who logs in: its token, its cookie and its cart are the host's and the target's.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Member {
    turn: u32,
}

#[user(weight = 2, wait_time = between(0.01, 0.03))]
impl Member {
    #[on_start]
    fn log_in(&mut self) -> TaskResult {
        let number = self.identity().class_index;
        let credentials = serde_json::json!({
            "username": format!("member{number}"), "password": "secret",
        });
        let login: Login = self.client().post("/login").json(&credentials).send().json()?;
        self.client().set_header("Authorization", format!("Bearer {}", login.token));
        self.client().set_header("Content-Type", format!("text/{number}"));
        let value = format!("cookie{number}");
        let (domain, path) = ("127.0.0.1".into(), "/".into());
        self.client().set_cookie(Cookie { name: "member".into(), value, domain, path });
        Ok(())
    }

    #[task(2)]
    fn add(&mut self) -> TaskResult {
        let item = serde_json::json!({ "product_id": 1 + self.turn, "quantity": 1 });
        let added = self.client().post("/cart").json(&item).send();
        take_turn("Member", &mut self.turn, &format!("adds {}", added.status()))
    }

    #[task]
    fn order(&mut self) -> TaskResult {
        let order = self.client().post("/orders").catch_response();
        // An empty cart is an answer like any other.
        order.success();
        let status = order.status();
        drop(order);
        take_turn("Member", &mut self.turn, &format!("orders {status}"))
    }

    #[task]
    fn look(&mut self) -> TaskResult {
        let echo = self.client().post("/echo").body("x").send();
        let header = echo.header("content-type").unwrap_or_default();
        let cookies = self.client().get("/cookies").send().text();
        take_turn("Member", &mut self.turn, &format!("is {header} {cookies}"))
    }

    #[on_stop]
    fn log_out(&mut self) {
        crate::leave("Member", self.turn, "logs out");
    }
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

/// Somebody who judges, measures and reads tables.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Measurer {
    turn: u32,
}

#[user(wait_time = constant(0.02))]
impl Measurer {
    #[task]
    fn judge(&mut self) -> TaskResult {
        let fine = self.client().get("/ok").catch_response();
        if random::chance(0.5) {
            fine.failure("too fine");
        }
        drop(fine);
        self.client().get("/status/{code}").value(404).check(|_| Ok(()));
        take_turn("Measurer", &mut self.turn, "judged")
    }

    #[task]
    fn measure(&mut self) -> TaskResult {
        ORDERS.increment();
        PRICES.add(f64::from(self.turn));
        let time = Duration::from_millis(u64::from(self.turn));
        events::request("SQL", "select").response_time(time).record();
        events::request("SQL", "insert").error("full").record();
        take_turn("Measurer", &mut self.turn, "measured")
    }

    #[task]
    fn read(&mut self) -> TaskResult {
        let any = WORDS.next(Order::Random)?;
        let third = WORDS.row(2)?.or_raise("there are three words")?;
        let words = format!("{} {} {}", any.get("word")?, third.get("word")?, WORDS.size()?);
        take_turn("Measurer", &mut self.turn, &words)
    }

    #[task]
    fn stumble(&mut self) -> TaskResult {
        take_turn("Measurer", &mut self.turn, "stumbles")?;
        raise("stumbled")
    }
}

/// Somebody whose wait depends on its past.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Waiter {
    turn: u32,
    waits: Vec<u64>,
}

#[user]
impl Waiter {
    #[task]
    fn work(&mut self) -> TaskResult {
        let waits = format!("after {:?}", self.waits.last());
        take_turn("Waiter", &mut self.turn, &waits)
    }

    #[wait_time]
    fn pause(&mut self) -> Duration {
        let before = self.waits.iter().sum::<u64>();
        let wait = 5 + (before + u64::from(self.turn)) % 20;
        self.waits.push(wait);
        Duration::from_millis(wait)
    }
}
