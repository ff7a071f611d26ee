//! How a run ends before its time, and what is left of it: signals in every state, readers that went
//! away, full disks, a machine that has no more to give.
//!
//! Upstream: signals, limits and broken streams. Downstream: the real binary: exit codes, whole files,
//! no child that is left behind. What Ctrl-C does while users wait for their responses is in `tests/cli`.

#![cfg(test)]

mod compiling;
mod outputs;
mod scarce;
mod states;
mod terminal;
