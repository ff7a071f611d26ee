//! Hooks that misbehave as the option `hooks` says.
//!
//! Upstream: the host, once per run.

use std::time::Duration;

use crate::exports::wload::scenario::hooks::Guest;
use crate::requests::get;
use crate::wload::scenario::http::{self, Recording};
use crate::wload::scenario::{clock, options};
use crate::{Misbehave, computing};

/// What the option may say: what, and when.
pub const ACTS: [&str; 12] = [
    "loop-at-test-start",
    "trap-at-test-start",
    "sleep-at-test-start",
    "sleep-in-wasi-at-test-start",
    "loop-at-spawning-complete",
    "trap-at-spawning-complete",
    "sleep-at-spawning-complete",
    "sleep-in-wasi-at-spawning-complete",
    "loop-at-test-stop",
    "trap-at-test-stop",
    "sleep-at-test-stop",
    "sleep-in-wasi-at-test-stop",
];

fn act(moment: &str) {
    let Some(act) = options::get("hooks") else { return };
    let what = act.strip_suffix(moment).unwrap_or_default();
    if !what.is_empty() {
        // The test waits for it: from now on the hook does not end.
        drop(http::send(&get("/log/hook", Recording::Silent), None));
    }
    match what {
        "loop-at-" => drop(computing::spin()),
        "trap-at-" => drop(computing::trap()),
        "sleep-at-" => drop(clock::sleep(u64::MAX)),
        "sleep-in-wasi-at-" => std::thread::sleep(Duration::from_secs(365 * 86_400)),
        _ => {}
    }
}

impl Guest for Misbehave {
    fn init() -> Result<(), String> {
        Ok(())
    }

    fn quitting() {}

    fn test_start() -> Result<(), String> {
        act("test-start");
        Ok(())
    }

    fn spawning_complete(_: u32) {
        act("spawning-complete");
    }

    fn test_stop() -> Result<(), String> {
        act("test-stop");
        Ok(())
    }
}
