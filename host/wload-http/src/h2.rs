//! One HTTP/2 connection: h2 on one side, the marked socket on the other, many streams between.
//!
//! Upstream: `connect`. Downstream: `exchange` opens streams on it, `pool` keeps it for all of them.
//! Invariants: one loop drives the whole connection and lives exactly as long as its [`Connection`];
//! what a server may make us remember (headers, windows, streams it resets, frames nobody asked for) has
//! a limit; an exchange that is dropped resets its stream and leaves the others alone.
//! It is built on h2 and not on hyper's client, which would spawn a loop for each request.

use std::cell::Cell;
use std::future::poll_fn;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, SendRequest};
use h2::{RecvStream, SendStream};
use http::header::HOST;
use http::uri::{Authority, Parts as UriParts, Scheme};
use http::{HeaderName, Request, Response, Uri};
use tokio::time::Instant;
use wload_core::limits::{HttpLimits, UNCLAIMED_BYTES_MAX};

use crate::connection::SendFailure;
use crate::error::{CLOSED_UNANSWERED, FLOODED, HttpError};
use crate::origin::Origin;
use crate::timing::Marks;
use crate::trust::Trust;
use crate::upload::Outgoing;
use crate::wire::{Driver, Stream, Wire};

/// Bytes of request bodies that wait in h2 for a stream's window; then their source waits.
const SEND_BUFFER_BYTES: usize = 64 << 10;
/// Streams that we reset and still know, so that late frames of theirs are told from wrong ones.
const RESET_STREAMS_MAX: usize = 50;
/// Mistakes of a server within streams before the connection is given up.
const STREAM_ERRORS_MAX: usize = 100;

/// An open connection. Owned by the pool of its user and by the streams on it.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) origin: Rc<Origin>,
    pub(crate) marks: Rc<Marks>,
    pub(crate) idle_since: Cell<Instant>,
    /// The TLS settings that it was made with, when not the run's.
    pub(crate) trust: Option<Rc<Trust>>,
    /// What most requests on it are for.
    authority: Authority,
    streams: Cell<usize>,
    has_ended: Rc<Cell<bool>>,
    sender: SendRequest<Bytes>,
    _driver: Driver,
}

/// The body of a response on its stream, and what is left of the request's.
pub(crate) struct StreamBody {
    receive: RecvStream,
    upload: Option<Upload>,
    open: OpenStream,
}

/// Counts a stream as long as it lives.
struct OpenStream(Rc<Connection>);

impl Drop for OpenStream {
    fn drop(&mut self) {
        self.0.streams.set(self.0.streams.get() - 1);
    }
}

fn builder(limits: &HttpLimits) -> Builder {
    let mut builder = Builder::new();
    builder
        .enable_push(false)
        .initial_window_size(limits.http2_stream_window_bytes)
        .initial_connection_window_size(limits.http2_connection_window_bytes)
        .max_header_list_size(u32::try_from(limits.header_bytes_max).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER_BYTES)
        .max_concurrent_reset_streams(RESET_STREAMS_MAX)
        .max_local_error_reset_streams(Some(STREAM_ERRORS_MAX));
    builder
}

impl Connection {
    /// Starts HTTP/2 on a socket.
    pub(crate) async fn start(
        stream: Stream,
        origin: Rc<Origin>,
        limits: &HttpLimits,
    ) -> Result<Self, HttpError> {
        let window = limits.http2_connection_window_bytes as usize;
        let unclaimed_max =
            UNCLAIMED_BYTES_MAX.saturating_add(limits.header_bytes_max).saturating_add(window);
        let marks = Rc::new(Marks::of_connection(unclaimed_max));
        let wire = Wire::new(stream, Rc::clone(&marks));
        let (sender, connection) = builder(limits)
            .handshake::<_, Bytes>(wire)
            .await
            .map_err(|error| HttpError::from_h2(&error, false, limits))?;
        let authority = authority_of(origin.host_header().as_bytes())?;
        let has_ended = Rc::new(Cell::new(false));
        let driver = Driver::start(connection_loop(connection, Rc::clone(&has_ended)));
        Ok(Self {
            origin,
            marks,
            idle_since: Cell::new(Instant::now()),
            trust: None,
            authority,
            streams: Cell::new(0),
            has_ended,
            sender,
            _driver: driver,
        })
    }

