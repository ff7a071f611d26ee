//! Which user class on which core comes next: Locust's dispatch, step by step the same.
//!
//! Control. Upstream: ticks of the load shape. Downstream: the controller, which sends each
//! [`Batch`] to the cores. Invariants: pure, no clock; the sequence of classes and cores equals
//! Locust's `UsersDispatcher`, with a core in the place of a worker; only the size of the batches
//! differs ([`crate::spawn`]).
//!
//! The rules, each as in Locust:
//! - classes are sorted by name; users of a fixed count come first;
//! - the next class is the one whose user brings the shares closest to the weights
//!   (`class_sequence`);
//! - cores take turns, one user each, and the turn is kept between ramps;
//! - a ramp down takes users away in the exact reverse of their order, and after it users of a
//!   fixed count are refilled first;
//! - a tick with a class list decides only about users that are added;
//! - the number of users on a core is absolute, so a core also replaces users that are gone; only when one of
//!   Locust's batches would begin, so that who leaves early in a second is not replaced within it.

mod class_sequence;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::describe_check::Shown;
use crate::ids::{ClassId, CoreId};
use crate::shape::{Tick, TickProblem};
use crate::spawn;
use crate::user_class::Share;
use class_sequence::ClassSequence;

/// A user class as dispatch sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchClass {
    /// Its id in the scenario.
    pub id: ClassId,
    /// Its name: the order of classes and the class lists of ticks go by it.
    pub name: String,
    /// Weight or fixed count.
    pub share: Share,
}

/// Why users cannot be dispatched.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum DispatchError {
    /// Every class has weight 0 (Locust's words).
    #[error("There are no users with weight > 0.")]
    NoUsers,
    /// There is nowhere to run users.
    #[error("users need at least one core, found 0")]
    NoCores,
    /// A tick that cannot be.
    #[error(transparent)]
    Tick(#[from] TickProblem),
    /// A tick names classes that do not exist.
    #[error(
        "the load shape names user classes that this run does not have: {unknown}; it has {known}"
    )]
    UnknownClasses {
        /// The names, joined by commas.
        unknown: String,
        /// What could be named.
        known: String,
    },
}

/// One change of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// One user more.
    Start(CoreId, ClassId),
    /// One user less; which one of its class is the core's choice.
    Stop(CoreId, ClassId),
}

/// What is to be done at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Time from this batch to the next, counted from when this one was due; zero after the last.
    pub pause_after: Duration,
    /// One of Locust's batches begins here: users that are gone meanwhile are replaced.
    pub replaces_gone: bool,
    /// What this batch changes, in order.
    pub changes: Vec<Change>,
    /// The users that each core must have afterwards.
    pub counts: Counts,
}

/// Absolute numbers of users per core and class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counts {
    /// Sorted by class name.
    classes: Vec<ClassId>,
    /// Per core, in the order of `classes`.
    cores: Vec<Vec<u32>>,
}

impl Counts {
    fn new(classes: Vec<ClassId>, cores: u16) -> Self {
        let none = vec![0; classes.len()];
        Self { classes, cores: vec![none; usize::from(cores)] }
    }

    /// The users of one core, classes with none included, sorted by class name.
    pub fn of_core(&self, core: CoreId) -> impl Iterator<Item = (ClassId, u32)> {
        let users = self.cores.get(usize::from(core.0)).map_or(&[][..], Vec::as_slice);
        self.classes.iter().copied().zip(users.iter().copied())
    }

    /// The users of each class on all cores, classes with none included, sorted by class name.
    pub fn of_classes(&self) -> impl Iterator<Item = (ClassId, u32)> {
        let sum = |slot: usize| self.cores.iter().map(|users| users[slot]).sum();
        self.classes.iter().enumerate().map(move |(slot, &class)| (class, sum(slot)))
    }

    /// All users.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.cores.iter().flatten().sum()
    }

    fn of_slot(&self, slot: usize) -> u32 {
        self.cores.iter().map(|users| users[slot]).sum()
    }
}

