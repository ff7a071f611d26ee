//! What is done once per run: before the first user and after the last.
//!
//! Control. Upstream: the host, on one instance for the whole run. Requests are possible here and
//! are measured, through [`Client::new`](crate::http::Client::new).

/// What a hook answers; `?` takes any error. Before the run an error ends it before it starts.
pub type HookResult = Result<(), Box<dyn std::error::Error>>;

/// What is done once per run. Each function may be left out.
///
/// ```no_run
/// use wload_sdk::prelude::*;
///
/// struct Reset;
///
/// impl Hooks for Reset {
///     fn test_start(&mut self) -> HookResult {
///         let answer = Client::new().post("/_reset").silent().send();
///         if answer.ok() { Ok(()) } else { Err("the shop cannot be reset".into()) }
///     }
/// }
/// ```
pub trait Hooks: 'static {
    /// The scenario has been loaded; before test start.
    ///
    /// # Errors
    /// The run ends before it starts, with this message.
    fn init(&mut self) -> HookResult {
        Ok(())
    }

    /// Before any user starts.
    ///
    /// # Errors
    /// The run ends before it starts, with this message.
    fn test_start(&mut self) -> HookResult {
        Ok(())
    }

    /// The number of users that was asked for is reached; again after every later change.
    fn spawning_complete(&mut self, user_count: u32) {
        let _ = user_count;
    }

    /// After the last user has stopped.
    ///
    /// # Errors
    /// An exception row.
    fn test_stop(&mut self) -> HookResult {
        Ok(())
    }

    /// The last call of the run: its statistics are final.
    fn quitting(&mut self) {}
}
