//! One HTTP/1.1 connection: hyper's protocol on a socket that leaves marks.
//!
//! Upstream: `connect.rs` opens it, `client.rs` sends on it. Ends when it is dropped, when the peer
//! closes it, or after an error. Invariant: its driver loop never outlives it.

use std::rc::Rc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use crate::client::CoreHttp;
use crate::error::HttpError;
use crate::request::Origin;
use crate::timing::{Marks, TimedIo};

/// The smallest buffer that hyper takes for headers.
const HEADER_BUFFER_MIN: usize = 8 << 10;

/// An open connection.
pub(crate) struct Connection {
    pub(crate) origin: Rc<Origin>,
    pub(crate) marks: Rc<Marks>,
    sender: SendRequest<Full<Bytes>>,
    driver: JoinHandle<()>,
    idle_since: Instant,
}

/// A request that did not get its response head.
pub(crate) struct Unanswered {
    pub(crate) error: HttpError,
    /// The request, when nothing of it had left.
    pub(crate) unsent: Option<Request<Full<Bytes>>>,
}

impl Connection {
    pub(crate) async fn open<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        core: &CoreHttp,
        origin: Rc<Origin>,
        socket: TimedIo<S>,
        marks: Rc<Marks>,
    ) -> Result<Self, HttpError> {
        let limits = &core.shared.limits;
        let (sender, connection) = http1::Builder::new()
            .max_buf_size(limits.header_bytes_max.max(HEADER_BUFFER_MIN))
            .max_headers(limits.header_fields_max)
            .handshake(TokioIo::new(socket))
            .await
            .map_err(|error| HttpError::hyper(&error))?;
        Ok(Self {
            origin,
            marks,
            sender,
            driver: connection_loop(connection),
            idle_since: Instant::now(),
        })
    }

    /// It may be used again: open, and not idle for too long.
    pub(crate) fn is_usable(&self, idle_timeout: Duration) -> bool {
        !self.sender.is_closed() && self.idle_since.elapsed() < idle_timeout
    }

    pub(crate) fn rest(&mut self) {
        self.idle_since = Instant::now();
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, Unanswered> {
        self.marks.reset();
        if let Err(error) = self.sender.ready().await {
            return Err(Unanswered { error: HttpError::hyper(&error), unsent: Some(request) });
        }
        self.sender.try_send_request(request).await.map_err(|mut error| Unanswered {
            unsent: error.take_message(),
            error: HttpError::hyper(error.error()),
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Drives the protocol; what goes wrong is told to the request that waits.
fn connection_loop<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    connection: http1::Connection<TokioIo<TimedIo<S>>, Full<Bytes>>,
) -> JoinHandle<()> {
    tokio::task::spawn_local(async move {
        let _ = connection.await;
    })
}
