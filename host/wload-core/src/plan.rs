//! Everything about a run, decided: no option is open after this.
//!
//! Control. Upstream: the command line resolves its options to a [`RunPlan`]. Downstream: the
//! engine. Invariants: numbers are in range and finite; the defaults of the product stand here.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::limits::StatisticsLimits;

/// How the number of users is decided.
#[derive(Clone, Debug, PartialEq)]
pub enum Load {
    /// A fixed number, reached at a spawn rate.
    Constant {
        /// Peak number of users.
        users: u32,
        /// Users started per second; finite, more than 0.
        spawn_rate: f64,
    },
    /// The scenario's own shape.
    ScenarioShape,
}

/// A whole run.
#[derive(Clone, Debug, PartialEq)]
pub struct RunPlan {
    /// How many users, when.
    pub load: Load,
    /// Stop after this time, the ramp included; none: until stopped.
    pub run_time: Option<Duration>,
    /// Base URL for every user, instead of what its class says.
    pub target_host: Option<String>,
    /// How long users may finish their task when they are stopped; zero: they are stopped at once.
    pub stop_timeout: Duration,
    /// Only these user classes; empty: all.
    pub classes: Vec<String>,
    /// Only tasks with one of these tags; empty: all.
    pub tags: Vec<String>,
    /// No tasks with one of these tags.
    pub exclude_tags: Vec<String>,
    /// Every class has weight 1.
    pub equal_weights: bool,
    /// All users together run so many tasks, then the run is over; none: no limit.
    pub iterations: Option<u64>,
    /// Forget statistics when all users are spawned.
    pub reset_stats: bool,
    /// Keep what full history needs: percentiles of the last ten seconds for each row.
    pub full_history: bool,
    /// Cores that run users; at least 1.
    pub cores: u16,
    /// For random numbers: the same seed gives the same choices.
    pub seed: u64,
    /// Values of the scenario's options.
    pub options: BTreeMap<String, String>,
    /// How large the tables of the statistics may be.
    pub statistics: StatisticsLimits,
}

/// Default number of users (Locust: 1).
pub const USERS_DEFAULT: u32 = 1;
/// Default spawn rate (Locust: 1 user per second).
pub const SPAWN_RATE_DEFAULT: f64 = 1.0;
/// Default stop timeout (Locust: 0).
pub const STOP_TIMEOUT_DEFAULT: Duration = Duration::ZERO;

impl Default for RunPlan {
    fn default() -> Self {
        Self {
            load: Load::Constant { users: USERS_DEFAULT, spawn_rate: SPAWN_RATE_DEFAULT },
            run_time: None,
            target_host: None,
            stop_timeout: STOP_TIMEOUT_DEFAULT,
            classes: Vec::new(),
            tags: Vec::new(),
            exclude_tags: Vec::new(),
            equal_weights: false,
            iterations: None,
            reset_stats: false,
            full_history: false,
            cores: 1,
            seed: 0,
            options: BTreeMap::new(),
            statistics: StatisticsLimits::default(),
        }
    }
}
