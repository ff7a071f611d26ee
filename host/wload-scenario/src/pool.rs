//! The instances of one core, and the users that take turns in them.
//!
//! Between two calls the instance of a user that can be saved is *parked*: it keeps its user until
//! another one needs the place, so that a run whose users all fit pays nothing, and a user that comes
//! back soon finds its instance warm. The one that was used longest ago goes first: its user is saved,
//! and the instance is reset for the next one or replaced. When all are busy the pool grows rather than
//! delay a task.
//!
//! Upstream: `user.rs`. Downstream: `instance.rs`. Never leaves its core's thread; no borrow lasts over
//! an `await`. Invariants: a user is at one [`Place`]; what is saved is never saved again before it was
//! restored; an instance that trapped is gone.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Poll, Waker};

use tokio::sync::Notify;
use wload_core::event::LogLevel;
use wload_core::ids::ClassId;
use wload_core::isolation::Isolation;
use wload_core::limits::MESSAGE_BYTES_MAX;
use wload_core::request_key::cut;
use wload_core::snapshot::InstanceCounts;

use crate::core_context::{CoreContext, GuestLine};
use crate::instance::Instance;
use crate::loader::Scenario;
use crate::lru::{LruList, Ticket};
use crate::store_state::Resident;
use crate::trap::TaskFailure;

/// Users that one instance serves in a row before it is replaced, whatever it says: what a `reset`
/// forgets to give back (a handle, a page) must not add up over a long run.
const USERS_IN_A_ROW_MAX: u32 = 1_000;

/// The instances of one core.
pub struct InstancePool {
    scenario: Scenario,
    core: Rc<CoreContext>,
    places: u32,
    parked: RefCell<LruList<Parked>>,
    tally: Rc<Tally>,
    has_told_why: Cell<bool>,
}

/// Counts, and who waits for one of them to fall.
#[derive(Default)]
struct Tally {
    counts: Cell<InstanceCounts>,
    vacancy: Notify,
}

/// An instance that counts as long as it lives.
pub(crate) struct Pooled {
    pub(crate) instance: Instance,
    _living: Living,
}

struct Living(Rc<Tally>);

struct Parked {
    pooled: Box<Pooled>,
    home: Rc<Home>,
}

/// Where one user is between two calls. Shared by the user and whoever saves it.
pub(crate) struct Home {
    class: ClassId,
    place: Cell<Place>,
    /// It keeps its instance: the mode, its class or a failed `save` wants it so.
    is_pinned: Cell<bool>,
    /// It is one of those that are counted, because others of the run are saved.
    is_counted: Cell<bool>,
    waiter: Cell<Option<Waker>>,
    tally: Rc<Tally>,
}

