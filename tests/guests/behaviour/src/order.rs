//! Which task comes next: sequences, sets in sets, tags, weights.

use wload_sdk::prelude::*;

use crate::leave;

/// A sequence with a set in it, from its start to its stop.
#[derive(Default)]
pub(crate) struct Ordered;

#[user(sequential)]
impl Ordered {
    #[on_start]
    fn start(&mut self) {
        leave("start");
    }

    #[task]
    fn first(&mut self) {
        leave("first");
    }

    #[task(weight = 2)]
    fn twice(&mut self) {
        leave("twice");
    }

    #[task]
    type Inner = Inner;

    #[task]
    fn last(&mut self) -> TaskResult {
        leave("last");
        stop_user()
    }

    #[on_stop]
    fn stop(&mut self) {
        leave("stop");
    }
}

/// Its state begins anew each time it is entered.
#[derive(Default)]
struct Inner {
    rounds: u32,
}

#[task_set(user = Ordered, sequential)]
impl Inner {
    #[on_start]
    fn enter(&mut self) {
        leave(format_args!("enter-{}", self.rounds));
    }

    #[task]
    fn one(&mut self) {
        self.rounds += 1;
        leave(format_args!("one-{}", self.rounds));
    }

    #[task]
    fn two(&mut self) -> TaskResult {
        leave(format_args!("two-{}", self.rounds));
        if self.rounds == 2 { interrupt() } else { Ok(()) }
    }

    #[on_stop]
    fn leave_set(&mut self) {
        leave("leave");
    }
}

/// A sequence begins again after its end.
#[derive(Default)]
pub(crate) struct Sequence {
    tasks: u32,
}

#[user(sequential)]
impl Sequence {
    #[task]
    fn a(&mut self) -> TaskResult {
        self.step("a")
    }

    #[task]
    fn b(&mut self) -> TaskResult {
        self.step("b")
    }

    fn step(&mut self, step: &str) -> TaskResult {
        leave(step);
        self.tasks += 1;
        if self.tasks == 5 { stop_user() } else { Ok(()) }
    }
}

/// A set that is never left.
#[derive(Default)]
pub(crate) struct Endless;

#[user(sequential)]
impl Endless {
    #[task]
    fn before(&mut self) {
        leave("before");
    }

    #[task]
    type Trap = Trap;

    #[task]
    fn after(&mut self) {
        leave("after");
    }

    #[on_stop]
    fn stop(&mut self) {
        leave("stop");
    }
}

#[derive(Default)]
struct Trap;

#[task_set(user = Endless)]
impl Trap {
    #[task]
    fn round(&mut self) {
        leave("round");
    }

    #[on_stop]
    fn leave_set(&mut self) {
        leave("leave");
    }
}

/// Tasks with tags, and a set with one.
#[derive(Default)]
pub(crate) struct Tagged;

#[user]
impl Tagged {
    #[task(tags("red"))]
    fn red(&mut self) {
        leave("red");
    }

    #[task(tags("red", "blue"))]
    fn purple(&mut self) {
        leave("purple");
    }

    #[task]
    fn plain(&mut self) {
        leave("plain");
    }

    #[task(tags("green"))]
    type Green = Green;
}

#[derive(Default)]
struct Green;

#[task_set(user = Tagged)]
impl Green {
    #[task]
    fn leaf(&mut self) -> TaskResult {
        leave("leaf");
        interrupt()
    }

    #[task(tags("blue"))]
    fn sea(&mut self) -> TaskResult {
        leave("sea");
        interrupt()
    }
}

/// Three of four tasks are `often`; each leaves a number of its own as well.
#[derive(Default)]
pub(crate) struct Weighted;

#[user]
impl Weighted {
    #[task(weight = 3)]
    fn often(&mut self) {
        leave(format_args!("often-{}", random::range(0..1000)));
    }

    #[task]
    fn rarely(&mut self) {
        leave(format_args!("rarely-{}", random::range(0..1000)));
    }

    #[task(weight = 0)]
    fn never(&mut self) {
        leave("never");
    }
}
