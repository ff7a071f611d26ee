//! User classes that hold everything that a user can hold while it waits. What a user does depends on its
//! own past only, so that it is the same whatever instances it lived in.
//!
//! Upstream: `tests/scenario/hibernation.rs`, which runs it in each mode of isolation and compares. Each step
//! is left as `/log/{class} {number} {turn} {what}`, silently; a user stops after its last turn.

use wload_sdk::prelude::*;

mod holding;
mod keeping;
mod refusing;
mod sets;

use holding::{Holder, Measurer, Member, Waiter};
use keeping::{Keeper, Snooper};
use refusing::{Forgetful, Refuser, Unsaved};
use sets::{Nested, Stepper};

/// Turns of each user.
const TURNS: u32 = 12;

static WORDS: Table = Table::csv("words", "words.csv");

/// Leaves a step in the log of the target.
fn leave(class: &str, turn: u32, what: &str) {
    let step = format!("{class} {} {turn} {what}", wload_sdk::identity::current().class_index);
    Client::new().get("/log/{step}").value(step).silent().send();
}

/// Leaves a step, and stops the user after its last one.
fn take_turn(class: &str, turn: &mut u32, what: &str) -> TaskResult {
    *turn += 1;
    leave(class, *turn, what);
    if *turn >= TURNS { stop_user() } else { Ok(()) }
}

scenario! {
    users: [
        Holder, Member, Measurer, Waiter, Nested, Stepper, Unsaved, Refuser, Forgetful, Keeper, Snooper,
    ],
    tables: [WORDS],
}
