//! Users that cannot be saved, or not every time, or not read back.
//!
//! Upstream: `lib.rs`. Downstream: the target's log. The first two behave the same in each mode, because they
//! keep their instance; the third begins anew whenever it was saved.

use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use wload_sdk::prelude::*;

use crate::take_turn;

/// Nothing is derived.
#[derive(Default)]
pub(crate) struct Unsaved {
    turn: u32,
}

#[user(wait_time = constant(0.02))]
impl Unsaved {
    #[task]
    fn work(&mut self) -> TaskResult {
        take_turn("Unsaved", &mut self.turn, "works")
    }
}

/// It can be saved until it has been at work for a while.
#[derive(Default, Deserialize)]
pub(crate) struct Refuser {
    turn: u32,
}

impl Serialize for Refuser {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[derive(Serialize)]
        struct Turn {
            turn: u32,
        }
        if self.turn > 3 {
            return Err(S::Error::custom("it holds what cannot be copied"));
        }
        Turn { turn: self.turn }.serialize(serializer)
    }
}

#[user(wait_time = constant(0.02))]
impl Refuser {
    #[task]
    fn work(&mut self) -> TaskResult {
        take_turn("Refuser", &mut self.turn, "works")
    }
}

/// It is saved and never read back.
#[derive(Default, Serialize)]
pub(crate) struct Forgetful {
    turn: u32,
}

impl<'de> Deserialize<'de> for Forgetful {
    fn deserialize<D: Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Err(D::Error::custom("it does not know any more"))
    }
}

#[user(wait_time = constant(0.02))]
impl Forgetful {
    #[on_start]
    fn begin(&mut self) {
        crate::leave("Forgetful", self.turn, "begins");
    }

    #[task]
    fn work(&mut self) -> TaskResult {
        take_turn("Forgetful", &mut self.turn, "works")
    }
}
