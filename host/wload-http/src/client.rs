//! What one user holds, and one exchange from its call to the end of its body.
//!
//! Upstream: the guest's requests. Downstream: `connect` and `pool` for connections, `h1` for one
//! round trip, `body`, `cookies` and `redirect` for its response, [`Exchange`] for the statistics.
//! Invariants: one exchange at a time (`&mut self`); a dropped exchange closes its connection, because
//! the connection is in the future and not in the pool while it is used.

use std::rc::Rc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST};
use http::response::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use tokio::time::{Instant, timeout_at};
use wload_core::limits::REQUEST_HEADERS_MAX;

use crate::cookies::{Cookie, CookieJar};
use crate::error::{HttpError, Phase};
use crate::h1::{Body, Connection, SendFailure};
use crate::origin::BaseUrl;
use crate::pool::Pool;
use crate::redirect::{self, Redirect};
use crate::request::{self, PreparedRequest, RequestSpec};
use crate::response::{Address, Exchange, Hop};
use crate::shared::CoreHttp;
use crate::timing::{Marks, RequestTiming};
use crate::{body, connect};

const ZERO: HeaderValue = HeaderValue::from_static("0");
/// A timeout that cannot be told from none: 30 days. Longer ones are cut, so that the deadline cannot
/// overflow.
const TIMEOUT_MAX: Duration = Duration::from_secs(30 * 86_400);

/// The HTTP of one user: its connections, cookies and default headers.
#[derive(Debug)]
pub struct HttpClient {
    core: Rc<CoreHttp>,
    base: Option<BaseUrl>,
    jar: CookieJar,
    defaults: HeaderMap,
    /// Of names and values of `defaults`.
    default_bytes: usize,
    pool: Pool,
    in_flight: InFlight,
}

/// What is known of the exchange under way; it outlives the exchange's future when that is dropped.
#[derive(Debug, Default)]
struct InFlight {
    marks: Option<Rc<Marks>>,
    /// A redirect was answered, so some request has left.
    has_hops: bool,
}

/// One request of a chain.
struct Step {
    address: Address,
    method: Method,
    body: Option<Bytes>,
    is_redirected: bool,
    drops_authorization: bool,
    drops_content: bool,
}

/// What is known of an exchange before its end, also when it ends early.
#[derive(Default)]
struct Trail {
    timing: RequestTiming,
    phase: Phase,
    history: Vec<Hop>,
    address: Option<Address>,
}

/// The last response.
struct Last {
    parts: Parts,
    body: Bytes,
    body_size: u64,
    end: Instant,
}

/// The head of a response, on the connection that has its body.
struct Answer {
    connection: Connection,
    response: Response<Incoming>,
    /// When the connection was there.
    ready: Instant,
}

impl HttpClient {
    /// The HTTP of a new user. It connects when it sends.
    pub fn new(core: Rc<CoreHttp>, base: Option<BaseUrl>) -> Self {
        Self {
            core,
            base,
            jar: CookieJar::default(),
            defaults: HeaderMap::new(),
            default_bytes: 0,
            pool: Pool::default(),
            in_flight: InFlight::default(),
        }
    }

    /// The base URL of this user.
    pub fn base(&self) -> Option<&BaseUrl> {
        self.base.as_ref()
    }

    /// Sends a prepared request and reads its response to the end. `values` are for the placeholders.
    /// The future may be dropped at any time: the connection is closed, and
    /// [`HttpClient::take_interrupted`] says whether the target may have seen the request.
    pub async fn send(
        &mut self,
        request: &PreparedRequest,
        values: &[String],
        body: Option<Vec<u8>>,
    ) -> Exchange {
        let start = Instant::now();
        self.in_flight = InFlight::default();
        let mut trail = Trail::default();
        let outcome = match self.first_step(request, values, body) {
            Ok(step) => self.run(request, step, start, &mut trail).await,
            Err(error) => Err(error),
        };
        self.in_flight = InFlight::default();
        trail.into_exchange(outcome, start)
    }

    /// Sends a request that is not worth preparing. Braces in its URL have no meaning.
    pub async fn send_once(&mut self, spec: RequestSpec, body: Option<Vec<u8>>) -> Exchange {
        match PreparedRequest::new(spec, self.base.as_ref(), false) {
            Ok(request) => self.send(&request, &[], body).await,
            Err(error) => Exchange { error: Some(error), ..Exchange::default() },
        }
    }

    /// After a dropped exchange: a request had, at least in part, left, and the end of its exchange was
    /// not seen. Asking clears it.
    pub fn take_interrupted(&mut self) -> bool {
        let in_flight = std::mem::take(&mut self.in_flight);
        in_flight.has_hops || in_flight.marks.is_some_and(|marks| marks.has_written())
    }

