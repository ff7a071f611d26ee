//! The idle connections of one user.
//!
//! Upstream: an exchange that read its response to the end. Downstream: the next exchange with the
//! same origin. A user has one exchange at a time, so there is at most one connection per origin.

use tokio::time::Instant;
use wload_core::limits::HttpLimits;

use crate::h1::Connection;
use crate::origin::Origin;

/// Oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    idle: Vec<Connection>,
}

impl Pool {
    /// Takes the connection to an origin, if it is still good.
    pub(crate) fn take(
        &mut self,
        origin: &Origin,
        now: Instant,
        limits: &HttpLimits,
    ) -> Option<Connection> {
        let at = self.idle.iter().position(|connection| {
            std::ptr::eq(&*connection.origin, origin) || *connection.origin == *origin
        })?;
        let connection = self.idle.remove(at);
        let idle = now.saturating_duration_since(connection.idle_since);
        (!connection.is_closed() && idle <= limits.idle_timeout).then_some(connection)
    }

    /// Keeps a connection for later; the oldest one makes room.
    pub(crate) fn put(&mut self, mut connection: Connection, now: Instant, limits: &HttpLimits) {
        if connection.is_closed() || limits.idle_connections_max == 0 {
            return;
        }
        if self.idle.len() >= limits.idle_connections_max {
            self.idle.remove(0);
        }
        connection.idle_since = now;
        self.idle.push(connection);
    }

    /// Closes all.
    pub(crate) fn clear(&mut self) {
        self.idle = Vec::new();
    }
}
