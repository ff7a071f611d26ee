//! A connection of either protocol, as an exchange holds it.
//!
//! Upstream: `pool` and `connect`. Downstream: `exchange`, which does not care which one it is.
//! Invariant: an HTTP/1.1 connection is owned by one exchange; an HTTP/2 connection is shared, and the
//! exchange owns a stream of it.

use std::rc::Rc;

use http::{Request, Response, Version};
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::Instant;
use wload_core::limits::HttpLimits;

use crate::body::Incoming;
use crate::error::HttpError;
use crate::exchange::Course;
use crate::h1::Engine;
use crate::message::{Kind, Step};
use crate::response::ResponseHead;
use crate::timing::Marks;
use crate::trace::Trace;
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

    /// Nobody will ask for more of a body for a while.
    pub(crate) fn settle(&mut self) {
        if let Self::Http1 { connection, .. } = self
            && let Engine::Thin(thin) = &mut connection.engine
        {
            thin.settle();
        }
    }

    /// When the last that was read of the response had arrived. What else was read on a connection of
    /// HTTP/2 meanwhile makes it later, but never later than now.
    pub(crate) fn last_read(&self) -> Option<Instant> {
        match self {
            Self::Http1 { connection, .. } => connection.marks.last_read(),
            Self::Http2 { connection, marks } => {
                marks.last_read().max(connection.marks.last_read())
            }
        }
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        step: &Step,
        course: &Course<'_>,
        trace: &mut Trace,
    ) -> Result<(ResponseHead, Incoming), SendFailure> {
        let limits = course.user.core.limits();
        match self {
            Self::Http1 { connection, .. } => match &mut connection.engine {
                Engine::Thin(thin) => {
                    let forward = connection.forward.as_ref();
                    let message = step.text(course, forward, thin.head_buffer(), trace);
                    let sent = thin.send(message, &connection.marks, limits).await;
                    let (head, framing) = sent.map_err(|error| connection.failure(error))?;
                    connection.marks.claimed();
                    Ok((head, Incoming::Thin(framing)))
                }
                // Boxed, as is the next one, so that the thin way does not carry their state around.
                Engine::Hyper(hyper) => {
                    let message = step.message(course, connection.forward.as_ref(), Kind::Hyper);
                    trace.message(&message, Version::HTTP_11);
                    let sent = Box::pin(hyper.send(message, &connection.marks, limits)).await?;
                    let (parts, body) = sent.into_parts();
                    Ok((parts.into(), Incoming::Hyper(body)))
                }
            },
            Self::Http2 { connection, marks } => {
                let message = step.message(course, None, Kind::Http2);
                trace.message(&message, Version::HTTP_2);
                let sent = Box::pin(send_http2(connection, marks, message, limits)).await?;
                let (parts, body) = sent.into_parts();
                Ok((parts.into(), Incoming::Http2(Box::new(body))))
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
    let request = h2::translate(request, connection).map_err(SendFailure::final_one)?;
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
