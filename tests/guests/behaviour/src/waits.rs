//! How long users wait: each task leaves the time at which it began, in milliseconds.

use std::time::Duration;

use wload_sdk::prelude::*;

use crate::leave;

/// What a task takes: more than nothing, less than a wait.
const TASK: Duration = Duration::from_millis(60);

fn task() -> TaskResult {
    leave(clock::elapsed().as_millis());
    clock::sleep(TASK)
}

macro_rules! waits {
    ($($class:ident: $wait:expr;)*) => {
        $(
            #[derive(Default)]
            pub(crate) struct $class;

            #[user(wait_time = $wait)]
            impl $class {
                #[task]
                fn begin(&mut self) -> TaskResult {
                    task()
                }
            }
        )*
    };
}

waits! {
    Constant: constant(0.2);
    Between: between(0.1, 0.3);
    Pacing: constant_pacing(0.2);
    Throughput: constant_throughput(5);
    Long: constant(5.1);
}

/// Waits longer each time.
#[derive(Default)]
pub(crate) struct Custom {
    waits: u32,
}

#[user]
impl Custom {
    #[task]
    fn begin(&mut self) -> TaskResult {
        task()
    }

    #[wait_time]
    fn pause(&mut self) -> Duration {
        self.waits += 1;
        Duration::from_millis(100) * self.waits
    }
}
