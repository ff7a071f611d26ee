//! One HTTP/1.1 connection, by either engine.
//!
//! Upstream: `connect`. Downstream: `exchange` sends on it, `pool` keeps it.
//! Invariant: whoever drops a [`Connection`] closes its socket.

use std::rc::Rc;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use wload_core::limits::UNCLAIMED_BYTES_MAX;

use crate::connection::SendFailure;
use crate::error::HttpError;
use crate::origin::Origin;
use crate::proxy::Forward;
use crate::settings::Http1Engine;
use crate::shared::CoreHttp;
use crate::timing::Marks;
use crate::trust::Trust;
use crate::wire::Stream;

pub(crate) mod buffers;
pub(crate) mod by_hyper;
mod chunks;
pub(crate) mod framing;
mod input;
mod output;
mod parse;
pub(crate) mod thin;

use by_hyper::ByHyper;
use thin::Thin;

/// An open connection. Owned by an exchange while it is in use, else by the pool of its user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) origin: Rc<Origin>,
    pub(crate) marks: Rc<Marks>,
    pub(crate) idle_since: Instant,
    /// A proxy that wants to be told where requests go.
    pub(crate) forward: Option<Forward>,
    /// The TLS settings that it was made with, when not the run's.
    pub(crate) trust: Option<Rc<Trust>>,
    pub(crate) engine: Engine,
}

/// Who speaks HTTP on it.
#[expect(clippy::large_enum_variant, reason = "a connection is in a box, and nearly all are thin")]
#[derive(Debug)]
pub(crate) enum Engine {
    Thin(Thin),
    Hyper(Box<ByHyper>),
}

impl Connection {
    /// Starts HTTP on a socket.
    pub(crate) async fn start(
        stream: Stream,
        origin: Rc<Origin>,
        forward: Option<Forward>,
        core: &CoreHttp,
    ) -> Result<Self, HttpError> {
        let limits = core.limits();
        let unclaimed_max = UNCLAIMED_BYTES_MAX.saturating_add(limits.header_bytes_max);
        let marks = Rc::new(Marks::of_connection(unclaimed_max));
        let engine = match core.shared.http1() {
            Http1Engine::Thin => Engine::Thin(Thin::new(stream, Rc::clone(&core.buffers))),
            Http1Engine::Hyper => {
                let builder = by_hyper::builder(limits);
                let started = ByHyper::start(stream, &marks, &builder, limits).await?;
                Engine::Hyper(Box::new(started))
            }
        };
        Ok(Self { origin, marks, idle_since: Instant::now(), forward, trust: None, engine })
    }

    /// It cannot carry another request, as far as is known when an exchange is over.
    pub(crate) fn is_used_up(&self) -> bool {
        match &self.engine {
            Engine::Thin(thin) => thin.is_used_up(),
            Engine::Hyper(hyper) => hyper.is_closed(),
        }
    }

    /// The same after it was idle: the peer may have closed it.
    pub(crate) fn has_ended(&mut self) -> bool {
        match &mut self.engine {
            Engine::Thin(thin) => thin.has_ended(),
            Engine::Hyper(hyper) => hyper.is_closed(),
        }
    }

    /// What an error before a response means for the request.
    pub(crate) fn failure(&self, error: HttpError) -> SendFailure {
        let is_malformed =
            matches!(error, HttpError::Malformed(_) | HttpError::HeadTooLarge { .. });
        SendFailure {
            was_never_sent: !self.marks.has_written(),
            was_refused: false,
            was_closed: !self.marks.has_read() && !is_malformed,
            error,
        }
    }
}

/// Writes a field of a head.
pub(crate) fn write_field(name: &HeaderName, value: &HeaderValue, out: &mut Vec<u8>) {
    out.extend_from_slice(name.as_str().as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value.as_bytes());
    out.extend_from_slice(b"\r\n");
}
