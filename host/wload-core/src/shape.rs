//! Load shapes: how many users there should be, over time.
//!
//! Control: the first stage of the flow that goes down. Upstream: the clock of the run and the
//! number of users, as arguments. Downstream: the controller, which ramps towards each [`Tick`].

use crate::limits::{SHAPE_CLASSES_MAX, USERS_MAX};

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

/// What is wrong with a [`Tick`]: a load shape is the scenario's code and may answer anything.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TickProblem {
    /// Not a rate.
    #[error("the spawn rate must be a finite number greater than 0, found {0}")]
    SpawnRate(f64),
    /// More than one process takes.
    #[error("the number of users may be at most {USERS_MAX}, found {0}")]
    Users(u32),
    /// More than a scenario can have.
    #[error("the list of user classes may have at most {SHAPE_CLASSES_MAX} names, found {0}")]
    Classes(usize),
}

impl Tick {
    /// All that can be said about a tick without knowing the scenario.
    ///
    /// # Errors
    /// The first [`TickProblem`].
    pub fn check(&self) -> Result<(), TickProblem> {
        if !(self.spawn_rate.is_finite() && self.spawn_rate > 0.0) {
            return Err(TickProblem::SpawnRate(self.spawn_rate));
        }
        if self.users > USERS_MAX {
            return Err(TickProblem::Users(self.users));
        }
        if self.classes.len() > SHAPE_CLASSES_MAX {
            return Err(TickProblem::Classes(self.classes.len()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(users: u32, spawn_rate: f64, message: Option<&str>) {
        let found = Tick { users, spawn_rate, classes: Vec::new() }.check();
        assert_eq!(found.err().map(|problem| problem.to_string()).as_deref(), message);
    }

    #[test]
    fn a_tick_needs_a_rate_and_a_number_within_the_limit() {
        check(0, 0.1, None);
        check(USERS_MAX, f64::MAX, None);
        let rate = "the spawn rate must be a finite number greater than 0, found";
        for (spawn_rate, shown) in [
            (0.0, "0"),
            (-1.0, "-1"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            check(1, spawn_rate, Some(&format!("{rate} {shown}")));
        }
        check(1_000_001, 1.0, Some("the number of users may be at most 1000000, found 1000001"));
    }
    #[test]
    fn a_list_of_classes_is_bounded() {
        let tick = |names| Tick { users: 1, spawn_rate: 1.0, classes: vec!["A".into(); names] };
        assert_eq!(tick(1_000).check(), Ok(()));
        let message = "the list of user classes may have at most 1000 names, found 1001";
        assert_eq!(tick(1_001).check().unwrap_err().to_string(), message);
    }
}
