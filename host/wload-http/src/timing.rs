//! The phases of an exchange, and how they are seen where bytes pass.
//!
//! Upstream: `connect` (dns, connect, tls) and the I/O of a connection
//! ([`Marks`]). Downstream:
//! `Exchange::timings`.
//! Invariants: a request on a kept connection reads the clock when it starts, when it is written, and at each
//! read; a response ends when its last byte arrived, however late anybody looked at it; a time of
//! arrival before the request began is none, and the time of the reading counts.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

use crate::error::HttpError;

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

/// What is seen of a request below its protocol, since [`Marks::start`]. On HTTP/1.1 these are the marks
/// of the connection, written by its I/O. On HTTP/2 every request has its own, which the connection's
/// I/O writes when the request's frames pass, and which its stream reads. All is on one thread.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    began: Cell<Option<Instant>>,
    sent: Cell<Option<Instant>>,
    first_byte: Cell<Option<Instant>>,
    last_byte: Cell<Option<Instant>>,
    /// Bytes that were read since something of a response was last handed on.
    unclaimed: Cell<usize>,
    unclaimed_max: Cell<usize>,
    is_flooded: Cell<bool>,
    /// The first error of the socket.
    socket_error: RefCell<Option<HttpError>>,
    /// Of an HTTP/2 connection: requests with frames that wait to be written.
    queued: RefCell<Vec<Rc<Marks>>>,
}

impl Marks {
    /// `unclaimed_max`: bytes that a peer may send without anything of a response among them.
    pub(crate) fn of_connection(unclaimed_max: usize) -> Self {
        Self { unclaimed_max: Cell::new(unclaimed_max), ..Self::default() }
    }

    /// A new request begins, on a connection that was there at `began`.
    pub(crate) fn start(&self, began: Instant) {
        self.began.set(Some(began));
        self.sent.set(None);
        self.first_byte.set(None);
        self.last_byte.set(None);
        self.unclaimed.set(0);
    }

    /// Bytes were written. The last call stands for the end of the request.
    pub(crate) fn wrote(&self) {
        let now = Instant::now();
        self.sent.set(Some(now));
        for stream in self.queued.borrow_mut().drain(..) {
            stream.sent.set(Some(now));
        }
    }

    /// Frames of a request wait to be written on this connection.
    pub(crate) fn queue(&self, stream: &Rc<Marks>) {
        let mut queued = self.queued.borrow_mut();
        if !queued.iter().any(|known| Rc::ptr_eq(known, stream)) {
            queued.push(Rc::clone(stream));
        }
    }

    /// Bytes were read that had arrived at that time. An error when they are too many without anything of a
    /// response among them.
    pub(crate) fn read(&self, bytes: usize, arrived: Instant) -> io::Result<()> {
        self.arrived(arrived);
        self.unclaimed.set(self.unclaimed.get().saturating_add(bytes));
        if self.unclaimed.get() > self.unclaimed_max.get() {
            self.is_flooded.set(true);
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Something of a response had arrived at that time.
    pub(crate) fn arrived(&self, arrived: Instant) {
        let earliest = self.last_byte.get().or(self.began.get());
        let is_possible = earliest.is_none_or(|earliest| arrived >= earliest);
        let arrived = if is_possible { arrived } else { Instant::now() };
        if self.first_byte.get().is_none() {
            self.first_byte.set(Some(arrived));
        }
        self.last_byte.set(Some(arrived));
    }

    /// Something of a response was handed on.
    pub(crate) fn claimed(&self) {
        self.unclaimed.set(0);
    }

    /// The connection was given up because of [`Marks::read`].
    pub(crate) fn is_flooded(&self) -> bool {
        self.is_flooded.get()
    }

    /// The socket failed. Its first error is the cause of the others.
    pub(crate) fn failed_with(&self, error: &io::Error) {
        // This is an end without a word of TLS; what it means depends on what came before.
        if error.kind() != io::ErrorKind::UnexpectedEof {
            self.socket_error.borrow_mut().get_or_insert_with(|| HttpError::from_io(error));
        }
    }

    /// Why the socket failed, if it did.
    pub(crate) fn socket_error(&self) -> Option<HttpError> {
        self.socket_error.borrow().clone()
    }

    /// Some byte of the request left.
    pub(crate) fn has_written(&self) -> bool {
        self.sent.get().is_some()
    }

    /// Some byte of the response arrived.
    pub(crate) fn has_read(&self) -> bool {
        self.first_byte.get().is_some()
    }

    /// When the last byte of the request left, as far as is known.
    pub(crate) fn last_written(&self) -> Option<Instant> {
        self.sent.get()
    }

    /// When the last byte of the response arrived, as far as is known.
    pub(crate) fn last_read(&self) -> Option<Instant> {
        self.last_byte.get()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_arrival_that_cannot_be_is_not_used() {
        let began = Instant::now();
        let marks = Marks::of_connection(2);
        marks.start(began);
        let before = began.checked_sub(Duration::from_secs(3_600)).unwrap();
        marks.read(1, before).unwrap();
        assert!(marks.last_read().unwrap() >= began);

        marks.start(began);
        marks.read(1, began + Duration::from_secs(1)).unwrap();
        marks.read(1, began + Duration::from_secs(3)).unwrap();
        let mut timing = RequestTiming::default();
        marks.split(began, marks.last_read().unwrap(), &mut timing);
        assert_eq!((timing.first_byte.as_secs(), timing.body.as_secs()), (1, 2));
    }
}