/// Where a dispatch stands towards its target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ramp {
    /// Not begun: even a target that is already met gives one batch.
    Fresh,
    Running,
    Done,
}

/// Users that are being added from the missing ones of fixed counts.
#[derive(Clone, Debug)]
struct FixedRun {
    sequence: ClassSequence,
    left: u32,
}

/// Gives users to cores. Made at the start of a run, owned by its controller.
#[derive(Clone, Debug)]
pub struct Dispatcher {
    /// Sorted by name; only those that can have users.
    classes: Vec<DispatchClass>,
    /// Names that a tick may list, though they can have no users.
    idle_names: Vec<String>,
    /// Slots (indices into `classes`) that new users may have.
    allowed: Vec<usize>,
    weighted: ClassSequence,
    fixed: Option<FixedRun>,
    /// Look for missing users of fixed counts before the next weighted one.
    try_fixed: bool,
    counts: Counts,
    total: u32,
    /// (core, slot) of every user, in order of their start.
    started: Vec<(u16, u32)>,
    next_core: u16,
    cores: u16,
    target: u32,
    rate: f64,
    ramp: Ramp,
    /// Users of the batch of Locust's that is under way, which are still to come.
    left_of_batch: u32,
}

impl Dispatcher {
    /// A dispatcher with no users yet and the target 0.
    ///
    /// # Errors
    /// [`DispatchError::NoUsers`] when no class can have users, [`DispatchError::NoCores`].
    pub fn new(classes: &[DispatchClass], cores: u16) -> Result<Self, DispatchError> {
        if cores == 0 {
            return Err(DispatchError::NoCores);
        }
        let (mut classes, idle): (Vec<_>, Vec<_>) =
            classes.iter().cloned().partition(|class| can_have_users(class.share));
        if classes.is_empty() {
            return Err(DispatchError::NoUsers);
        }
        classes.sort_by(|a, b| a.name.cmp(&b.name));
        let allowed: Vec<usize> = (0..classes.len()).collect();
        let counts = Counts::new(classes.iter().map(|class| class.id).collect(), cores);
        Ok(Self {
            weighted: weighted_sequence(&classes, &allowed),
            classes,
            idle_names: idle.into_iter().map(|class| class.name).collect(),
            allowed,
            fixed: None,
            try_fixed: true,
            counts,
            total: 0,
            started: Vec::new(),
            next_core: 0,
            cores,
            target: 0,
            rate: 1.0,
            ramp: Ramp::Done,
            left_of_batch: 0,
        })
    }

    /// Another target. A ramp that is under way ends here, and the next batch already goes towards
    /// the new target. On an error nothing changes.
    ///
    /// # Errors
    /// [`DispatchError::Tick`] and [`DispatchError::UnknownClasses`].
    pub fn retarget(&mut self, tick: &Tick) -> Result<(), DispatchError> {
        tick.check()?;
        let allowed = self.slots_of(&tick.classes)?;
        if allowed != self.allowed {
            self.weighted = weighted_sequence(&self.classes, &allowed);
            self.fixed = None;
            self.allowed = allowed;
        }
        self.target = tick.users;
        self.rate = tick.spawn_rate;
        self.ramp = Ramp::Fresh;
        self.left_of_batch = 0;
        Ok(())
    }

    /// The next step towards the target. None: the target is reached, or only fixed counts are
    /// left and all of them are placed.
    pub fn next_batch(&mut self) -> Option<Batch> {
        match self.ramp {
            Ramp::Done => return None,
            Ramp::Fresh => self.ramp = Ramp::Running,
            Ramp::Running => {}
        }
        let size = spawn::batch_size(self.rate);
        let replaces_gone = self.left_of_batch == 0;
        if replaces_gone {
            self.left_of_batch = spawn::locusts_batch_size(self.rate);
        }
        self.left_of_batch = self.left_of_batch.saturating_sub(size);
        let mut changes = Vec::new();
        let mut nobody_left = false;
        if self.total > self.target {
            for _ in 0..size.min(self.total - self.target) {
                changes.extend(self.take_away());
            }
        } else {
            for _ in 0..size.min(self.target - self.total) {
                let Some(slot) = self.next_slot() else {
                    nobody_left = true;
                    break;
                };
                changes.push(self.place(slot));
            }
        }
        let mut pause_after = spawn::pause(size, self.rate);
        if nobody_left || self.total == self.target {
            self.ramp = Ramp::Done;
            pause_after = Duration::ZERO;
        }
        Some(Batch { pause_after, replaces_gone, changes, counts: self.counts.clone() })
    }

