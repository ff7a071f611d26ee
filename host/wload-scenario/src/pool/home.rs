//! Where one user of a pool is between two calls.
//!
//! Upstream: a user has one, and whoever saves it looks into it. Downstream: the instance, or what was saved of the
//! user. Invariants: a user is at one [`Place`]; it never waits for ever for somebody who saves it.

use std::cell::Cell;
use std::rc::Rc;
use std::task::{Poll, Waker};

use wload_core::ids::ClassId;
use wload_core::isolation::Isolation;

use super::{InstancePool, Pooled, Tally};
use crate::parking::Ticket;
use crate::store_state::Resident;
use crate::trap::TaskFailure;

/// Where one user is between two calls. Shared by the user and whoever saves it.
pub(crate) struct Home {
    pub(super) class: ClassId,
    pub(super) place: Cell<Place>,
    /// It keeps its instance: the mode, its class or a failed `save` wants it so.
    pub(super) is_pinned: Cell<bool>,
    /// It is one of those that are counted, because others of the run are saved.
    is_counted: Cell<bool>,
    waiter: Cell<Option<Waker>>,
    tally: Rc<Tally>,
}

#[derive(Default)]
pub(super) enum Place {
    /// In a call, or not started.
    #[default]
    Away,
    /// In an instance of its own.
    Kept(Box<Pooled>),
    /// In an instance that may be taken.
    Parked(Ticket),
    /// Somebody has taken its instance and saves it.
    Leaving,
    /// Without instance.
    Saved(Box<SavedUser>),
    /// Its instance died while it was saved.
    Lost(TaskFailure),
}

/// What is left of a user without instance.
pub(super) struct SavedUser {
    pub(super) resident: Box<Resident>,
    pub(super) state: Box<[u8]>,
}

impl Home {
    /// Of a user that has not started.
    pub(crate) fn new(pool: &InstancePool, class: ClassId) -> Rc<Self> {
        let isolation = pool.scenario.isolation();
        let cannot_be_saved = pool.scenario.info().class(class).pinned.is_some();
        let home = Rc::new(Self {
            class,
            place: Cell::default(),
            is_pinned: Cell::new(isolation == Isolation::Pinned),
            is_counted: Cell::new(false),
            waiter: Cell::new(None),
            tally: pool.tally.clone(),
        });
        home.tally.memory.user_begins();
        if isolation != Isolation::Pinned && cannot_be_saved {
            home.pin();
        }
        home
    }

    /// From now on it keeps its instance, and is counted.
    pub(super) fn pin(&self) {
        self.is_pinned.set(true);
        self.is_counted.set(true);
        self.tally.change(|counts| {
            counts.pinned += 1;
            counts.pinned_peak = counts.pinned_peak.max(counts.pinned);
        });
    }

    /// It is there now; whoever waits for it is told.
    pub(super) fn put(&self, place: Place) {
        self.place.set(place);
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }

    /// Ends when the one that saves the user is done.
    pub(super) async fn has_left(&self) {
        std::future::poll_fn(|context| match self.place.take() {
            Place::Leaving => {
                self.place.set(Place::Leaving);
                self.waiter.set(Some(context.waker().clone()));
                Poll::Pending
            }
            place => {
                self.place.set(place);
                Poll::Ready(())
            }
        })
        .await;
    }
}

/// Whoever saves another user may itself be dropped in the middle of it. The instance is lost then, and
/// its user must not wait for it for ever.
pub(super) struct Rescue<'a> {
    home: &'a Home,
    is_over: bool,
}

impl<'a> Rescue<'a> {
    pub(super) fn of(home: &'a Home) -> Self {
        Self { home, is_over: false }
    }

    /// The user has a place.
    pub(super) fn end(mut self) {
        self.is_over = true;
    }
}

impl Drop for Rescue<'_> {
    fn drop(&mut self) {
        if !self.is_over {
            self.home.put(Place::Lost(TaskFailure::broken(
                "its instance was lost while another user took it over",
            )));
        }
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.is_counted.get() {
            self.tally.change(|counts| counts.pinned -= 1);
        }
        self.tally.memory.user_ends();
    }
}
