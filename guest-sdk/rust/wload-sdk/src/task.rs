//! Tasks and task sets: what a user does, and in which order.
//!
//! Upstream: the author's `define` functions, or the macros that write them. Downstream:
//! `definition.rs` puts them into the one tree that the host sees. Invariant: a set's state begins
//! anew each time a user enters the set.

use std::borrow::Cow;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::saving::{Saving, StateType};
use crate::task_end::{IntoTaskResult, TaskResult};
use crate::user::User;
use crate::wait_time::WaitTime;

/// A task with its set's state and its user.
pub(crate) type Handler<S, U> = Box<dyn Fn(&mut S, &mut U) -> TaskResult>;
/// A wait time that is a function.
pub(crate) type WaitHandler<S, U> = Box<dyn Fn(&mut S, &mut U) -> Duration>;

/// What a user does once: a name and a function.
pub struct Task<S, U> {
    pub(crate) name: Cow<'static, str>,
    pub(crate) weight: u32,
    pub(crate) tags: Vec<Cow<'static, str>>,
    pub(crate) run: Handler<S, U>,
}

impl<U: User> Task<(), U> {
    /// A task of the user itself: `Task::new("browse", Shopper::browse)`.
    pub fn new<R: IntoTaskResult>(
        name: impl Into<Cow<'static, str>>,
        run: impl Fn(&mut U) -> R + 'static,
    ) -> Self {
        Self::in_set(name, move |(), user| run(user))
    }
}

impl<S: 'static, U: User> Task<S, U> {
    /// A task of a set: `Task::in_set("pay", Checkout::pay)` with
    /// `fn pay(&mut self, user: &mut Shopper)`.
    pub fn in_set<R: IntoTaskResult>(
        name: impl Into<Cow<'static, str>>,
        run: impl Fn(&mut S, &mut U) -> R + 'static,
    ) -> Self {
        let run = Box::new(move |set: &mut S, user: &mut U| run(set, user).into_task_result());
        Self { name: name.into(), weight: 1, tags: Vec::new(), run }
    }

    /// In a weighted set: how often relative to its siblings. In a sequential set: how many times
    /// in a row. 0: never. Without it 1.
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// A tag for `--tags` and `--exclude-tags`; call it again for more.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.tags.push(tag.into());
        self
    }
}

/// A group of tasks with a state of its own, which users of the class `U` enter and leave.
///
/// The attribute [`task_set`](crate::task_set) implements it. By hand:
///
/// ```
/// use wload_sdk::prelude::*;
///
/// # #[derive(Default)] struct Shopper;
/// # impl User for Shopper { fn define() -> UserClass<Self> { UserClass::new("Shopper") } }
/// #[derive(Default)]
/// struct Checkout {
///     steps: u32,
/// }
///
/// impl TaskSet<Shopper> for Checkout {
///     fn define() -> SetDefinition<Self, Shopper> {
///         SetDefinition::sequential("Checkout")
///             .wait_time(constant(1))
///             .task(Task::in_set("view", Checkout::view).weight(2))
///             .task(Task::in_set("leave", |_: &mut Checkout, _: &mut Shopper| interrupt::<()>()))
///     }
/// }
///
/// impl Checkout {
///     fn view(&mut self, _user: &mut Shopper) {
///         self.steps += 1;
///     }
/// }
/// # assert_eq!(Checkout::define().name(), "Checkout");
/// ```
pub trait TaskSet<U: User>: Default + Sized + 'static {
    /// Its tasks, in the order of a sequence.
    fn define() -> SetDefinition<Self, U>;
}

/// What a task set is: a builder.
pub struct SetDefinition<S, U> {
    pub(crate) name: Cow<'static, str>,
    pub(crate) is_sequential: bool,
    pub(crate) weight: u32,
    pub(crate) tags: Vec<Cow<'static, str>>,
    pub(crate) wait: Option<WaitTime>,
    pub(crate) wait_handler: Option<WaitHandler<S, U>>,
    pub(crate) on_start: Option<Handler<S, U>>,
    pub(crate) on_stop: Option<Handler<S, U>>,
    pub(crate) children: Vec<Child<S, U>>,
    pub(crate) state: StateType,
}

