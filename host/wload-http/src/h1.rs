//! One HTTP/1.1 connection: hyper on one side, the marked socket on the other.
//!
//! Upstream: `connect`. Downstream: `exchange` sends on it, `pool` keeps it.
//! Invariant: the loop that drives a connection lives exactly as long as its [`Connection`]; whoever
//! drops that closes the socket.

use std::rc::Rc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::time::Instant;
use wload_core::limits::{HttpLimits, UNCLAIMED_BYTES_MAX};

use crate::connection::SendFailure;
use crate::error::{FLOODED, HttpError};
use crate::origin::Origin;
use crate::proxy::Forward;
use crate::timing::Marks;
use crate::upload::Outgoing;
use crate::wire::{Driver, Stream, Wire};

/// Fields that hyper parses without allocating a table for them.
const HYPER_FIELDS: usize = 100;
/// hyper's least size for its buffer.
const HYPER_BUFFER_MIN: usize = 8_192;

/// An open connection. Owned by an exchange while it is in use, else by the pool of its user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) origin: Rc<Origin>,
    pub(crate) marks: Rc<Marks>,
    pub(crate) idle_since: Instant,
    /// A proxy that wants to be told where requests go.
    pub(crate) forward: Option<Forward>,
    has_served: bool,
    sender: SendRequest<Outgoing>,
    _driver: Driver,
}

/// The connection settings that follow from the limits.
pub(crate) fn builder(limits: &HttpLimits) -> Builder {
    let mut builder = Builder::new();
    builder.max_buf_size(limits.header_bytes_max.max(HYPER_BUFFER_MIN));
    builder.max_header_size(limits.header_bytes_max);
    if limits.header_fields_max != HYPER_FIELDS {
        builder.max_headers(limits.header_fields_max);
    }
    builder
}

impl Connection {
    /// Starts HTTP on a socket.
    pub(crate) async fn start(
        stream: Stream,
        origin: Rc<Origin>,
        forward: Option<Forward>,
        builder: &Builder,
        limits: &HttpLimits,
    ) -> Result<Self, HttpError> {
        let unclaimed_max = UNCLAIMED_BYTES_MAX.saturating_add(limits.header_bytes_max);
        let marks = Rc::new(Marks::of_connection(unclaimed_max));
        let wire = Wire::new(stream, Rc::clone(&marks));
        let (sender, connection) = builder
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| HttpError::from_hyper(&error, false, limits))?;
        let driver = Driver::start(connection_loop(connection));
        let idle_since = Instant::now();
        Ok(Self { origin, marks, idle_since, forward, has_served: false, sender, _driver: driver })
    }

    /// The peer closed it, or it cannot carry another request.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Outgoing>,
        limits: &HttpLimits,
    ) -> Result<Response<Incoming>, SendFailure> {
        let is_first = !std::mem::replace(&mut self.has_served, true);
        if !is_first && !self.sender.is_ready() {
            // The loop has not yet seen that the last response was read to its end.
            let ready = self.sender.ready().await;
            ready.map_err(|error| self.failure(&error, true, limits))?;
        }
        let response = self.sender.try_send_request(request).await.map_err(|mut failure| {
            let was_never_sent = failure.take_message().is_some() || !self.marks.has_written();
            self.failure(failure.error(), was_never_sent, limits)
        })?;
        self.marks.claimed();
        Ok(response)
    }

    fn failure(
        &self,
        error: &hyper::Error,
        was_never_sent: bool,
        limits: &HttpLimits,
    ) -> SendFailure {
        let answered = self.marks.has_read();
        SendFailure {
            was_never_sent,
            was_refused: false,
            was_closed: !answered && !error.is_parse(),
            error: match self.marks.socket_error() {
                _ if self.marks.is_flooded() => FLOODED,
                // hyper has no word of an error that came before the request was handed to the loop.
                Some(cause) if !error.is_parse() => cause,
                _ => HttpError::from_hyper(error, answered, limits),
            },
        }
    }
}

/// Drives a connection until either side closes it or its owner drops the handle. Its errors also
/// reach the exchange that is under way; without one there is nobody to tell.
async fn connection_loop(
    connection: hyper::client::conn::http1::Connection<TokioIo<Wire>, Outgoing>,
) {
    let _ = connection.await;
}
