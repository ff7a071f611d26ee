//! Users and their classes.
//!
//! Upstream: the author's `define`, or the macro [`user`](crate::user) that writes it. Downstream:
//! `definition.rs`. A user's state is its struct: one instance of it lives per simulated user.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::saving::{Saving, StateType};
use crate::task::{SetDefinition, Task};
use crate::task_end::IntoTaskResult;
use crate::wait_time::WaitTime;

/// A simulated person: its state, and what it does.
///
/// The attribute [`user`](crate::user) implements it. By hand:
///
/// ```
/// use wload_sdk::prelude::*;
///
/// #[derive(Default)]
/// struct Shopper {
///     token: String,
/// }
///
/// impl TaskContext for Shopper {}
///
/// impl User for Shopper {
///     fn define() -> UserClass<Self> {
///         UserClass::new("Shopper")
///             .weight(3)
///             .wait_time(between(1, 5))
///             .on_start(Shopper::log_in)
///             .task(Task::new("browse", Shopper::browse).weight(3).tag("browse"))
///     }
/// }
///
/// impl Shopper {
///     fn log_in(&mut self) -> TaskResult {
///         self.token = self.client().post("/login").json(&["ada", "secret"]).send().text();
///         Ok(())
///     }
///
///     fn browse(&mut self) {
///         self.client().get("/products").send();
///     }
/// }
/// # assert_eq!(Shopper::define().name(), "Shopper");
/// ```
pub trait User: Default + Sized + 'static {
    /// What the class is called, how many there are, and what they do.
    fn define() -> UserClass<Self>;
}

/// How many of the users are of a class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Share {
    Weight(f64),
    FixedCount(u32),
}

/// What a user class is: a builder. Its tasks are those of its root task set.
pub struct UserClass<U> {
    pub(crate) share: Share,
    pub(crate) target_host: Option<Cow<'static, str>>,
    pub(crate) root: SetDefinition<(), U>,
    pub(crate) state: StateType,
}

impl<U: User> UserClass<U> {
    /// A class of weight 1 that does not wait.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        let root = SetDefinition::weighted(name).wait_time(crate::wait_time::no_wait());
        let state = StateType::of::<U>();
        Self { share: Share::Weight(1.0), target_host: None, root, state }
    }

    /// The name in reports.
    pub fn name(&self) -> &str {
        self.root.name()
    }

    /// How many users are of this class, in proportion to the weights of the others. 0: none.
    #[must_use]
    pub fn weight(mut self, weight: impl Into<f64>) -> Self {
        self.share = Share::Weight(weight.into());
        self
    }

    /// Exactly so many users, before any weighted class gets one.
    #[must_use]
    pub fn fixed_count(mut self, count: u32) -> Self {
        self.share = Share::FixedCount(count);
        self
    }

    /// The base URL, unless the command line names one.
    #[must_use]
    pub fn host(mut self, url: impl Into<Cow<'static, str>>) -> Self {
        self.target_host = Some(url.into());
        self
    }

    /// How users wait between two tasks. Without it they do not.
    #[must_use]
    pub fn wait_time(mut self, wait: WaitTime) -> Self {
        self.root = self.root.wait_time(wait);
        self
    }

    /// A function says after each task how long to wait.
    #[must_use]
    pub fn wait_time_fn(mut self, wait: impl Fn(&mut U) -> Duration + 'static) -> Self {
        self.root = self.root.wait_time_fn(move |(), user| wait(user));
        self
    }

    /// The tasks run in order, again and again, instead of at random.
    #[must_use]
    pub fn sequential(mut self) -> Self {
        self.root.is_sequential = true;
        self
    }

    /// A tag that holds for all its tasks; call it again for more.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.root = self.root.tag(tag);
        self
    }

    /// Users can be put aside while they wait, when the states of their task sets can be as well. The
    /// macros find out by themselves; a struct of size 0 needs no word.
    #[must_use]
    pub fn saved(self) -> Self
    where
        U: Serialize + DeserializeOwned,
    {
        self.saving(Saving::of::<U>())
    }

    /// Each user keeps its instance for its whole life, because something of it is elsewhere than in its
    /// struct and in those of its task sets.
    #[must_use]
    pub fn pinned(self) -> Self {
        self.saving(Saving::PINNED)
    }

    /// What the macros found out.
    #[doc(hidden)]
    #[must_use]
    pub fn saving(mut self, saving: Saving) -> Self {
        self.state = self.state.with(saving);
        self
    }

    /// Called when a user starts. An exception ends this user.
    #[must_use]
    pub fn on_start<R: IntoTaskResult>(mut self, run: impl Fn(&mut U) -> R + 'static) -> Self {
        self.root = self.root.on_start(move |(), user| run(user));
        self
    }

    /// Called when a user stops.
    #[must_use]
    pub fn on_stop<R: IntoTaskResult>(mut self, run: impl Fn(&mut U) -> R + 'static) -> Self {
        self.root = self.root.on_stop(move |(), user| run(user));
        self
    }

    /// Adds a task.
    #[must_use]
    pub fn task(mut self, task: Task<(), U>) -> Self {
        self.root = self.root.task(task);
        self
    }

    /// Adds a task set: `.set(Checkout::define().weight(2))`.
    #[must_use]
    pub fn set<S: Default + 'static>(mut self, set: SetDefinition<S, U>) -> Self {
        self.root = self.root.set(set);
        self
    }
}
