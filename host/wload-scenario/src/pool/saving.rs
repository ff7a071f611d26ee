//! How a user is taken out of its instance, and what becomes of the instance.
//!
//! Upstream: the pool needs an instance, or has too many. Downstream: `save` and `reset` of the guest. Invariants: a
//! user that cannot be saved keeps its instance; an instance is taken over only when it says that it has
//! forgotten its user.

use std::rc::Rc;

use wload_core::event::LogLevel;
use wload_core::isolation::Isolation;
use wload_core::limits::MESSAGE_BYTES_MAX;
use wload_core::request_key::cut;

use super::home::{Home, Place, Rescue, SavedUser};
use super::{InstancePool, Pooled};
use crate::core_context::GuestLine;
use crate::store_state::Resident;

/// Users that one instance serves in a row before it is replaced, whatever it says: what a `reset`
/// forgets to give back (a handle, a page) must not add up over a long run.
const USERS_IN_A_ROW_MAX: u32 = 1_000;

/// What became of an instance whose user was to be saved, and of the user that wants it.
pub(super) enum Succession {
    /// The next user lives in it.
    TakenOver(Box<Pooled>),
    /// It is gone; its place is free.
    Gone(Box<Resident>),
    /// Its user cannot be saved and keeps it.
    Kept(Box<Resident>),
}

/// Whether a user could be taken out of its instance.
enum Saving {
    /// Its state, and the instance, in which it still lives.
    Saved(Box<Pooled>, Box<[u8]>),
    /// It cannot be, and is back in its instance.
    Kept,
    /// It is lost, with its instance.
    Lost,
}

impl InstancePool {
    /// Saves the user of an instance that is leaving; the instance goes.
    pub(crate) async fn vacate(&self, pooled: Box<Pooled>, home: &Home) {
        let rescue = Rescue::of(home);
        if let Saving::Saved(pooled, state) = self.save(pooled, home).await {
            self.free(pooled, home, state);
        }
        rescue.end();
    }

    /// Saves the user of an instance that is leaving, and gives the instance to the next one.
    pub(super) async fn take_over(
        &self,
        pooled: Box<Pooled>,
        home: &Home,
        next: Box<Resident>,
    ) -> Succession {
        let rescue = Rescue::of(home);
        let succession = match self.save(pooled, home).await {
            Saving::Lost => Succession::Gone(next),
            Saving::Kept => Succession::Kept(next),
            Saving::Saved(mut pooled, state) => {
                if self.is_ready_for_next(&mut pooled).await {
                    let resident = pooled.instance.move_in(next);
                    home.put(Place::Saved(Box::new(SavedUser { resident, state })));
                    Succession::TakenOver(pooled)
                } else {
                    self.tally.change(|counts| counts.replaced += 1);
                    self.free(pooled, home, state);
                    Succession::Gone(next)
                }
            }
        };
        rescue.end();
        succession
    }

    async fn save(&self, mut pooled: Box<Pooled>, home: &Home) -> Saving {
        let max = self.scenario.inner.instances.saved_bytes_max;
        let why_not = match pooled.instance.save().await {
            Ok(Ok(state)) if state.len() <= max => {
                self.tally.change(|counts| counts.saves += 1);
                return Saving::Saved(pooled, state.into());
            }
            Ok(Ok(state)) => format!(
                "its saved state has {} bytes, at most {max} are allowed (`--limit saved-user`)",
                state.len()
            ),
            Ok(Err(why)) => why,
            Err(failure) => {
                drop(pooled);
                home.put(Place::Lost(failure));
                return Saving::Lost;
            }
        };
        home.pin();
        self.tell_why(home, &why_not);
        home.put(Place::Kept(pooled));
        Saving::Kept
    }

    /// Whether an instance whose user was saved may serve another one. One that traps here has lost nothing.
    async fn is_ready_for_next(&self, pooled: &mut Pooled) -> bool {
        self.scenario.isolation() == Isolation::Reuse
            && pooled.instance.earlier_users() < USERS_IN_A_ROW_MAX
            && pooled.instance.growth_bytes() <= self.scenario.inner.instances.growth_bytes_max
            && pooled.instance.reset().await.unwrap_or(false)
    }

    /// The user leaves, and its instance goes.
    fn free(&self, mut pooled: Box<Pooled>, home: &Home, state: Box<[u8]>) {
        let shared = &self.scenario.inner.shared;
        let nobody = Resident::new(&self.core, shared, Rc::default(), None);
        let resident = pooled.instance.move_in(nobody);
        drop(pooled);
        home.put(Place::Saved(Box::new(SavedUser { resident, state })));
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
