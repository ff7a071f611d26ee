//! One exchange from its call to the head of its last response, redirects and repetitions included.
//!
//! Upstream: `client`. Downstream: `user` for connections, `connection` for one round trip, `cookies`
//! and `redirect` for its response; `client` or `open` reads the body.
//! Invariant: a dropped exchange closes its HTTP/1.1 connection or resets its HTTP/2 stream, because
//! these are in the future and not in the pool while they are used.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use http::Method;
use tokio::time::Instant;
use wload_core::limits::{HttpLimits, REPEATS_MAX};

use crate::body::{BodyReader, Incoming};
use crate::connection::{Lease, SendFailure};
use crate::error::{HttpError, Phase};
use crate::message::Step;
use crate::redirect;
use crate::request::PreparedRequest;
use crate::response::{Address, Exchange, Hop, ResponseHead};
use crate::timeouts::{Timeouts, Timer};
use crate::timing::{Marks, RequestTiming};
use crate::trace::Trace;
use crate::user::{Leased, User};

/// What is known of an exchange before its end, also when it ends early.
#[derive(Default)]
pub(crate) struct Trail {
    pub(crate) timing: RequestTiming,
    pub(crate) phase: Phase,
    pub(crate) trace: Trace,
    history: Vec<Hop>,
    address: Option<Address>,
    repeats: u32,
}

/// What is known of an exchange when its future is dropped, and its timer. The client has it, too.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    pub(crate) timer: Timer,
    marks: RefCell<Option<Rc<Marks>>>,
    /// A redirect was answered, so some request has left.
    has_hops: Cell<bool>,
}

/// The head of the last response, on the connection that has its body.
pub(crate) struct Head {
    pub(crate) parts: ResponseHead,
    pub(crate) body: BodyReader,
    pub(crate) lease: Lease,
    /// When the connection was there.
    pub(crate) ready: Instant,
}

/// The last response.
pub(crate) struct Last {
    pub(crate) parts: ResponseHead,
    pub(crate) body: Bytes,
    pub(crate) body_size: u64,
    pub(crate) end: Instant,
}

/// What an exchange needs all the way.
pub(crate) struct Course<'a> {
    pub(crate) user: &'a User,
    pub(crate) request: &'a PreparedRequest,
    pub(crate) timeouts: &'a Timeouts,
    pub(crate) flight: &'a Flight,
}

impl Flight {
    /// A new exchange begins, or one came to its end.
    pub(crate) fn clear(&self) {
        self.marks.take();
        self.has_hops.set(false);
    }

    /// What is known so far, so that a new exchange can begin.
    pub(crate) fn take(&self) -> Self {
        let has_hops = Cell::new(self.has_hops.replace(false));
        Self { timer: Timer::default(), marks: RefCell::new(self.marks.take()), has_hops }
    }

    /// Some request had, at least in part, left.
    pub(crate) fn has_left(&self) -> bool {
        let marks = self.marks.borrow();
        self.has_hops.get() || marks.as_ref().is_some_and(|marks| marks.has_written())
    }
}

