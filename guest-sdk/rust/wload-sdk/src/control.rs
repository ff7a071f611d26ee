//! What a user may do to itself and to the run, from anywhere in a task.
//!
//! Upstream: tasks. Downstream: the host. A task that ends here anyway rather returns
//! [`stop_user`](crate::stop_user) or [`stop_run`](crate::stop_run).

use crate::bindings::wload::scenario::control;

/// This user stops when its task returns.
pub fn stop_user_after_task() {
    control::stop_user();
}

/// The run stops; with an exit code the process ends with it.
pub fn stop_run_now(exit_code: Option<u8>) {
    control::stop_run(exit_code);
}

/// The process ends with this code, whatever the verdict of the run; the run goes on. None: as wload decides.
/// The last call counts.
pub fn set_exit_code(code: Option<u8>) {
    control::set_exit_code(code);
}

/// The user or the run is being stopped: a task that takes long should return.
pub fn is_stopping() -> bool {
    control::is_stopping()
}
