//! The socket of a connection, with or without TLS, and what it sees pass by.
//!
//! Upstream: `connect`. Downstream: hyper or h2, which read and write a [`Wire`] inside the connection's
//! loop; `h1/thin.rs` has the [`Stream`] itself and marks the same.
//! Invariants: every byte of theirs passes here, so that times and limits hold for both protocols alike; what a peer
//! says before it is spoken to is read after the first bytes were written, so that its message does not
//! depend on who was faster; a peer that sends without end what nobody asked for (interim responses,
//! settings, pings) ends its connection here, whatever the protocol makes of it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_rustls::client::TlsStream;

use crate::socket::Socket;
use crate::timing::Marks;

/// The socket, with or without TLS.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(Socket),
    Tls(Box<TlsStream<Socket>>),
}

impl Stream {
    /// When the last bytes that were read had arrived.
    pub(crate) fn arrived(&self) -> Instant {
        match self {
            Self::Plain(socket) => socket.arrived(),
            Self::Tls(stream) => stream.get_ref().0.arrived(),
        }
    }
}

/// A socket that marks when bytes pass.
pub(crate) struct Wire {
    stream: Stream,
    marks: Rc<Marks>,
    /// Something was written.
    has_spoken: bool,
    /// What the peer said before, of which at most one reading is kept.
    early: Bytes,
    /// Who waits to read it.
    reader: Option<Waker>,
}

/// Ends the loop of a connection when it is dropped.
#[derive(Debug)]
pub(crate) struct Driver(JoinHandle<()>);

impl Driver {
    /// Spawns the loop of a connection on this thread.
    pub(crate) fn start(connection_loop: impl Future<Output = ()> + 'static) -> Self {
        Self(tokio::task::spawn_local(connection_loop))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Wire {
    pub(crate) fn new(stream: Stream, marks: Rc<Marks>) -> Self {
        Self { stream, marks, has_spoken: false, early: Bytes::new(), reader: None }
    }

    fn mark_written(&mut self, poll: &Poll<io::Result<usize>>) {
        match poll {
            Poll::Ready(Ok(written)) if *written > 0 => {
                self.marks.wrote();
                self.has_spoken = true;
                if let Some(reader) = self.reader.take() {
                    reader.wake();
                }
            }
            Poll::Ready(Err(error)) => self.marks.failed_with(error),
            Poll::Ready(Ok(_)) | Poll::Pending => {}
        }
    }

    fn poll_stream(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let poll = Pin::new(&mut self.stream).poll_read(cx, buf);
        if let Poll::Ready(Err(error)) = &poll {
            self.marks.failed_with(error);
        }
        poll
    }

    /// Keeps what the peer says unasked. Its end and its errors are passed on when it has said nothing.
    fn poll_early(&mut self, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.early.is_empty() {
            let before = buf.filled().len();
            std::task::ready!(self.poll_stream(cx, buf))?;
            self.early = Bytes::copy_from_slice(&buf.filled()[before..]);
            buf.set_filled(before);
            if self.early.is_empty() {
                return Poll::Ready(Ok(()));
            }
        }
        self.reader = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.has_spoken {
            return self.poll_early(cx, buf);
        }
        let before = buf.filled().len();
        let poll = if self.early.is_empty() {
            self.poll_stream(cx, buf)
        } else {
            let len = self.early.len().min(buf.remaining());
            buf.put_slice(&self.early[..len]);
            self.early.advance(len);
            Poll::Ready(Ok(()))
        };
        let read = buf.filled().len() - before;
        if read > 0 {
            self.marks.read(read, self.stream.arrived())?;
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
        let poll = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.mark_written(&poll);
        poll
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let poll = Pin::new(&mut self.stream).poll_write_vectored(cx, slices);
        self.mark_written(&poll);
        poll
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, bytes),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
        }
    }

    fn is_write_vectored(&self) -> bool {
        match self {
            Self::Plain(stream) => stream.is_write_vectored(),
            Self::Tls(stream) => stream.is_write_vectored(),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}
