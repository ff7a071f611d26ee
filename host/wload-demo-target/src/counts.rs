//! What the target counts, so that what a load tester reports can be compared with the truth.
//!
//! Upstream: `routes` names the routes. Downstream: `server` counts, the caller reads `Counts`.
//! Each thread counts for itself under a lock that only `counts` and `reset` ever contend for.
//! A response is completed when its whole body was handed to the connection, which is before the
//! client can have read all of it: whoever has the response finds it counted.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use hyper::Method;
use hyper::body::{Body, Frame, SizeHint};
use serde::{Deserialize, Serialize};

use crate::routes::Route;

/// What a target has counted since its start or its last reset. Routes below `/_` are never counted.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Counts {
    /// All routes together.
    pub total: Tally,
    /// By method and pattern of the route, as in `GET /products/{id}`.
    pub routes: BTreeMap<String, Tally>,
    /// Connections accepted.
    pub connections_opened: u64,
    /// Requests whose body broke off or was too large; they are not among the received ones.
    pub not_read: u64,
    /// How long each response really took in microseconds, rounded down: from the last byte of the
    /// request to the handing of the response to the connection. Bounded by `MAX_SERVICE_TIMES`.
    pub service_times_us: Vec<u64>,
}

/// What was counted for one route, or for all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Requests that were read to their end.
    pub received: u64,
    /// Responses that were written whole.
    pub completed: u64,
    /// Completed responses by status.
    pub by_status: BTreeMap<u16, u64>,
    /// Bytes of the bodies of received requests.
    pub request_body_bytes: u64,
    /// Bytes of the bodies of completed responses, as they were sent.
    pub response_body_bytes: u64,
}

impl Tally {
    fn add(&mut self, other: &Tally) {
        self.received += other.received;
        self.completed += other.completed;
        for (status, count) in &other.by_status {
            *self.by_status.entry(*status).or_default() += count;
        }
        self.request_body_bytes += other.request_body_bytes;
        self.response_body_bytes += other.response_body_bytes;
    }
}

/// Names of methods, as counted; what is not among them is the last.
const METHODS: [&str; 10] =
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT", "OTHER"];

/// The counts of one thread.
#[derive(Debug)]
pub(crate) struct ThreadCounts {
    inner: Mutex<Inner>,
    max_service_times: usize,
}

#[derive(Debug, Default)]
struct Inner {
    /// Goes up with each reset: what was received before is not counted as completed after.
    generation: u64,
    connections_opened: u64,
    not_read: u64,
    /// By method, then by route.
    tallies: Vec<Tally>,
    service_times_us: Vec<u64>,
}

/// A received request that is still to be answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticket {
    generation: u64,
    slot: usize,
}

impl ThreadCounts {
    pub(crate) fn new(max_service_times: usize) -> Self {
        let inner = Inner {
            tallies: vec![Tally::default(); METHODS.len() * Route::ALL.len()],
            ..Inner::default()
        };
        Self { inner: Mutex::new(inner), max_service_times }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // Numbers stay usable whatever happened to a thread that held the lock.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn connection_opened(&self) {
        self.lock().connections_opened += 1;
    }

    pub(crate) fn not_read(&self) {
        self.lock().not_read += 1;
    }

    pub(crate) fn received(&self, method: &Method, route: Route, body_bytes: usize) -> Ticket {
        let method =
            METHODS.iter().position(|name| *name == method.as_str()).unwrap_or(METHODS.len() - 1);
        let slot = method * Route::ALL.len() + route as usize;
        let mut inner = self.lock();
        let tally = &mut inner.tallies[slot];
        tally.received += 1;
        tally.request_body_bytes += body_bytes as u64;
        Ticket { generation: inner.generation, slot }
    }

    pub(crate) fn served(&self, ticket: Ticket, service_time: Duration) {
        let mut inner = self.lock();
        if inner.generation == ticket.generation
            && inner.service_times_us.len() < self.max_service_times
        {
            let micros = u64::try_from(service_time.as_micros()).unwrap_or(u64::MAX);
            inner.service_times_us.push(micros);
        }
    }

    fn completed(&self, ticket: Ticket, status: u16, body_bytes: u64) {
        let mut inner = self.lock();
        if inner.generation == ticket.generation {
            let tally = &mut inner.tallies[ticket.slot];
            tally.completed += 1;
            *tally.by_status.entry(status).or_default() += 1;
            tally.response_body_bytes += body_bytes;
        }
    }

    pub(crate) fn reset(&self) {
        let mut inner = self.lock();
        let generation = inner.generation + 1;
        let tallies = vec![Tally::default(); inner.tallies.len()];
        *inner = Inner { generation, tallies, ..Inner::default() };
    }

