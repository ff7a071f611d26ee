//! One user in one instance: its state, the states of the sets it is in, and what runs on them.
//!
//! Upstream: `exports.rs`, by what the host asks. Downstream: the author's functions. Everything
//! that belongs to the user is in [`Runtime`], so that a user can be saved and another one take
//! the instance. Invariant: calls never overlap, and the host asks only for what `describe` named.

use std::any::Any;
use std::time::Duration;

use crate::bindings::exports::wload::scenario::users::{Outcome, Scope, TaskError};
use crate::definition::{Definition, Kind};
use crate::http::notes;
use crate::saving::AnyState;
use crate::task_end::{Exception, TaskEnd, TaskResult};

/// What the host hears about a call.
pub(crate) type Answer = Result<Outcome, TaskError>;

/// The scenario in this instance, with the user that lives here.
pub(crate) struct Runtime {
    pub(crate) definition: Definition,
    user: Option<LivingUser>,
    /// By index of their set; a set that the user is not in has none.
    set_states: Vec<Option<AnyState>>,
}

struct LivingUser {
    class: u32,
    state: AnyState,
}

/// Start or stop of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Edge {
    Start,
    Stop,
}

impl Runtime {
    pub(crate) fn new(definition: Definition) -> Self {
        let mut set_states = Vec::new();
        set_states.resize_with(definition.tree.0.len(), || None);
        Self { definition, user: None, set_states }
    }

    /// A user starts or stops, or enters or leaves a set.
    pub(crate) fn hook(&mut self, scope: &Scope, edge: Edge) -> Answer {
        match *scope {
            Scope::User(class) => {
                let root = self.definition.classes[class as usize].root;
                self.set_hook(root, edge)
            }
            Scope::Node(set) => {
                if edge == Edge::Start {
                    self.set_states[set as usize] = None;
                }
                let answer = self.set_hook(set, edge);
                // An exception of `on_start` leaves the set without an `on_stop`.
                if edge == Edge::Stop || answer.is_err() {
                    self.set_states[set as usize] = None;
                }
                answer
            }
        }
    }

    fn set_hook(&mut self, set: u32, edge: Edge) -> Answer {
        let class = self.definition.tree.node(set).class;
        let Self { definition, user, set_states } = self;
        let definition = &*definition;
        let entry = definition.tree.set(set);
        let run = match edge {
            Edge::Start => &entry.on_start,
            Edge::Stop => &entry.on_stop,
        };
        let state = set_states[set as usize].get_or_insert_with(entry.state.make);
        let user = user_of(user, definition, class);
        answer(run.as_ref().map_or(Ok(()), |run| run(&mut **state, user)))
    }

    /// Runs a task once.
    pub(crate) fn run_task(&mut self, task: u32) -> Answer {
        let Self { definition, user, set_states } = self;
        let definition = &*definition;
        let node = definition.tree.node(task);
        let Kind::Task { set, run } = &node.kind else {
            return Err(task_error(Exception::new("a task set was to be run like a task")));
        };
        let make = definition.tree.set(*set).state.make;
        let state = set_states[*set as usize].get_or_insert_with(make);
        answer(run(&mut **state, user_of(user, definition, node.class)))
    }

    /// How long to wait now, where the wait time is a function.
    pub(crate) fn wait_time(&mut self, set: Option<u32>) -> Duration {
        let Self { definition, user, set_states } = self;
        let definition = &*definition;
        let class_root = |user: &LivingUser| definition.classes[user.class as usize].root;
        // The host asks after a task, so there is a user.
        let Some(set) = set.or_else(|| user.as_ref().map(class_root)) else {
            return Duration::ZERO;
        };
        let entry = definition.tree.set(set);
        let Some(wait) = &entry.wait_handler else { return Duration::ZERO };
        let state = set_states[set as usize].get_or_insert_with(entry.state.make);
        wait(&mut **state, user_of(user, definition, definition.tree.node(set).class))
    }
}

/// The state of the user, which begins with its first call.
fn user_of<'a>(
    user: &'a mut Option<LivingUser>,
    definition: &Definition,
    class: u32,
) -> &'a mut dyn Any {
    let make = definition.classes[class as usize].state.make;
    &mut *user.get_or_insert_with(|| LivingUser { class, state: make() }).state
}

/// What the host hears, with what the client noted meanwhile.
fn answer(result: TaskResult) -> Answer {
    let notes = notes::take();
    match result {
        Ok(()) => match notes.invalid_request {
            Some(message) => Err(task_error(Exception { message, trace: String::new() })),
            None => Ok(Outcome::Next),
        },
        // What follows from requests that were refused because the user must stop is no mistake.
        Err(TaskEnd::Exception(_)) if notes.is_stopping => Ok(Outcome::StopUser),
        Err(TaskEnd::Exception(exception)) => Err(task_error(exception)),
        Err(TaskEnd::Reschedule) => Ok(Outcome::Reschedule),
        Err(TaskEnd::Interrupt { reschedule }) => Ok(Outcome::Interrupt(reschedule)),
        Err(TaskEnd::StopUser) => Ok(Outcome::StopUser),
        Err(TaskEnd::StopRun(exit_code)) => Ok(Outcome::StopRun(exit_code)),
    }
}

fn task_error(exception: Exception) -> TaskError {
    let Exception { message, trace } = exception;
    TaskError { message, trace: (!trace.is_empty()).then_some(trace) }
}

mod save;
#[cfg(test)]
mod tests;
