//! Scenarios that misbehave: each kind has a limit, wload says what it was, and the others keep their rate.
//!
//! Upstream: the guests `misbehave`, `misshaped`, `lies` and `greedy`, and files that are no scenarios.
//! Downstream: the real binary and the page `docs/scenarios-that-misbehave.md`.
//! `cargo test -p wload-tests --test misbehaviour -- --nocapture` prints the tables.

#![cfg(test)]

mod bomb;
mod files;
mod hooks;
mod lies;
mod names;
mod page;
mod row;
mod run;
mod shapes;
mod users;
