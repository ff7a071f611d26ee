//! A scenario whose memory is larger than a user's at its start.
//!
//! Upstream: `tests/misbehaviour`. What a component begins with was not asked for by any call of its own,
//! so the limit must hold at instantiation too.

use std::cell::UnsafeCell;
use std::hint::black_box;

wit_bindgen::generate!({ path: "../../../wit", world: "scenario" });

use exports::wload::scenario::users::{Guest, Outcome, ScenarioInfo, Scope, TaskError};

/// Twice the default of the limit.
const BYTES: usize = 128 << 20;

struct Greed(UnsafeCell<[u8; BYTES]>);

// SAFETY: a component has one thread.
unsafe impl Sync for Greed {}

static GREED: Greed = Greed(UnsafeCell::new([0; BYTES]));

struct Greedy;

impl Guest for Greedy {
    fn describe() -> Result<ScenarioInfo, String> {
        Err(format!("it was instantiated, its memory is at {:p}", black_box(GREED.0.get())))
    }

    fn on_start(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn run_task(_: u32) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn on_stop(_: Scope) -> Result<Outcome, TaskError> {
        Ok(Outcome::Next)
    }

    fn get_wait_time(_: Option<u32>) -> u64 {
        0
    }
}

export!(Greedy);