impl Course<'_> {
    /// Follows the chain to the head of its last response.
    pub(crate) async fn follow(
        &self,
        step: &mut Step,
        mut start: Instant,
        trail: &mut Trail,
    ) -> Result<Head, HttpError> {
        let limits = self.user.core.limits();
        let redirects_max = self.request.redirects.unwrap_or_else(|| {
            if self.request.method == Method::HEAD { 0 } else { limits.redirects_max }
        });
        loop {
            trail.address = Some(step.address.clone());
            let (Leased { lease, ready, .. }, parts, incoming) =
                self.round_trip(step, start, trail).await?;
            let known = parts.headers.known();
            if known.set_cookie {
                let mut jar = self.user.jar.borrow_mut();
                jar.store(&parts.headers, &step.address, limits.cookies_max);
            }
            let redirect = match redirects_max {
                1.. if known.location => {
                    redirect::next(parts.status, &parts.headers, &step.method, &step.address)
                }
                _ => None,
            };
            let keep = self.request.keep_body && redirect.is_none();
            trail.phase = Phase::ReadingBody;
            let between = self.timeouts.between_bytes();
            let body = BodyReader::new(incoming, &parts.headers, keep, between, limits);
            let mut head = match body {
                Ok(body) => Head { parts, body, lease, ready },
                Err(error) => {
                    lease.marks().split(ready, Instant::now(), &mut trail.timing);
                    return Err(error);
                }
            };
            let Some(redirect) = redirect else { return Ok(head) };
            // Boxed, so that an exchange without redirects does not carry its state around.
            let (read, end) = Box::pin(head.read(trail, limits)).await;
            read?;
            self.user.pool.borrow_mut().put(head.lease, end, limits);
            if trail.history.len() >= redirects_max as usize {
                return Err(HttpError::TooManyRedirects(redirects_max));
            }
            self.flight.clear();
            self.flight.has_hops.set(true);
            let hop = step.redirect(redirect?, head.parts.status);
            trail.trace.note(|| format!("Following the redirect to {}", step.address.url()));
            trail.history.push(hop);
            start = end;
        }
    }

    /// Sends one request of the chain and waits for the head of its response. A kept connection may
    /// have been closed by the server just when the request was on its way: then it is sent once more,
    /// on a new connection, if the server cannot have acted on it or may do so twice.
    async fn round_trip(
        &self,
        step: &Step,
        start: Instant,
        trail: &mut Trail,
    ) -> Result<(Leased, ResponseHead, Incoming), HttpError> {
        trail.timing = RequestTiming::default();
        let (mut is_new, mut repeats) = (false, 0);
        loop {
            trail.phase = Phase::Connecting;
            let origin = &step.address.origin;
            let pooled = if is_new { None } else { self.user.pooled(origin, start) };
            let mut leased = match pooled {
                Some(leased) => leased,
                // Boxed, so that a request on a kept connection does not carry its state around.
                None => Box::pin(self.user.lease(origin, is_new, self.timeouts, trail)).await?,
            };
            trail.timing.connection_reused = leased.was_pooled;
            trail.phase = Phase::Waiting;
            let marks = Rc::clone(leased.lease.marks());
            marks.start(leased.ready);
            *self.flight.marks.borrow_mut() = Some(Rc::clone(&marks));
            if leased.was_pooled {
                trail.trace.note(|| format!("Re-using the connection to {}", origin.text()));
            }
            let sent = {
                let sent = pin!(leased.lease.send(step, self, &mut trail.trace));
                if self.timeouts.limit_head() {
                    Box::pin(self.timeouts.head(&marks, leased.ready, sent)).await
                } else {
                    Ok(sent.await)
                }
            };
            let failure = match sent {
                Ok(Ok((head, incoming))) => {
                    trail.trace.response(&head);
                    return Ok((leased, head, incoming));
                }
                Ok(Err(failure)) => failure,
                Err(error) => SendFailure::final_one(error),
            };
            let may_repeat = failure.may_repeat(leased.was_pooled, step.method.is_idempotent());
            if !may_repeat || repeats >= REPEATS_MAX {
                marks.split(leased.ready, Instant::now(), &mut trail.timing);
                return Err(failure.error);
            }
            trail.trace.note(|| format!("Sending it again: {}", failure.error));
            repeats += 1;
            trail.repeats += 1;
            is_new = matches!(leased.lease, Lease::Http1 { .. });
        }
    }
}

impl Head {
    /// Reads the body to its end, which comes at once when it fails.
    pub(crate) async fn read(
        &mut self,
        trail: &mut Trail,
        limits: &HttpLimits,
    ) -> (Result<Bytes, HttpError>, Instant) {
        let read = match self.body.take_ready(&mut self.lease) {
            Some(body) => Ok(body),
            // Boxed, so that a small response does not carry its state around.
            None => Box::pin(self.body.read(&mut self.lease, limits)).await,
        };
        // The response was there when its last byte was: what is done with it here is not the target's time.
        let end = match &read {
            Ok(_) => self.lease.last_read().unwrap_or_else(Instant::now),
            Err(_) => Instant::now(),
        };
        self.lease.marks().split(self.ready, end, &mut trail.timing);
        (read, end)
    }

    /// The body was read: gives the connection back.
    pub(crate) fn finish(mut self, body: Bytes, end: Instant, user: &User) -> Last {
        let body_size = self.body.size();
        user.pool.borrow_mut().put(self.lease, end, user.core.limits());
        Last { parts: self.parts, body, body_size, end }
    }
}

impl Trail {
    pub(crate) fn new(user: &User) -> Self {
        Self { trace: Trace::new(user.is_traced.get()), ..Self::default() }
    }

    /// Where the chain has come to.
    pub(crate) fn url(&self) -> String {
        self.address.as_ref().map(Address::url).unwrap_or_default()
    }

    pub(crate) fn into_exchange(
        mut self,
        outcome: Result<Last, HttpError>,
        start: Instant,
    ) -> Box<Exchange> {
        if let Err(error) = &outcome {
            self.trace.note(|| error.message());
        }
        // In its box from the start: it is handed on several times.
        let mut exchange = Box::<Exchange>::default();
        exchange.address = self.address;
        exchange.history = self.history;
        exchange.repeats = self.repeats;
        exchange.trace = self.trace.into_lines();
        match outcome {
            Ok(Last { parts, body, body_size, end }) => {
                self.timing.total = end - start;
                exchange.status = parts.status.as_u16();
                exchange.reason = parts.reason;
                exchange.version = Some(parts.version);
                exchange.headers = parts.headers;
                exchange.body = body;
                exchange.body_size = body_size;
            }
            Err(error) => {
                self.timing.total = start.elapsed();
                exchange.error = Some(error);
            }
        }
        exchange.timings = self.timing;
        exchange
    }
}
