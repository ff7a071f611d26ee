//! The instances of one core, and the users that take turns in them.
//!
//! Between two calls the instance of a user that can be saved is *parked*: it keeps its user until
//! another one needs the place, so that a run whose users all fit pays nothing, and a user that comes
//! back soon finds its instance warm. The user that comes back last goes first: it is saved,
//! and the instance is reset for the next one or replaced. When all are busy the pool grows rather than
//! delay a task, unless one of them is free sooner than another one is made. An instance that has grown to half of its limit is left by its user, where that can be saved: a guest
//! that gives back less than it takes goes on for ever. Memory is looked at as well as numbers: where it is short, no
//! instance is made while one is parked, and what a wave of tasks has left is let go ([`InstancePool::tend`]).
//!
//! Upstream: `user.rs`. Downstream: `instance.rs`. Never leaves its core's thread; no borrow lasts over
//! an `await`. Invariants: a user is at one [`Place`]; what is saved is never saved again before it was
//! restored; an instance that trapped is gone.

mod growth;
mod home;
mod saving;

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;
use wload_core::ids::ClassId;
use wload_core::isolation::Isolation;
use wload_core::snapshot::InstanceCounts;

use self::growth::Growth;
pub(crate) use self::home::Home;
use self::home::{Place, SavedUser};
use self::saving::Succession;
use crate::core_context::CoreContext;
use crate::instance::Instance;
use crate::loader::Scenario;
use crate::memory_gauge::{MemoryGauge, MemoryRoom};
use crate::parking::Parking;
use crate::store_state::Resident;
use crate::trap::TaskFailure;

/// Of the instances of a core that takes too much memory so many go between two looks: one of sixteen.
const EXCESS_SHARE: u32 = 16;

/// Of the instances so many may be free, one of eight, before one goes: tasks come in no even flow.
const SPARE_SHARE: u32 = 8;

/// A user that waits for longer than this has no stack meanwhile. Giving it back and getting another one costs
/// some 40 us, more than a request: of a core with 10,000 such users at most 8 %.
const STACK_KEPT_FOR: Duration = Duration::from_secs(5);

/// A user that comes back no sooner than this waits for long: its instance is for others where there are many.
const LONG_WAIT: Duration = Duration::from_secs(5);

/// The instances of one core.
pub struct InstancePool {
    scenario: Scenario,
    core: Rc<CoreContext>,
    places: u32,
    parked: RefCell<Parking<Parked>>,
    tally: Rc<Tally>,
    /// No instance is made while another one can be taken over: memory is short.
    is_full: Cell<bool>,
    /// No instance is made while there is one whose user waits for long.
    has_enough: Cell<bool>,
    /// Instances that are still to go before memory is looked at again.
    excess: Cell<u32>,
    /// They go though all of them are busy: memory is very short.
    is_hard_up: Cell<bool>,
    /// There are some that are to go.
    surplus: Notify,
    has_told_why: Cell<bool>,
    growth: Growth,
}

