//! A TCP socket that knows when the system received what is read from it.
//!
//! Upstream: `connect`. Downstream: `wire`, below TLS and above it; `timing` for the marks.
//!
//! Many users share a core. One whose response has come waits until the core has time for it, and a clock that is read
//! then counts the generator's own work as the target's. Linux writes on each packet when it came in
//! (`SO_TIMESTAMPNS`, <https://docs.kernel.org/networking/timestamping.html>): that is when the response was there.
//! It costs a look at the wall clock and 30 ns of the kernel for a read. Other systems have it for
//! datagrams only: there the time of the reading counts.
//!
//! Invariants: the stamp is of the wall clock, so what is used of it is how long ago it was; one that cannot be (the
//! wall clock was set meanwhile) is not used. A read that does not fill its buffer has emptied the
//! socket, so that nobody asks again in vain.

use std::cell::Cell;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::Instant;

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Socket {
    tcp: TcpStream,
    arrived: Cell<Instant>,
}

impl Socket {
    pub(crate) fn new(tcp: TcpStream) -> Self {
        stamp::start(&tcp);
        Self { tcp, arrived: Cell::new(Instant::now()) }
    }

    /// When the last bytes that were read had arrived.
    pub(crate) fn arrived(&self) -> Instant {
        self.arrived.get()
    }

    /// Reads what is here; [`io::ErrorKind::WouldBlock`] when there is nothing, which costs no system call
    /// as long as nothing has happened on the socket.
    pub(crate) fn try_read(&self, bytes: &mut [u8]) -> io::Result<usize> {
        let (count, age) = stamp::try_read(&self.tcp, bytes)?;
        let now = Instant::now();
        self.arrived.set(now.checked_sub(age).unwrap_or(now));
        Ok(count)
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.tcp.poll_read_ready(cx))?;
            match self.try_read(buf.initialize_unfilled()) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                read => return Poll::Ready(read.map(|count| buf.advance(count))),
            }
        }
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.tcp).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.tcp.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

#[cfg(target_os = "linux")]
mod stamp {
    use std::io::{self, IoSliceMut};
    use std::os::fd::AsRawFd;
    use std::time::{Duration, SystemTime, UNIX_EPOCH};

    use nix::sys::socket::sockopt::ReceiveTimestampns;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, RecvMsg, recvmsg, setsockopt};
    use tokio::io::Interest;
    use tokio::net::TcpStream;

    /// Bytes for what the system says of a read: a header and a time take 32.
    const CONTROL_BYTES: usize = 64;

    /// Where that is written to; the system's headers have this alignment.
    #[repr(align(8))]
    struct Control([u8; CONTROL_BYTES]);

    /// From now on packets are stamped. A system that does not do so gives no stamps.
    pub(super) fn start(tcp: &TcpStream) {
        let _ = setsockopt(tcp, ReceiveTimestampns, &true);
    }

    /// Reads what is here, and says how long ago it, or the last packet of it, arrived.
    pub(super) fn try_read(tcp: &TcpStream, bytes: &mut [u8]) -> io::Result<(usize, Duration)> {
        let mut received = None;
        let outcome = tcp.try_io(Interest::READABLE, || {
            let (count, age) = receive(tcp, bytes)?;
            received = Some((count, age));
            // The socket is empty: for tokio to wait for an event before anybody reads again.
            let is_emptied = 0 < count && count < bytes.len();
            if is_emptied { Err(io::ErrorKind::WouldBlock.into()) } else { Ok(()) }
        });
        match received {
            Some(received) => Ok(received),
            None => outcome.map(|()| (0, Duration::ZERO)),
        }
    }

    fn receive(tcp: &TcpStream, bytes: &mut [u8]) -> io::Result<(usize, Duration)> {
        let mut control = Control([0; CONTROL_BYTES]);
        let mut slices = [IoSliceMut::new(bytes)];
        let message: RecvMsg<'_, '_, ()> =
            recvmsg(tcp.as_raw_fd(), &mut slices, Some(&mut control.0), MsgFlags::empty())?;
        Ok((message.bytes, age(&message).unwrap_or_default()))
    }

    fn age(message: &RecvMsg<'_, '_, ()>) -> Option<Duration> {
        let stamp = message.cmsgs().ok()?.find_map(|control| match control {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        })?;
        SystemTime::now().duration_since(UNIX_EPOCH.checked_add(stamp)?).ok()
    }
}

#[cfg(not(target_os = "linux"))]
mod stamp {
    use std::io;
    use std::time::Duration;

    use tokio::net::TcpStream;

    pub(super) fn start(_tcp: &TcpStream) {}

    /// Reads what is here. It is as if it had arrived just now.
    pub(super) fn try_read(tcp: &TcpStream, bytes: &mut [u8]) -> io::Result<(usize, Duration)> {
        Ok((tcp.try_read(bytes)?, Duration::ZERO))
    }
}
