//! Task sets with states of their own, one in the other, and all ways to leave them.
//!
//! Upstream: `lib.rs`. Downstream: the target's log.

use serde::{Deserialize, Serialize};
use wload_sdk::prelude::*;

use crate::{leave, take_turn};

/// Sets at random, three levels deep.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Nested {
    turn: u32,
    left: Vec<u32>,
}

#[user(weight = 3, wait_time = constant(0.015))]
impl Nested {
    #[task]
    fn alone(&mut self) -> TaskResult {
        let what = format!("alone {:?}", self.left.iter().sum::<u32>());
        take_turn("Nested", &mut self.turn, &what)
    }

    #[task(3)]
    type Outer = Outer;
}

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Outer {
    visits: u32,
}

#[task_set(user = Nested)]
impl Outer {
    #[on_start]
    fn enter(&mut self, user: &mut Nested) {
        self.visits = 100;
        leave("Nested", user.turn, "enters outer");
    }

    #[task]
    fn visit(&mut self, user: &mut Nested) -> TaskResult {
        self.visits += 1;
        take_turn("Nested", &mut user.turn, &format!("visit {}", self.visits))?;
        if self.visits.is_multiple_of(3) { interrupt() } else { reschedule() }
    }

    #[task(2)]
    type Between = Between;

    #[on_stop]
    fn leave(&mut self, user: &mut Nested) {
        user.left.push(self.visits);
        leave("Nested", user.turn, &format!("leaves outer {}", self.visits));
    }
}

/// Without a state, between two that have one.
#[derive(Default)]
pub(crate) struct Between;

#[task_set(user = Nested)]
impl Between {
    #[task]
    type Inner = Inner;
}

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Inner {
    steps: Vec<i64>,
}

#[task_set(user = Nested, sequential, wait_time = constant(0.03))]
impl Inner {
    #[task]
    fn first(&mut self, user: &mut Nested) -> TaskResult {
        self.steps.push(random::range(0..10));
        take_turn("Nested", &mut user.turn, &format!("first {:?}", self.steps))
    }

    #[task(2)]
    fn second(&mut self, user: &mut Nested) -> TaskResult {
        self.steps.push(-1);
        take_turn("Nested", &mut user.turn, &format!("second {:?}", self.steps))
    }

    #[task]
    fn last(&mut self, user: &mut Nested) -> TaskResult {
        take_turn("Nested", &mut user.turn, &format!("last {:?}", self.steps))?;
        if self.steps.len() > 3 { interrupt_and_wait() } else { Ok(()) }
    }
}

/// A sequence as the class itself, with a set in it that is left at once.
#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Stepper {
    turn: u32,
}

#[user(sequential, wait_time = constant(0.02))]
impl Stepper {
    #[task]
    fn one(&mut self) -> TaskResult {
        take_turn("Stepper", &mut self.turn, "one")
    }

    #[task]
    type Aside = Aside;

    #[task]
    fn two(&mut self) -> TaskResult {
        take_turn("Stepper", &mut self.turn, "two")
    }
}

#[derive(Default, Deserialize, Serialize)]
pub(crate) struct Aside {
    asides: u32,
}

#[task_set(user = Stepper)]
impl Aside {
    #[task]
    fn aside(&mut self, user: &mut Stepper) -> TaskResult {
        self.asides += 1;
        take_turn("Stepper", &mut user.turn, &format!("aside {}", self.asides))?;
        interrupt_and_wait()
    }
}