/// Counts, and who waits for one of them to fall.
struct Tally {
    counts: Cell<InstanceCounts>,
    vacancy: Notify,
    memory: Arc<MemoryGauge>,
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

impl Tally {
    fn change(&self, change: impl FnOnce(&mut InstanceCounts)) {
        let mut counts = self.counts.get();
        change(&mut counts);
        self.counts.set(counts);
    }
}

impl Living {
    fn new(tally: &Rc<Tally>) -> Self {
        tally.memory.instance_begins();
        tally.change(|counts| {
            counts.live += 1;
            counts.peak = counts.peak.max(counts.live);
        });
        Self(tally.clone())
    }
}

impl Drop for Living {
    fn drop(&mut self) {
        self.0.memory.instance_ends();
        self.0.change(|counts| counts.live -= 1);
        self.0.vacancy.notify_one();
    }
}

impl InstancePool {
    /// An empty pool for one of `cores` cores.
    #[must_use]
    pub fn new(scenario: Scenario, core: Rc<CoreContext>, cores: u16) -> Rc<Self> {
        let share = |all: u32| all.div_ceil(u32::from(cores.max(1))).max(1);
        let memory = scenario.inner.memory.clone();
        let tally = Rc::new(Tally { counts: Cell::default(), vacancy: Notify::default(), memory });
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
            is_full: Cell::new(false),
            has_enough: Cell::new(false),
            excess: Cell::new(0),
            is_hard_up: Cell::new(false),
            surplus: Notify::new(),
            has_told_why: Cell::new(false),
            growth: Growth::new(),
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

    /// The instance of a user, for a call, where the user is in one.
    pub(crate) fn enter_at_once(&self, home: &Home) -> Option<Box<Pooled>> {
        self.growth.progress();
        match home.place.take() {
            Place::Kept(pooled) => Some(pooled),
            Place::Parked(ticket) => {
                let parked = self.parked.borrow_mut().take(ticket);
                Some(parked.expect("a ticket lasts until its user leaves").pooled)
            }
            place => {
                home.place.set(place);
                None
            }
        }
    }

    /// The instance of a user, for a call.
    pub(crate) async fn enter(&self, home: &Home) -> Result<Box<Pooled>, TaskFailure> {
        loop {
            if let Some(pooled) = self.enter_at_once(home) {
                return Ok(pooled);
            }
            match home.place.take() {
                Place::Kept(_) | Place::Parked(_) => unreachable!("it was entered at once"),
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

    /// The call is over; the user keeps the instance until somebody needs it. An instance that is returned is to
    /// be [vacated](Self::vacate).
    #[must_use = "its user waits for being saved"]
    pub(crate) fn leave(&self, mut pooled: Box<Pooled>, home: &Rc<Home>) -> Option<Box<Pooled>> {
        self.growth.progress();
        if home.is_pinned.get() || pooled.instance.holds_exchanges() {
            home.put(Place::Kept(pooled));
        } else if pooled.instance.is_worn() {
            // Its user goes on in a new one before it is at its limit.
            self.tally.change(|counts| counts.replaced += 1);
            home.put(Place::Leaving);
            return Some(pooled);
        } else if self.is_over() {
            // The pool had grown. The user is saved at once, and its instance goes.
            home.put(Place::Leaving);
            return Some(pooled);
        } else {
            let parked = Parked { pooled, home: home.clone() };
            let ticket = self.parked.borrow_mut().put(parked);
            home.put(Place::Parked(ticket));
            self.tally.vacancy.notify_one();
        }
        None
    }

    /// The user waits for so long.
    pub(crate) fn rests(&self, home: &Home, pause: Duration) {
        let stacks = (pause >= STACK_KEPT_FOR).then_some(&self.scenario.inner.stacks);
        let mut place = home.place.take();
        match (&mut place, stacks) {
            (Place::Kept(pooled), Some(stacks)) => pooled.instance.give_stack_back(stacks),
            (Place::Parked(ticket), stacks) => {
                let mut parked = self.parked.borrow_mut();
                // Where users are many it is soon another one's, who needs a stack at once.
                if let Some(stacks) = stacks
                    && !self.tally.memory.has_many_users()
                    && let Some(parked) = parked.get_mut(*ticket)
                {
                    parked.pooled.instance.give_stack_back(stacks);
                }
                if let Some(due) = Instant::now().checked_add(pause) {
                    parked.set_due(*ticket, due);
                }
            }
            _ => {}
        }
        home.place.set(place);
    }

    /// A user is gone.
    pub(crate) fn forget(&self, home: &Home) {
        if let Place::Parked(ticket) = home.place.take() {
            let parked = self.parked.borrow_mut().take(ticket);
            drop(parked);
        }
    }

    /// Looks how much memory is taken; a hundred times a second is often enough, since an instance takes
    /// longer to be made than to be counted.
    pub fn look_at_memory(&self) {
        if self.scenario.isolation() == Isolation::Pinned {
            return;
        }
        let room = self.tally.memory.room();
        self.is_full.set(room >= MemoryRoom::Full);
        self.has_enough.set(room == MemoryRoom::Enough);
        self.is_hard_up.set(room == MemoryRoom::Over);
        // A few at a time: what goes is seen only at the next look.
        let some = self.counts().live / EXCESS_SHARE + 1;
        let excess = if room >= MemoryRoom::Ample { some } else { 0 };
        self.excess.set(excess);
        if excess > 0 {
            self.surplus.notify_one();
        }
    }

    /// Saves users and lets their instances go, as long as there are too many and nobody wants one: after a wave of
    /// tasks nobody leaves who could take its instance along. Never ends.
    pub async fn tend(&self) {
        loop {
            self.surplus.notified().await;
            while self.has_idle() && self.is_over() {
                let Some(parked) = self.parked.borrow_mut().take_last_due() else { break };
                parked.home.put(Place::Leaving);
                self.vacate(parked.pooled, &parked.home).await;
            }
        }
    }

    /// An instance should go when its user is done: there are more than should be kept, and not all of them are
    /// busy. Where they are, it would have to be made again for the next task.
    fn is_over(&self) -> bool {
        if self.growth.has_waiters() {
            return false;
        }
        let counts = self.counts();
        if counts.live.saturating_sub(counts.pinned) > counts.kept_max {
            return self.has_idle();
        }
        let excess = self.excess.get();
        if excess == 0 || !self.is_hard_up.get() && !self.has_idle() {
            return false;
        }
        self.excess.set(excess - 1);
        true
    }

    async fn restore(&self, saved: SavedUser, class: ClassId) -> Result<Box<Pooled>, TaskFailure> {
        let SavedUser { resident, state } = saved;
        let mut pooled = self.acquire(resident).await?;
        pooled.instance.restore(class.0, &state).await.map_err(TaskFailure::not_restored)?;
        self.tally.change(|counts| counts.restores += 1);
        Ok(pooled)
    }

    /// An instance for a user that can be saved: a new one while there may be more, then that of the
    /// user that comes back last, then a new one all the same.
    async fn acquire(&self, mut resident: Box<Resident>) -> Result<Box<Pooled>, TaskFailure> {
        let (began, mut has_waited, mut may_wait) = (Instant::now(), false, true);
        let mut count_wait = || {
            if !std::mem::replace(&mut has_waited, true) {
                self.tally.change(|counts| counts.waits += 1);
            }
        };
        loop {
            let counts = self.counts();
            if counts.live.saturating_sub(counts.pinned) < counts.kept_max
                && counts.live < self.places
                && !self.is_full.get()
                && !self.has_one_to_spare()
                && !(self.has_enough.get() && self.is_all_busy() && self.growth.is_slow())
            {
                return self.create(resident).await;
            }
            let last = self.parked.borrow_mut().take_last_due();
            if let Some(Parked { pooled, home }) = last {
                home.put(Place::Leaving);
                match self.take_over(pooled, &home, resident).await {
                    Succession::TakenOver(pooled) => {
                        self.growth.served();
                        return Ok(pooled);
                    }
                    Succession::Gone(next) => return self.create_for_reuse(next).await,
                    Succession::Kept(next) => resident = next,
                }
            } else if counts.live < self.places {
                if !may_wait || !self.growth.is_worth_waiting(began) {
                    return self.create(resident).await;
                }
                count_wait();
                // Others have waited as long, and places may be taken meanwhile.
                may_wait = self.growth.wait(began, &self.tally.vacancy).await;
            } else if counts.pinned >= self.places {
                return Err(TaskFailure::broken(
                    "all places are taken by users that cannot be saved (`--limit instances`)",
                ));
            } else {
                count_wait();
                self.growth.wait_for_one(&self.tally.vacancy).await;
            }
        }
    }

    /// There are more free instances than the next tasks will need: one that goes is not made again at once.
    fn has_idle(&self) -> bool {
        let spare = self.counts().live / SPARE_SHARE;
        self.parked.borrow().len() > spare as usize
    }

    fn is_all_busy(&self) -> bool {
        self.parked.borrow().is_empty()
    }

    /// There are many instances, and one whose user will not need it soon.
    fn has_one_to_spare(&self) -> bool {
        self.has_enough.get()
            && self
                .parked
                .borrow_mut()
                .last_due()
                .is_some_and(|due| due.saturating_duration_since(Instant::now()) >= LONG_WAIT)
    }

    async fn create(&self, resident: Box<Resident>) -> Result<Box<Pooled>, TaskFailure> {
        let living = Living::new(&self.tally);
        self.growth.progress();
        let began = Instant::now();
        let instance = Instance::new(&self.scenario, self.core.clone(), resident).await?;
        self.growth.made(began.elapsed());
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
}

impl std::fmt::Debug for InstancePool {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("InstancePool").field("counts", &self.counts()).finish_non_exhaustive()
    }
}
