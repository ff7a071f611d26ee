//! Kinds that are after the processor, or end their instance.
//!
//! Upstream: `kinds.rs`.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::Ended;
use crate::exports::wload::scenario::users::Outcome;
use crate::wload::scenario::{clock, random};

/// Longer than the turn that the host gives to a guest which computes.
const LONG: Duration = Duration::from_millis(20);
/// Shorter than that turn: the host never needs to interrupt it.
const SHORT: Duration = Duration::from_millis(1);

/// An endless loop.
pub fn spin() -> Ended {
    loop {
        black_box(());
    }
}

/// An endless loop whose every step calls the host.
pub fn spin_on_imports() -> Ended {
    loop {
        black_box(random::get_u64());
    }
}

/// Computes for a time.
pub fn compute(time: Duration) {
    let begin = Instant::now();
    while begin.elapsed() < time {
        black_box(());
    }
}

/// Computes nearly always: each nap of no time begins the measure of the host anew.
pub fn compute_and_nap() -> Ended {
    loop {
        compute(LONG);
        if !clock::sleep(0) {
            return Ok(Outcome::Next);
        }
    }
}

/// Task after task without a wait, each too short to be interrupted.
pub fn compute_a_little() -> Ended {
    compute(SHORT);
    Ok(Outcome::Next)
}

/// The next task at once, for ever.
pub fn reschedule() -> Ended {
    Ok(Outcome::Reschedule)
}

/// Leaves its set for ever; its parent enters it again at once.
pub fn interrupt() -> Ended {
    Ok(Outcome::Interrupt(true))
}

/// An endless recursion. The addition after the call keeps the compiler from making a loop of it.
pub fn recurse() -> Ended {
    #[expect(unconditional_recursion, reason = "that is what is tested")]
    fn descend(depth: u64) -> u64 {
        black_box(depth) + descend(black_box(depth + 1))
    }
    black_box(descend(0));
    Ok(Outcome::Next)
}

/// What is left of a panic whose message was compiled out.
pub fn trap() -> Ended {
    core::arch::wasm32::unreachable()
}

/// A panic with a message.
pub fn panic() -> Ended {
    panic!("the cart is empty")
}

/// Ends its program, as if it were one.
pub fn exit() -> Ended {
    std::process::exit(3)
}
