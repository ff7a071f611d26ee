//! A load shape that goes up and down, and hooks around the run.
//!
//! Upstream: `tests/scenario/shape.rs`. Each leaves a step `/log/{step}` in the log of the target; with
//! the option `refuse` the run is refused before it starts.

use std::time::Duration;

use wload_sdk::prelude::*;

static REFUSE: ScenarioOption = ScenarioOption::new("refuse").choices(&["start", "stop"]);

fn leave(step: impl ToString) {
    Client::new().get("/log/{step}").value(step).silent().send();
}

#[derive(Default)]
struct Visitor;

#[user(wait_time = constant(0.1))]
impl Visitor {
    #[on_start]
    fn start(&mut self) {
        leave("start");
    }

    #[task]
    fn visit(&mut self) {
        self.client().get("/ok").send();
    }

    #[on_stop]
    fn stop(&mut self) {
        leave("stop");
    }
}

struct Told;

impl Hooks for Told {
    fn test_start(&mut self) -> HookResult {
        leave("test-start");
        refuse_at("start")
    }

    fn spawning_complete(&mut self, user_count: u32) {
        leave(format_args!("spawned-{user_count}"));
    }

    fn test_stop(&mut self) -> HookResult {
        leave("test-stop");
        refuse_at("stop")
    }
}

fn refuse_at(moment: &str) -> HookResult {
    match REFUSE.get() {
        Some(refused) if refused == moment => Err("the shop is closed".into()),
        _ => Ok(()),
    }
}

scenario! {
    users: [Visitor],
    options: [REFUSE],
    shape: Stages::new()
        .stage(Duration::from_millis(1500), Tick::new(2, 100))
        .stage(Duration::from_millis(2000), Tick::new(5, 100))
        .stage(Duration::from_millis(2000), Tick::new(1, 100)),
    hooks: Told,
}
