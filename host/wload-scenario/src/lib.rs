//! Components to users: the only place that knows wasmtime.
//!
//! Made once per run: two engines and a pool (`engine.rs`, `loader.rs`). Made once per file: a
//! [`Compiled`] component, then a [`Scenario`]. Made once per core: a [`CoreContext`] and an
//! [`InstancePool`]. Made per user: a [`UserInstance`] with its [`wload_http::HttpClient`]. It lives in an instance
//! of the pool, a store with the guest's memory, or waits as bytes.
//!
//! Upstream: `wload-engine` drives users, the command line loads files. Downstream: `wload-http`
//! and the core's recorder. Does not know runs or spawn rates, and spawns no thread but the epoch
//! ticker.

mod bindings;
mod cache;
mod compile;
mod compute;
mod core_context;
mod describe;
mod engine;
mod error;
mod guest_log;
mod instance;
mod interfaces;
mod kept;
mod loader;
mod machine_needs;
mod memory_gauge;
mod outside;
mod parking;
mod pool;
mod prepared;
mod run_instances;
mod run_view;
mod stack;
mod store_state;
mod tables;
mod timer;
mod trap;
mod user;

pub use cache::CacheOutcome;
pub use compile::{CompileHere, CompileJob, Compiler, compile_here};
pub use core_context::{CoreContext, GuestLine, ObservedRequest, Observer, RunClock, UserSignals};
pub use error::{Cause, ScenarioError};
pub use instance::{Outcome, Scope};
pub use loader::{
    CONTRACT_VERSION, CompileOptions, Compiled, DirGrant, Grants, RunSettings, Scenario,
    instance_places,
};
pub use machine_needs::MachineNeeds;
pub use pool::InstancePool;
pub use run_instances::{HooksInstance, ShapeInstance};
pub use run_view::RunView;
pub use store_state::Identity;
pub use tables::DataSource;
pub use timer::{Sleep, Timer};
pub use trap::TaskFailure;
pub use user::UserInstance;
