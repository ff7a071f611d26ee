//! What goose does in `cargo xtask bench`: one scenario per kind of load.
//!
//! Upstream: goose, as any of its load tests. Downstream: `xtask/src/bench/tools/goose.rs`, which chooses
//! the scenario with `--scenarios`. Invariant: each does, request by request, what the class of the same name
//! does in `tests/guests/bench`.

use std::time::Duration;

use goose::prelude::*;
use serde::{Deserialize, Serialize};

#[tokio::main]
async fn main() -> Result<(), GooseError> {
    let pause = Duration::from_secs(10);
    GooseAttack::initialize()?
        .register_scenario(scenario!("Getter").register_transaction(transaction!(get)))
        .register_scenario(scenario!("Reader").register_transaction(transaction!(read)))
        .register_scenario(
            scenario!("Waiter")
                .set_wait_time(pause, pause)?
                .register_transaction(transaction!(get)),
        )
        .register_scenario(scenario!("Shopper").register_transaction(transaction!(buy)))
        .execute()
        .await?;
    Ok(())
}

async fn get(user: &mut GooseUser) -> TransactionResult {
    let answer = user.get("/ok").await?;
    // A connection is used again only when its answer was read.
    answer.response?.bytes().await?;
    Ok(())
}

async fn read(user: &mut GooseUser) -> TransactionResult {
    let answer = user.get("/bytes/102400").await?;
    answer.response?.bytes().await?;
    Ok(())
}

async fn buy(user: &mut GooseUser) -> TransactionResult {
    let credentials = Credentials { username: "shopper", password: "secret" };
    let login = user.post_json("/login", &credentials).await?;
    let token = login.response?.json::<Login>().await?.token;
    let list = named(user, "/products?category=electronics&limit=20", "/products").await?;
    let list = list.response?.json::<ProductList>().await?;
    let product_id = list.products.first().map_or(0, |product| product.id);
    let view = named(user, &format!("/products/{product_id}"), "/products/{id}").await?;
    view.response?.bytes().await?;
    let item = CartItem { product_id, quantity: 1 };
    let request = user.get_request_builder(&GooseMethod::Post, "/cart")?;
    let request = request.bearer_auth(&token).json(&item);
    send(user, "/cart", request).await?;
    let request = user.get_request_builder(&GooseMethod::Post, "/orders")?.bearer_auth(&token);
    send(user, "/orders", request).await?;
    Ok(())
}

async fn named(
    user: &mut GooseUser,
    path: &str,
    name: &str,
) -> Result<goose::goose::GooseResponse, Box<TransactionError>> {
    let request = GooseRequest::builder().path(path).name(name).build();
    user.request(request).await
}

async fn send(
    user: &mut GooseUser,
    name: &str,
    request: reqwest::RequestBuilder,
) -> TransactionResult {
    let request = GooseRequest::builder()
        .method(GooseMethod::Post)
        .path(name)
        .set_request_builder(request)
        .build();
    user.request(request).await?.response?.bytes().await?;
    Ok(())
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
