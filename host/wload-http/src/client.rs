//! The HTTP of one user, as a scenario drives it.
//!
//! Upstream: the guest's requests. Downstream: `exchange` up to the head of a response, [`Exchange`] for
//! the statistics.
//! Invariants: exchanges that are under way at once were asked for in one call, or were opened; the
//! whole of an exchange has one timeout.

use std::pin::pin;
use std::rc::Rc;

use http::{HeaderName, HeaderValue};
use tokio::time::Instant;
use wload_core::limits::REQUEST_HEADERS_MAX;

use crate::carrier::{Job, Sending};
use crate::cookies::Cookie;
use crate::error::HttpError;
use crate::exchange::{Course, Flight, Trail};
use crate::message::Step;
use crate::open::{OpenExchange, Opened};
use crate::origin::BaseUrl;
use crate::request::{self, PreparedRequest, RequestSpec};
use crate::response::Exchange;
use crate::shared::CoreHttp;
use crate::trust::TlsChoice;
use crate::turn::others_first;
use crate::upload::RequestBody;
use crate::user::User;

/// The HTTP of one user: its connections, cookies and default headers.
#[derive(Debug)]
pub struct HttpClient {
    user: Rc<User>,
    /// Of the exchanges of the last call: one, or those that were sent in parallel.
    flights: Vec<Rc<Flight>>,
}

/// One of the requests that are sent in parallel.
#[derive(Debug)]
pub struct ParallelRequest {
    /// What is sent.
    pub request: Rc<PreparedRequest>,
    /// For its placeholders.
    pub values: Vec<String>,
    /// Its body.
    pub body: RequestBody,
}

impl HttpClient {
    /// The HTTP of a new user. It connects when it sends.
    pub fn new(core: Rc<CoreHttp>, base: Option<BaseUrl>) -> Self {
        Self { user: Rc::new(User::new(core, base)), flights: vec![Rc::default()] }
    }

    /// The base URL of this user.
    pub fn base(&self) -> Option<&BaseUrl> {
        self.user.base.as_ref()
    }

    /// Sends a prepared request and reads its response to the end. `values` are for the placeholders.
    /// The future may be dropped at any time: the connection is closed, and
    /// [`HttpClient::take_interrupted`] says whether the target may have seen the request.
    pub fn send(
        &mut self,
        request: &PreparedRequest,
        values: &[String],
        body: impl Into<RequestBody>,
    ) -> impl Future<Output = Box<Exchange>> {
        self.flights.truncate(1);
        exchange(&self.user, &self.flights[0], request, values, body.into())
    }

    /// The same, as a future that has all that it needs.
    pub fn send_owned(
        &mut self,
        request: Rc<PreparedRequest>,
        values: Vec<String>,
        body: RequestBody,
    ) -> Sending {
        self.flights.truncate(1);
        let (user, flight) = (self.user.clone(), self.flights[0].clone());
        Sending::new(Job { user, flight, request, values, body })
    }

    /// Sends a request that is not worth preparing. Braces in its URL have no meaning.
    pub async fn send_once(&mut self, spec: RequestSpec, body: impl Into<RequestBody>) -> Exchange {
        match PreparedRequest::new(spec, self.base(), false) {
            Ok(request) => *self.send(&request, &[], body).await,
            Err(error) => Exchange { error: Some(error), ..Exchange::default() },
        }
    }

    /// Sends requests in parallel, as a browser loads the parts of a page, and waits for all. The
    /// exchanges are in the order of the requests. To each origin there are at most
    /// `HttpLimits::connections_per_origin_max` HTTP/1.1 connections, or one of HTTP/2. Each request has
    /// the cookies that the user has when it leaves. The response time of a request begins with the
    /// call, so that waiting for a connection is in it.
    ///
    /// # Errors
    /// When there are more than `HttpLimits::parallel_requests_max`; nothing was sent.
    pub async fn send_all(
        &mut self,
        requests: Vec<ParallelRequest>,
    ) -> Result<Vec<Exchange>, HttpError> {
        let max = self.user.core.limits().parallel_requests_max;
        if requests.len() > max {
            let why = format!("{} requests in parallel, at most {max} are allowed", requests.len());
            return Err(HttpError::InvalidRequest(why));
        }
        self.flights = (0..requests.len().max(1)).map(|_| Rc::default()).collect();
        let _parallel = Parallel::start(&self.user);
        let user = &self.user;
        let exchanges = requests.into_iter().zip(&self.flights).map(|(asked, flight)| async move {
            let ParallelRequest { request, values, body } = asked;
            *exchange(user, flight, &request, &values, body).await
        });
        Ok(futures_util::future::join_all(exchanges).await)
    }

    /// Sends a request and waits for the head of its last response. The body is read piece by piece
    /// from what is returned, whether `keep_body` is set or not.
    pub async fn open(
        &mut self,
        request: &PreparedRequest,
        values: &[String],
        body: impl Into<RequestBody>,
    ) -> Opened {
        let body = body.into();
        self.flights.truncate(1);
        OpenExchange::start(&self.user, &self.flights[0], request, values, body).await
    }

    /// After a dropped exchange: a request had, at least in part, left, and the end of its exchange was
    /// not seen. Asking clears it.
    pub fn take_interrupted(&mut self) -> bool {
        !self.take_interrupted_all().is_empty()
    }

    /// The same for [`HttpClient::send_all`]: which of the requests, by their places.
    pub fn take_interrupted_all(&mut self) -> Vec<usize> {
        let left = |(place, flight): (usize, &Rc<Flight>)| flight.has_left().then_some(place);
        let places = self.flights.iter().enumerate().filter_map(left).collect();
        for flight in &self.flights {
            flight.clear();
        }
        places
    }

