//! hyper's way to do HTTP/1.1: the other half of a comparison, and the judge of `thin`.
//!
//! Upstream: `connection`. Downstream: the marked socket, which hyper reads and writes in a loop of its own.
//! Invariant: the loop lives exactly as long as its [`ByHyper`]; whoever drops that closes the socket.

use std::rc::Rc;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use wload_core::limits::HttpLimits;

use crate::connection::SendFailure;
use crate::error::{FLOODED, HttpError};
use crate::timing::Marks;
use crate::upload::Outgoing;
use crate::wire::{Driver, Stream, Wire};

/// Fields that hyper parses without allocating a table for them.
const HYPER_FIELDS: usize = 100;
/// hyper's least size for its buffer.
const HYPER_BUFFER_MIN: usize = 8_192;

/// The way to the loop of a connection.
#[derive(Debug)]
pub(crate) struct ByHyper {
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

impl ByHyper {
    /// Starts HTTP on a socket.
    pub(crate) async fn start(
        stream: Stream,
        marks: &Rc<Marks>,
        builder: &Builder,
        limits: &HttpLimits,
    ) -> Result<Self, HttpError> {
        let wire = Wire::new(stream, Rc::clone(marks));
        let (sender, connection) = builder
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| HttpError::from_hyper(&error, false, limits))?;
        let driver = Driver::start(connection_loop(connection));
        Ok(Self { has_served: false, sender, _driver: driver })
    }

    /// The peer closed it, or it cannot carry another request.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Outgoing>,
        marks: &Marks,
        limits: &HttpLimits,
    ) -> Result<Response<Incoming>, SendFailure> {
        let is_first = !std::mem::replace(&mut self.has_served, true);
        if !is_first && !self.sender.is_ready() {
            // The loop has not yet seen that the last response was read to its end.
            let ready = self.sender.ready().await;
            ready.map_err(|error| failure(&error, true, marks, limits))?;
        }
        let response = self.sender.try_send_request(request).await.map_err(|mut sent| {
            let was_never_sent = sent.take_message().is_some() || !marks.has_written();
            failure(sent.error(), was_never_sent, marks, limits)
        })?;
        marks.claimed();
        Ok(response)
    }
}

fn failure(
    error: &hyper::Error,
    was_never_sent: bool,
    marks: &Marks,
    limits: &HttpLimits,
) -> SendFailure {
    let answered = marks.has_read();
    SendFailure {
        was_never_sent,
        was_refused: false,
        was_closed: !answered && !error.is_parse(),
        error: match marks.socket_error() {
            _ if marks.is_flooded() => FLOODED,
            // hyper has no word of an error that came before the request was handed to the loop.
            Some(cause) if !error.is_parse() => cause,
            _ => HttpError::from_hyper(error, answered, limits),
        },
    }
}

/// Drives a connection until either side closes it or its owner drops the handle. Its errors also
/// reach the exchange that is under way; without one there is nobody to tell.
async fn connection_loop(
    connection: hyper::client::conn::http1::Connection<TokioIo<Wire>, Outgoing>,
) {
    let _ = connection.await;
}
