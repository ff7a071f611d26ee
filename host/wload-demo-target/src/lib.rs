//! A small shop to test against, which keeps its own counts.
//!
//! Upstream: a test, a benchmark or a demonstration starts a [`DemoTarget`]. Downstream: whatever load tester is
//! pointed at it. It is fast enough to be the target of benchmarks, since its bodies are made before
//! the first request, and it knows the truth: what it received, what it answered, how long it really took.
//!
//! # Routes
//!
//! | route | answer |
//! |---|---|
//! | `GET /` | 200, text |
//! | `POST /login` `{"username","password"}` | `{"token","user_id"}` and a cookie; 401 for the password `wrong` |
//! | `GET /products?category=C&limit=N` | `{"products":[{"id","name","category","price_cents","stock"}]}` |
//! | `GET /products/{id}` | one product, or 404 |
//! | `GET /search?q=` | at most 20 products with this in their name |
//! | `GET /cart`, `POST /cart` `{"product_id","quantity"}` | `{"items","total_cents"}`; 401 without `Authorization: Bearer TOKEN` |
//! | `POST /orders` | 201 `{"order_id","total_cents"}`, or 409, or 400 for an empty cart |
//! | `/ok`, `/status/{code}`, `/fail/{code}` | `ok`; any final status; an error from 400 on with a JSON body |
//! | `/bytes/{n}`, `/delay/{ms}`, `/echo`, `/gzip` | `n` bytes; `ok` but later; what was sent; compressed text |
//! | `/redirect/{n}` | `n` redirects that end at `/ok` |
//! | `/cookies` | the cookies that were sent, as JSON |
//! | `/log/{step}`, `GET /_log` | appends to the log; the log as JSON |
//! | `GET /_counts`, `POST /_reset` | [`Counts`] as JSON; what [`DemoTarget::reset`] does |
//!
//! Routes below `/_` are neither counted nor delayed, and never fail.

mod alarm;
mod catalog;
mod chance;
mod config;
mod counts;
mod error;
mod http2;
mod latency;
pub mod limits;
mod reply;
mod routes;
mod server;
mod shop;
mod target;
mod tls;
mod tools;

pub use config::TargetConfig;
pub use counts::{Counts, Tally};
pub use error::{LatencyError, TargetError};
pub use latency::Latency;
pub use target::DemoTarget;
