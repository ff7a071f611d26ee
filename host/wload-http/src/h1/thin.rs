//! One HTTP/1.1 connection without a loop: the exchange that has it reads and writes the socket itself.
//!
//! Upstream: `connection`. Downstream: `output` on the way out; `input`, `parse` and `framing` on the way in.
//! Invariants: nothing is spawned and nothing is sent through a channel, so that a request costs one write,
//! one read and one turn of its user; no buffer is held while nothing is in it; nothing is read before
//! something was written, so that a peer that speaks first has said its response.
//!
//! A server may answer before it has read all of a request: whoever waits for the response goes on with
//! the request, too. When the response is complete before the request is, the connection is closed: what
//! is left of the request would be sent to nobody's use.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Instant;
use wload_core::limits::HttpLimits;

use super::buffers::Buffers;
use super::framing::Framing;
use super::input::Input;
use super::output::Output;
use super::parse::{self, Parsed};
use crate::error::{CLOSED_EARLY, CLOSED_UNANSWERED, FLOODED, HttpError};
use crate::response::ResponseHead;
use crate::timing::Marks;
use crate::upload::Outgoing;
use crate::wire::Stream;

/// The socket, and what is on its way on it.
#[derive(Debug)]
pub(crate) struct Thin {
    stream: Stream,
    input: Input,
    /// The rest of a request.
    output: Option<Output>,
    /// Another request may follow when this one is over.
    keeps_alive: bool,
    /// Something failed, so that none can.
    is_broken: bool,
    buffers: Rc<Buffers>,
}

/// A request in its two parts.
pub(crate) struct Message {
    /// All of it up to the body.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Outgoing,
    pub(crate) is_chunked: bool,
    /// The method is `HEAD`.
    pub(crate) is_head: bool,
}

impl Thin {
    pub(crate) fn new(stream: Stream, buffers: Rc<Buffers>) -> Self {
        let input = Input::new(Rc::clone(&buffers));
        Self { stream, input, output: None, keeps_alive: true, is_broken: false, buffers }
    }

    /// Where the head of a request is written to.
    pub(crate) fn head_buffer(&self) -> Vec<u8> {
        self.buffers.take_writing()
    }

    /// It cannot carry another request: the exchange before did not come to its end, or more than its
    /// response has come.
    pub(crate) fn is_used_up(&self) -> bool {
        !self.keeps_alive || self.is_broken || self.output.is_some() || !self.input.is_empty()
    }

