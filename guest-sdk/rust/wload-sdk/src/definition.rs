//! The scenario as a whole: user classes, the task tree, options, tables, shape and hooks.
//!
//! Upstream: [`scenario!`](crate::scenario), or a [`Scenario`] by hand. Downstream: `describe.rs`
//! tells it to the host; `runtime.rs` runs its functions by the index of their node.
//! Invariant: the same in each instance, because the host knows nodes by their index only.

use std::any::Any;
use std::borrow::Cow;
use std::time::Duration;

use crate::data::Table;
use crate::hooks::Hooks;
use crate::options::ScenarioOption;
use crate::saving::StateType;
use crate::shape::LoadShape;
use crate::task::{Child, SetDefinition, Subtree, Task};
use crate::task_end::TaskResult;
use crate::user::{Share, User};
use crate::wait_time::WaitTime;

/// A whole scenario. [`scenario!`](crate::scenario) implements it; by hand, with
/// [`export!`](crate::export):
///
/// ```no_run
/// use wload_sdk::prelude::*;
///
/// # #[derive(Default)] struct Shopper;
/// # impl User for Shopper { fn define() -> UserClass<Self> { UserClass::new("Shopper") } }
/// struct Shop;
///
/// impl Scenario for Shop {
///     fn define(definition: &mut Definition) {
///         definition.user::<Shopper>();
///     }
/// }
///
/// wload_sdk::export!(Shop);
/// # fn main() {}
/// ```
pub trait Scenario: 'static {
    /// Says what the scenario is. Called once in each instance; it may not use the host.
    fn define(definition: &mut Definition);
}

/// What a scenario consists of.
#[derive(Default)]
pub struct Definition {
    pub(crate) classes: Vec<Class>,
    pub(crate) tree: Tree,
    pub(crate) options: Vec<&'static ScenarioOption>,
    pub(crate) tables: Vec<&'static Table>,
    pub(crate) shape: Option<Box<dyn LoadShape>>,
    pub(crate) hooks: Option<Box<dyn Hooks>>,
}

/// A function of a node, with the states of its set and its user.
type AnyHandler = Box<dyn Fn(&mut dyn Any, &mut dyn Any) -> TaskResult>;
type AnyWaitHandler = Box<dyn Fn(&mut dyn Any, &mut dyn Any) -> Duration>;

/// A user class in the definition.
pub(crate) struct Class {
    pub(crate) share: Share,
    pub(crate) target_host: Option<Cow<'static, str>>,
    pub(crate) root: u32,
    pub(crate) state: StateType,
}

/// All nodes of all classes; children are indices.
#[derive(Default)]
pub(crate) struct Tree(pub(crate) Vec<Node>);

/// A node of the task tree.
pub(crate) struct Node {
    pub(crate) name: Cow<'static, str>,
    pub(crate) weight: u32,
    pub(crate) tags: Vec<Cow<'static, str>>,
    pub(crate) class: u32,
    pub(crate) kind: Kind,
}

pub(crate) enum Kind {
    Task {
        /// The set that it is a task of.
        set: u32,
        run: AnyHandler,
    },
    Set(Set),
}

/// What only a set has.
pub(crate) struct Set {
    pub(crate) is_sequential: bool,
    pub(crate) children: Vec<u32>,
    pub(crate) wait: Option<WaitTime>,
    pub(crate) wait_handler: Option<AnyWaitHandler>,
    pub(crate) on_start: Option<AnyHandler>,
    pub(crate) on_stop: Option<AnyHandler>,
    pub(crate) state: StateType,
}

impl Definition {
    /// The definition of a scenario.
    pub(crate) fn of<S: Scenario>() -> Self {
        let mut definition = Self::default();
        S::define(&mut definition);
        definition
    }

    /// Adds a user class.
    pub fn user<U: User>(&mut self) -> &mut Self {
        let class = U::define();
        let index = to_index(self.classes.len());
        let root = Box::new(class.root).plant(&mut self.tree, index);
        self.classes.push(Class {
            share: class.share,
            target_host: class.target_host,
            root,
            state: class.state,
        });
        self
    }

    /// Adds an option for the command line.
    pub fn option(&mut self, option: &'static ScenarioOption) -> &mut Self {
        self.options.push(option);
        self
    }

    /// Adds a table of test data.
    pub fn table(&mut self, table: &'static Table) -> &mut Self {
        self.tables.push(table);
        self
    }

    /// A load shape decides how many users there are.
    pub fn shape(&mut self, shape: impl LoadShape) -> &mut Self {
        self.shape = Some(Box::new(shape));
        self
    }

    /// Something is to be done before and after the run.
    pub fn hooks(&mut self, hooks: impl Hooks) -> &mut Self {
        self.hooks = Some(Box::new(hooks));
        self
    }
}

impl Tree {
    pub(crate) fn node(&self, index: u32) -> &Node {
        &self.0[index as usize]
    }

    /// The set with this index.
    pub(crate) fn set(&self, index: u32) -> &Set {
        let set = match &self.node(index).kind {
            Kind::Set(set) => Some(set),
            Kind::Task { .. } => None,
        };
        set.expect("the host asks for sets by indices that `describe` gave it")
    }

    fn add(&mut self, node: Node) -> u32 {
        self.0.push(node);
        to_index(self.0.len() - 1)
    }
}

impl<S: Default + 'static, U: User> Subtree for SetDefinition<S, U> {
    fn plant(self: Box<Self>, tree: &mut Tree, class: u32) -> u32 {
        let index = tree.add(Node {
            name: self.name,
            weight: self.weight,
            tags: self.tags,
            class,
            kind: Kind::Set(Set {
                is_sequential: self.is_sequential,
                children: Vec::new(),
                wait: self.wait,
                wait_handler: self.wait_handler.map(|wait| -> AnyWaitHandler {
                    Box::new(move |set, user| wait(state_of(set), state_of(user)))
                }),
                on_start: self.on_start.map(erase),
                on_stop: self.on_stop.map(erase),
                state: self.state,
            }),
        });
        let children: Vec<u32> = self
            .children
            .into_iter()
            .map(|child| match child {
                Child::Task(Task { name, weight, tags, run }) => {
                    let kind = Kind::Task { set: index, run: erase(run) };
                    tree.add(Node { name, weight, tags, class, kind })
                }
                Child::Set(set) => set.plant(tree, class),
            })
            .collect();
        if let Kind::Set(set) = &mut tree.0[index as usize].kind {
            set.children = children;
        }
        index
    }
}

fn erase<S: 'static, U: 'static>(run: crate::task::Handler<S, U>) -> AnyHandler {
    Box::new(move |set, user| run(state_of(set), state_of(user)))
}

/// A state by its type, which the node it belongs to knows.
fn state_of<T: 'static>(state: &mut dyn Any) -> &mut T {
    state.downcast_mut().expect("a node runs with the states that were made for it")
}

fn to_index(len: usize) -> u32 {
    u32::try_from(len).expect("a scenario has fewer nodes than a u32 can count")
}
