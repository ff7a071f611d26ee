//! What the host calls: the exports of the contract for any [`Scenario`].
//!
//! Upstream: the host. Downstream: `runtime.rs`, or the shape or the hooks on their instances.
//! Invariant: each instance builds the definition once, at its first call.

use std::cell::RefCell;
use std::error::Error;
use std::time::Duration;

use crate::bindings::exports::wload::scenario::{hibernation, hooks, shape, users};
use crate::definition::{Definition, Scenario};
use crate::hooks::HookResult;
use crate::http::{self, notes};
use crate::runtime::{Answer, Edge, Runtime};
use crate::shape::RunState;
use crate::{clock, data, events, reset};

thread_local! {
    /// The one scenario of this instance.
    static RUNTIME: RefCell<Option<Runtime>> = const { RefCell::new(None) };
}

fn with_runtime<S: Scenario, T>(act: impl FnOnce(&mut Runtime) -> T) -> T {
    RUNTIME.with_borrow_mut(|runtime| {
        act(runtime.get_or_insert_with(|| {
            report_panics();
            Runtime::new(Definition::of::<S>())
        }))
    })
}

/// A panic's message reaches the host in one piece, for the exceptions table.
fn report_panics() {
    #[cfg(target_arch = "wasm32")]
    std::panic::set_hook(Box::new(|panic| {
        let message = panic.payload_as_str().unwrap_or("a panic without a text");
        let text = match panic.location() {
            Some(place) => format!("panicked at {place}:\n{message}"),
            None => format!("panicked at an unknown place:\n{message}"),
        };
        crate::log::log(crate::log::Level::Error, &text);
    }));
}

impl<S: Scenario> users::Guest for S {
    fn describe() -> Result<users::ScenarioInfo, String> {
        with_runtime::<S, _>(|runtime| crate::describe::scenario_info(&runtime.definition))
    }

    fn on_start(scope: users::Scope) -> Answer {
        with_runtime::<S, _>(|runtime| runtime.hook(&scope, Edge::Start))
    }

    fn run_task(node: u32) -> Answer {
        with_runtime::<S, _>(|runtime| runtime.run_task(node))
    }

    fn on_stop(scope: users::Scope) -> Answer {
        with_runtime::<S, _>(|runtime| runtime.hook(&scope, Edge::Stop))
    }

    fn get_wait_time(node: Option<u32>) -> u64 {
        clock::to_nanoseconds(with_runtime::<S, _>(|runtime| runtime.wait_time(node)))
    }
}

impl<S: Scenario> shape::Guest for S {
    fn tick(state: shape::State) -> Option<shape::Step> {
        with_runtime::<S, _>(|runtime| {
            let shape = runtime.definition.shape.as_mut()?;
            let run = RunState::new(Duration::from_nanos(state.elapsed), state.user_count);
            let tick = shape.tick(&run)?;
            Some(shape::Step {
                users: tick.users,
                spawn_rate: tick.spawn_rate,
                classes: tick.classes,
            })
        })
    }
}

impl<S: Scenario> hooks::Guest for S {
    fn init() -> Result<(), String> {
        with_runtime::<S, _>(|runtime| match &mut runtime.definition.hooks {
            Some(hooks) => answer(hooks.init()),
            None => Ok(()),
        })
    }

    fn quitting() {
        with_runtime::<S, _>(|runtime| {
            if let Some(hooks) = &mut runtime.definition.hooks {
                hooks.quitting();
            }
        });
    }

    fn test_start() -> Result<(), String> {
        with_runtime::<S, _>(|runtime| match &mut runtime.definition.hooks {
            Some(hooks) => answer(hooks.test_start()),
            None => Ok(()),
        })
    }

    fn spawning_complete(user_count: u32) {
        with_runtime::<S, _>(|runtime| {
            if let Some(hooks) = &mut runtime.definition.hooks {
                hooks.spawning_complete(user_count);
            }
        });
    }

    fn test_stop() -> Result<(), String> {
        with_runtime::<S, _>(|runtime| match &mut runtime.definition.hooks {
            Some(hooks) => answer(hooks.test_stop()),
            None => Ok(()),
        })
    }
}

impl<S: Scenario> hibernation::Guest for S {
    fn can_save(class: u32) -> Result<(), String> {
        with_runtime::<S, _>(|runtime| runtime.can_save(class))
    }

    fn save() -> Result<Vec<u8>, String> {
        with_runtime::<S, _>(|runtime| runtime.save())
    }

    fn restore(class: u32, state: Vec<u8>) -> Result<(), String> {
        with_runtime::<S, _>(|runtime| runtime.restore(class, &state))
    }

    fn reset() -> bool {
        // Nothing stands on the stack of this function: what `reset` cannot make zero.
        if forget_user::<S>() { reset::remember() } else { reset::go_back() }
    }
}

/// Drops the user and gives all handles back. True: there has been no call before.
#[inline(never)]
fn forget_user<S: Scenario>() -> bool {
    let is_new = RUNTIME.with_borrow(Option::is_none);
    // Also when it is new: the definition is the same for all users and need not be made again.
    with_runtime::<S, _>(Runtime::forget_user);
    http::forget_handles();
    events::forget_handles();
    data::forget_handles();
    is_new
}

/// An error with its causes; a malformed request is one too.
fn answer(result: HookResult) -> Result<(), String> {
    let notes = notes::take();
    match result {
        Ok(()) => notes.invalid_request.map_or(Ok(()), Err),
        Err(error) => {
            let mut text = error.to_string();
            let mut cause: Option<&(dyn Error + 'static)> = error.source();
            while let Some(error) = cause {
                text.push_str(&format!(": {error}"));
                cause = error.source();
            }
            Err(text)
        }
    }
}
