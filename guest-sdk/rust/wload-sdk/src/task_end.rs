//! How a task ends: with success, with an exception, or with a wish for what comes next.
//!
//! Upstream: the author's tasks, by `?`, [`raise`] and [`interrupt`]. Downstream: `runtime.rs` says
//! it to the host. Invariant: an exception's message is one line and the same for the same cause,
//! because exceptions are counted by it; what differs from time to time stands in the trace.

use std::any::Any;
use std::error::Error;
use std::fmt::{self, Display, Write as _};
use std::panic::Location;

use crate::http::ResponseError;

/// What a task returns.
///
/// `?` makes an exception of any error: a row of the exceptions table; the user waits and goes on
/// with its next task.
pub type TaskResult = Result<(), TaskEnd>;

/// Why a task ended early.
///
/// Made by `?` from any error, or by [`raise`], [`interrupt`], [`reschedule`], [`stop_user`] and
/// [`stop_run`].
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TaskEnd {
    /// The task could not go on.
    Exception(Exception),
    /// The next task comes at once, without a wait.
    Reschedule,
    /// The innermost task set is left; in the root set the user stops.
    Interrupt {
        /// The parent picks its next task at once instead of after a wait.
        reschedule: bool,
    },
    /// The user stops for good.
    StopUser,
    /// The run stops, with this exit code when there is one.
    StopRun(Option<u8>),
}

/// A task that could not go on: what the exceptions table shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// One line.
    pub message: String,
    /// Where it happened, and what differs from time to time.
    pub trace: String,
}

impl Exception {
    /// An exception with this message that happened here.
    #[track_caller]
    pub fn new(message: impl Display) -> Self {
        Self { message: one_line(&message.to_string()), trace: place(Location::caller()) }
    }

    fn of_error(error: &(dyn Error + 'static), location: &Location<'_>) -> Self {
        let mut message = error.to_string();
        let mut cause = error.source();
        while let Some(error) = cause {
            let text = error.to_string();
            // Some errors repeat their cause in their own text.
            if !message.contains(&text) {
                message.push_str(": ");
                message.push_str(&text);
            }
            cause = error.source();
        }
        Self { message: one_line(&message), trace: place(location) }
    }
}

impl Display for Exception {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl From<Exception> for TaskEnd {
    fn from(exception: Exception) -> Self {
        Self::Exception(exception)
    }
}

impl<E: Error + 'static> From<E> for TaskEnd {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut exception = Exception::of_error(&error, Location::caller());
        if let Some(response) = (&error as &dyn Any).downcast_ref::<ResponseError>() {
            exception.trace.push_str(response.detail());
        }
        Self::Exception(exception)
    }
}

/// Ends the task as an exception with this message. Keep it the same for the same cause: exceptions
/// are counted by it.
///
/// # Errors
/// Always: `return raise("the cart is empty");`
#[track_caller]
pub fn raise<T>(message: impl Display) -> Result<T, TaskEnd> {
    Err(TaskEnd::Exception(Exception::new(message)))
}

/// Leaves the innermost task set; its parent picks the next task at once. In the root set the user
/// stops. Locust: `self.interrupt()`.
///
/// # Errors
/// Always: `return interrupt();`
pub fn interrupt<T>() -> Result<T, TaskEnd> {
    Err(TaskEnd::Interrupt { reschedule: true })
}

/// Leaves the innermost task set; its parent picks the next task after a wait. Locust:
/// `self.interrupt(reschedule=False)`.
///
/// # Errors
/// Always: `return interrupt_and_wait();`
pub fn interrupt_and_wait<T>() -> Result<T, TaskEnd> {
    Err(TaskEnd::Interrupt { reschedule: false })
}

/// Ends the task; the next one comes without a wait. Locust: `raise RescheduleTask()`.
///
/// # Errors
/// Always: `return reschedule();`
pub fn reschedule<T>() -> Result<T, TaskEnd> {
    Err(TaskEnd::Reschedule)
}

