//! A checkout, step by step: what a shopper does from the list of products to the order.
//!
//! A user logs in when it starts. Then it goes through the steps of a sequential task set, as with
//! Locust's `SequentialTaskSet`: browse, view, add to the cart, order. After the order it leaves the
//! set and begins a new one.
//!
//! ```text
//! wload demo-target
//! wload run examples/checkout --host http://127.0.0.1:8080 --users 10 --run-time 30s
//! ```

use serde::{Deserialize, Serialize};
use wload_sdk::prelude::*;

/// Somebody who buys things.
#[derive(Default)]
struct Shopper;

#[user(wait_time = between(1, 2))]
impl Shopper {
    #[on_start]
    fn log_in(&mut self) -> TaskResult {
        let username = format!("shopper{}", self.identity().id);
        let credentials = Credentials { username: &username, password: "secret" };
        let login: Login = self.client().post("/login").json(&credentials).send().json()?;
        self.client().set_header("Authorization", format!("Bearer {}", login.token));
        Ok(())
    }

    #[task]
    type Checkout = Checkout;
}

/// The way to one order; what the user saw on it. Because it is `Serialize` and `Deserialize`, users can be
/// put aside while they wait, and many of them take turns in few instances.
#[derive(Default, Deserialize, Serialize)]
struct Checkout {
    product_id: u32,
}

#[task_set(sequential)]
impl Checkout {
    #[task]
    fn browse(&mut self) -> TaskResult {
        let list: ProductList = self
            .client()
            .get("/products?category=electronics&limit=20")
            .name("/products")
            .send()
            .json()?;
        self.product_id = list.products.first().or_raise("the shop has no electronics")?.id;
        Ok(())
    }

    #[task]
    fn view(&mut self) {
        self.client().get("/products/{id}").value(self.product_id).send();
    }

    #[task]
    fn add_to_cart(&mut self) {
        let item = CartItem { product_id: self.product_id, quantity: 1 };
        self.client().post("/cart").json(&item).send();
    }

    #[task]
    fn order(&mut self) -> TaskResult {
        let order = self.client().post("/orders").catch_response();
        if order.status() == 201 {
            // The next checkout begins after a wait, like any other task.
            return interrupt_and_wait();
        }
        order.failure(format!("expected 201 Created, got {}", order.status()));
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

#[derive(Deserialize)]
struct ProductList {
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    id: u32,
}

#[derive(Serialize)]
struct CartItem {
    product_id: u32,
    quantity: u32,
}

scenario!(users: [Shopper]);
