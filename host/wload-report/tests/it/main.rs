//! Reporters from the outside: what they write for a run, and beside what Locust writes.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exceptions for tests do not reach the functions that tests share"
)]

mod console;
mod fan_out;
mod files;
mod live;
mod locust;
mod scene;
