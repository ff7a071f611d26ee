//! What an order means to the business: how many there are, what they bring, how long they take.
//!
//! The shop answers an order with 201, or with 409 when nothing is left. Both are what it should do,
//! so both are successes; they have names of their own in the statistics. Beside the requests stand
//! two counters, the distribution of the revenue, and a row for each purchase, from the cart to the
//! order that was placed.
//!
//! ```text
//! wload demo-target --out-of-stock-rate 0.1
//! wload run examples/orders --host http://127.0.0.1:8080 --users 10 --run-time 30s
//! ```

use serde::{Deserialize, Serialize};
use wload_sdk::prelude::*;

/// Orders that were accepted.
static ORDERS: Counter = Counter::new("orders");
/// Orders that found nothing left.
static OUT_OF_STOCK: Counter = Counter::new("out of stock");
/// What an order brings.
static REVENUE: Trend = Trend::new("revenue (cents)");

/// Products of the shop have the ids from 1 to this.
const PRODUCTS: i64 = 100;

/// Somebody who knows what to buy.
#[derive(Default)]
struct Buyer;

#[user(wait_time = constant_throughput(0.5))]
impl Buyer {
    #[on_start]
    fn log_in(&mut self) -> TaskResult {
        let username = format!("buyer{}", self.identity().id);
        let credentials = Credentials { username: &username, password: "secret" };
        let login: Login = self.client().post("/login").json(&credentials).send().json()?;
        self.client().set_header("Authorization", format!("Bearer {}", login.token));
        Ok(())
    }

    #[task]
    fn buy(&mut self) -> TaskResult {
        let started = clock::elapsed();
        let quantity = random::range(1..4);
        let item = CartItem { product_id: random::range(1..PRODUCTS + 1), quantity };
        if !self.client().post("/cart").json(&item).send().ok() {
            // It stands in the failures; there is nothing to order.
            return Ok(());
        }
        let order = self.client().post("/orders").catch_response();
        match order.status() {
            201 => {
                let placed: Placed = order.json()?;
                ORDERS.increment();
                REVENUE.add(placed.total_cents);
                order.rename("/orders (placed)");
                events::request("PURCHASE", "cart to order")
                    .response_time(clock::elapsed().saturating_sub(started))
                    .record();
            }
            409 => {
                OUT_OF_STOCK.increment();
                order.rename("/orders (out of stock)");
                order.success();
            }
            // Without a verdict it is judged as any other response.
            _ => {}
        }
        Ok(())
    }
}

#[derive(Serialize)]
struct Credentials<'a> {
    username: &'a str,
    password: &'a str,
}

#[derive(Deserialize)]
struct Login {
    token: String,
}

#[derive(Serialize)]
struct CartItem {
    product_id: i64,
    quantity: i64,
}

#[derive(Deserialize)]
struct Placed {
    total_cents: u32,
}

scenario!(users: [Buyer]);
