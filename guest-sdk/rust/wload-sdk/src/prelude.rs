//! What a scenario imports: `use wload_sdk::prelude::*;`.

pub use crate::context::TaskContext;
pub use crate::data::{DataError, Order, Row, Table};
pub use crate::definition::{Definition, Scenario};
pub use crate::events::{self, Counter, Gauge, Trend};
pub use crate::hooks::{HookResult, Hooks};
pub use crate::http::{CaughtResponse, CheckResult, Client, HttpError, Response};
pub use crate::options::ScenarioOption;
pub use crate::shape::{LoadShape, RunState, Stages, Tick};
pub use crate::task::{SetDefinition, Task, TaskSet};
pub use crate::task_end::{
    OrRaise, TaskEnd, TaskResult, interrupt, interrupt_and_wait, raise, reschedule, stop_run,
    stop_user,
};
pub use crate::user::{User, UserClass};
pub use crate::wait_time::{
    WaitTime, between, constant, constant_pacing, constant_throughput, no_wait,
};
pub use crate::{clock, control, random, run};
pub use crate::{debug, error, info, scenario, trace, warn};
pub use wload_sdk_macros::{on_start, on_stop, task, task_set, user, wait_time};