    /// A header for all later requests that do not set it themselves; `None` removes it.
    pub fn set_default_header(
        &mut self,
        name: &str,
        value: Option<Vec<u8>>,
    ) -> Result<(), HttpError> {
        let parsed = request::parse_header(name, value.as_deref().unwrap_or_default())?;
        let Some((name, parsed)) = parsed else { return Ok(()) };
        let before = self.defaults.get(&name).map_or(0, |old| field_bytes(&name, old));
        if value.is_none() {
            self.defaults.remove(name);
            self.default_bytes -= before;
            return Ok(());
        }
        if !self.defaults.contains_key(&name) && self.defaults.len() >= REQUEST_HEADERS_MAX {
            let why = format!("more than {REQUEST_HEADERS_MAX} default headers");
            return Err(HttpError::InvalidRequest(why));
        }
        let bytes = self.default_bytes - before + field_bytes(&name, &parsed);
        self.check_header_bytes(bytes)?;
        self.default_bytes = bytes;
        self.defaults.insert(name, parsed);
        Ok(())
    }

    /// Whether a request may be sent, as far as that does not depend on values and a body.
    pub fn check(&self, request: &PreparedRequest) -> Result<(), HttpError> {
        self.check_header_bytes(request.header_bytes())
    }

    fn check_header_bytes(&self, bytes: usize) -> Result<(), HttpError> {
        let max = self.core.limits().request_header_bytes_max;
        if bytes > max {
            let why = format!("the headers have {bytes} bytes, at most {max} are allowed");
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(())
    }

    /// The cookies of this user.
    pub fn cookies(&self) -> Vec<Cookie> {
        self.jar.list()
    }

    /// Adds or replaces a cookie.
    pub fn set_cookie(&mut self, cookie: Cookie) -> Result<(), HttpError> {
        let host = self.base.as_ref().map_or("", BaseUrl::host);
        self.jar.set(&cookie, host, self.core.limits().cookies_max)
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&mut self) {
        self.jar.clear();
    }

    /// The next request opens a new connection.
    pub fn close_connections(&mut self) {
        self.pool.clear();
    }

    fn first_step(
        &self,
        request: &PreparedRequest,
        values: &[String],
        body: Option<Vec<u8>>,
    ) -> Result<Step, HttpError> {
        self.check_header_bytes(request.header_bytes() + self.default_bytes)?;
        let max = self.core.limits().request_body_bytes_max;
        if let Some(body) = body.as_ref().filter(|body| body.len() > max) {
            let why = format!("the body has {} bytes, at most {max} are allowed", body.len());
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(Step {
            address: request.address(values)?,
            method: request.method.clone(),
            body: body.filter(|body| !body.is_empty()).map(Bytes::from),
            is_redirected: false,
            drops_authorization: false,
            drops_content: false,
        })
    }

    /// The whole exchange under its timeout: the only timer of an exchange that does not connect.
    async fn run(
        &mut self,
        request: &PreparedRequest,
        step: Step,
        start: Instant,
        trail: &mut Trail,
    ) -> Result<Last, HttpError> {
        let limit = request.timeout.unwrap_or(self.core.limits().total_timeout);
        let deadline = start + limit.min(TIMEOUT_MAX);
        let outcome = timeout_at(deadline, self.follow(request, step, start, trail)).await;
        outcome.unwrap_or_else(|_| Err(HttpError::Timeout(trail.phase)))
    }

    async fn follow(
        &mut self,
        request: &PreparedRequest,
        mut step: Step,
        mut start: Instant,
        trail: &mut Trail,
    ) -> Result<Last, HttpError> {
        let core = Rc::clone(&self.core);
        let limits = core.limits();
        let redirects_max = request.redirects.unwrap_or_else(|| {
            if request.method == Method::HEAD { 0 } else { limits.redirects_max }
        });
        loop {
            trail.address = Some(step.address.clone());
            let Answer { connection, response, ready } =
                self.round_trip(request, &step, start, trail).await?;
            let (parts, mut incoming) = response.into_parts();
            self.jar.store(&parts.headers, &step.address, limits.cookies_max);
            let redirect = match redirects_max {
                0 => None,
                _ => redirect::next(parts.status, &parts.headers, &step.method, &step.address),
            };
            let keep = request.keep_body && redirect.is_none();
            trail.phase = Phase::ReadingBody;
            let read = body::read(&mut incoming, &parts.headers, keep, limits).await;
            let end = Instant::now();
            connection.marks.split(ready, end, &mut trail.timing);
            let (body, body_size) = read?;
            self.pool.put(connection, end, limits);
            let Some(redirect) = redirect else {
                return Ok(Last { parts, body, body_size, end });
            };
            if trail.history.len() >= redirects_max as usize {
                return Err(HttpError::TooManyRedirects(redirects_max));
            }
            self.in_flight = InFlight { marks: None, has_hops: true };
            step.redirect(redirect?, parts.status, trail);
            start = end;
        }
    }

    /// Sends one request of the chain and waits for the head of its response. A kept connection may
    /// have been closed by the server just when the request was on its way: then it is sent once more,
    /// on a new connection, if the server cannot have acted on it or may do so twice.
    async fn round_trip(
        &mut self,
        request: &PreparedRequest,
        step: &Step,
        start: Instant,
        trail: &mut Trail,
    ) -> Result<Answer, HttpError> {
        let limits = *self.core.limits();
        let mut pooled = self.pool.take(&step.address.origin, start, &limits);
        trail.timing = RequestTiming::default();
        loop {
            trail.phase = Phase::Connecting;
            let was_pooled = pooled.is_some();
            let (mut connection, ready) = match pooled.take() {
                Some(connection) => (connection, start),
                None => {
                    let open = connect::open(&self.core, &step.address.origin, &mut trail.timing);
                    (Box::pin(open).await?, Instant::now())
                }
            };
            trail.timing.connection_reused = was_pooled;
            trail.phase = Phase::Waiting;
            self.in_flight.marks = Some(Rc::clone(&connection.marks));
            match connection.send(self.message(request, step)).await {
                Ok(response) => return Ok(Answer { connection, response, ready }),
                Err(failure) if was_pooled && step.may_repeat(&failure, &connection.marks) => {}
                Err(SendFailure { error, .. }) => {
                    connection.marks.split(ready, Instant::now(), &mut trail.timing);
                    let head = (limits.header_bytes_max, limits.header_fields_max);
                    let answered = connection.marks.has_read();
                    return Err(HttpError::from_hyper(&error, answered, head));
                }
            }
        }
    }

    /// The request as hyper wants it.
    fn message(&self, request: &PreparedRequest, step: &Step) -> Request<Body> {
        let mut headers = request.headers.clone();
        for (name, value) in &self.defaults {
            if !request.explicit.contains(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if step.is_redirected {
            headers.insert(HOST, step.address.origin.host_header());
            headers.remove(COOKIE);
            if step.drops_authorization {
                headers.remove(AUTHORIZATION);
            }
            if step.drops_content {
                headers.remove(CONTENT_TYPE);
            }
        }
        if !headers.contains_key(COOKIE)
            && let Some(cookies) = self.jar.header(&step.address)
        {
            headers.insert(COOKIE, cookies);
        }
        let body = match &step.body {
            // hyper adds the length of a body, but not that of none.
            None if !matches!(step.method, Method::GET | Method::HEAD) => {
                headers.insert(CONTENT_LENGTH, ZERO);
                Body::default()
            }
            None => Body::default(),
            Some(body) => Full::new(body.clone()),
        };
        let mut message = Request::new(body);
        *message.method_mut() = step.method.clone();
        *message.uri_mut() = Uri::from(step.address.path.clone());
        *message.headers_mut() = headers;
        message
    }
}

impl Step {
    /// Turns into the next request of the chain.
    fn redirect(&mut self, redirect: Redirect, status: StatusCode, trail: &mut Trail) {
        trail.history.push(Hop {
            status: status.as_u16(),
            url: self.address.url(),
            location: redirect.location,
        });
        self.address = redirect.address;
        self.method = redirect.method;
        self.is_redirected = true;
        self.drops_authorization |= !redirect.keeps_authorization;
        if !redirect.keeps_body {
            self.body = None;
            self.drops_content = true;
        }
    }

    fn may_repeat(&self, failure: &SendFailure, marks: &Marks) -> bool {
        let was_closed = !marks.has_read() && !failure.error.is_parse();
        failure.was_never_sent || (was_closed && self.method.is_idempotent())
    }
}

impl Trail {
    fn into_exchange(mut self, outcome: Result<Last, HttpError>, start: Instant) -> Exchange {
        let exchange =
            Exchange { address: self.address, history: self.history, ..Exchange::default() };
        match outcome {
            Ok(Last { parts, body, body_size, end }) => {
                self.timing.total = end - start;
                Exchange {
                    status: parts.status.as_u16(),
                    reason: reason_of(&parts),
                    headers: parts.headers,
                    body,
                    body_size,
                    timings: self.timing,
                    ..exchange
                }
            }
            Err(error) => {
                self.timing.total = start.elapsed();
                Exchange { error: Some(error), timings: self.timing, ..exchange }
            }
        }
    }
}

fn field_bytes(name: &HeaderName, value: &HeaderValue) -> usize {
    name.as_str().len() + value.len()
}

fn reason_of(parts: &Parts) -> std::borrow::Cow<'static, str> {
    match parts.extensions.get::<ReasonPhrase>() {
        Some(reason) => match std::str::from_utf8(reason.as_bytes()) {
            Ok(text) => text.to_owned().into(),
            // Latin-1 is what HTTP/1.1 once said, and what python-requests falls back to.
            Err(_) => {
                reason.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>().into()
            }
        },
        None => parts.status.canonical_reason().unwrap_or_default().into(),
    }
}
