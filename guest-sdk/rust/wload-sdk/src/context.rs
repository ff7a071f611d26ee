//! What a task reaches through `self`: the client, and which user this is.
//!
//! Upstream: users and task sets implement it (the macros do). Downstream: the host. Each instance
//! holds one user, so that neither needs a handle that is passed around.

use crate::http::Client;
use crate::identity::{self, Identity};

/// What a task reaches through `self`, in a user and in a task set alike.
pub trait TaskContext {
    /// The user's HTTP client.
    fn client(&self) -> Client {
        Client::new()
    }

    /// Which user this is.
    fn identity(&self) -> Identity {
        identity::current()
    }
}
