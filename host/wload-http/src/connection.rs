//! A connection of either protocol, as an exchange holds it.
//!
//! Upstream: `pool` and `connect`. Downstream: `exchange`, which does not care which one it is.
//! Invariant: an HTTP/1.1 connection is owned by one exchange; an HTTP/2 connection is shared, and the
//! exchange owns a stream of it.

use std::rc::Rc;

use http::{Request, Response};
use tokio::sync::OwnedSemaphorePermit;
use wload_core::limits::HttpLimits;

use crate::body::Incoming;
use crate::error::HttpError;
use crate::timing::Marks;
use crate::upload::Outgoing;
use crate::{h1, h2};

/// The right to send one request.
#[derive(Debug)]
pub(crate) enum Lease {
    Http1 {
        connection: Box<h1::Connection>,
        /// One of the connections that an origin may have, when requests are sent in parallel.
        place: Option<OwnedSemaphorePermit>,
    },
    Http2 {
        connection: Rc<h2::Connection>,
        marks: Rc<Marks>,
    },
}

/// Why there is no response to a request.
#[derive(Debug)]
pub(crate) struct SendFailure {
    pub(crate) error: HttpError,
    /// Not one byte of it left.
    pub(crate) was_never_sent: bool,
    /// The server says that it did nothing with it.
    pub(crate) was_refused: bool,
    /// The connection was closed, and nothing of a response had arrived.
    pub(crate) was_closed: bool,
}

impl Lease {
    pub(crate) fn http1(connection: Box<h1::Connection>) -> Self {
        Self::Http1 { connection, place: None }
    }

    pub(crate) fn http2(connection: Rc<h2::Connection>) -> Self {
        Self::Http2 { connection, marks: Rc::new(Marks::default()) }
    }

    pub(crate) fn marks(&self) -> &Rc<Marks> {
        match self {
            Self::Http1 { connection, .. } => &connection.marks,
            Self::Http2 { marks, .. } => marks,
        }
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Outgoing>,
        limits: &HttpLimits,
    ) -> Result<Response<Incoming>, SendFailure> {
        match self {
            Self::Http1 { connection, .. } => {
                let response = connection.send(request, limits).await?;
                Ok(response.map(Incoming::Http1))
            }
            // Boxed, so that HTTP/1.1 does not carry its state around.
            Self::Http2 { connection, marks } => {
                let sent = Box::pin(send_http2(connection, marks, request, limits));
                Ok(sent.await?.map(|body| Incoming::Http2(Box::new(body))))
            }
        }
    }
}

async fn send_http2(
    connection: &Rc<h2::Connection>,
    marks: &Rc<Marks>,
    request: Request<Outgoing>,
    limits: &HttpLimits,
) -> Result<Response<h2::StreamBody>, SendFailure> {
    let request = h2::translate(request, &connection.origin).map_err(SendFailure::final_one)?;
    let response = connection.send(request, marks, limits).await?;
    if response.headers().len() > limits.header_fields_max {
        return Err(SendFailure::final_one(HttpError::head_too_large(limits)));
    }
    Ok(response)
}

impl SendFailure {
    /// Nothing would be better next time.
    pub(crate) fn final_one(error: HttpError) -> Self {
        Self { error, was_never_sent: false, was_refused: false, was_closed: false }
    }

    /// Sending it once more cannot make the server act twice, or does no harm if it does.
    pub(crate) fn may_repeat(&self, was_pooled: bool, is_idempotent: bool) -> bool {
        let was_stale = was_pooled && (self.was_never_sent || (self.was_closed && is_idempotent));
        self.was_refused || was_stale
    }
}
