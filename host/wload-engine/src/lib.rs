//! Users, cores, controller, aggregator: a local run.

pub mod task_picker;
pub mod user_state;
pub mod wait_time;