    /// It takes no new streams: it has ended, or the server has said that it will.
    pub(crate) fn is_closed(&self) -> bool {
        let mut cx = Context::from_waker(Waker::noop());
        self.has_ended.get()
            || matches!(self.sender.clone().poll_ready(&mut cx), Poll::Ready(Err(_)))
    }

    /// No stream is open.
    pub(crate) fn is_idle(&self) -> bool {
        self.streams.get() == 0
    }

    /// Opens a stream for a request and waits for the head of its response. `marks` are the stream's.
    pub(crate) async fn send(
        self: &Rc<Self>,
        request: Request<Outgoing>,
        marks: &Rc<Marks>,
        limits: &HttpLimits,
    ) -> Result<Response<StreamBody>, SendFailure> {
        self.streams.set(self.streams.get() + 1);
        let open = OpenStream(Rc::clone(self));
        let fail = |error: &h2::Error, was_never_sent| self.failure(error, was_never_sent, limits);
        let mut sender = self.sender.clone().ready().await.map_err(|error| fail(&error, true))?;
        let (parts, body) = request.into_parts();
        let is_end = body.is_end();
        let (response, stream) = sender
            .send_request(Request::from_parts(parts, ()), is_end)
            .map_err(|error| fail(&error, true))?;
        self.marks.queue(marks);
        let mut upload = (!is_end).then(|| Upload {
            stream,
            body,
            chunk: Bytes::new(),
            connection: Rc::clone(&self.marks),
            marks: Rc::clone(marks),
        });
        let mut response = response;
        // The server may answer before it has the whole body: then its rest goes with the response's.
        let response = poll_fn(|cx| {
            poll_upload(&mut upload, cx);
            Pin::new(&mut response).poll(cx)
        })
        .await
        .map_err(|error| {
            let was_never_sent = !marks.has_written();
            fail(&error, was_never_sent)
        })?;
        self.marks.claimed();
        // The first bytes after the request: that these frames were headers is known only now.
        marks.arrived(self.marks.last_read().unwrap_or_else(Instant::now));
        Ok(response.map(|receive| StreamBody { receive, upload, open }))
    }

    fn failure(&self, error: &h2::Error, was_never_sent: bool, limits: &HttpLimits) -> SendFailure {
        // RFC 9113, 8.7: streams beyond the last one that GOAWAY names, and refused ones, had no effect.
        let was_refused = error.is_remote()
            && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM));
        let error = match self.explain(error, false, limits) {
            // The loop ended without a word: the peer closed.
            HttpError::Other(_) => CLOSED_UNANSWERED,
            error => error,
        };
        let was_closed = matches!(error, HttpError::Closed(_));
        let error = if was_closed { self.farewell().unwrap_or(error) } else { error };
        SendFailure { error, was_never_sent, was_refused, was_closed }
    }

    /// What an error of a stream means, by what the socket knows of it.
    fn explain(&self, error: &h2::Error, answered: bool, limits: &HttpLimits) -> HttpError {
        if self.marks.is_flooded() {
            return FLOODED;
        }
        // h2 keeps no more than the text of an error of TLS.
        match self.marks.socket_error() {
            Some(cause) if error.is_io() => cause,
            _ => HttpError::from_h2(error, answered, limits),
        }
    }

    /// The error that the server gave in GOAWAY. The streams that it did not refuse end with the
    /// connection and know no more than that; new ones would be told.
    fn farewell(&self) -> Option<HttpError> {
        let mut cx = Context::from_waker(Waker::noop());
        let Poll::Ready(Err(error)) = self.sender.clone().poll_ready(&mut cx) else { return None };
        let is_farewell = error.is_go_away() && error.is_remote();
        let reason = error.reason().filter(|reason| *reason != h2::Reason::NO_ERROR)?;
        is_farewell.then(|| HttpError::from_farewell(reason))
    }
}

impl StreamBody {
    pub(crate) fn is_end(&self) -> bool {
        self.receive.is_end_stream()
    }

