//! Servers that misbehave, servers under fire, and servers that others wrote.
//!
//! Upstream: targets of the test kit that know what they did, and nginx with curl. Downstream: the real
//! binary and the page `docs/servers-that-misbehave.md`.

#![cfg(test)]

mod against;
mod fire;
mod nginx;
mod others;
mod page;
mod table;
