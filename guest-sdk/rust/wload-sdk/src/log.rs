//! Lines for the person who runs the test: [`info!`](crate::info) and its kin.
//!
//! Upstream: tasks. Downstream: the host's log. The host bounds lines per user and second and says
//! how many were too much; statistics belong into metrics, not here.

pub use crate::bindings::wload::scenario::log::Level;

/// Writes one line; the macros [`trace!`](crate::trace), [`debug!`](crate::debug),
/// [`info!`](crate::info), [`warn!`](crate::warn) and [`error!`](crate::error) format it.
pub fn log(level: Level, message: &str) {
    crate::bindings::wload::scenario::log::log(level, message);
}

/// Writes a line that only who looks for the smallest things wants to see.
#[macro_export]
macro_rules! trace {
    ($($text:tt)+) => { $crate::log::log($crate::log::Level::Trace, &::std::format!($($text)+)) };
}

/// Writes a line for who looks for a mistake.
#[macro_export]
macro_rules! debug {
    ($($text:tt)+) => { $crate::log::log($crate::log::Level::Debug, &::std::format!($($text)+)) };
}

/// Writes a line: `info!("logged in as {name}")`.
#[macro_export]
macro_rules! info {
    ($($text:tt)+) => { $crate::log::log($crate::log::Level::Info, &::std::format!($($text)+)) };
}

/// Writes a line about something that should be looked at.
#[macro_export]
macro_rules! warn {
    ($($text:tt)+) => { $crate::log::log($crate::log::Level::Warn, &::std::format!($($text)+)) };
}

/// Writes a line about something that went wrong. It counts nowhere: for that there are failures
/// and exceptions.
#[macro_export]
macro_rules! error {
    ($($text:tt)+) => { $crate::log::log($crate::log::Level::Error, &::std::format!($($text)+)) };
}
