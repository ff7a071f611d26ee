//! Work of an import that is done outside of the guest's fiber.
//!
//! An import that waits is polled on the guest's fiber, at every wake-up: two switches of stacks, and
//! every page that HTTP and TLS touch below it stays with the user for its whole life. So what an import
//! waits for is handed out, polled on the thread's own stack by whoever polls the call, and the guest goes
//! on once, when it is done.
//!
//! Upstream: the imports. Downstream: [`watched`](crate::compute::watched), which polls. Invariant: a
//! guest waits for one thing at a time, because its calls never overlap.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::task::{Context, Poll};

use wload_http::{Exchange, Sending};

/// Cannot be: a guest waits for one thing at a time.
pub(crate) const WRONG_WORK: &str =
    "the host has mixed up what a guest waits for; this is a bug in wload";

/// What an import waits for.
pub(crate) enum Work {
    /// An exchange.
    Exchange(Sending),
    /// A sleep; false: it was broken off.
    Sleep(Pin<Box<dyn Future<Output = bool>>>),
}

/// What came of it.
pub(crate) enum Done {
    /// An exchange to its end.
    Exchange(Box<Exchange>),
    /// A time is over; false: it was broken off.
    Slept(bool),
}

/// The work of one guest, if it waits for some.
#[derive(Default)]
pub(crate) struct Outside {
    work: RefCell<Option<Work>>,
    done: Cell<Option<Done>>,
}

impl Outside {
    /// On the fiber: hands work out. [`Turn::done`](crate::compute::Turn::done) waits for it.
    pub(crate) fn begin(&self, work: Work) {
        self.work.replace(Some(work));
    }

    /// What came of the work, once.
    pub(crate) fn take_done(&self) -> Option<Done> {
        self.done.take()
    }

    /// Outside: there is work, and it is not done.
    pub(crate) fn is_pending(&self, context: &mut Context<'_>) -> bool {
        let mut work = self.work.borrow_mut();
        let polled = match work.as_mut() {
            None => return false,
            Some(Work::Exchange(exchange)) => Pin::new(exchange).poll(context).map(Done::Exchange),
            Some(Work::Sleep(sleep)) => sleep.as_mut().poll(context).map(Done::Slept),
        };
        let Poll::Ready(done) = polled else { return true };
        *work = None;
        self.done.set(Some(done));
        false
    }

    /// The guest has handed work out that nobody has polled yet.
    pub(crate) fn has_work(&self) -> bool {
        self.work.borrow().is_some()
    }
}
