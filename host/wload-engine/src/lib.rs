//! A local run: users on cores, a controller above them, a handle to it.
//!
//! ```text
//! RunHandle ─► controller ─► core ─► user ─► guest        (control goes down)
//!     events ◄─ aggregator ◄─ delta ◄─ recorder ◄─┘       (data goes up)
//! ```
//!
//! Every long-lived loop is in this table, and a loop that is not in it may not exist:
//!
//! | loop | thread | inbox | ends when |
//! |---|---|---|---|
//! | controller | `wload-control` | commands, reports, guests' wishes and log, timers | all users are gone after a stop |
//! | core x N | `wload-core-n` | `CoreCommand` | its inbox is closed |
//! | timer of a core, and who lets its surplus instances go | in its core, beside its loop | the kernel's timer; a look at memory | its core's loop ends |
//! | user x M | in its core | its `UserSignals` | its guest stops, or it is dropped |
//! | HTTP/2 connection x C | in its core | h2's | its user is dropped or the peer closes |
//! | epoch ticker | `wload-epoch` | - | the scenario is dropped |
//!
//! Upstream: the command line, by [`start`]. Downstream: `wload-scenario` runs guests.
//! Invariants: a user never changes its core; nothing per request crosses a thread; shutdown goes
//! one way: users, cores, controller.

mod controller;
mod core_thread;
mod error;
mod hook_call;
mod message;
mod program;
mod program_hooks;
mod run;
mod self_monitor;
mod start_pace;
mod task_picker;
mod user_loop;
mod user_set;
mod wait_time;

pub use error::EngineError;
pub use run::start;
