//! The configuration of wasmtime: one place, with the reasons.
//!
//! Upstream: [`LoadOptions`](crate::LoadOptions). Downstream: `loader.rs` makes two engines: a
//! *compiling* one, and, when the needs of the component are known, a *running* one, whose instances have
//! memory of their own or places in a pool of exactly the right size. Both produce and accept the same machine code.
//! Invariant: an engine that runs guests has a live [`EpochTicker`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig,
    ResourcesRequired,
};
use wload_core::isolation::Isolation;
use wload_core::limits::{GuestLimits, InstanceLimits};

use crate::machine_needs::may_have_own_memory;

/// How often the epoch moves: the longest time that a guest computes before other users of its core
/// get their turn. Two milliseconds cost the ticker under 0.5 % of a core.
pub(crate) const EPOCH_TICK: Duration = Duration::from_millis(2);

/// Address space of one linear memory when there is room: with 4 GiB and a guard, wasmtime leaves
/// out bounds checks (50 against 45 us for a thousand JSON cycles).
const RESERVATION_ROOMY: u64 = 4 << 30;
/// Guard behind a roomy memory.
const GUARD_ROOMY: u64 = 32 << 20;
/// Guard behind a tight memory.
const GUARD_TIGHT: u64 = 64 << 10;
/// Address space that the pool may take. The largest hole of a process is about 85 TiB.
const ADDRESS_SPACE_MAX: u64 = 64 << 40;
/// Places beyond the users: describe, shape, hooks, and users that are being replaced.
const PLACES_SPARE: u32 = 64;
/// The same for few users, so that the address space of a small run fits where it is scarce: valgrind, which
/// counts our instructions, has 64 GiB.
const PLACES_SPARE_MIN: u32 = 8;
/// Core instances of one component: Python's has 14. They are only counted, not reserved.
const CORE_INSTANCES_MAX: u32 = 256;
/// Bytes of a memory that stay resident when its place is free: a replaced user starts warm.
const KEEP_RESIDENT: usize = 64 << 10;
/// The same of a table.
const KEEP_RESIDENT_OF_TABLE: usize = 4 << 10;

/// What decides the layout of memories; both engines of a scenario share it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct MemoryLayout {
    reservation: u64,
    guard: u64,
}

impl MemoryLayout {
    /// Roomy while it fits for this many users with one memory each, else as small as the limit.
    pub(crate) fn choose(users: u32, limits: &GuestLimits) -> Self {
        let places = u64::from(places(users));
        if places.saturating_mul(RESERVATION_ROOMY + GUARD_ROOMY) <= ADDRESS_SPACE_MAX {
            Self { reservation: RESERVATION_ROOMY, guard: GUARD_ROOMY }
        } else {
            Self {
                reservation: (limits.memory_bytes_max as u64).next_multiple_of(64 << 10),
                guard: GUARD_TIGHT,
            }
        }
    }

    /// Address space of so many instances of [`running`]: memories with their guards, and stacks with theirs.
    pub(crate) fn address_space(self, users: u32, memories_each: u32, limits: &GuestLimits) -> u64 {
        let memory = self.reservation + 2 * self.guard;
        let memories = memory.saturating_mul(memories_each.max(1).into());
        let stack = (limits.stack_bytes_max + HOST_STACK) as u64 + GUARD_OF_STACK;
        memories.saturating_add(stack).saturating_mul(places(users).into())
    }
}

/// How many instances there is a place for.
fn places(users: u32) -> u32 {
    users.saturating_add(users.clamp(PLACES_SPARE_MIN, PLACES_SPARE))
}

/// What every engine has in common; it decides the machine code.
fn base_config(layout: MemoryLayout, limits: &GuestLimits) -> Config {
    let mut config = Config::new();
    config
        // The async ABI of components costs 1.3 us a call and 4 us a request; no guest needs it.
        .concurrency_support(false)
        .cranelift_opt_level(OptLevel::Speed)
        .epoch_interruption(true)
        .memory_init_cow(true)
        // Also where half of it is zeros: without an image each instance would copy its segments, Python's 15 MiB.
        .memory_guaranteed_dense_image_size(limits.memory_bytes_max as u64)
        .memory_reservation(layout.reservation)
        .memory_guard_size(layout.guard)
        .memory_may_move(false)
        .max_wasm_stack(limits.stack_bytes_max)
        // The host's imports run on the guest's fiber: TLS set-up is the deepest of them.
        .async_stack_size(limits.stack_bytes_max + HOST_STACK)
        .wasm_gc(false)
        .parallel_compilation(true);
    config
}

/// Stack for the host's own code below an import.
const HOST_STACK: usize = 512 << 10;

/// A page behind each stack, on machines with the largest pages.
const GUARD_OF_STACK: u64 = 64 << 10;

/// The engine that compiles and that tells what a component needs.
pub(crate) fn compiling(layout: MemoryLayout, limits: &GuestLimits) -> wasmtime::Result<Engine> {
    Engine::new(&base_config(layout, limits))
}

