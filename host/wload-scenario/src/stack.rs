//! Gives the stack of a guest that waits for long back to those that run.
//!
//! wasmtime calls a guest on a stack of its own, a fiber, and keeps the stack with the store for the next
//! call: four pages that a waiting user has touched and does not need. It offers no way to take it
//! back. But a fiber that was left by a panic is not used again, and its stack goes back to where stacks
//! come from. So a function of the host, which has no guest above or below it, is called on the fiber and
//! unwinds.
//!
//! Upstream: `instance.rs`, when its user begins to wait for long. Downstream: wasmtime. Invariants: what
//! is unwound is wasmtime's own call of our function, and nothing of a guest; without a stack that was
//! given back, nothing but memory is lost.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::{Context, Waker};

use wasmtime::{AsContextMut, Engine, Func, Linker, Store};

use crate::store_state::StoreState;

/// The name of the only function, in its only module.
const NAME: &str = "unwind";

/// What is thrown; nothing looks at it.
struct Unwound;

/// Leaves the fiber that it runs on.
fn unwind() {
    resume_unwind(Box::new(Unwound))
}

/// Takes stacks back; one for all instances of a scenario.
pub(crate) struct StackRelease(Linker<StoreState>);

impl StackRelease {
    /// For stores of an engine.
    pub(crate) fn new(engine: &Engine) -> wasmtime::Result<Self> {
        let mut linker = Linker::new(engine);
        linker.func_wrap(NAME, NAME, unwind)?;
        Ok(Self(linker))
    }

    /// The function by which a store is made to give its stack back; a store needs one.
    pub(crate) fn of(&self, store: &mut Store<StoreState>) -> Option<Func> {
        self.0.get(store.as_context_mut(), NAME, NAME).ok()?.into_func()
    }
}

/// The stack of the last call goes back; false: there is none, or it stays. No call may be under way.
pub(crate) fn release(store: &mut Store<StoreState>, unwind: Func) -> bool {
    // That it unwinds is what it is for; no panic hook runs, since nothing has panicked.
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let call = pin!(unwind.call_async(store, &[], &mut []));
        // It never waits.
        let _ = call.poll(&mut Context::from_waker(Waker::noop()));
    }));
    unwound.is_err()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::sync::Semaphore;
    use wasmtime::{Config, InstanceAllocationStrategy, PoolingAllocationConfig};
    use wload_core::limits::GuestLimits;

    use super::*;
    use crate::compute::ComputeMeter;
    use crate::guest_log::PanicLines;

    /// Stores of an engine that has one stack.
    fn stores() -> (Engine, impl Fn() -> Store<StoreState>) {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_stacks(1).total_memories(1).total_tables(1);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).unwrap();
        let of = engine.clone();
        let store = move || {
            let lane = Arc::new(Semaphore::new(1));
            let limits = GuestLimits::default();
            let meter = ComputeMeter::new(limits.compute_time_max, lane);
            let panic = PanicLines::default();
            Store::new(&of, StoreState::without_user(Arc::new(limits), meter, &panic))
        };
        (engine, store)
    }

    #[tokio::test]
    async fn a_stack_that_was_given_back_is_anothers_and_one_that_was_not_is_nobodys() {
        let (engine, store) = stores();
        let release_of = StackRelease::new(&engine).unwrap();
        let (mut one, mut two) = (store(), store());
        for _ in 0..3 {
            for store in [&mut one, &mut two] {
                let unwind = release_of.of(store).unwrap();
                assert!(release(store, unwind));
            }
        }
        let nothing = Func::wrap(&mut one, || {});
        nothing.call_async(&mut one, &[], &mut []).await.unwrap();
        let unwind = release_of.of(&mut two).unwrap();
        assert!(!release(&mut two, unwind), "wasmtime keeps it with the store that had it last");
        let unwind = release_of.of(&mut one).unwrap();
        assert!(release(&mut one, unwind));
        nothing.call_async(&mut one, &[], &mut []).await.unwrap();
    }
}
