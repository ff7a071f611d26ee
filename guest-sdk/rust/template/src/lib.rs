//! A scenario to begin with: visitors of the demo shop, some of whom buy something.
//!
//! ```text
//! wload demo-target                                     a shop to test against
//! wload check . --host http://127.0.0.1:8080            what this scenario is, each task once
//! wload run . --host http://127.0.0.1:8080 --users 10 --run-time 30s
//! ```

use serde::{Deserialize, Serialize};
use wload_sdk::prelude::*;

/// One visitor: its state begins as its default. It can be saved, so that visitors who wait cost next to
/// nothing. Three of four users are visitors.
#[derive(Default, Deserialize, Serialize)]
struct Visitor {
    products: Vec<Product>,
}

#[user(weight = 3, wait_time = between(1, 3))]
impl Visitor {
    /// Each user starts with it. `?` makes an exception of an error: a row of the report.
    #[on_start]
    fn browse_first(&mut self) -> TaskResult {
        self.browse()
    }

    /// Three of four times this is the next task.
    #[task(weight = 3)]
    fn browse(&mut self) -> TaskResult {
        let products = self.client().get("/products").query("limit", 20);
        let list: ProductList = products.send().json()?;
        self.products = list.products;
        Ok(())
    }

    /// The placeholder keeps all products in one row of the report.
    #[task]
    fn view(&mut self) -> TaskResult {
        let product = random::choice(&self.products).or_raise("the shop is empty")?;
        self.client().get("/products/{id}").value(product.id).send();
        Ok(())
    }
}

/// One of four users logs in and buys.
#[derive(Default)]
struct Buyer;

#[user(weight = 1, wait_time = between(1, 3))]
impl Buyer {
    #[on_start]
    fn log_in(&mut self) -> TaskResult {
        let username = format!("user{}", self.identity().id);
        let credentials = Credentials { username: &username, password: "secret" };
        let login: Login = self.client().post("/login").json(&credentials).send().json()?;
        self.client().set_header("Authorization", format!("Bearer {}", login.token));
        Ok(())
    }

    /// Two requests; the second one judges by itself what a failure is.
    #[task]
    fn buy(&mut self) {
        let item = CartItem { product_id: random::range(1..101), quantity: 1 };
        if !self.client().post("/cart").json(&item).send().ok() {
            return;
        }
        let order = self.client().post("/orders").catch_response();
        if order.status() == 409 {
            // Out of stock is an answer like any other.
            order.success();
        }
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

#[derive(Deserialize)]
struct ProductList {
    products: Vec<Product>,
}

#[derive(Deserialize, Serialize)]
struct Product {
    id: u32,
}

#[derive(Serialize)]
struct CartItem {
    product_id: i64,
    quantity: u32,
}

scenario!(users: [Visitor, Buyer]);
