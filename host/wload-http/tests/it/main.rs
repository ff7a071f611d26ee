//! The HTTP engine against servers of this process: good ones, slow ones and broken ones.

#![expect(clippy::unwrap_used, reason = "in the helpers of tests a failure is a failed test")]

mod addresses;
#[cfg(target_os = "linux")]
mod arrival;
mod basics;
mod broken;
mod frames;
mod fuzz;
mod http2;
mod interrupted;
mod parallel;
mod proxies;
mod redirects;
mod state;
mod streams;
mod target;
mod timeouts;
mod tls;
mod traces;
mod trust;
