//! What one user holds: connections, cookies, default headers.
//!
//! Upstream: the guest's requests, one at a time. Downstream: `connect.rs`, `h1.rs`. Data: an
//! [`Exchange`] for each request, whatever became of it.
//! Invariants: `send` may be dropped at any time, then its connection is closed and
//! [`HttpClient::take_interrupted`] knows whether a request had left; a request is sent a second time
//! only when nothing of the first had arrived and repeating it is safe.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::header::{AUTHORIZATION, COOKIE, HOST, HeaderName, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderValue, Method, Request, Response, Uri};
use http_body_util::Full;
use hyper::body::Incoming;
use rustls::ClientConfig;
use url::Url;
use wload_core::limits::HttpLimits;

use crate::connect::connect;
use crate::cookies::{Cookie, Cookies};
use crate::dns::DnsCache;
use crate::error::{HttpError, Phase};
use crate::h1::{Connection, Unanswered};
use crate::pool::Pool;
use crate::redirect::{drop_body_headers, is_redirect, next_method};
use crate::request::{BaseUrl, ExchangeUrl, Origin, invalid, parse_absolute};
use crate::response::{Exchange, Hop, read_body};
use crate::template::{PreparedRequest, header, target_of};
use crate::timing::{Marks, RequestTiming};
use crate::tls;

/// What all users of a process have in common.
#[derive(Clone, Debug)]
pub struct HttpSettings {
    /// Limits of an exchange.
    pub limits: HttpLimits,
    /// Further root certificates, PEM.
    pub extra_roots_pem: Vec<u8>,
    /// Servers' certificates are not checked.
    pub insecure: bool,
}

/// Shared by all cores.
#[derive(Debug)]
pub struct HttpShared {
    pub(crate) limits: HttpLimits,
    extra_roots_pem: Vec<u8>,
    insecure: bool,
    tls: OnceLock<Result<Arc<ClientConfig>, HttpError>>,
}

impl HttpShared {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`HttpError::Tls`] when the further roots are no certificates.
    pub fn new(settings: HttpSettings) -> Result<Arc<Self>, HttpError> {
        tls::check_roots(&settings.extra_roots_pem)?;
        Ok(Arc::new(Self {
            limits: settings.limits,
            extra_roots_pem: settings.extra_roots_pem,
            insecure: settings.insecure,
            tls: OnceLock::new(),
        }))
    }

    pub(crate) fn tls(&self) -> Result<&Arc<ClientConfig>, HttpError> {
        let made = self.tls.get_or_init(|| tls::config(&self.extra_roots_pem, self.insecure));
        made.as_ref().map_err(Clone::clone)
    }
}

/// Shared by the users of a core.
#[derive(Debug)]
pub struct CoreHttp {
    pub(crate) shared: Arc<HttpShared>,
    pub(crate) dns: DnsCache,
}

impl CoreHttp {
    /// For the current thread.
    #[must_use]
    pub fn new(shared: Arc<HttpShared>) -> Rc<Self> {
        Rc::new(Self { shared, dns: DnsCache::default() })
    }
}

/// The client of one user.
pub struct HttpClient {
    core: Rc<CoreHttp>,
    base: Option<BaseUrl>,
    pool: Pool,
    cookies: Cookies,
    defaults: Vec<(HeaderName, HeaderValue)>,
    /// Marks of the connection that a request is on now.
    on_the_wire: Option<Rc<Marks>>,
    phase: Phase,
}

/// One hop on its way.
struct Wire {
    method: Method,
    origin: Rc<Origin>,
    target: Uri,
    headers: HeaderMap,
    body: Bytes,
    keep_body: bool,
}

/// One hop that was answered.
struct Answer {
    status: u16,
    reason: Option<Bytes>,
    headers: HeaderMap,
    body: Bytes,
    body_size: u64,
    error: Option<HttpError>,
}

impl HttpClient {
    /// A client without connections.
    #[must_use]
    pub fn new(core: Rc<CoreHttp>, base: Option<BaseUrl>) -> Self {
        Self {
            core,
            base,
            pool: Pool::default(),
            cookies: Cookies::default(),
            defaults: Vec::new(),
            on_the_wire: None,
            phase: Phase::Connect,
        }
    }

    /// The base URL of this user.
    #[must_use]
    pub fn base(&self) -> Option<&BaseUrl> {
        self.base.as_ref()
    }

