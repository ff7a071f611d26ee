//! Where the time of an exchange goes.
//!
//! Upstream: `connect.rs` and the marks that a connection's socket leaves. Downstream: the exchange.
//! The phases are those of the last hop; `total` is from before the first connection to the end of
//! the last body.

use std::cell::Cell;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use std::{io, rc::Rc};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The phases of an exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestTiming {
    /// Name resolution; zero when the address was known.
    pub dns: Duration,
    /// Connecting; zero on a connection that was reused.
    pub connect: Duration,
    /// The TLS handshake.
    pub tls: Duration,
    /// Writing the request.
    pub send: Duration,
    /// From the end of the request to the first byte of the response.
    pub first_byte: Duration,
    /// From the first byte to the end of the body.
    pub body: Duration,
    /// Everything: the response time.
    pub total: Duration,
    /// The last hop used a connection that was there.
    pub connection_reused: bool,
}

/// What a socket saw last; shared between the connection and its user.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    last_write: Cell<Option<Instant>>,
    first_read: Cell<Option<Instant>>,
}

impl Marks {
    /// A new request begins.
    pub(crate) fn reset(&self) {
        self.last_write.set(None);
        self.first_read.set(None);
    }

    /// A part of the request has left.
    pub(crate) fn has_written(&self) -> bool {
        self.last_write.get().is_some()
    }

    /// A part of the response has come.
    pub(crate) fn has_read(&self) -> bool {
        self.first_read.get().is_some()
    }

    /// The phases after the connection was there.
    pub(crate) fn phases(&self, began: Instant, ended: Instant, timing: &mut RequestTiming) {
        let written = self.last_write.get().unwrap_or(began);
        let read = self.first_read.get().unwrap_or(ended);
        timing.send = written.saturating_duration_since(began);
        timing.first_byte = read.saturating_duration_since(written);
        timing.body = ended.saturating_duration_since(read);
    }
}

/// A socket that leaves marks.
pub(crate) struct TimedIo<S> {
    socket: S,
    marks: Rc<Marks>,
}

impl<S> TimedIo<S> {
    pub(crate) fn new(socket: S, marks: Rc<Marks>) -> Self {
        Self { socket, marks }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for TimedIo<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.socket).poll_read(context, buffer);
        if buffer.filled().len() > before && self.marks.first_read.get().is_none() {
            self.marks.first_read.set(Some(Instant::now()));
        }
        polled
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for TimedIo<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write(context, bytes);
        self.mark_write(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.socket).poll_write_vectored(context, buffers);
        self.mark_write(&polled);
        polled
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}

impl<S> TimedIo<S> {
    fn mark_write(&self, polled: &Poll<io::Result<usize>>) {
        if matches!(polled, Poll::Ready(Ok(_))) {
            self.marks.last_write.set(Some(Instant::now()));
        }
    }
}
