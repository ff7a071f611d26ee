//! Write wload scenarios in Rust.

extern crate self as wload_sdk;

pub mod bindings;
pub mod clock;
mod context;
pub mod control;
pub mod data;
mod definition;
mod describe;
pub mod events;
mod exports;
mod hooks;
pub mod http;
pub mod identity;
pub mod log;
pub mod options;
pub mod prelude;
pub mod random;
mod runtime;
mod scenario;
mod shape;
mod task;
mod task_end;
mod user;
mod wait_time;

pub use context::TaskContext;
pub use data::Table;
pub use definition::{Definition, Scenario};
pub use hooks::{HookResult, Hooks};
pub use options::ScenarioOption;
pub use shape::{LoadShape, RunState, Stages, Tick};
pub use task::{SetDefinition, Task, TaskSet};
pub use task_end::{
    Exception, IntoTaskResult, OrRaise, TaskEnd, TaskResult, interrupt, interrupt_and_wait, raise,
    reschedule, stop_run, stop_user,
};
pub use user::{User, UserClass};
pub use wait_time::{WaitTime, between, constant, constant_pacing, constant_throughput, no_wait};
pub use wload_sdk_macros::{on_start, on_stop, task, task_set, user, wait_time};