    /// Sends a request, follows its redirects, reads the last body to its end.
    pub async fn send(
        &mut self,
        request: &PreparedRequest,
        values: &[String],
        body: Option<Vec<u8>>,
    ) -> Exchange {
        let began = Instant::now();
        let mut exchange = Exchange {
            status: 0,
            error: None,
            reason: None,
            url: ExchangeUrl { origin: request.origin.clone(), target: Uri::default() },
            headers: HeaderMap::new(),
            body: Bytes::new(),
            body_size: 0,
            history: Vec::new(),
            timings: RequestTiming::default(),
        };
        let limit = request.timeout.unwrap_or(self.core.shared.limits.total_timeout);
        match self.first_wire(request, values, body) {
            Err(error) => exchange.error = Some(error),
            Ok(wire) => {
                let chain = self.follow(request, wire, &mut exchange);
                if tokio::time::timeout(limit, chain).await.is_err() {
                    exchange.error = Some(HttpError::Timeout(self.phase));
                }
            }
        }
        self.on_the_wire = None;
        exchange.timings.total = began.elapsed();
        exchange
    }

    /// True, once: a request had left when `send` was dropped.
    pub fn take_interrupted(&mut self) -> bool {
        self.on_the_wire.take().is_some_and(|marks| marks.has_written())
    }

    /// A header for all requests that do not state it; none: no longer.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when it cannot be sent.
    pub fn set_default_header(
        &mut self,
        name: &str,
        value: Option<&[u8]>,
    ) -> Result<(), HttpError> {
        let (name, header) = header(name, value.unwrap_or_default())?;
        self.defaults.retain(|(known, _)| *known != name);
        if value.is_some() {
            self.defaults.push((name, header));
        }
        Ok(())
    }

    /// The cookies of this user.
    #[must_use]
    pub fn cookies(&self) -> Vec<Cookie> {
        self.cookies.all()
    }

    /// Adds a cookie.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when its domain is malformed, or there are too many.
    pub fn set_cookie(&mut self, cookie: Cookie) -> Result<(), HttpError> {
        self.cookies.set(cookie, self.core.shared.limits.cookies_max)
    }

    /// Forgets all cookies.
    pub fn clear_cookies(&mut self) {
        self.cookies.clear();
    }

    /// Closes what rests: the next request opens a new connection.
    pub fn close_connections(&mut self) {
        self.pool.clear();
    }

    fn first_wire(
        &self,
        request: &PreparedRequest,
        values: &[String],
        body: Option<Vec<u8>>,
    ) -> Result<Wire, HttpError> {
        let body_max = self.core.shared.limits.request_body_bytes_max;
        let length = body.as_ref().map_or(0, Vec::len);
        if length > body_max {
            return Err(invalid(format!("request body larger than the limit of {body_max} bytes")));
        }
        let mut headers = request.headers.clone();
        for (name, value) in &self.defaults {
            if !request.stated.contains(name) {
                headers.insert(name, value.clone());
            }
        }
        Ok(Wire {
            method: request.method.clone(),
            origin: request.origin.clone(),
            target: request.target(values)?,
            headers,
            body: body.map_or_else(Bytes::new, Bytes::from),
            keep_body: request.keep_body,
        })
    }

    /// Hop after hop; the exchange has the last one.
    async fn follow(&mut self, request: &PreparedRequest, mut wire: Wire, exchange: &mut Exchange) {
        let limits_max = self.core.shared.limits.redirects_max;
        let usual = if request.method == Method::HEAD { 0 } else { limits_max };
        let redirects_max = request.redirects.unwrap_or(usual);
        loop {
            exchange.url = ExchangeUrl { origin: wire.origin.clone(), target: wire.target.clone() };
            let answer = match self.hop(&wire, &mut exchange.timings).await {
                Ok(answer) => answer,
                Err(error) => {
                    exchange.status = 0;
                    exchange.error = Some(error);
                    return;
                }
            };
            (exchange.status, exchange.reason) = (answer.status, answer.reason);
            (exchange.body, exchange.body_size) = (answer.body, answer.body_size);
            exchange.headers = answer.headers;
            exchange.error = answer.error;
            let location = exchange.headers.get(LOCATION).filter(|_| is_redirect(exchange.status));
            let Some(location) = location.filter(|_| redirects_max > 0 && exchange.error.is_none())
            else {
                return;
            };
            if exchange.history.len() >= redirects_max as usize {
                exchange.error = Some(HttpError::TooManyRedirects(redirects_max));
                return;
            }
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            let (status, url) = (exchange.status, exchange.url.to_string());
            match redirected(wire, status, &url, &location) {
                Ok(next) => wire = next,
                Err(error) => {
                    exchange.error = Some(error);
                    return;
                }
            }
            exchange.history.push(Hop { status, url, location });
        }
    }