/// A child of a set.
pub(crate) enum Child<S, U> {
    Task(Task<S, U>),
    Set(Box<dyn Subtree>),
}

/// A set whose state's type is no longer known.
pub(crate) trait Subtree {
    /// Puts the set with all that is below it into the tree; answers its index.
    fn plant(self: Box<Self>, tree: &mut crate::definition::Tree, class: u32) -> u32;
}

impl<S: Default + 'static, U: User> SetDefinition<S, U> {
    fn with_kind(name: Cow<'static, str>, is_sequential: bool) -> Self {
        Self {
            name,
            is_sequential,
            weight: 1,
            tags: Vec::new(),
            wait: None,
            wait_handler: None,
            on_start: None,
            on_stop: None,
            children: Vec::new(),
            state: StateType::of::<S>(),
        }
    }

    /// A set that picks each next task at random, by weight.
    pub fn weighted(name: impl Into<Cow<'static, str>>) -> Self {
        Self::with_kind(name.into(), false)
    }

    /// A set that runs its tasks in order, again and again until it is left.
    pub fn sequential(name: impl Into<Cow<'static, str>>) -> Self {
        Self::with_kind(name.into(), true)
    }

    /// Another name in reports, for this place in the tree.
    #[must_use]
    pub fn named(mut self, name: impl Into<Cow<'static, str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The name in reports.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How often relative to its siblings, as for a [`Task`].
    #[must_use]
    pub fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// A tag that holds for all tasks in the set; call it again for more.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<Cow<'static, str>>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// How users wait in this set. Without it: as in the enclosing set, at last as the user class.
    #[must_use]
    pub fn wait_time(mut self, wait: WaitTime) -> Self {
        self.wait = Some(wait);
        self.wait_handler = None;
        self
    }

    /// A function says after each task how long to wait.
    #[must_use]
    pub fn wait_time_fn(mut self, wait: impl Fn(&mut S, &mut U) -> Duration + 'static) -> Self {
        self.wait = Some(WaitTime::custom());
        self.wait_handler = Some(Box::new(wait));
        self
    }

    /// Called when a user enters the set. After an exception the set is left.
    #[must_use]
    pub fn on_start<R: IntoTaskResult>(
        mut self,
        run: impl Fn(&mut S, &mut U) -> R + 'static,
    ) -> Self {
        self.on_start = Some(Box::new(move |set, user| run(set, user).into_task_result()));
        self
    }

    /// Called when a user leaves the set, also when the user stops.
    #[must_use]
    pub fn on_stop<R: IntoTaskResult>(
        mut self,
        run: impl Fn(&mut S, &mut U) -> R + 'static,
    ) -> Self {
        self.on_stop = Some(Box::new(move |set, user| run(set, user).into_task_result()));
        self
    }

    /// Its state can be put aside while the user waits. The macros find out by themselves; a state of
    /// size 0 needs no word.
    #[must_use]
    pub fn saved(self) -> Self
    where
        S: Serialize + DeserializeOwned,
    {
        self.saving(Saving::of::<S>())
    }

    /// What the macros found out.
    #[doc(hidden)]
    #[must_use]
    pub fn saving(mut self, saving: Saving) -> Self {
        self.state = self.state.with(saving);
        self
    }

    /// Adds a task.
    #[must_use]
    pub fn task(mut self, task: Task<S, U>) -> Self {
        self.children.push(Child::Task(task));
        self
    }

    /// Adds a task set: `.set(Checkout::define().weight(2))`.
    #[must_use]
    pub fn set<T: Default + 'static>(mut self, set: SetDefinition<T, U>) -> Self {
        self.children.push(Child::Set(Box::new(set)));
        self
    }
}
