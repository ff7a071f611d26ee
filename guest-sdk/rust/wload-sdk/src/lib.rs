//! Write wload scenarios in Rust.
//!
//! A scenario says what its users do; wload runs many of them, each in an instance of the compiled
//! component with a memory of its own, picks their tasks, does their waiting and measures their
//! requests. The words and the habits are Locust's.
//!
//! ```no_run
//! use serde::{Deserialize, Serialize};
//! use wload_sdk::prelude::*;
//!
//! /// One user's state. It begins as its default when the user starts.
//! #[derive(Default, Deserialize, Serialize)]
//! struct Shopper {
//!     last_seen: Option<u32>,
//! }
//!
//! #[user(weight = 3, wait_time = between(1, 5))]
//! impl Shopper {
//!     #[on_start]
//!     fn log_in(&mut self) -> TaskResult {
//!         let credentials = Credentials { username: "ada", password: "secret" };
//!         let login: Login = self.client().post("/login").json(&credentials).send().json()?;
//!         self.client().set_header("Authorization", format!("Bearer {}", login.token));
//!         Ok(())
//!     }
//!
//!     #[task(weight = 3, tags("browse"))]
//!     fn browse(&mut self) -> TaskResult {
//!         let list: ProductList = self.client().get("/products").query("limit", 20).send().json()?;
//!         self.last_seen = list.products.last().map(|product| product.id);
//!         Ok(())
//!     }
//!
//!     #[task]
//!     fn view(&mut self) -> TaskResult {
//!         let id = self.last_seen.or_raise("nothing to view")?;
//!         self.client().get("/products/{id}").value(id).send();
//!         Ok(())
//!     }
//!
//!     #[task]
//!     type Purchase = Purchase;
//! }
//!
//! /// A task set: entered like a task, left by `interrupt`.
//! #[derive(Default)]
//! struct Purchase;
//!
//! #[task_set(user = Shopper, sequential)]
//! impl Purchase {
//!     #[task]
//!     fn add(&mut self, user: &mut Shopper) -> TaskResult {
//!         let Some(product_id) = user.last_seen else { return interrupt() };
//!         self.client().post("/cart").json(&CartItem { product_id }).send();
//!         Ok(())
//!     }
//!
//!     #[task]
//!     fn order(&mut self) -> TaskResult {
//!         let order = self.client().post("/orders").catch_response();
//!         if order.status() == 409 {
//!             order.success(); // out of stock is an answer like any other
//!         }
//!         interrupt()
//!     }
//! }
//!
//! # #[derive(Serialize)] struct Credentials { username: &'static str, password: &'static str }
//! # #[derive(Deserialize)] struct Login { token: String }
//! # #[derive(Deserialize)] struct ProductList { products: Vec<Product> }
//! # #[derive(Deserialize)] struct Product { id: u32 }
//! # #[derive(Serialize)] struct CartItem { product_id: u32 }
//! scenario!(users: [Shopper]);
//! # fn main() {}
//! ```
//!
//! The package is a `cdylib`; `wload run FOLDER` builds it for `wasm32-wasip2` and runs it, and
//! `wload new FOLDER` writes one to begin with.
//!
//! # Concepts
//!
//! - **User** ([`User`]): a struct is the state of one simulated person; its class has a weight, a
//!   wait time, tasks, `on_start` and `on_stop`. The attribute [`macro@user`] makes a class of an
//!   `impl` block.
//! - **Task** ([`Task`]): a method. It may return nothing or a [`TaskResult`]. `?` on any error ends
//!   the task as an *exception*, a row of the report with its place in the source; the user waits
//!   and goes on. [`interrupt`], [`reschedule`], [`stop_user`] and [`stop_run`] say what comes next.
//!   A panic is an exception too, but the user begins anew.
//! - **Task set** ([`TaskSet`]): tasks at random by weight, or in sequence, with a state of its own
//!   that begins anew each time a user enters it. Sets nest.
//! - **Wait time** ([`WaitTime`]): [`between`], [`constant`], [`constant_pacing`],
//!   [`constant_throughput`], or a function. wload waits; a waiting user costs nothing in here.
//! - **Client** ([`http::Client`]): connections, cookies and default headers of one user. A request
//!   of literals is prepared once; placeholders like `{id}` take values and keep all products in one
//!   row of the statistics. A *failure* is a request without response or with a status of 400 and
//!   more; [`catch_response`](http::Request::catch_response) and [`check`](http::Request::check)
//!   judge otherwise.
//! - **Measurements** ([`events`]): requests of other protocols, counters, gauges, trends.
//! - **Test data** ([`data`]): CSV tables, handed out in order, at random, or each row once.
//! - **Options** ([`options`]): values from the command line.
//! - **Load shape** ([`LoadShape`]) and **hooks** ([`Hooks`]): how many users there are over time;
//!   what is done before and after the run.
//! - **Run** ([`run`]): its phase, users and statistics so far, for hooks and shapes.
//! - [`random`], [`clock`], [`info!`], [`control`]: choices that a seed repeats, time, log lines,
//!   stopping.
//!
//! # Waiting users
//!
//! Most users wait most of the time. Between two tasks wload can put a user aside, as some bytes, and give its
//! instance to another one, so that a hundred thousand users need no more instances than there are tasks
//! at work. For that its struct, and those of all its task sets, must be `Serialize` and `Deserialize`:
//!
//! ```
//! # use serde::{Deserialize, Serialize};
//! #[derive(Default, Deserialize, Serialize)]
//! struct Shopper {
//!     last_seen: Option<u32>,
//! }
//! ```
//!
//! The attributes see it; by hand it is [`UserClass::saved`] and [`SetDefinition::saved`]. A struct without
//! fields needs nothing. Users of a class that lacks it keep an instance each for their whole life, and wload
//! says so at the start.
//!
//! A user goes on as if nothing had happened: cookies, default headers, its random numbers and its place
//! in the task tree are wload's and wait with it. What is elsewhere in the instance is not the user's: a
//! `static`, a `thread_local!`, a field with `#[serde(skip)]` may be anew after any wait. A class that
//! keeps something of its own there says [`#[user(pinned)]`](macro@user). A response cannot be put aside, so a
//! user that holds one keeps its instance until it drops it. When serialising fails, the user keeps its
//! instance and goes on; when the bytes cannot be read back, that is an exception, and the user begins anew.
//!
//! With `--isolation pinned` nobody is put aside; with `fresh` nobody gets an instance that somebody
//! else had. Otherwise an instance is made like new in between: all memory that the last user wrote is put
//! back or made zero.
//!
//! # Without macros
//!
//! The attributes write what [`User`], [`TaskSet`] and [`Scenario`] show by hand, and nothing else.
//!
//! # Natively
//!
//! A scenario compiles for the machine it is written on as well, so that parsing, shapes and other
//! pure parts can be unit-tested with `cargo test`. What calls the host panics there.
//!
//! Control comes in by `exports.rs`, which the host calls, and goes by `runtime.rs` to the author's
//! functions. Data goes out by the modules that call `bindings.rs`. Invariants: an instance holds one
//! user at a time and calls never overlap; everything that is the user's is in its struct and in the structs of
//! the sets it is in.

