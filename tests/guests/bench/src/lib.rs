//! What wload does in `cargo xtask bench`: one user class per kind of load.
//!
//! Upstream: the Rust SDK, as any scenario. Downstream: `xtask/src/bench/tools/wload.rs`, which chooses the class.
//! Invariant: each class does, request by request, what the class of the same name does in
//! `xtask/peers`, so that tools are compared and not scenarios.

use serde::{Deserialize, Serialize};
use wload_sdk::prelude::*;

/// Asks for a small answer again and again.
#[derive(Default)]
struct Getter;

#[user]
impl Getter {
    #[task]
    fn get(&mut self) {
        self.client().get("/ok").send();
    }
}

/// Does nothing again and again: what is left is the call. For counts of instructions.
#[derive(Default)]
struct Idler;

#[user]
impl Idler {
    #[task]
    fn idle(&mut self) {}
}

/// Asks for 100 KiB again and again.
#[derive(Default)]
struct Reader;

#[user]
impl Reader {
    #[task]
    fn read(&mut self) {
        self.client().get("/bytes/102400").send();
    }
}

/// Asks once, then keeps its connection and waits.
#[derive(Default)]
struct Waiter;

#[user(wait_time = constant(10))]
impl Waiter {
    #[task]
    fn get(&mut self) {
        self.client().get("/ok").send();
    }
}

/// Waits, and does nothing else: no connection. For the number of users that a machine carries.
#[derive(Default)]
struct Sleeper;

#[user(wait_time = constant(10))]
impl Sleeper {
    #[task]
    fn nothing(&mut self) {}
}

/// Asks once a second, whatever an answer takes. For how late wload is with many users.
#[derive(Default)]
struct Pacer;

#[user(wait_time = constant_pacing(1))]
impl Pacer {
    #[task]
    fn get(&mut self) {
        self.client().get("/ok").send();
    }
}

/// Buys something: log in, list, view, put in the cart, order; without waits.
#[derive(Default)]
struct Shopper;

#[user]
impl Shopper {
    #[task]
    fn buy(&mut self) -> TaskResult {
        let credentials = Credentials { username: "shopper", password: "secret" };
        let login: Login = self.client().post("/login").json(&credentials).send().json()?;
        self.client().set_header("Authorization", format!("Bearer {}", login.token));
        let list = self.client().get("/products?category=electronics&limit=20").name("/products");
        let list: ProductList = list.send().json()?;
        let product_id = list.products.first().or_raise("the shop has no electronics")?.id;
        self.client().get("/products/{id}").value(product_id).send();
        let item = CartItem { product_id, quantity: 1 };
        self.client().post("/cart").json(&item).send();
        self.client().post("/orders").send();
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

scenario!(users: [Getter, Idler, Reader, Waiter, Shopper, Sleeper, Pacer]);