    /// One request and its response.
    async fn hop(&mut self, wire: &Wire, timing: &mut RequestTiming) -> Result<Answer, HttpError> {
        let url = ExchangeUrl { origin: wire.origin.clone(), target: wire.target.clone() };
        let mut request = Request::new(Full::new(wire.body.clone()));
        *request.method_mut() = wire.method.clone();
        *request.uri_mut() = wire.target.clone();
        *request.headers_mut() = wire.headers.clone();
        if !self.cookies.is_empty()
            && !wire.headers.contains_key(COOKIE)
            && let Some(cookies) = self.cookies.header(&parse_absolute(&url.to_string())?)
        {
            request.headers_mut().insert(COOKIE, cookies);
        }
        let limits = &self.core.shared.limits;
        let (idle_timeout, body_max, idle_max, cookies_max) = (
            limits.idle_timeout,
            limits.body_bytes_max,
            limits.idle_connections_max,
            limits.cookies_max,
        );
        let (connection, began, response) =
            self.answered(wire, request, idle_timeout, timing).await?;
        self.phase = Phase::Body;
        let (head, body) = response.into_parts();
        if head.headers.contains_key(SET_COOKIE) {
            let url = parse_absolute(&url.to_string())?;
            self.cookies.take(head.headers.get_all(SET_COOKIE).iter(), &url, cookies_max);
        }
        let read = read_body(body, &head.headers, wire.keep_body, body_max).await;
        connection.marks.phases(began, Instant::now(), timing);
        self.on_the_wire = None;
        let (read, error) = match read {
            Ok(read) => {
                self.pool.put(connection, idle_max);
                (read, None)
            }
            Err(error) => (crate::response::ReadBody::default(), Some(error)),
        };
        Ok(Answer {
            status: head.status.as_u16(),
            reason: head
                .extensions
                .get::<hyper::ext::ReasonPhrase>()
                .map(|reason| Bytes::copy_from_slice(reason.as_bytes())),
            headers: head.headers,
            body: read.bytes,
            body_size: read.size,
            error,
        })
    }

    /// The head of the response. A connection that rested may have been closed just now: then the
    /// request goes again, on a new one, if nothing of it had left or repeating is harmless.
    async fn answered(
        &mut self,
        wire: &Wire,
        mut request: Request<Full<Bytes>>,
        idle_timeout: Duration,
        timing: &mut RequestTiming,
    ) -> Result<(Connection, Instant, Response<Incoming>), HttpError> {
        let mut rested = self.pool.take(&wire.origin, idle_timeout);
        loop {
            timing.connection_reused = rested.is_some();
            (timing.dns, timing.connect, timing.tls) = Default::default();
            let mut connection = match rested.take() {
                Some(connection) => connection,
                None => {
                    self.phase = Phase::Connect;
                    connect(&self.core, &wire.origin, timing).await?
                }
            };
            self.phase = Phase::FirstByte;
            self.on_the_wire = Some(connection.marks.clone());
            let began = Instant::now();
            let copy = timing.connection_reused.then(|| copy_of(&request));
            match connection.send(request).await {
                Ok(response) => return Ok((connection, began, response)),
                Err(Unanswered { error, unsent }) => {
                    self.on_the_wire = None;
                    let Some(copy) = copy else { return Err(error) };
                    let is_harmless = wire.method.is_idempotent() && !connection.marks.has_read();
                    match unsent {
                        Some(unsent) => request = unsent,
                        None if is_harmless && matches!(error, HttpError::Closed(_)) => {
                            request = copy
                        }
                        None => return Err(error),
                    }
                }
            }
        }
    }
}

fn copy_of(request: &Request<Full<Bytes>>) -> Request<Full<Bytes>> {
    let mut copy = Request::new(request.body().clone());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    copy
}

/// The hop that a redirect asks for.
fn redirected(wire: Wire, status: u16, url: &str, location: &str) -> Result<Wire, HttpError> {
    let here = parse_absolute(url)?;
    let bad = |error: url::ParseError| {
        HttpError::Protocol(format!("redirect to a malformed location: {error}"))
    };
    let there: Url = here.join(location).map_err(bad)?;
    if !matches!(there.scheme(), "http" | "https") {
        return Err(HttpError::Protocol(format!(
            "redirect to `{}`, which wload does not speak",
            there.scheme()
        )));
    }
    let method = next_method(status, &wire.method);
    let mut headers = wire.headers;
    let mut body = wire.body;
    if method != wire.method {
        drop_body_headers(&mut headers);
        body = Bytes::new();
    }
    let origin = Origin::of(&there)?;
    if origin.host != wire.origin.host {
        headers.remove(AUTHORIZATION);
    }
    headers.insert(HOST, origin.host_header.clone());
    let origin = if origin == *wire.origin { wire.origin } else { Rc::new(origin) };
    Ok(Wire {
        method,
        origin,
        target: target_of(&there)?,
        headers,
        body,
        keep_body: wire.keep_body,
    })
}
