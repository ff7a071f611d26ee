//! Truth: what a run reports is what the target knows.
//!
//! Upstream: the demo target, which counts and times what it does. Downstream: the CSV files and the
//! JSON report of the real binary.

#![cfg(test)]

mod counts;
mod erratic;
mod times;
mod truth;
