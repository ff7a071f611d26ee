//! What a user keeps with the host beside its saved state: some alike for all users, some its own.
//!
//! Upstream: `lib.rs`. Downstream: the target's log, and the table of exceptions.

use serde::{Deserialize, Serialize};
use wload_sdk::bindings::wload::scenario::keeping;
use wload_sdk::prelude::*;

use crate::take_turn;

/// Larger than what the test's limit leaves for.
const TOO_MUCH: usize = 1 << 20;

/// Values that are the same for all, and one that each turn makes anew.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Keeper {
    turn: u32,
    common: Option<u32>,
    own: Option<u32>,
}

#[user(wait_time = constant(0.02))]
impl Keeper {
    #[task]
    fn keep(&mut self) -> TaskResult {
        let number = self.identity().class_index;
        let common = match self.common {
            Some(common) => common,
            None => *self.common.insert(kept(&[7; 1_000])?),
        };
        let before = self.own.map(|own| {
            let text = String::from_utf8_lossy(&keeping::read(own)).into_owned();
            keeping::forget(own);
            text
        });
        let own = kept(format!("{number} in turn {}", self.turn).as_bytes())?;
        self.own = Some(own);
        let refused = keeping::keep(&vec![1; TOO_MUCH]).unwrap_err();
        let common = keeping::read(common).len();
        let said = format!("{own} {before:?} {common} {}", refused.contains("--limit kept-values"));
        take_turn("Keeper", &mut self.turn, &said)
    }
}

fn kept(content: &[u8]) -> Result<u32, TaskEnd> {
    keeping::keep(content).or_raise("there is room for little")
}

/// Asks for what the others keep.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Snooper {
    turn: u32,
}

#[user(wait_time = constant(0.02))]
impl Snooper {
    #[task]
    fn snoop(&mut self) -> TaskResult {
        let found = keeping::read(0);
        take_turn("Snooper", &mut self.turn, &format!("has found {} bytes", found.len()))
    }
}
