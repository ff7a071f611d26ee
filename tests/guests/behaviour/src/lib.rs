//! User classes that each show one habit of users and tasks. A test picks the class that it is about.
//!
//! Upstream: `tests/scenario/order.rs`, `waits.rs` and `results.rs`. What a user does it leaves as steps
//! `/log/{step}` in the log of the target, silently, so that only what is tested is in the statistics.

use wload_sdk::prelude::*;

mod order;
mod results;
mod waits;

use order::{Endless, Ordered, Sequence, Tagged, Weighted};
use results::{Ender, Judge, Measurer, Optional, Reader, Rescheduler};
use waits::{Between, Constant, Custom, Long, Pacing, Throughput};

static WORD: ScenarioOption = ScenarioOption::new("word").default_value("none");
static COLOUR: ScenarioOption = ScenarioOption::new("colour").choices(&["red", "blue"]);
static WORDS: Table = Table::csv("words", "words.csv");

/// Leaves a step in the log of the target.
fn leave(step: impl ToString) {
    Client::new().get("/log/{step}").value(step).silent().send();
}

scenario! {
    users: [
        Ordered, Sequence, Endless, Tagged, Weighted,
        Constant, Between, Pacing, Throughput, Custom, Long,
        Judge, Measurer, Reader, Optional, Rescheduler, Ender,
    ],
    options: [WORD, COLOUR],
    tables: [WORDS],
}
