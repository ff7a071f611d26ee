//! The phases of an exchange, and how they are seen where bytes pass.
//!
//! Upstream: `connect` (dns, connect, tls) and the I/O of a connection
//! ([`Marks`]). Downstream:
//! `Exchange::timings`.
//! Invariant: a request on a kept connection reads the clock three times: start, request written, first
//! byte; a fourth time at its end when the response came in more than one piece.

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
    sent: Cell<Option<Instant>>,
    first_byte: Cell<Option<Instant>>,
    last_byte: Cell<Option<Instant>>,
    awaits_first_byte: Cell<bool>,
    /// All that was read so far came at once.
    is_only_read: Cell<bool>,
    tracks_last_byte: Cell<bool>,
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

    /// A new request begins. `tracks_last_byte`: somebody will ask when the last byte was read, which
    /// costs a look at the clock for each piece.
    pub(crate) fn start(&self, tracks_last_byte: bool) {
        self.sent.set(None);
        self.first_byte.set(None);
        self.last_byte.set(None);
        self.awaits_first_byte.set(true);
        self.tracks_last_byte.set(tracks_last_byte);
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

    /// Bytes were read. An error when they are too many without anything of a response among them.
    pub(crate) fn read(&self, bytes: usize) -> io::Result<()> {
        if self.awaits_first_byte.replace(false) {
            self.first_byte.set(Some(Instant::now()));
            self.is_only_read.set(true);
        } else {
            self.is_only_read.set(false);
            if self.tracks_last_byte.get() {
                self.last_byte.set(Some(Instant::now()));
            }
        }
        self.unclaimed.set(self.unclaimed.get().saturating_add(bytes));
        if self.unclaimed.get() > self.unclaimed_max.get() {
            self.is_flooded.set(true);
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// The peer has closed, which is the end of a response.
    pub(crate) fn ended(&self) {
        self.is_only_read.set(false);
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

    /// When all of the response arrived, if it came in one piece.
    pub(crate) fn only_read(&self) -> Option<Instant> {
        self.first_byte.get().filter(|_| self.is_only_read.get())
    }

    /// When the last byte of the request left, as far as is known.
    pub(crate) fn last_written(&self) -> Option<Instant> {
        self.sent.get()
    }

    /// When the last byte of the response arrived, as far as is known.
    pub(crate) fn last_read(&self) -> Option<Instant> {
        self.last_byte.get().or(self.first_byte.get())
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