#[derive(Default)]
enum Place {
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

struct SavedUser {
    resident: Box<Resident>,
    state: Box<[u8]>,
}

impl Tally {
    fn change(&self, change: impl FnOnce(&mut InstanceCounts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

impl Living {
    fn new(tally: &Rc<Tally>) -> Self {
        tally.change(|counts| {
            counts.live += 1;
            counts.peak = counts.peak.max(counts.live);
        });
        Self(tally.clone())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.change(|counts| counts.live -= 1);
        self.0.vacancy.notify_one();
    }
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
        if isolation != Isolation::Pinned && cannot_be_saved {
            home.pin();
        }
        home
    }

    fn pin(&self) {
        self.is_pinned.set(true);
        self.is_counted.set(true);
        self.tally.change(|counts| {
            counts.pinned += 1;
            counts.pinned_peak = counts.pinned_peak.max(counts.pinned);
        });
    }

    fn put(&self, place: Place) {
        self.place.set(place);
        if let Some(waiter) = self.waiter.take() {
            waiter.wake();
        }
    }

    /// Ends when the one that saves the user is done.
    async fn has_left(&self) {
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

impl InstancePool {
    /// An empty pool for one of `cores` cores.
    #[must_use]
    pub fn new(scenario: Scenario, core: Rc<CoreContext>, cores: u16) -> Rc<Self> {
        let share = |all: u32| all.div_ceil(u32::from(cores.max(1))).max(1);
        let tally = Rc::<Tally>::default();
        let kept_max = match scenario.isolation() {
            Isolation::Pinned => u32::MAX,
            Isolation::Reuse | Isolation::Fresh => share(scenario.inner.instances.kept_max),
        };
        tally.change(|counts| counts.kept_max = kept_max);
        Rc::new(Self {
            places: share(scenario.inner.places),
            scenario,
            core,
            parked: RefCell::default(),
            tally,
            has_told_why: Cell::new(false),
        })
    }

    /// What its users share.
    #[must_use]
    pub fn core(&self) -> &Rc<CoreContext> {
        &self.core
    }

    /// How many there are, and what became of users.
    #[must_use]
    pub fn counts(&self) -> InstanceCounts {
        self.tally.counts.get()
    }

    pub(crate) fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// An instance for a user that starts.
    pub(crate) async fn start(
        &self,
        resident: Box<Resident>,
        home: &Home,
    ) -> Result<Box<Pooled>, TaskFailure> {
        if home.is_pinned.get() {
            self.create(resident).await
        } else {
            self.acquire(resident).await
        }
    }

    /// The instance of a user, for a call.
    pub(crate) async fn enter(&self, home: &Home) -> Result<Box<Pooled>, TaskFailure> {
        loop {
            match home.place.take() {
                Place::Kept(pooled) => return Ok(pooled),
                Place::Parked(ticket) => {
                    let parked = self.parked.borrow_mut().take(ticket);
                    return Ok(parked.expect("a ticket lasts until its user leaves").pooled);
                }
                Place::Leaving => {
                    home.place.set(Place::Leaving);
                    home.has_left().await;
                }
                Place::Saved(saved) => return self.restore(*saved, home.class).await,
                Place::Lost(failure) => return Err(failure),
                Place::Away => return Err(TaskFailure::broken("the user has no instance")),
            }
        }
    }

    /// The call is over; the user keeps the instance until somebody needs it.
    pub(crate) async fn leave(&self, mut pooled: Box<Pooled>, home: &Rc<Home>) {
        if home.is_pinned.get() || pooled.instance.holds_exchanges() {
            home.put(Place::Kept(pooled));
        } else if self.is_over() {
            // The pool had grown. The user is saved at once, and its instance goes.
            home.put(Place::Leaving);
            self.save(pooled, home, None).await;
        } else {
            let parked = Parked { pooled, home: home.clone() };
            let ticket = self.parked.borrow_mut().put(parked);
            home.put(Place::Parked(ticket));
            self.tally.vacancy.notify_one();
        }
    }

    /// A user is gone.
    pub(crate) fn forget(&self, home: &Home) {
        if let Place::Parked(ticket) = home.place.take() {
            let parked = self.parked.borrow_mut().take(ticket);
            drop(parked);
        }
    }

    /// Instances of users that can be saved are more than should be kept.
    fn is_over(&self) -> bool {
        let counts = self.counts();
        counts.live.saturating_sub(counts.pinned) > counts.kept_max
    }

    async fn restore(&self, saved: SavedUser, class: ClassId) -> Result<Box<Pooled>, TaskFailure> {
        let SavedUser { resident, state } = saved;
        let mut pooled = self.acquire(resident).await?;
        pooled.instance.restore(class.0, &state).await.map_err(TaskFailure::not_restored)?;
        self.tally.change(|counts| counts.restores += 1);
        Ok(pooled)
    }

    /// An instance for a user that can be saved: a new one while there may be more, then that of the
    /// user that has waited longest, then a new one all the same.
    async fn acquire(&self, mut resident: Box<Resident>) -> Result<Box<Pooled>, TaskFailure> {
        let mut has_waited = false;
        loop {
            let counts = self.counts();
            if counts.live.saturating_sub(counts.pinned) < counts.kept_max
                && counts.live < self.places
            {
                return self.create(resident).await;
            }
            let oldest = self.parked.borrow_mut().take_oldest();
            if let Some(Parked { pooled, home }) = oldest {
                home.put(Place::Leaving);
                match self.save(pooled, &home, Some(resident)).await {
                    Succession::TakenOver(pooled) => return Ok(pooled),
                    Succession::Gone(Some(next)) => return self.create_for_reuse(next).await,
                    Succession::Kept(Some(next)) => resident = next,
                    Succession::Gone(None) | Succession::Kept(None) => {
                        return Err(TaskFailure::broken("a user got lost"));
                    }
                }
            } else if counts.live < self.places {
                return self.create(resident).await;
            } else if counts.pinned >= self.places {
                return Err(TaskFailure::broken(
                    "all places are taken by users that cannot be saved (`--limit instances`)",
                ));
            } else {
                if !std::mem::replace(&mut has_waited, true) {
                    self.tally.change(|counts| counts.waits += 1);
                }
                self.tally.vacancy.notified().await;
            }
        }
    }

    async fn create(&self, resident: Box<Resident>) -> Result<Box<Pooled>, TaskFailure> {
        let living = Living::new(&self.tally);
        let instance = Instance::new(&self.scenario, self.core.clone(), resident).await?;
        Ok(Box::new(Pooled { instance, _living: living }))
    }

    /// An instance that takes the place of another, and in `reuse` will serve many users: it may put
    /// aside what it looks like. One by which the pool grows goes when its first user has left. A guest that traps here cannot be reset; its error is the user's, as of
    /// any other first call.
    async fn create_for_reuse(&self, resident: Box<Resident>) -> Result<Box<Pooled>, TaskFailure> {
        let mut pooled = self.create(resident).await?;
        if self.scenario.isolation() == Isolation::Reuse {
            pooled.instance.prepare_for_reuse().await?;
        }
        Ok(pooled)
    }

    /// Saves the user of an instance that is leaving, and gives the instance to the next one.
    async fn save(
        &self,
        mut pooled: Box<Pooled>,
        home: &Home,
        next: Option<Box<Resident>>,
    ) -> Succession {
        let mut rescue = Rescue { home, is_over: false };
        let saved = pooled.instance.save().await;
        let max = self.scenario.inner.instances.saved_bytes_max;
        let why_not = match saved {
            Ok(Ok(state)) if state.len() <= max => {
                let succession = self.succeed(pooled, home, state.into(), next).await;
                rescue.is_over = true;
                return succession;
            }
            Ok(Ok(state)) => format!(
                "its saved state has {} bytes, at most {max} are allowed (`--limit saved-user`)",
                state.len()
            ),
            Ok(Err(why)) => why,
            Err(failure) => {
                rescue.is_over = true;
                drop(pooled);
                home.put(Place::Lost(failure));
                return Succession::Gone(next);
            }
        };
        rescue.is_over = true;
        home.pin();
        self.tell_why(home, &why_not);
        home.put(Place::Kept(pooled));
        Succession::Kept(next)
    }

    /// The user is saved: its instance is taken over or goes.
    async fn succeed(
        &self,
        mut pooled: Box<Pooled>,
        home: &Home,
        state: Box<[u8]>,
        next: Option<Box<Resident>>,
    ) -> Succession {
        let is_reset = next.is_some()
            && self.scenario.isolation() == Isolation::Reuse
            && pooled.instance.earlier_users() < USERS_IN_A_ROW_MAX
            && pooled.instance.growth_bytes() <= self.scenario.inner.instances.growth_bytes_max
            // One that traps here has lost nothing: its user is saved.
            && pooled.instance.reset().await.unwrap_or(false);
        self.tally.change(|counts| {
            counts.saves += 1;
            counts.replaced += u64::from(!is_reset && next.is_some());
        });
        match next {
            Some(next) if is_reset => {
                let resident = pooled.instance.move_in(next);
                home.put(Place::Saved(Box::new(SavedUser { resident, state })));
                Succession::TakenOver(pooled)
            }
            next => {
                let nobody =
                    Resident::new(&self.core, &self.scenario.inner.shared, Rc::default(), None);
                let resident = pooled.instance.move_in(nobody);
                drop(pooled);
                home.put(Place::Saved(Box::new(SavedUser { resident, state })));
                Succession::Gone(next)
            }
        }
    }

    /// The first reason is worth a line; how many there are is in the report.
    fn tell_why(&self, home: &Home, why: &str) {
        if self.has_told_why.replace(true) {
            return;
        }
        let class = &self.scenario.info().class(home.class).name;
        (self.core.log)(GuestLine {
            level: LogLevel::Warn,
            origin: class.clone(),
            message: format!("a user keeps its instance: {}", cut(why, MESSAGE_BYTES_MAX)),
        });
    }
}

/// What became of an instance whose user was to be saved, and of the user that wants it.
enum Succession {
    /// The next user lives in it.
    TakenOver(Box<Pooled>),
    /// It is gone; its place is free.
    Gone(Option<Box<Resident>>),
    /// Its user cannot be saved and keeps it.
    Kept(Option<Box<Resident>>),
}

/// Whoever saves another user may itself be dropped in the middle of it. The instance is lost then, and
/// its user must not wait for it for ever.
struct Rescue<'a> {
    home: &'a Home,
    is_over: bool,
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
    }
}

impl std::fmt::Debug for InstancePool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("InstancePool").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
