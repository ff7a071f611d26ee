//! Steps: more and more users, to find the load at which the response times rise.
//!
//! A load shape of its own, as with Locust's `LoadTestShape`: about once a second it says how many
//! users there should be. The size of the steps are options:
//!
//! ```text
//! wload demo-target
//! wload run examples/shapes --host http://127.0.0.1:8080
//! wload run examples/shapes --host http://127.0.0.1:8080 --option step-users=50 --option steps=4
//! ```

use std::num::NonZeroU32;
use std::time::Duration;

use wload_sdk::options::OptionError;
use wload_sdk::prelude::*;

static STEP_USERS: ScenarioOption =
    ScenarioOption::new("step-users").help("users more in each step").default_value("10");
static STEP_TIME: ScenarioOption =
    ScenarioOption::new("step-time").help("seconds of each step").default_value("10");
static STEPS: ScenarioOption =
    ScenarioOption::new("steps").help("steps until the run ends").default_value("6");

/// Somebody who looks around.
#[derive(Default)]
struct Visitor;

#[user(wait_time = constant_pacing(1))]
impl Visitor {
    #[task(2)]
    fn index(&mut self) {
        self.client().get("/").send();
    }

    #[task]
    fn browse(&mut self) {
        self.client().get("/products?limit=20").name("/products").discard_body().send();
    }
}

/// Steps of equal size and length.
#[derive(Clone, Copy)]
struct Steps {
    users: u32,
    time: Duration,
    count: u32,
}

impl Steps {
    /// The steps that the options describe; they are known once the run starts.
    fn from_options() -> Result<Self, OptionError> {
        let time = Duration::from_secs(STEP_TIME.parse::<NonZeroU32>()?.get().into());
        Ok(Self { users: STEP_USERS.parse::<NonZeroU32>()?.get(), time, count: STEPS.parse()? })
    }

    fn users_at(self, run_time: Duration) -> Option<u32> {
        let step = u32::try_from(run_time.as_nanos() / self.time.as_nanos()).ok()?;
        (step < self.count).then(|| self.users.saturating_mul(step + 1))
    }
}

/// The load shape.
struct StepsByOptions;

impl LoadShape for StepsByOptions {
    fn tick(&mut self, run: &RunState) -> Option<Tick> {
        let steps = Steps::from_options().ok()?;
        // All users of a step at once.
        steps.users_at(run.run_time()).map(|users| Tick::new(users, steps.users))
    }
}

/// A wrong option ends the run before it starts.
struct CheckedOptions;

impl Hooks for CheckedOptions {
    fn test_start(&mut self) -> HookResult {
        Steps::from_options()?;
        Ok(())
    }
}

scenario! {
    users: [Visitor],
    options: [STEP_USERS, STEP_TIME, STEPS],
    shape: StepsByOptions,
    hooks: CheckedOptions,
}
