//! A run told in log lines: Locust's texts, which scripts look for.
//!
//! Upstream: the events of a run. Downstream: the log. Tables are not here: reporters write them.

use std::time::Duration;

use tracing::{debug, error, info, warn};
use wload_core::cancel::StopReason;
use wload_core::event::RunEvent;
use wload_core::isolation::Isolation;
use wload_core::limits::InstanceLimits;
use wload_core::shape::Tick;
use wload_core::user_class::ScenarioInfo;

use crate::logging::{plain, scenario_line};
use crate::time_span::size_text;

/// Before the run.
pub(super) fn before(version: &str, run_time: Option<Duration>, has_shape: bool, seed: u64) {
    info!("Starting wload {version}");
    debug!("--seed {seed} repeats the random choices of this run");
    match run_time {
        _ if has_shape => info!("Shape test starting."),
        Some(time) => info!("Run time limit set to {} seconds", time.as_secs()),
        None => info!("No run time limit set, use CTRL+C to interrupt"),
    }
}

/// How users and instances belong together.
pub(super) fn isolation(mode: Isolation, info: &ScenarioInfo, users: u32, kept: &InstanceLimits) {
    if mode == Isolation::Pinned {
        info!("Isolation pinned: each user keeps an instance for its whole life");
        return;
    }
    let pinned = || {
        let classes = info.classes.iter();
        classes.filter_map(|class| Some((&class.name, class.pinned.as_ref()?)))
    };
    if pinned().count() < info.classes.len() {
        let InstanceLimits { kept_max, kept_bytes_max, .. } = kept;
        let memory = size_text(*kept_bytes_max as u64);
        info!(
            "Isolation {mode}: up to {kept_max} instances and {memory} of memory are kept for {users} users; \
             when that is not enough, users are saved while they wait"
        );
    }
    for (class, why) in pinned() {
        let (class, why) = (plain(class), plain(why));
        info!("Isolation {mode}: users of {class} keep their instances: {why}");
    }
}

/// Something happened.
pub(super) fn event(event: &RunEvent, has_shape: bool) {
    match event {
        RunEvent::Started { .. } | RunEvent::Snapshot(_) => {}
        RunEvent::State(state) => debug!("The run is {state}"),
        RunEvent::Ramping(tick) => {
            if has_shape {
                info!("{}", shape_update(tick));
            }
            info!("{}", ramping(tick));
        }
        RunEvent::AllSpawned(users) => info!("{}", all_spawned(users)),
        RunEvent::StatsReset => info!("Resetting stats"),
        RunEvent::Warning(text) => warn!("{}", plain(text)),
        RunEvent::GuestLog { level, origin, message } => scenario_line(*level, origin, message),
        RunEvent::Ended(summary) => ended(&summary.reason),
    }
}

/// After the run.
pub(super) fn shutting_down(exit_code: u8) {
    info!("Shutting down (exit code {exit_code})");
}

fn ended(reason: &StopReason) {
    match reason {
        StopReason::RunTime => info!("--run-time limit reached, shutting down"),
        StopReason::ShapeEnded => info!("Shape test stopping"),
        StopReason::Scenario(_) => info!("Stopped by the scenario, shutting down"),
        StopReason::NoUsersLeft => info!("All users have stopped, shutting down"),
        StopReason::Interrupted => info!("Interrupted, shutting down"),
        StopReason::Broken(message) => error!("The run broke off: {}", plain(message)),
    }
}

fn ramping(tick: &Tick) -> String {
    format!("Ramping to {} users at a rate of {:.2} per second", tick.users, tick.spawn_rate)
}

fn shape_update(tick: &Tick) -> String {
    format!("Shape test updating to {} users at {:.2} spawn rate", tick.users, tick.spawn_rate)
}

/// As Python's `json.dumps` writes it, names sorted.
fn all_spawned(users: &[(String, u32)]) -> String {
    let mut users: Vec<_> = users.iter().collect();
    users.sort();
    let total: u64 = users.iter().map(|(_, count)| u64::from(*count)).sum();
    let classes: Vec<String> = users
        .iter()
        .map(|(name, count)| format!("{}: {count}", serde_json::Value::from(name.as_str())))
        .collect();
    format!("All users spawned: {{{}}} ({total} total users)", classes.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_locusts() {
        let tick = Tick { users: 1_000, spawn_rate: 100.0, classes: Vec::new() };
        assert_eq!(ramping(&tick), "Ramping to 1000 users at a rate of 100.00 per second");
        let tick = Tick { spawn_rate: 0.5, ..tick };
        assert_eq!(shape_update(&tick), "Shape test updating to 1000 users at 0.50 spawn rate");
        let users = [("B".to_owned(), 2), ("A".to_owned(), 1)];
        assert_eq!(all_spawned(&users), r#"All users spawned: {"A": 1, "B": 2} (3 total users)"#);
        assert_eq!(all_spawned(&[]), "All users spawned: {} (0 total users)");
    }
}