    /// Whether exchanges keep a trace, for people: see [`Exchange::trace`].
    pub fn set_trace(&mut self, is_traced: bool) {
        self.user.is_traced.set(is_traced);
    }

    /// A header for all later requests that do not set it themselves; `None` removes it.
    pub fn set_default_header(
        &mut self,
        name: &str,
        value: Option<Vec<u8>>,
    ) -> Result<(), HttpError> {
        let parsed = request::parse_header(name, value.as_deref().unwrap_or_default())?;
        let Some((name, parsed)) = parsed else { return Ok(()) };
        let mut defaults = self.user.defaults.borrow_mut();
        let before = defaults.get(&name).map_or(0, |old| field_bytes(&name, old));
        let others = self.user.default_bytes.get() - before;
        if value.is_none() {
            defaults.remove(name);
            self.user.default_bytes.set(others);
            return Ok(());
        }
        if !defaults.contains_key(&name) && defaults.len() >= REQUEST_HEADERS_MAX {
            let why = format!("more than {REQUEST_HEADERS_MAX} default headers");
            return Err(HttpError::InvalidRequest(why));
        }
        let bytes = others + field_bytes(&name, &parsed);
        self.user.check_header_bytes(bytes)?;
        self.user.default_bytes.set(bytes);
        defaults.insert(name, parsed);
        Ok(())
    }

    /// Whether a request may be sent, as far as that does not depend on values and a body.
    pub fn check(&self, request: &PreparedRequest) -> Result<(), HttpError> {
        self.user.check_header_bytes(request.header_bytes())
    }

    /// The cookies of this user.
    pub fn cookies(&self) -> Vec<Cookie> {
        self.user.jar.borrow().list()
    }

    /// Adds or replaces a cookie.
    pub fn set_cookie(&mut self, cookie: Cookie) -> Result<(), HttpError> {
        let host = self.user.base.as_ref().map_or("", BaseUrl::host);
        let max = self.user.core.limits().cookies_max;
        self.user.jar.borrow_mut().set(&cookie, host, max)
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&mut self) {
        self.user.jar.borrow_mut().clear();
    }

    /// How the TLS connections of later requests are made. Those that were made otherwise are kept, and not used as
    /// long as this holds.
    ///
    /// # Errors
    /// When a text is no certificate or no key, or users have too many different settings; nothing has changed.
    pub fn set_tls(&mut self, choice: TlsChoice) -> Result<(), HttpError> {
        let core = &self.user.core;
        *self.user.trust.borrow_mut() = core.trusts.find(choice, &core.shared)?;
        Ok(())
    }

    /// The next request opens a new connection.
    pub fn close_connections(&mut self) {
        self.user.pool.borrow_mut().clear();
    }
}

/// One exchange to its end, under its timeout: the only timer of an exchange that does not connect.
pub(crate) async fn exchange(
    user: &User,
    flight: &Flight,
    request: &PreparedRequest,
    values: &[String],
    body: RequestBody,
) -> Box<Exchange> {
    if !user.has_http2() {
        // A request of HTTP/2 is written by the loop of its connection, which waits for its turn as it is.
        others_first().await;
    }
    let start = Instant::now();
    flight.clear();
    let limits = user.core.limits();
    let mut trail = Trail::new(user);
    let outcome = match Step::first(user, request, values, body) {
        Ok(mut step) => {
            let timeouts = request.timeouts.or(limits);
            let course = Course { user, request, timeouts: &timeouts, flight };
            let outcome = {
                // Pinned here, so that the timeout around it moves a pointer and not all of its state.
                let whole = pin!(async {
                    let mut head = course.follow(&mut step, start, &mut trail).await?;
                    let (read, end) = head.read(&mut trail, limits).await;
                    Ok(head.finish(read?, end, user))
                });
                flight.timer.limit(start + timeouts.total, whole).await
            };
            outcome.unwrap_or_else(|| Err(HttpError::Timeout(trail.phase)))
        }
        Err(error) => Err(error),
    };
    flight.clear();
    trail.into_exchange(outcome, start)
}

fn field_bytes(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len()
}

/// The user sends in parallel as long as it lives, also when the future is dropped.
struct Parallel<'a>(&'a User);

impl<'a> Parallel<'a> {
    fn start(user: &'a User) -> Self {
        user.is_parallel.set(true);
        Self(user)
    }
}

impl Drop for Parallel<'_> {
    fn drop(&mut self) {
        self.0.is_parallel.set(false);
        self.0.pool.borrow_mut().forget_lanes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::h1;
    use crate::settings::HttpSettings;
    use crate::shared::HttpShared;
    use crate::timing::Marks;

    #[test]
    fn who_waits_takes_little_memory() {
        // Between two requests: what a kept connection is on our heap.
        assert!(size_of::<h1::Connection>() + size_of::<Marks>() <= 512);
        // For a response: the future of an exchange, of which a core keeps some (`carrier.rs`).
        let core = CoreHttp::new(HttpShared::new(HttpSettings::default()).unwrap());
        let url = "http://127.0.0.1/".to_owned();
        let spec = RequestSpec { method: "GET".to_owned(), url, ..RequestSpec::default() };
        let request = PreparedRequest::new(spec, None, false).unwrap();
        let size = size_of_val(&HttpClient::new(core, None).send(&request, &[], None));
        assert!(size <= 1_536, "{size}");
    }
}
