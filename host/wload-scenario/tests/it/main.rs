//! Tests of this crate that need a real component.

#![cfg(test)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "in the helpers of tests a failure is a failed test"
)]

mod fuzz;
