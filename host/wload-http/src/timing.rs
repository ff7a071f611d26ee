//! The phases of an exchange, and how they are seen from below hyper.
//!
//! Upstream: `connect` (dns, connect, tls) and the I/O of a connection ([`Marks`]). Downstream:
//! `Exchange::timings`.
//! Invariant: a request on a kept connection reads the clock four times: start, request written,
//! first byte, end.

use std::cell::Cell;
use std::time::Duration;

use tokio::time::Instant;

/// Where the time of an exchange went. The phases are those of the last hop; `total` is the whole
/// exchange and is what the statistics count as response time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestTiming {
    /// Name resolution.
    pub dns: Duration,
    /// TCP connection.
    pub connect: Duration,
    /// TLS handshake.
    pub tls: Duration,
    /// Writing the request.
    pub send: Duration,
    /// From the request's end to the response's first byte.
    pub first_byte: Duration,
    /// From the first byte to the end of the body.
    pub body: Duration,
    /// From the call to the end of the body, redirects and connecting included.
    pub total: Duration,
    /// The last hop needed no new connection.
    pub connection_reused: bool,
}

/// What a connection's I/O saw since [`Marks::start`]. Written by the I/O inside the connection's
/// loop, read by the exchange; both are on one thread.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    sent: Cell<Option<Instant>>,
    first_byte: Cell<Option<Instant>>,
    awaits_first_byte: Cell<bool>,
}

impl Marks {
    /// A new request begins.
    pub(crate) fn start(&self) {
        self.sent.set(None);
        self.first_byte.set(None);
        self.awaits_first_byte.set(true);
    }

    /// Bytes were written. The last call stands for the end of the request.
    pub(crate) fn wrote(&self) {
        self.sent.set(Some(Instant::now()));
    }

    /// Bytes were read.
    pub(crate) fn read(&self) {
        if self.awaits_first_byte.replace(false) {
            self.first_byte.set(Some(Instant::now()));
        }
    }

    /// Some byte of the request left.
    pub(crate) fn has_written(&self) -> bool {
        self.sent.get().is_some()
    }

    /// Some byte of the response arrived.
    pub(crate) fn has_read(&self) -> bool {
        self.first_byte.get().is_some()
    }

    /// Splits the time from `start` (the connection was there) to `end` into its phases.
    pub(crate) fn split(&self, start: Instant, end: Instant, timing: &mut RequestTiming) {
        let first_byte = self.first_byte.get().unwrap_or(end);
        // A server may answer before it has read all of a body: the first byte ends the sending.
        let sent = self.sent.get().unwrap_or(start).min(first_byte);
        timing.send = sent.saturating_duration_since(start);
        timing.first_byte = first_byte.saturating_duration_since(sent);
        timing.body = end.saturating_duration_since(first_byte);
    }
}
