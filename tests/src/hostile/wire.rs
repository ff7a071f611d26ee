//! Raw sockets: reads requests whole, and performs steps.
//!
//! Upstream: a connection, with or without TLS. Downstream: the client. It knows just enough of HTTP/1.1
//! to find the end of a request.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;

use super::steps::Step;
use super::tally::Counts;

/// Bytes of a request that is read; wload's own are some hundred.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// A connection of which TCP can be reached.
pub(super) trait Socket: AsyncRead + AsyncWrite + Unpin + Send {
    /// Below TLS, if there is TLS.
    fn tcp(&mut self) -> &mut TcpStream;
}

impl Socket for TcpStream {
    fn tcp(&mut self) -> &mut TcpStream {
        self
    }
}

impl Socket for TlsStream<TcpStream> {
    fn tcp(&mut self) -> &mut TcpStream {
        self.get_mut().0
    }
}

/// A request as far as it matters.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) path: String,
    pub(super) is_idempotent: bool,
    /// The stream that it came on; 0 with HTTP/1.1.
    pub(super) stream: u32,
}

/// Whether a connection goes on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Goes {
    On,
    Away,
}

/// Answers requests until one of the answers ends the connection, or the client does.
pub(super) async fn serve(socket: &mut impl Socket, counts: &Counts) -> io::Result<()> {
    let mut buffer = Vec::new();
    let mut before = 0;
    while let Some(request) = read_request(socket, &mut buffer).await? {
        let steps = counts.next(&request, before);
        before += 1;
        if perform(socket, steps).await? == Goes::Away {
            return Ok(());
        }
    }
    Ok(())
}

/// Performs all steps.
pub(super) async fn perform(socket: &mut impl Socket, steps: Vec<Step>) -> io::Result<Goes> {
    for step in steps {
        match step {
            Step::Send(bytes) | Step::Refuse(bytes) => send(socket, &bytes).await?,
            Step::Drip(bytes, pause) => {
                for byte in bytes {
                    tokio::time::sleep(pause).await;
                    send(socket, &[byte]).await?;
                }
            }
            Step::Forever(bytes, pause) => {
                flood(socket, &bytes, pause).await;
                return Ok(Goes::Away);
            }
            Step::Below(bytes) => socket.tcp().write_all(&bytes).await?,
            Step::Hear => drop(socket.read(&mut [0; 4_096]).await?),
            Step::Silence => {
                drain(socket).await;
                return Ok(Goes::Away);
            }
            Step::Close => {
                socket.shutdown().await?;
                drain(socket).await;
                return Ok(Goes::Away);
            }
            Step::Cut => {
                socket.tcp().shutdown().await?;
                drain(socket.tcp()).await;
                return Ok(Goes::Away);
            }
            Step::Reset => {
                socket.tcp().set_zero_linger()?;
                return Ok(Goes::Away);
            }
        }
    }
    Ok(Goes::On)
}

async fn send(socket: &mut impl Socket, bytes: &[u8]) -> io::Result<()> {
    socket.write_all(bytes).await?;
    socket.flush().await
}

/// Sends this until the client has gone. It also reads: a client that answers each piece, as with pings, would
/// otherwise wait for us.
async fn flood(socket: &mut impl Socket, bytes: &[u8], pause: Duration) {
    let (mut reader, mut writer) = tokio::io::split(socket);
    let send = async {
        loop {
            tokio::time::sleep(pause).await;
            if writer.write_all(bytes).await.is_err() || writer.flush().await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = send => {}
        () = drain(&mut reader) => {}
    }
}

/// Reads until the client goes: unread bytes would make a reset of our close.
async fn drain(socket: &mut (impl AsyncRead + Unpin + Send)) {
    let mut rest = [0; 4_096];
    while socket.read(&mut rest).await.is_ok_and(|read| read > 0) {}
}

/// The next request; none when the client closes instead.
async fn read_request(
    socket: &mut impl Socket,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if !fill(socket, buffer).await? {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..head_end]).into_owned();
    let end = head_end + body_len(&head);
    while buffer.len() < end {
        if !fill(socket, buffer).await? {
            return Ok(None);
        }
    }
    buffer.drain(..end);
    let mut words = head.split_whitespace();
    let method = words.next().unwrap_or_default();
    let path = words.next().unwrap_or_default().to_owned();
    Ok(Some(Request { path, is_idempotent: method != "POST", stream: 0 }))
}

async fn fill(socket: &mut impl Socket, buffer: &mut Vec<u8>) -> io::Result<bool> {
    if buffer.len() > REQUEST_BYTES_MAX {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(socket.read_buf(buffer).await? > 0)
}

fn body_len(head: &str) -> usize {
    let mut lengths = head.lines().filter_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
    });
    lengths.next_back().unwrap_or(0)
}