/// Where the memory of instances comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lodging {
    /// Each instance gets its own from the system, as much as it needs: they live long. It takes more maps, so
    /// there are not very many.
    Own,
    /// From a pool with so many places: an instance that follows another one is made in half of the time, but a
    /// place has whole pages for each table, which are mostly empty.
    Pool {
        places: u32,
        /// A place that becomes free is soon taken again; else its memory goes back to the system, so that
        /// a pool that was large for a moment does not stay so.
        is_steady: bool,
    },
}

impl Lodging {
    /// For so many instances at once, with so many memories each.
    pub(crate) fn choose(
        places: u32,
        memories_each: u32,
        isolation: Isolation,
        limits: &InstanceLimits,
    ) -> Self {
        // A pool for fewer instances than users grows and shrinks.
        let is_steady = places <= limits.kept_max;
        let live_long = match isolation {
            Isolation::Pinned => true,
            Isolation::Reuse => is_steady,
            Isolation::Fresh => false,
        };
        if live_long && may_have_own_memory(places, memories_each) {
            Self::Own
        } else {
            Self::Pool { places, is_steady }
        }
    }
}

/// The engine that runs instances of a component with these needs.
pub(crate) fn running(
    layout: MemoryLayout,
    limits: &GuestLimits,
    lodging: Lodging,
    needs: &ResourcesRequired,
) -> wasmtime::Result<Engine> {
    let mut config = base_config(layout, limits);
    // What a call left on its stack is nobody's any more, and its pages are the system's.
    config.async_stack_zeroing(true);
    config.allocation_strategy(match lodging {
        Lodging::Own => InstanceAllocationStrategy::OnDemand,
        Lodging::Pool { places: instances, is_steady } => {
            InstanceAllocationStrategy::Pooling(pool(limits, places(instances), is_steady, needs))
        }
    });
    Engine::new(&config)
}

fn pool(
    limits: &GuestLimits,
    places: u32,
    is_steady: bool,
    needs: &ResourcesRequired,
) -> PoolingAllocationConfig {
    let (of_memory, of_table) =
        if is_steady { (KEEP_RESIDENT, KEEP_RESIDENT_OF_TABLE) } else { (0, 0) };
    let initial_memory =
        usize::try_from(needs.max_initial_memory_size.unwrap_or(0)).unwrap_or(usize::MAX);
    let initial_table =
        usize::try_from(needs.max_initial_table_size.unwrap_or(0)).unwrap_or(usize::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(places)
        .total_core_instances(places.saturating_mul(CORE_INSTANCES_MAX))
        .max_core_instances_per_component(CORE_INSTANCES_MAX)
        .total_memories(places.saturating_mul(needs.num_memories.max(1)))
        .max_memories_per_component(needs.num_memories.max(1))
        .max_memories_per_module(needs.num_memories.max(1))
        .total_tables(places.saturating_mul(needs.num_tables.max(1)))
        .max_tables_per_component(needs.num_tables.max(1))
        .max_tables_per_module(needs.num_tables.max(1))
        .table_elements(initial_table.max(limits.table_elements_max))
        // A store keeps its stack until it waits for long, so there is one for each user.
        .total_stacks(places)
        .max_memory_size(limits.memory_bytes_max.max(initial_memory.saturating_mul(64 << 10)))
        .max_core_instance_size(16 << 20)
        .max_component_instance_size(16 << 20)
        .linear_memory_keep_resident(of_memory)
        .table_keep_resident(of_table)
        .async_stack_keep_resident(0);
    pool
}

/// Moves the epoch of an engine until it is dropped.
#[derive(Debug)]
pub(crate) struct EpochTicker {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl EpochTicker {
    /// Starts the thread.
    pub(crate) fn start(engine: &Engine) -> std::io::Result<Self> {
        let is_over = Arc::new(AtomicBool::new(false));
        let (engine, seen) = (engine.clone(), is_over.clone());
        let thread = std::thread::Builder::new().name("wload-epoch".into()).spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                std::thread::sleep(EPOCH_TICK);
                engine.increment_epoch();
            }
        })?;
        Ok(Self { is_over, thread: Some(thread) })
    }
}

impl Drop for EpochTicker {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The thread only sleeps and counts: it cannot have panicked.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memories_are_roomy_until_the_address_space_is_short() {
        let limits = GuestLimits::default();
        assert_eq!(MemoryLayout::choose(1_000, &limits).reservation, RESERVATION_ROOMY);
        assert_eq!(MemoryLayout::choose(10_000, &limits).reservation, RESERVATION_ROOMY);
        let tight = MemoryLayout::choose(100_000, &limits);
        assert_eq!(tight.reservation, 64 << 20);
        assert!(100_000 * (tight.reservation + tight.guard) < ADDRESS_SPACE_MAX);
        let space = tight.address_space(100_000, 1, &limits);
        assert!(space > 100_000 * tight.reservation && space < ADDRESS_SPACE_MAX, "{space}");
    }
}
