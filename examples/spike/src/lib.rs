//! A spike: a quiet shop, then twenty times as many users at once, then quiet again.
//!
//! Two classes: regular visitors are always there; bargain hunters come with the spike only. The
//! shape is made of stages, and the stage of the spike names the class of its new users. Before the
//! run a hook looks whether the shop is there at all.
//!
//! ```text
//! wload demo-target
//! wload run examples/spike --host http://127.0.0.1:8080
//! ```

use std::time::Duration;

use wload_sdk::prelude::*;

/// Somebody who is always there.
#[derive(Default)]
struct Visitor;

#[user(wait_time = between(1, 3))]
impl Visitor {
    #[task]
    fn index(&mut self) {
        self.client().get("/").send();
    }
}

/// Somebody who comes for the bargain and has no time.
#[derive(Default)]
struct BargainHunter;

#[user(wait_time = constant(0.2))]
impl BargainHunter {
    #[task]
    fn bargain(&mut self) {
        let id = random::range(1..101);
        self.client().get("/products/{id}").value(id).send();
    }
}

/// The run begins only when the shop answers.
struct ShopIsOpen;

impl Hooks for ShopIsOpen {
    fn test_start(&mut self) -> HookResult {
        let shop = Client::new().get("/").silent().send();
        match shop.error() {
            Some(why) => Err(format!("the shop does not answer: {why}").into()),
            None if !shop.ok() => Err(format!("the shop answers {}", shop.status()).into()),
            None => Ok(()),
        }
    }

    fn spawning_complete(&mut self, user_count: u32) {
        info!("{user_count} users are there");
    }
}

scenario! {
    users: [Visitor, BargainHunter],
    shape: Stages::new()
        .stage(Duration::from_secs(15), Tick::new(10, 10).only(["Visitor"]))
        .stage(Duration::from_secs(10), Tick::new(200, 200).only(["BargainHunter"]))
        .stage(Duration::from_secs(15), Tick::new(10, 100)),
    hooks: ShopIsOpen,
}
