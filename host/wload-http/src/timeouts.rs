//! How long an exchange may wait, and for what.
//!
//! Upstream: the request, then the limits of the run. Downstream: `connect`, `exchange`, `body`.
//! Invariant: the total is one timer for the whole exchange; the first byte and the time between bytes
//! cost a timer only when they are limited.

use std::pin::pin;
use std::time::Duration;

use tokio::time::{Instant, timeout_at};
use wload_core::limits::HttpLimits;

use crate::error::{HttpError, Phase};
use crate::request::RequestSpec;
use crate::timing::Marks;

/// A timeout that cannot be told from none: 30 days. Longer ones are cut, so that the deadline cannot
/// overflow.
const TIMEOUT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// The timeouts of one request. `None`: the limit of the run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RequestTimeouts {
    total: Option<Duration>,
    connect: Option<Duration>,
    first_byte: Option<Duration>,
    between_bytes: Option<Duration>,
}

/// The timeouts of one exchange.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeouts {
    pub(crate) total: Duration,
    pub(crate) connect: Duration,
    first_byte: Option<Duration>,
    between_bytes: Option<Duration>,
}

impl RequestTimeouts {
    pub(crate) fn of(spec: &RequestSpec) -> Self {
        Self {
            total: spec.timeout,
            connect: spec.connect_timeout,
            first_byte: spec.first_byte_timeout,
            between_bytes: spec.between_bytes_timeout,
        }
    }

    pub(crate) fn set_phases(
        &mut self,
        connect: Option<Duration>,
        first_byte: Option<Duration>,
        between_bytes: Option<Duration>,
    ) {
        *self = Self { total: self.total, connect, first_byte, between_bytes };
    }

    pub(crate) fn or(&self, limits: &HttpLimits) -> Timeouts {
        let cut = |limit: Duration| limit.min(TIMEOUT_MAX);
        Timeouts {
            total: cut(self.total.unwrap_or(limits.total_timeout)),
            connect: cut(self.connect.unwrap_or(limits.connect_timeout)),
            first_byte: self.first_byte.or(limits.first_byte_timeout).map(cut),
            between_bytes: self.between_bytes.or(limits.between_bytes_timeout).map(cut),
        }
    }
}

impl Timeouts {
    /// Somebody needs to know when the last byte was read.
    pub(crate) fn track_last_byte(&self) -> bool {
        self.between_bytes.is_some()
    }

    /// Waiting for a head has other limits than the total: [`Timeouts::head`] knows them.
    pub(crate) fn limit_head(&self) -> bool {
        self.first_byte.is_some() || self.between_bytes.is_some()
    }

    /// Waits for the head of a response. The first byte may come so late after the last one of the
    /// request, and every later byte so late after the one before it.
    pub(crate) async fn head<T>(
        &self,
        marks: &Marks,
        start: Instant,
        head: impl Future<Output = T>,
    ) -> Result<T, HttpError> {
        let Some(shortest) = self.first_byte.into_iter().chain(self.between_bytes).min() else {
            return Ok(head.await);
        };
        let mut head = pin!(head);
        loop {
            let now = Instant::now();
            let due = self.due(marks, start);
            // Which limit is in force changes unseen, so the timer is never longer than the shortest.
            let look = due.map_or(now + shortest, |(due, _)| due.min(now + shortest));
            match (timeout_at(look, head.as_mut()).await, due) {
                (Ok(found), _) => return Ok(found),
                (Err(_), Some((due, phase)))
                    if due <= look && self.due(marks, start) == Some((due, phase)) =>
                {
                    return Err(HttpError::Timeout(phase));
                }
                (Err(_), _) => {}
            }
        }
    }

    /// When which patience ends, as things stand.
    fn due(&self, marks: &Marks, start: Instant) -> Option<(Instant, Phase)> {
        match marks.last_read() {
            Some(read) => Some((read + self.between_bytes?, Phase::BetweenBytes)),
            None => {
                let written = marks.last_written().unwrap_or(start);
                Some((written + self.first_byte?, Phase::FirstByte))
            }
        }
    }

    /// How long the next piece of a body may take.
    pub(crate) fn between_bytes(&self) -> Option<Duration> {
        self.between_bytes
    }
}