// The attributes name this crate by its name, also in its own tests.
extern crate self as wload_sdk;

#[doc(hidden)]
pub mod bindings;
pub mod clock;
mod codec;
mod context;
pub mod control;
pub mod data;
mod definition;
mod describe;
pub mod events;
mod exports;
mod handles;
mod hooks;
pub mod http;
pub mod identity;
pub mod log;
pub mod options;
pub mod prelude;
pub mod random;
mod reset;
pub mod run;
mod runtime;
#[doc(hidden)]
pub mod saving;
mod scenario;
mod shape;
mod task;
mod task_end;
mod user;
mod wait_time;

pub use context::TaskContext;
pub use data::Table;
pub use definition::{Definition, Scenario};
pub use hooks::{HookResult, Hooks};
pub use options::ScenarioOption;
pub use shape::{LoadShape, RunState, Stages, Tick};
pub use task::{SetDefinition, Task, TaskSet};
pub use task_end::{
    Exception, IntoTaskResult, OrRaise, TaskEnd, TaskResult, interrupt, interrupt_and_wait, raise,
    reschedule, stop_run, stop_user,
};
pub use user::{User, UserClass};
pub use wait_time::{WaitTime, between, constant, constant_pacing, constant_throughput, no_wait};
pub use wload_sdk_macros::{on_start, on_stop, task, task_set, user, wait_time};