    /// The users that each core must have now.
    #[must_use]
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// All users.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.total
    }

    /// The number of users that the last tick asked for.
    #[must_use]
    pub fn target(&self) -> u32 {
        self.target
    }

    /// The slots of a tick's class list, sorted.
    fn slots_of(&self, names: &[String]) -> Result<Vec<usize>, DispatchError> {
        if names.is_empty() {
            return Ok((0..self.classes.len()).collect());
        }
        let mut slots = Vec::new();
        let mut unknown: Vec<&str> = Vec::new();
        for name in names {
            match self.classes.binary_search_by(|class| class.name.as_str().cmp(name)) {
                Ok(slot) => slots.push(slot),
                Err(_) if self.idle_names.contains(name) => {}
                Err(_) => unknown.push(name),
            }
        }
        if !unknown.is_empty() {
            let known: Vec<&str> = self.classes.iter().map(|class| class.name.as_str()).collect();
            return Err(DispatchError::UnknownClasses {
                unknown: Shown::list(&unknown),
                known: Shown::list(&known),
            });
        }
        slots.sort_unstable();
        slots.dedup();
        Ok(slots)
    }

    /// The class of the next user; none when only fixed counts are allowed and all are placed.
    fn next_slot(&mut self) -> Option<usize> {
        loop {
            if let Some(run) = &mut self.fixed {
                if run.left > 0 {
                    run.left -= 1;
                    return run.sequence.next();
                }
                self.fixed = None;
            }
            if !self.try_fixed {
                return self.weighted.next();
            }
            self.try_fixed = false;
            self.fixed = Some(self.missing_fixed());
        }
    }

    /// The users of fixed counts that are not there, interleaved in proportion to their number.
    fn missing_fixed(&self) -> FixedRun {
        let mut missing = Vec::new();
        let mut left = 0_u32;
        for &slot in &self.allowed {
            if let Share::FixedCount(count) = self.classes[slot].share {
                let lacking = count.saturating_sub(self.counts.of_slot(slot));
                missing.push((slot, f64::from(lacking)));
                left = lacking.saturating_add(left);
            }
        }
        FixedRun { sequence: ClassSequence::new(missing), left }
    }

    fn place(&mut self, slot: usize) -> Change {
        let core = self.next_core;
        self.next_core = (core + 1) % self.cores;
        self.counts.cores[usize::from(core)][slot] += 1;
        self.total += 1;
        self.started.push((core, slot as u32));
        Change::Start(CoreId(core), self.classes[slot].id)
    }

    fn take_away(&mut self) -> Option<Change> {
        let (core, slot) = self.started.pop()?;
        let slot = slot as usize;
        self.counts.cores[usize::from(core)][slot] -= 1;
        self.total -= 1;
        self.try_fixed = true;
        Some(Change::Stop(CoreId(core), self.classes[slot].id))
    }
}

fn can_have_users(share: Share) -> bool {
    match share {
        Share::Weight(weight) => weight.is_finite() && weight > 0.0,
        Share::FixedCount(count) => count > 0,
    }
}

fn weighted_sequence(classes: &[DispatchClass], allowed: &[usize]) -> ClassSequence {
    ClassSequence::new(allowed.iter().filter_map(|&slot| match classes[slot].share {
        Share::Weight(weight) => Some((slot, weight)),
        Share::FixedCount(_) => None,
    }))
}
