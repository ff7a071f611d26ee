//! The demo target from the outside: a plain client of its own, so that a mistake of hyper or of wload's
//! own HTTP engine is not on both sides.

#![expect(clippy::unwrap_used, reason = "in the helpers of tests a failure is a failed test")]

mod client;
mod counting;
mod lifecycle;
mod shop;
mod timing;
mod tls;
mod tools;
