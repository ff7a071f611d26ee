//! Load shapes: how many users there should be, over time.
//!
//! Control: the first stage of the flow that goes down. Upstream: the clock of the run and the
//! number of users, as arguments. Downstream: the controller, which ramps towards each [`Tick`].

/// One answer of a load shape (Locust: the tuple that `tick()` returns).
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    /// Target number of users.
    pub users: u32,
    /// Users started or stopped per second; finite and more than 0.
    pub spawn_rate: f64,
    /// Names of the classes that new users may have; empty: all.
    pub classes: Vec<String>,
}
