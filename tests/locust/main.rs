//! Beside Locust: the same visit to the same shop, by the real Locust and by the real wload, with the same
//! flags. What both wrote is compared with what the target received, and with one another.
//!
//! Upstream: `shop.py` and the guest `locust-shop`. Without Locust these tests are skipped, loudly; where
//! `CI` is `true` they fail.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "clippy's exceptions for tests do not reach the functions that tests share"
)]

mod answers;
mod console;
mod files;
mod runs;