    /// Adds what this thread counted on all routes together to `total`.
    pub(crate) fn add_total_to(&self, total: &mut Tally) {
        for tally in self.lock().tallies.iter().filter(|tally| tally.received > 0) {
            total.add(tally);
        }
    }

    /// Adds what this thread counted to `counts`.
    pub(crate) fn add_to(&self, counts: &mut Counts) {
        let inner = self.lock();
        counts.connections_opened += inner.connections_opened;
        counts.not_read += inner.not_read;
        counts.service_times_us.extend(&inner.service_times_us);
        for (slot, tally) in inner.tallies.iter().enumerate() {
            if tally.received == 0 {
                continue;
            }
            let method = METHODS[slot / Route::ALL.len()];
            let pattern = Route::ALL[slot % Route::ALL.len()].pattern();
            let name = format!("{method} {pattern}");
            counts.routes.entry(name).or_default().add(tally);
            counts.total.add(tally);
        }
    }
}

/// The body of a response, which counts the response as completed when it was taken whole.
#[derive(Debug)]
pub(crate) struct CountedBody {
    data: Option<Bytes>,
    end: Option<(Arc<ThreadCounts>, Ticket, u16, u64)>,
}

impl CountedBody {
    /// The body of a response that is not counted.
    pub(crate) fn uncounted(data: Bytes) -> Self {
        Self { data: Some(data).filter(|data| !data.is_empty()), end: None }
    }

    /// The body of the response to the request of `ticket`.
    pub(crate) fn new(data: Bytes, status: u16, ticket: Ticket, counts: Arc<ThreadCounts>) -> Self {
        let length = data.len() as u64;
        let mut body = Self::uncounted(data);
        body.end = Some((counts, ticket, status, length));
        body
    }

    /// All of it at once, which is what completes the response.
    pub(crate) fn take(&mut self) -> Bytes {
        self.data.take().unwrap_or_default()
    }
}

impl Body for CountedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.data.take().map(|data| Ok(Frame::data(data))))
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

impl Drop for CountedBody {
    fn drop(&mut self) {
        if self.data.is_none()
            && let Some((counts, ticket, status, length)) = self.end.take()
        {
            counts.completed(ticket, status, length);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts_of(thread: &ThreadCounts) -> Counts {
        let mut counts = Counts::default();
        thread.add_to(&mut counts);
        counts
    }

    #[test]
    fn a_response_counts_only_when_its_body_was_taken() {
        let thread = Arc::new(ThreadCounts::new(10));
        for take in [false, true] {
            let ticket = thread.received(&Method::GET, Route::Product, 3);
            let mut body =
                CountedBody::new(Bytes::from_static(b"12345"), 200, ticket, thread.clone());
            if take {
                let mut context = Context::from_waker(std::task::Waker::noop());
                assert!(Pin::new(&mut body).poll_frame(&mut context).is_ready());
            }
        }
        let counts = counts_of(&thread);
        let tally = &counts.routes["GET /products/{id}"];
        assert_eq!((tally.received, tally.completed), (2, 1));
        assert_eq!((tally.request_body_bytes, tally.response_body_bytes), (6, 5));
        assert_eq!(tally.by_status, BTreeMap::from([(200, 1)]));
        assert_eq!(&counts.total, tally);
        let mut total = Tally::default();
        thread.add_total_to(&mut total);
        assert_eq!(total, counts.total);
    }

    #[test]
    fn what_was_received_before_a_reset_does_not_count_after_it() {
        let thread = Arc::new(ThreadCounts::new(10));
        let before = thread.received(&Method::POST, Route::Echo, 1);
        thread.reset();
        thread.served(before, Duration::from_millis(1));
        drop(CountedBody::new(Bytes::new(), 200, before, thread.clone()));
        assert_eq!(counts_of(&thread), Counts::default());
    }

    #[test]
    fn service_times_are_bounded_and_strange_methods_share_a_row() {
        let thread = ThreadCounts::new(2);
        for name in ["BREW", "WHEN", "OTHER"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let ticket = thread.received(&method, Route::Unknown, 0);
            thread.served(ticket, Duration::from_nanos(1_999));
        }
        let counts = counts_of(&thread);
        assert_eq!(counts.service_times_us, [1, 1]);
        assert_eq!(counts.routes["OTHER (no route)"].received, 3);
        let json = serde_json::to_string(&counts).unwrap();
        assert_eq!(serde_json::from_str::<Counts>(&json).unwrap(), counts);
    }
}
