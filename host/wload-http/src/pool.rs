//! Keep-alive connections of one user, bounded.
//!
//! Upstream: `client.rs` takes one and puts it back. Invariant: what is handed out is open, as far
//! as one can know.

use std::time::Duration;

use crate::h1::Connection;
use crate::request::Origin;

/// Connections that rest, the latest last.
#[derive(Default)]
pub(crate) struct Pool {
    idle: Vec<Connection>,
}

impl Pool {
    /// The connection to this origin that was used last.
    pub(crate) fn take(&mut self, origin: &Origin, idle_timeout: Duration) -> Option<Connection> {
        loop {
            let place = self.idle.iter().rposition(|idle| *idle.origin == *origin)?;
            let connection = self.idle.remove(place);
            if connection.is_usable(idle_timeout) {
                return Some(connection);
            }
        }
    }

    /// Keeps a connection for later; the oldest goes when there are too many.
    pub(crate) fn put(&mut self, mut connection: Connection, idle_max: usize) {
        connection.rest();
        if self.idle.len() >= idle_max.max(1) {
            self.idle.remove(0);
        }
        self.idle.push(connection);
    }

    pub(crate) fn clear(&mut self) {
        self.idle.clear();
    }
}
