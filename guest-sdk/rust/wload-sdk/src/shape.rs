//! Load shapes: the scenario decides how many users there are.
//!
//! Control. Upstream: the host asks about once a second, on one instance for the whole run.
//! Downstream: the controller starts and stops users. A shape sees time as an argument and can be
//! tested natively.

use std::time::Duration;

/// Decides how many users there are, as Locust's `LoadTestShape`.
///
/// ```
/// use std::time::Duration;
/// use wload_sdk::prelude::*;
///
/// /// Ten users more every half minute, for five minutes.
/// struct Steps;
///
/// impl LoadShape for Steps {
///     fn tick(&mut self, run: &RunState) -> Option<Tick> {
///         let run_time = run.run_time().as_secs();
///         (run_time < 300).then(|| Tick::new(10 * (run_time as u32 / 30 + 1), 10))
///     }
/// }
///
/// let after = |seconds| RunState::new(Duration::from_secs(seconds), 0);
/// assert_eq!(Steps.tick(&after(0)), Some(Tick::new(10, 10)));
/// assert_eq!(Steps.tick(&after(59)), Some(Tick::new(20, 10)));
/// assert_eq!(Steps.tick(&after(300)), None);
/// ```
pub trait LoadShape: 'static {
    /// The target now. None ends the run.
    fn tick(&mut self, run: &RunState) -> Option<Tick>;
}

/// What a load shape may look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunState {
    run_time: Duration,
    user_count: u32,
}

impl RunState {
    /// For tests of a shape.
    pub fn new(run_time: Duration, user_count: u32) -> Self {
        Self { run_time, user_count }
    }

    /// Since the run started.
    pub fn run_time(&self) -> Duration {
        self.run_time
    }

    /// Users that are running now.
    pub fn user_count(&self) -> u32 {
        self.user_count
    }
}

/// One answer of a load shape: so many users, reached at this rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// The target.
    pub users: u32,
    /// Users started or stopped per second; more than 0.
    pub spawn_rate: f64,
    /// Names of the only classes that new users are of. Empty: all.
    pub classes: Vec<String>,
}

impl Tick {
    /// So many users of all classes.
    pub fn new(users: u32, spawn_rate: impl Into<f64>) -> Self {
        Self { users, spawn_rate: spawn_rate.into(), classes: Vec::new() }
    }

    /// New users are only of these classes.
    #[must_use]
    pub fn only<C: Into<String>>(mut self, classes: impl IntoIterator<Item = C>) -> Self {
        self.classes = classes.into_iter().map(Into::into).collect();
        self
    }
}

/// One stage after the other, each for its time; after the last the run ends.
///
/// ```
/// use std::time::Duration;
/// use wload_sdk::prelude::*;
///
/// let mut shape = Stages::new()
///     .stage(Duration::from_secs(60), Tick::new(10, 10))
///     .stage(Duration::from_secs(30), Tick::new(200, 100));
/// let after = |seconds| RunState::new(Duration::from_secs(seconds), 0);
/// assert_eq!(shape.tick(&after(59)), Some(Tick::new(10, 10)));
/// assert_eq!(shape.tick(&after(60)), Some(Tick::new(200, 100)));
/// assert_eq!(shape.tick(&after(90)), None);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Stages(Vec<(Duration, Tick)>);

impl Stages {
    /// No stage yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a stage that lasts this long.
    #[must_use]
    pub fn stage(mut self, duration: Duration, tick: Tick) -> Self {
        self.0.push((duration, tick));
        self
    }
}

impl LoadShape for Stages {
    fn tick(&mut self, run: &RunState) -> Option<Tick> {
        let mut end = Duration::ZERO;
        self.0
            .iter()
            .find(|(duration, _)| {
                end = end.saturating_add(*duration);
                run.run_time() < end
            })
            .map(|(_, tick)| tick.clone())
    }
}
