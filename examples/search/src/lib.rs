//! Search and view, with what users type and look at in two tables.
//!
//! Searches are drawn at random, also the same one again; products are handed out one after the
//! other, over all users, so that each is viewed equally often. Both tables also know the right
//! answer, and a wrong one is a failure though its status is 200.
//!
//! ```text
//! wload demo-target
//! wload run examples/search --host http://127.0.0.1:8080 --users 10 --run-time 30s
//! ```

use serde::Deserialize;
use wload_sdk::prelude::*;

/// What people type, and how many products the shop finds.
static SEARCHES: Table = Table::csv("searches", "searches.csv");
/// Products of the shop, with their prices.
static PRODUCTS: Table = Table::csv("products", "products.csv");

/// Somebody who looks for something.
#[derive(Default)]
struct Visitor;

#[user(wait_time = between(0.5, 1.5))]
impl Visitor {
    #[task(weight = 3, tags("search"))]
    fn search(&mut self) -> TaskResult {
        let search: Search = SEARCHES.next(Order::Random)?.deserialize()?;
        self.client().get("/search").query("q", &search.text).check(|response| {
            let found: ProductList = response.json()?;
            if found.products.len() != search.results {
                return Err(format!("`{}` found the wrong products", search.text).into());
            }
            Ok(())
        });
        Ok(())
    }

    #[task(tags("view"))]
    fn view(&mut self) -> TaskResult {
        let product = PRODUCTS.next(Order::Sequential)?;
        let price: u32 = product.parse("price_cents")?;
        self.client().get("/products/{id}").value(product.get("id")?).check(|response| {
            let shown: Product = response.json()?;
            if shown.price_cents == price { Ok(()) } else { Err("the price is wrong".into()) }
        });
        Ok(())
    }
}

/// A row of `searches.csv`.
#[derive(Deserialize)]
struct Search {
    text: String,
    results: usize,
}

#[derive(Deserialize)]
struct ProductList {
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    price_cents: u32,
}

scenario! {
    users: [Visitor],
    tables: [SEARCHES, PRODUCTS],
}