    /// The next piece. Its window is open again as soon as it is here.
    pub(crate) async fn data(&mut self, limits: &HttpLimits) -> Option<Result<Bytes, HttpError>> {
        let found = poll_fn(|cx| {
            poll_upload(&mut self.upload, cx);
            self.receive.poll_data(cx)
        });
        match found.await? {
            Ok(data) => {
                self.open.0.marks.claimed();
                // It fails only when more is released than was received.
                let _ = self.receive.flow_control().release_capacity(data.len());
                Some(Ok(data))
            }
            Err(error) => Some(Err(match self.open.0.explain(&error, true, limits) {
                closed @ HttpError::Closed(_) => self.open.0.farewell().unwrap_or(closed),
                error => error,
            })),
        }
    }
}

/// The rest of a request's body.
struct Upload {
    stream: SendStream<Bytes>,
    body: Outgoing,
    /// What the window had no place for.
    chunk: Bytes,
    connection: Rc<Marks>,
    marks: Rc<Marks>,
}

/// Sends what can be sent. When the stream was reset, what becomes of the response tells.
fn poll_upload(upload: &mut Option<Upload>, cx: &mut Context<'_>) {
    if let Some(open) = upload
        && open.poll(cx).is_ready()
    {
        *upload = None;
    }
}

impl Upload {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        loop {
            if self.chunk.is_empty() {
                match self.body.next_chunk() {
                    Some(chunk) => self.chunk = chunk,
                    None => return Poll::Ready(self.stream.send_data(Bytes::new(), true)),
                }
            }
            self.stream.reserve_capacity(self.chunk.len());
            if self.stream.capacity() == 0 {
                match std::task::ready!(self.stream.poll_capacity(cx)) {
                    Some(Ok(_)) => continue,
                    Some(Err(error)) => return Poll::Ready(Err(error)),
                    None => return Poll::Ready(Ok(())),
                }
            }
            let len = self.stream.capacity().min(self.chunk.len());
            let data = self.chunk.split_to(len);
            let is_end = self.chunk.is_empty() && self.body.is_end();
            self.stream.send_data(data, is_end)?;
            self.connection.queue(&self.marks);
            if is_end {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

/// Drives a connection until either side closes it or its last owner drops it. Its errors also reach
/// the streams that are open; without one there is nobody to tell.
async fn connection_loop(
    connection: h2::client::Connection<Wire, Bytes>,
    has_ended: Rc<Cell<bool>>,
) {
    let _ = connection.await;
    has_ended.set(true);
}

/// What HTTP/1.1 says in a path and a header, HTTP/2 says in pseudo headers; what is about one
/// connection it does not say at all.
pub(crate) fn translate(
    mut request: Request<Outgoing>,
    connection: &Connection,
) -> Result<Request<Outgoing>, HttpError> {
    let Connection { origin, authority, .. } = connection;
    let headers = request.headers_mut();
    let authority = match headers.remove(HOST) {
        Some(host) if host.as_bytes() != authority.as_str().as_bytes() => {
            authority_of(host.as_bytes())?
        }
        _ => authority.clone(),
    };
    // Most requests have none of them.
    while let Some(name) = headers.keys().find(|name| is_of_connection(name)).cloned() {
        headers.remove(name);
    }
    let mut parts = UriParts::default();
    parts.scheme = Some(if origin.is_https { Scheme::HTTPS } else { Scheme::HTTP });
    parts.authority = Some(authority);
    parts.path_and_query = request.uri().path_and_query().cloned();
    *request.uri_mut() = Uri::from_parts(parts)
        .map_err(|error| HttpError::InvalidRequest(format!("path: {error}")))?;
    *request.version_mut() = http::Version::HTTP_2;
    Ok(request)
}

fn authority_of(host: &[u8]) -> Result<Authority, HttpError> {
    Authority::try_from(host)
        .map_err(|_| HttpError::InvalidRequest("header `Host`: it is not a host".to_owned()))
}

/// RFC 9113, 8.2.2: headers that are about one connection of HTTP/1.1.
fn is_of_connection(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "transfer-encoding" | "upgrade" | "keep-alive" | "proxy-connection"
    )
}