    /// The peer has closed it, or has said something unasked, while it was idle. As long as nothing has
    /// happened on the socket this costs no system call.
    pub(crate) fn has_ended(&mut self) -> bool {
        let mut byte = [0];
        match &mut self.stream {
            Stream::Plain(stream) => {
                let read = stream.try_read(&mut byte);
                !matches!(read, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
            }
            Stream::Tls(stream) => {
                let mut cx = Context::from_waker(Waker::noop());
                Pin::new(stream).poll_read(&mut cx, &mut ReadBuf::new(&mut byte)).is_ready()
            }
        }
    }

    /// Sends a request and waits for the head of its response.
    pub(crate) async fn send(
        &mut self,
        message: Message,
        marks: &Marks,
        limits: &HttpLimits,
    ) -> Result<(ResponseHead, Framing), HttpError> {
        // Until the end is seen.
        self.keeps_alive = false;
        let Message { head, body, is_chunked, is_head } = message;
        self.output = Some(Output::new(head, body, is_chunked));
        let mut known = 0;
        poll_fn(|cx| self.poll_head(&mut known, is_head, marks, limits, cx)).await
    }

    fn poll_head(
        &mut self,
        known: &mut usize,
        is_head: bool,
        marks: &Marks,
        limits: &HttpLimits,
        cx: &mut Context<'_>,
    ) -> Poll<Result<(ResponseHead, Framing), HttpError>> {
        if let Poll::Ready(Err(error)) = self.poll_output(marks, cx) {
            return Poll::Ready(Err(error));
        }
        loop {
            match ready!(self.poll_input(marks, cx))? {
                0 => return Poll::Ready(Err(closed(marks))),
                _ if *known > 0 && !parse::may_have_end(self.input.bytes(), *known) => {}
                _ => {
                    if let Some(found) = self.parse(is_head, limits)? {
                        return Poll::Ready(Ok(found));
                    }
                }
            }
            *known = self.input.bytes().len();
            if *known >= limits.header_bytes_max {
                return Poll::Ready(Err(HttpError::head_too_large(limits)));
            }
        }
    }

    /// Looks for a head in what is here, over the interim ones.
    fn parse(
        &mut self,
        is_head: bool,
        limits: &HttpLimits,
    ) -> Result<Option<(ResponseHead, Framing)>, HttpError> {
        while !self.input.is_empty() {
            match parse::parse(self.input.bytes(), is_head, limits)? {
                Parsed::Partial => return Ok(None),
                Parsed::Interim(len) => {
                    self.input.take(len, 0..0);
                }
                Parsed::Final(found) => {
                    self.input.take(found.len, 0..0);
                    self.keeps_alive = found.keeps_alive;
                    return Ok(Some((found.head, found.framing)));
                }
            }
        }
        Ok(None)
    }

    /// The next piece of a body, which stays where it is until the next call; empty at the end.
    pub(crate) fn poll_body(
        &mut self,
        framing: &mut Framing,
        marks: &Marks,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Range<usize>, HttpError>> {
        // That the request cannot be sent to its end is no matter as long as the response comes.
        let _ = self.poll_output(marks, cx);
        let piece = ready!(self.poll_piece(framing, marks, cx));
        self.is_broken |= piece.is_err();
        marks.claimed();
        Poll::Ready(piece)
    }

    fn poll_piece(
        &mut self,
        framing: &mut Framing,
        marks: &Marks,
        cx: &mut Context<'_>,
    ) -> Poll<Result<Range<usize>, HttpError>> {
        while !framing.is_end() {
            if !self.input.is_empty() {
                let (count, part) = framing.next(self.input.bytes())?;
                let part = self.input.take(count, part);
                if !part.is_empty() {
                    return Poll::Ready(Ok(part));
                }
                continue;
            }
            if ready!(self.poll_input(marks, cx))? == 0 {
                match framing {
                    Framing::UntilClose => {
                        *framing = Framing::Closed;
                        marks.arrived(Instant::now());
                    }
                    _ => return Poll::Ready(Err(CLOSED_EARLY)),
                }
            }
        }
        Poll::Ready(Ok(0..0))
    }

    /// All of a body whose length is known, when it is here.
    pub(crate) fn take_ready(&mut self, framing: &mut Framing) -> Option<&[u8]> {
        let Framing::Length(length) = framing else { return None };
        let len = usize::try_from(*length).ok().filter(|len| *len <= self.input.bytes().len())?;
        *length = 0;
        let part = self.input.take(len, 0..len);
        Some(self.input.part(part))
    }

    /// A piece of a body.
    pub(crate) fn piece(&self, part: Range<usize>) -> &[u8] {
        self.input.part(part)
    }

    /// Nobody will ask for more for a while.
    pub(crate) fn settle(&mut self) {
        self.input.settle();
    }

    /// Goes on with the request. An error when nothing of it could be sent; when some of it was, the
    /// server may have answered all the same.
    fn poll_output(&mut self, marks: &Marks, cx: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        let Some(output) = &mut self.output else { return Poll::Ready(Ok(())) };
        let sent = ready!(output.poll_send(&mut self.stream, marks, cx));
        if let Some(output) = self.output.take() {
            self.buffers.give_writing(output.into_buffer());
        }
        let Err(error) = sent else { return Poll::Ready(Ok(())) };
        self.is_broken = true;
        marks.failed_with(&error);
        Poll::Ready(if marks.has_written() { Ok(()) } else { Err(explain(&error, marks)) })
    }

    fn poll_input(
        &mut self,
        marks: &Marks,
        cx: &mut Context<'_>,
    ) -> Poll<Result<usize, HttpError>> {
        let stream = Pin::new(&mut self.stream);
        match ready!(self.input.fill(|buffer| stream.poll_read(cx, buffer))) {
            Ok(0) => Poll::Ready(Ok(0)),
            Ok(count) => {
                let read = marks.read(count, self.stream.arrived());
                Poll::Ready(read.map(|()| count).map_err(|_| FLOODED))
            }
            Err(error) => {
                marks.failed_with(&error);
                Poll::Ready(Err(explain(&error, marks)))
            }
        }
    }
}

/// What an end means.
fn closed(marks: &Marks) -> HttpError {
    let unexplained = if marks.has_read() { CLOSED_EARLY } else { CLOSED_UNANSWERED };
    marks.socket_error().unwrap_or(unexplained)
}

fn explain(error: &io::Error, marks: &Marks) -> HttpError {
    match HttpError::from_io(error) {
        CLOSED_EARLY => closed(marks),
        other => marks.socket_error().unwrap_or(other),
    }
}
