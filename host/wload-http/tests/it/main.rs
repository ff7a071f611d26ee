//! The HTTP engine against servers of this process: good ones, slow ones and broken ones.

#![expect(clippy::unwrap_used, reason = "in the helpers of tests a failure is a failed test")]

mod basics;
mod broken;
mod interrupted;
mod redirects;
mod state;
mod target;
mod tls;
