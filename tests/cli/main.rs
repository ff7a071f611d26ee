//! The command line as people and scripts meet it.
//!
//! Upstream: what is typed. Downstream: stdout, stderr, files, exit codes of the real binary. Help texts
//! have golden files in `host/wload`; here is what they promise.

#![cfg(test)]

mod check;
mod demo_target;
mod mistakes;
mod new;
mod packages;
mod python;
mod reports;
mod signals;
