//! Hooks that look at the run, and users that may not; users that show what becomes of their instances.
//!
//! Upstream: `tests/scenario/watching.rs`. What the hooks find they say in the log, a line for each thing, and in
//! the exit code.

use std::time::Duration;

use wload_sdk::prelude::*;

/// Bytes that `init` leaves for the users.
static STATE: ScenarioOption = ScenarioOption::new("state").default_value("3");

/// Finds the run as its hooks see it.
struct Watch;

impl Hooks for Watch {
    fn init(&mut self) -> HookResult {
        run::set_state(&vec![7; STATE.parse()?]);
        info!("init {:?} {}", run::phase(), run::total().requests);
        Ok(())
    }

    fn test_stop(&mut self) -> HookResult {
        let total = run::total();
        info!("total {} {} {}", total.requests, total.failures, total.fail_ratio());
        for entry in run::entries() {
            let row = run::Row::Of(&entry.request_type, &entry.name);
            let is_within = |time: Option<Duration>| time >= entry.min && time <= entry.max;
            let slow = is_within(run::percentile(row, 0.9));
            let counts = (entry.requests, entry.failures);
            info!("row {} {} {counts:?} {slow}", entry.request_type, entry.name);
        }
        for error in run::errors() {
            info!("error {} {} {}", error.name, error.occurrences, error.message);
        }
        let unknown = run::percentile(run::Row::Of("GET", "/unknown"), 0.5);
        info!("unknown {unknown:?}");
        let all = run::percentile(run::Row::All, 0.5);
        info!(
            "now as ever {}",
            all.is_some() && run::current_percentile(run::Row::All, 0.5) == all
        );
        Ok(())
    }

    fn quitting(&mut self) {
        info!("quitting {:?} {}", run::phase(), run::user_count());
        if run::total().fail_ratio() > 0.4 {
            control::set_exit_code(Some(9));
        }
    }
}

/// Asks for what is there and for what fails, in turns.
#[derive(Default)]
struct Visitor;

#[user]
impl Visitor {
    #[task]
    fn visit(&mut self) -> TaskResult {
        self.client().get("/ok").send();
        self.client().get("/status/503").send();
        info!("state {:?} of {}", run::state(), run::target_user_count());
        Ok(())
    }
}

/// Asks for what is not a user's to know.
#[derive(Default)]
struct Peeker;

#[user]
impl Peeker {
    #[task]
    fn peek(&mut self) -> TaskResult {
        info!("never said {}", run::total().requests);
        Ok(())
    }
}

/// Leaves a state when it is too late for that.
#[derive(Default)]
struct Latecomer;

#[user]
impl Latecomer {
    #[task]
    fn leave(&mut self) {
        run::set_state(b"late");
    }
}

/// Prints, and lets others have its instance.
#[derive(Default)]
struct Printer;

#[user(wait_time = constant(0.05))]
impl Printer {
    #[task]
    fn print(&mut self) {
        println!("printed by {}", wload_sdk::identity::current().id);
    }
}

/// Takes memory that it never gives back, and counts how often.
#[derive(Default, serde::Deserialize, serde::Serialize)]
struct Hoarder {
    taken: u32,
}

#[user]
impl Hoarder {
    #[task]
    fn take(&mut self) {
        std::hint::black_box(vec![1_u8; 1 << 20].leak());
        self.taken += 1;
        if self.taken.is_multiple_of(20) {
            info!("taken {}", self.taken);
        }
    }
}

scenario! {
    users: [Visitor, Peeker, Latecomer, Printer, Hoarder],
    options: [STATE],
    hooks: Watch,
}
