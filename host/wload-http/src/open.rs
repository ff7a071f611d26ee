//! A response whose head is here and whose body is read on demand.
//!
//! Upstream: [`HttpClient::open`](crate::HttpClient::open). Downstream: the guest, piece by piece; at its
//! end an [`Exchange`] for the statistics, as of any other request.
//! Invariants: the timeout of the whole exchange goes on while nobody reads; a body over the limit ends
//! the exchange as it would end another one; dropping it closes the connection or resets the stream.

use std::pin::pin;
use std::rc::Rc;

use bytes::Bytes;
use http::HeaderMap;
use tokio::time::Instant;

use crate::error::HttpError;
use crate::exchange::{Course, Flight, Head, Last, Trail};
use crate::message::Step;
use crate::request::PreparedRequest;
use crate::response::Exchange;
use crate::turn::others_first;
use crate::upload::RequestBody;
use crate::user::User;

/// What [`HttpClient::open`](crate::HttpClient::open) came to.
#[derive(Debug)]
pub enum Opened {
    /// The head of the response is here.
    Open(Box<OpenExchange>),
    /// There is no response.
    Failed(Box<Exchange>),
}

/// An exchange whose body is not read yet.
pub struct OpenExchange {
    user: Rc<User>,
    flight: Rc<Flight>,
    head: Head,
    trail: Trail,
    start: Instant,
    deadline: Instant,
    state: State,
}

/// How far the body was read.
enum State {
    Reading,
    Ended(Instant),
    Failed(HttpError),
}

impl std::fmt::Debug for OpenExchange {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("OpenExchange").field("status", &self.status()).finish()
    }
}

impl OpenExchange {
    pub(crate) async fn start(
        user: &Rc<User>,
        flight: &Rc<Flight>,
        request: &PreparedRequest,
        values: &[String],
        body: RequestBody,
    ) -> Opened {
        if !user.has_http2() {
            others_first().await;
        }
        let start = Instant::now();
        flight.clear();
        let limits = user.core.limits();
        let mut trail = Trail::new(user);
        let timeouts = request.timeouts.or(limits);
        let deadline = start + timeouts.total;
        let outcome = match Step::first(user, request, values, body) {
            Ok(mut step) => {
                let course = Course { user, request, timeouts: &timeouts, flight };
                let outcome = {
                    let head = pin!(course.follow(&mut step, start, &mut trail));
                    flight.timer.limit(deadline, head).await
                };
                outcome.unwrap_or_else(|| Err(HttpError::Timeout(trail.phase)))
            }
            Err(error) => Err(error),
        };
        match outcome {
            Ok(mut head) => {
                head.body.keep_pieces();
                head.lease.settle();
                // Its own: the client's is for the next exchange.
                let own = Rc::new(flight.take());
                let (user, state) = (Rc::clone(user), State::Reading);
                let open = Self { user, flight: own, head, trail, start, deadline, state };
                Opened::Open(Box::new(open))
            }
            Err(error) => {
                flight.clear();
                Opened::Failed(trail.into_exchange(Err(error), start))
            }
        }
    }

    /// Of the last response.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.head.parts.status.as_u16()
    }

    /// Of the last response.
    #[must_use]
    pub fn headers(&self) -> &HeaderMap {
        &self.head.parts.headers
    }

    /// Some request had, at least in part, left. True until the exchange has ended.
    #[must_use]
    pub fn is_under_way(&self) -> bool {
        matches!(self.state, State::Reading) && self.flight.has_left()
    }

    /// The next piece of the body, decoded; `None` at its end, or when it failed: the exchange says why.
    pub async fn next_chunk(&mut self) -> Option<Bytes> {
        if !matches!(self.state, State::Reading) {
            return None;
        }
        let read = {
            let Head { body, lease, .. } = &mut self.head;
            let chunk = pin!(body.chunk(lease, self.user.core.limits()));
            self.flight.timer.limit(self.deadline, chunk).await
        };
        let read = read.unwrap_or_else(|| Err(HttpError::Timeout(self.trail.phase)));
        self.state = match read {
            Ok(Some(chunk)) => return Some(chunk),
            Ok(None) => State::Ended(self.head.lease.last_read().unwrap_or_else(Instant::now)),
            Err(error) => State::Failed(error),
        };
        None
    }

    /// The URL that answered.
    #[must_use]
    pub fn url(&self) -> String {
        self.trail.url()
    }

    /// Of the last response.
    #[must_use]
    pub fn version(&self) -> http::Version {
        self.head.parts.version
    }

    /// Reads no further: the connection is closed, or the stream reset. The exchange has the size of
    /// what was read.
    #[must_use]
    pub fn abandon(self) -> Exchange {
        let Self { mut head, mut trail, start, state, .. } = self;
        let end = Instant::now();
        head.lease.marks().split(head.ready, end, &mut trail.timing);
        let outcome = match state {
            State::Failed(error) => Err(error),
            State::Reading | State::Ended(_) => {
                let body_size = head.body.size();
                Ok(Last { parts: head.parts, body: Bytes::new(), body_size, end })
            }
        };
        *trail.into_exchange(outcome, start)
    }

    /// Reads what is left, and throws it away. The exchange has the size of the whole body, and none of
    /// it.
    pub async fn finish(mut self) -> Exchange {
        while self.next_chunk().await.is_some() {}
        let Self { user, mut head, mut trail, start, state, .. } = self;
        let end = match state {
            State::Ended(end) => end,
            State::Reading | State::Failed(_) => Instant::now(),
        };
        head.lease.marks().split(head.ready, end, &mut trail.timing);
        let outcome = match state {
            State::Failed(error) => Err(error),
            State::Reading | State::Ended(_) => {
                let body_size = head.body.size();
                user.pool.borrow_mut().put(head.lease, end, user.core.limits());
                Ok(Last { parts: head.parts, body: Bytes::new(), body_size, end })
            }
        };
        *trail.into_exchange(outcome, start)
    }
}
