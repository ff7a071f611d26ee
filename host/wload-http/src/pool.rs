//! The connections of one user that wait for a request, or can take another one.
//!
//! Upstream: an exchange that read its response to the end. Downstream: the next exchange with the
//! same origin.
//! Invariants: an HTTP/1.1 connection is in the pool or in an exchange, never both; an HTTP/2
//! connection stays in the pool while streams are open on it; nobody gets a connection that was made with other TLS
//! settings than it wants. Places of origins exist only for users
//! that send in parallel.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::Semaphore;
use tokio::time::Instant;
use wload_core::limits::HttpLimits;

use crate::connection::Lease;
use crate::origin::Origin;
use crate::trust::{self, Trust};
use crate::{h1, h2};

/// Oldest first.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    #[expect(clippy::vec_box, reason = "every request moves one out of here and back")]
    idle: Vec<Box<h1::Connection>>,
    shared: Vec<Rc<h2::Connection>>,
    lanes: Vec<(Rc<Origin>, Rc<Lane>)>,
}

/// How parallel requests to one origin share its connections.
#[derive(Debug)]
pub(crate) struct Lane {
    /// HTTP/1.1 connections that may be open.
    pub(crate) places: Arc<Semaphore>,
    /// Whoever holds it connects; the others wait whether it becomes HTTP/2, which they could share.
    pub(crate) connecting: tokio::sync::Mutex<()>,
    /// It did not become HTTP/2.
    pub(crate) speaks_http1: Cell<bool>,
}

impl Pool {
    /// Takes a connection to an origin, if one is still good.
    pub(crate) fn take(
        &mut self,
        origin: &Origin,
        trust: Option<&Rc<Trust>>,
        now: Instant,
        limits: &HttpLimits,
    ) -> Option<Lease> {
        if let Some(lease) = self.share_of(origin, trust, now, limits) {
            return Some(lease);
        }
        loop {
            let at = self.idle.iter().position(|found| {
                is_same(&found.origin, origin) && trust::is_same(found.trust.as_ref(), trust)
            })?;
            let mut connection = self.idle.remove(at);
            let is_stale = is_over(connection.idle_since, now, limits);
            if !is_stale && !connection.has_ended() {
                return Some(Lease::http1(connection));
            }
        }
    }

    /// There is an HTTP/2 connection.
    pub(crate) fn has_shared(&self) -> bool {
        !self.shared.is_empty()
    }

    /// A stream on the HTTP/2 connection to an origin, if one is still good.
    pub(crate) fn share_of(
        &mut self,
        origin: &Origin,
        trust: Option<&Rc<Trust>>,
        now: Instant,
        limits: &HttpLimits,
    ) -> Option<Lease> {
        if self.shared.is_empty() {
            return None;
        }
        self.shared.retain(|connection| {
            let is_stale = is_over(connection.idle_since.get(), now, limits);
            !(connection.is_closed() || (connection.is_idle() && is_stale))
        });
        let found = self.shared.iter().find(|found| {
            is_same(&found.origin, origin) && trust::is_same(found.trust.as_ref(), trust)
        })?;
        Some(Lease::http2(Rc::clone(found)))
    }

    /// Keeps a connection for later; the oldest one makes room.
    pub(crate) fn put(&mut self, mut lease: Lease, now: Instant, limits: &HttpLimits) {
        // What waits in a pool holds no buffer.
        lease.settle();
        match lease {
            Lease::Http1 { mut connection, .. } => {
                if connection.is_used_up() || limits.idle_connections_max == 0 {
                    return;
                }
                if self.idle.len() >= limits.idle_connections_max {
                    self.idle.remove(0);
                }
                connection.idle_since = now;
                self.idle.push(connection);
            }
            Lease::Http2 { connection, .. } => connection.idle_since.set(now),
        }
    }

    /// Offers a new HTTP/2 connection to all exchanges; the oldest idle one makes room.
    pub(crate) fn share(&mut self, connection: &Rc<h2::Connection>, limits: &HttpLimits) {
        if limits.idle_connections_max == 0 {
            return;
        }
        if self.shared.len() >= limits.idle_connections_max
            && let Some(at) = self.shared.iter().position(|connection| connection.is_idle())
        {
            self.shared.remove(at);
        }
        self.shared.push(Rc::clone(connection));
    }

    /// The places of an origin.
    pub(crate) fn lane(&mut self, origin: &Rc<Origin>, limits: &HttpLimits) -> Rc<Lane> {
        if let Some((_, lane)) = self.lanes.iter().find(|(found, _)| **found == **origin) {
            return Rc::clone(lane);
        }
        let places = Arc::new(Semaphore::new(limits.connections_per_origin_max.max(1)));
        let lane = Rc::new(Lane {
            places,
            connecting: tokio::sync::Mutex::new(()),
            speaks_http1: Cell::new(false),
        });
        self.lanes.push((Rc::clone(origin), Rc::clone(&lane)));
        lane
    }

    /// Nobody sends in parallel any more.
    pub(crate) fn forget_lanes(&mut self) {
        self.lanes = Vec::new();
    }

    /// Closes all; an HTTP/2 connection as soon as its last stream ends.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

fn is_same(found: &Rc<Origin>, origin: &Origin) -> bool {
    std::ptr::eq(&**found, origin) || **found == *origin
}

fn is_over(since: Instant, now: Instant, limits: &HttpLimits) -> bool {
    now.saturating_duration_since(since) > limits.idle_timeout
}
