//! What happens in a run, a line each, in Locust's words where it has them.
//!
//! Upstream: [`RunEvent`]s other than numbers. Downstream: both consoles.

use wload_core::event::{LogLevel, RunEvent};

use super::cell::clean;

/// The line for an event; none for those that only change what the tables say.
pub(super) fn line(event: &RunEvent) -> Option<String> {
    match event {
        RunEvent::Ramping(tick) => Some(format!(
            "Ramping to {} users at a rate of {:.2} per second",
            tick.users, tick.spawn_rate
        )),
        RunEvent::AllSpawned(classes) => Some(all_spawned(classes)),
        RunEvent::StatsReset => Some("Resetting stats".to_owned()),
        RunEvent::Warning(text) => Some(format!("Warning: {}", clean(text))),
        RunEvent::GuestLog { level, origin, message } => {
            Some(format!("{} {}: {}", level_text(*level), clean(origin), clean(message)))
        }
        RunEvent::Started { .. }
        | RunEvent::State(_)
        | RunEvent::Snapshot(_)
        | RunEvent::Ended(_) => None,
    }
}

fn all_spawned(classes: &[(String, u32)]) -> String {
    let total: u64 = classes.iter().map(|(_, users)| u64::from(*users)).sum();
    let classes: Vec<String> = classes
        .iter()
        .map(|(class, users)| {
            format!("\"{}\": {users}", clean(class).replace('\\', "\\\\").replace('"', "\\\""))
        })
        .collect();
    format!("All users spawned: {{{}}} ({total} total users)", classes.join(", "))
}

fn level_text(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Trace => "TRACE",
        LogLevel::Debug => "DEBUG",
        LogLevel::Info => "INFO",
        LogLevel::Warn => "WARNING",
        LogLevel::Error => "ERROR",
    }
}
