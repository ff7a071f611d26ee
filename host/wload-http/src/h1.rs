//! One HTTP/1.1 connection: hyper on one side, the marked socket on the other.
//!
//! Upstream: `connect`. Downstream: `client` sends on it, `pool` keeps it.
//! Invariant: the loop that drives a connection lives exactly as long as its [`Connection`]; whoever
//! drops that closes the socket.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{Builder, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;
use wload_core::limits::HttpLimits;

use crate::error::HttpError;
use crate::origin::Origin;
use crate::timing::Marks;

/// Fields that hyper parses without allocating a table for them.
const HYPER_FIELDS: usize = 100;
/// hyper's least size for its buffer.
const HYPER_BUFFER_MIN: usize = 8_192;

pub(crate) type Body = Full<Bytes>;

/// An open connection. Owned by an exchange while it is in use, else by the pool of its user.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) origin: Rc<Origin>,
    pub(crate) marks: Rc<Marks>,
    pub(crate) idle_since: Instant,
    has_served: bool,
    sender: SendRequest<Body>,
    _driver: Driver,
}

/// Why there is no response to a request.
#[derive(Debug)]
pub(crate) struct SendFailure {
    pub(crate) error: hyper::Error,
    /// Not one byte of it left.
    pub(crate) was_never_sent: bool,
}

/// The socket, with or without TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
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
        builder: &Builder,
    ) -> Result<Self, HttpError> {
        let marks = Rc::new(Marks::default());
        let wire = Wire { stream, marks: Rc::clone(&marks) };
        let (sender, connection) = builder
            .handshake(TokioIo::new(wire))
            .await
            .map_err(|error| HttpError::from_hyper(&error, false, (0, 0)))?;
        let driver = connection_loop(connection);
        let idle_since = Instant::now();
        Ok(Self { origin, marks, idle_since, has_served: false, sender, _driver: driver })
    }

    /// The peer closed it, or it cannot carry another request.
    pub(crate) fn is_closed(&self) -> bool {
        self.sender.is_closed()
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        request: Request<Body>,
    ) -> Result<Response<Incoming>, SendFailure> {
        self.marks.start();
        let is_first = !std::mem::replace(&mut self.has_served, true);
        if !is_first && !self.sender.is_ready() {
            // The loop has not yet seen that the last response was read to its end.
            self.sender
                .ready()
                .await
                .map_err(|error| SendFailure { error, was_never_sent: true })?;
        }
        self.sender.try_send_request(request).await.map_err(|mut failure| SendFailure {
            was_never_sent: failure.take_message().is_some() || !self.marks.has_written(),
            error: failure.into_error(),
        })
    }
}

/// Ends the loop of a connection when it is dropped.
#[derive(Debug)]
struct Driver(JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Drives a connection until either side closes it or its owner drops the handle. Its errors also
/// reach the exchange that is under way; without one there is nobody to tell.
fn connection_loop(
    connection: hyper::client::conn::http1::Connection<TokioIo<Wire>, Body>,
) -> Driver {
    Driver(tokio::task::spawn_local(async move {
        let _ = connection.await;
    }))
}

/// A socket that marks when bytes pass.
struct Wire {
    stream: Stream,
    marks: Rc<Marks>,
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let poll = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Stream::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        };
        if buf.filled().len() > before {
            self.marks.read();
        }
        poll
    }
}

impl AsyncWrite for Wire {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let poll = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Stream::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        };
        self.mark_written(&poll);
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Stream::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        };
        self.mark_written(&poll);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Stream::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

impl Wire {
    fn mark_written(&self, poll: &Poll<io::Result<usize>>) {
        if matches!(poll, Poll::Ready(Ok(written)) if *written > 0) {
            self.marks.wrote();
        }
    }
}
