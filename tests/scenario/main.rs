//! Scenarios: what a guest may do, what happens when it misbehaves, and which are refused.
//!
//! Upstream: the guests in `tests/guests`. Downstream: the real binary, and targets that keep a log of
//! the steps that guests leave.

#![cfg(test)]

mod behaviour;
mod bench;
mod coverage;
mod hibernation;
mod http;
mod isolation;
mod order;
mod refusals;
mod results;
mod sandbox;
mod secrets;
mod shape;
mod waits;
mod watching;