/// Ends the task and the user. Locust: `raise StopUser()`.
///
/// # Errors
/// Always: `return stop_user();`
pub fn stop_user<T>() -> Result<T, TaskEnd> {
    Err(TaskEnd::StopUser)
}

/// Ends the task and the whole run. Locust: `self.environment.runner.quit()`.
///
/// # Errors
/// Always: `return stop_run(None);`, or with the exit code of the process.
pub fn stop_run<T>(exit_code: Option<u8>) -> Result<T, TaskEnd> {
    Err(TaskEnd::StopRun(exit_code))
}

/// A value that should be there: `.or_raise("the shop has no products")?`.
pub trait OrRaise<T> {
    /// The value, or an exception with this message.
    ///
    /// # Errors
    /// When there is no value.
    fn or_raise(self, message: impl Display) -> Result<T, TaskEnd>;
}

impl<T> OrRaise<T> for Option<T> {
    #[track_caller]
    fn or_raise(self, message: impl Display) -> Result<T, TaskEnd> {
        match self {
            Some(value) => Ok(value),
            None => raise(message),
        }
    }
}

impl<T, E: Display> OrRaise<T> for Result<T, E> {
    /// The error's own text follows the message.
    #[track_caller]
    fn or_raise(self, message: impl Display) -> Result<T, TaskEnd> {
        match self {
            Ok(value) => Ok(value),
            Err(error) => raise(format_args!("{message}: {error}")),
        }
    }
}

/// What a task may return: nothing, a [`TaskResult`], or a result with an error of its own.
pub trait IntoTaskResult {
    /// As the host hears it.
    ///
    /// # Errors
    /// As the task ended.
    fn into_task_result(self) -> TaskResult;
}

impl IntoTaskResult for () {
    fn into_task_result(self) -> TaskResult {
        Ok(())
    }
}

impl<E: Into<TaskEnd>> IntoTaskResult for Result<(), E> {
    fn into_task_result(self) -> TaskResult {
        self.map_err(Into::into)
    }
}

fn place(location: &Location<'_>) -> String {
    let mut text = String::new();
    let _ = write!(text, "  at {location}");
    text
}

fn one_line(text: &str) -> String {
    if text.contains(['\n', '\r']) {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Outer(std::num::ParseIntError);

    impl Display for Outer {
        fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
            out.write_str("the price is\nno number")
        }
    }

    impl Error for Outer {
        fn source(&self) -> Option<&(dyn Error + 'static)> {
            Some(&self.0)
        }
    }

    fn exception(result: TaskResult) -> Exception {
        match result {
            Err(TaskEnd::Exception(exception)) => exception,
            other => panic!("expected an exception, got {other:?}"),
        }
    }

    #[test]
    fn a_question_mark_makes_an_exception_with_all_causes_and_its_place() {
        fn task() -> TaskResult {
            "x".parse::<u8>().map_err(Outer)?;
            Ok(())
        }
        let found = exception(task());
        assert_eq!(found.message, "the price is no number: invalid digit found in string");
        assert!(found.trace.contains("task_end.rs:"), "{}", found.trace);
    }

    #[test]
    fn a_missing_value_raises_with_the_place_of_the_caller() {
        let line = line!() + 1;
        let found = exception(None::<u8>.or_raise("no products").map(drop));
        assert_eq!(found.message, "no products");
        assert!(found.trace.contains(&format!("task_end.rs:{line}:")), "{}", found.trace);
        let found = exception("x".parse::<u8>().or_raise("price").map(drop));
        assert_eq!(found.message, "price: invalid digit found in string");
    }

    #[test]
    fn tasks_may_return_nothing_a_wish_or_an_error_of_their_own() {
        assert_eq!(().into_task_result(), Ok(()));
        let wish: TaskResult = interrupt();
        assert_eq!(wish.into_task_result(), Err(TaskEnd::Interrupt { reschedule: true }));
        let failed = "x".parse::<u8>().map(drop);
        assert!(matches!(failed.into_task_result(), Err(TaskEnd::Exception(_))));
    }
}
