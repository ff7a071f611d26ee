//! `wload:scenario/log`: lines for the person who runs the test.

use wload_core::event::LogLevel;

use crate::bindings::wload::scenario::log;
use crate::store_state::StoreState;

impl log::Host for StoreState {
    fn log(&mut self, level: log::Level, message: String) -> wasmtime::Result<()> {
        let level = match level {
            log::Level::Trace => LogLevel::Trace,
            log::Level::Debug => LogLevel::Debug,
            log::Level::Info => LogLevel::Info,
            log::Level::Warn => LogLevel::Warn,
            log::Level::Error => LogLevel::Error,
        };
        // In `describe` nobody listens yet.
        if let Some(user) = self.user_if_any() {
            user.log.line(level, &message);
        }
        Ok(())
    }
}
