//! The test kit: targets that know the truth, the real binary, guests, and what it wrote.
//!
//! Upstream: the folders `accuracy`, `scenario` and `cli`, one test binary each. Downstream: the
//! binary `wload`, the demo target, the guests of `tests/guests`. Invariants: every process and every
//! target ends with the value that stands for it; nothing here has a fixed port or waits for ever; load
//! goes to this machine only.

pub mod files;
pub mod guest;
pub mod hostile;
pub mod process;
pub mod redact;
pub mod skips;
pub mod target;
