//! Kinds that do not end when they are asked to.
//!
//! Upstream: `kinds.rs`. Most of them show only when the run is over: it must not wait for them.

use std::time::Duration;

use crate::Ended;
use crate::computing::compute;
use crate::exports::wload::scenario::users::Outcome;
use crate::requests::get;
use crate::wload::scenario::clock;
use crate::wload::scenario::http::{self, Recording};

const YEAR: Duration = Duration::from_secs(365 * 86_400);

/// By the contract's clock.
pub fn sleep() -> Ended {
    clock::sleep(u64::MAX);
    Ok(Outcome::Next)
}

/// By the language's own library, past the contract.
pub fn sleep_in_wasi() -> Ended {
    std::thread::sleep(YEAR);
    Ok(Outcome::Next)
}

/// Computes for so long that it takes turns with others that do, and then sleeps in its turn.
pub fn compute_and_sleep_in_wasi() -> Ended {
    compute(Duration::from_millis(50));
    std::thread::sleep(YEAR);
    Ok(Outcome::Next)
}

/// Request after request, whatever the host says.
pub fn send_for_ever() -> Ended {
    let spec = get("/ok", Recording::Silent);
    loop {
        drop(http::send(&spec, None));
        clock::sleep(10_000_000);
    }
}

/// Sleep after sleep, whatever the host says.
pub fn sleep_for_ever() -> Ended {
    loop {
        clock::sleep(10_000_000);
    }
}
