//! What one user holds: its connections, cookies, default headers and TLS sessions.
//!
//! Upstream: [`HttpClient`](crate::HttpClient), which owns it. Downstream: exchanges, several at a time
//! when the user sends in parallel.
//! Invariant: a borrow of a cell never lasts over an `await`.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use http::HeaderMap;
use rustls::ClientConfig;
use tokio::time::Instant;

use crate::connect;
use crate::connection::Lease;
use crate::cookies::CookieJar;
use crate::error::HttpError;
use crate::exchange::Trail;
use crate::origin::{BaseUrl, Origin};
use crate::pool::Pool;
use crate::settings::Protocol;
use crate::shared::CoreHttp;
use crate::timeouts::Timeouts;
use crate::tls;
use crate::trust::{self, Trust};

/// A user, shared by its exchanges.
#[derive(Debug)]
pub(crate) struct User {
    pub(crate) core: Rc<CoreHttp>,
    pub(crate) base: Option<BaseUrl>,
    pub(crate) jar: RefCell<CookieJar>,
    pub(crate) defaults: RefCell<HeaderMap>,
    /// Of names and values of `defaults`.
    pub(crate) default_bytes: Cell<usize>,
    pub(crate) pool: RefCell<Pool>,
    /// Exchanges keep a trace.
    pub(crate) is_traced: Cell<bool>,
    /// Several requests are under way at once.
    pub(crate) is_parallel: Cell<bool>,
    /// How its TLS connections are made, when not as the run says.
    pub(crate) trust: RefCell<Option<Rc<Trust>>>,
    /// What remembers its TLS sessions, for each choice.
    sessions: RefCell<Vec<Sessions>>,
}

/// The configuration that a choice has with this user's sessions.
type Sessions = (Option<Rc<Trust>>, Arc<ClientConfig>);

/// A connection for a request.
pub(crate) struct Leased {
    pub(crate) lease: Lease,
    /// It was there before.
    pub(crate) was_pooled: bool,
    /// When it was there.
    pub(crate) ready: Instant,
}

impl User {
    pub(crate) fn new(core: Rc<CoreHttp>, base: Option<BaseUrl>) -> Self {
        Self {
            core,
            base,
            jar: RefCell::default(),
            defaults: RefCell::default(),
            default_bytes: Cell::new(0),
            pool: RefCell::default(),
            is_traced: Cell::new(false),
            is_parallel: Cell::new(false),
            trust: RefCell::default(),
            sessions: RefCell::default(),
        }
    }

    /// Refuses headers over the limit.
    pub(crate) fn check_header_bytes(&self, bytes: usize) -> Result<(), HttpError> {
        let max = self.core.limits().request_header_bytes_max;
        if bytes > max {
            let why = format!(
                "the headers have {bytes} bytes, at most {max} are allowed \
                 (`--limit request-header-size`)"
            );
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(())
    }

    /// The TLS settings of this user's connections.
    pub(crate) fn tls(&self, trust: Option<&Rc<Trust>>) -> Result<Arc<ClientConfig>, HttpError> {
        let shared = match trust {
            Some(trust) => &trust.config,
            None => self.core.shared.tls()?,
        };
        if !self.core.shared.tls_session_reuse() {
            return Ok(Arc::clone(shared));
        }
        let mut sessions = self.sessions.borrow_mut();
        if let Some((_, config)) =
            sessions.iter().find(|(found, _)| trust::is_same(found.as_ref(), trust))
        {
            return Ok(Arc::clone(config));
        }
        let config = tls::with_sessions(shared);
        sessions.push((trust.cloned(), Arc::clone(&config)));
        Ok(config)
    }

    /// The choice that a connection to an origin is made with.
    pub(crate) fn trust_of(&self, origin: &Origin) -> Option<Rc<Trust>> {
        if origin.is_https { self.trust.borrow().clone() } else { None }
    }

    /// Its connections speak HTTP/2.
    pub(crate) fn has_http2(&self) -> bool {
        self.pool.borrow().has_shared()
    }

    /// A connection to an origin that is there.
    pub(crate) fn pooled(&self, origin: &Origin, now: Instant) -> Option<Leased> {
        if self.is_parallel.get() {
            return None;
        }
        let trust = self.trust_of(origin);
        let limits = self.core.limits();
        let lease = self.pool.borrow_mut().take(origin, trust.as_ref(), now, limits)?;
        Some(Leased { lease, was_pooled: true, ready: now })
    }

    /// A connection to an origin when none was [`User::pooled`]. `is_new`: not one that is kept.
    pub(crate) async fn lease(
        &self,
        origin: &Rc<Origin>,
        is_new: bool,
        timeouts: &Timeouts,
        trail: &mut Trail,
    ) -> Result<Leased, HttpError> {
        if self.is_parallel.get() {
            self.lease_in_parallel(origin, is_new, timeouts, trail).await
        } else {
            self.connect(origin, timeouts, trail).await
        }
    }

    /// The same, when others of this user may ask for the same origin: an HTTP/2 connection is shared,
    /// and as long as nobody knows whether there will be one, only one of them connects; of HTTP/1.1
    /// connections each has a place.
    async fn lease_in_parallel(
        &self,
        origin: &Rc<Origin>,
        is_new: bool,
        timeouts: &Timeouts,
        trail: &mut Trail,
    ) -> Result<Leased, HttpError> {
        let limits = self.core.limits();
        let pooled = |lease| Leased { lease, was_pooled: true, ready: Instant::now() };
        let trust = self.trust_of(origin);
        let trust = trust.as_ref();
        let shared = || self.pool.borrow_mut().share_of(origin, trust, Instant::now(), limits);
        if let Some(lease) = shared() {
            return Ok(pooled(lease));
        }
        let lane = self.pool.borrow_mut().lane(origin, limits);
        let may_be_http2 = self.may_be_http2(origin) && !lane.speaks_http1.get();
        let turn = if may_be_http2 { Some(lane.connecting.lock().await) } else { None };
        if let Some(lease) = shared() {
            return Ok(pooled(lease));
        }
        let place = Arc::clone(&lane.places).acquire_owned().await.ok();
        if let Some(lease) = shared() {
            return Ok(pooled(lease));
        }
        let take = || self.pool.borrow_mut().take(origin, trust, Instant::now(), limits);
        let idle = if is_new { None } else { take() };
        let mut leased = match idle {
            Some(lease) => pooled(lease),
            None => self.connect(origin, timeouts, trail).await?,
        };
        if let Lease::Http1 { place: kept, .. } = &mut leased.lease {
            *kept = place;
            lane.speaks_http1.set(true);
        }
        drop(turn);
        Ok(leased)
    }

    async fn connect(
        &self,
        origin: &Rc<Origin>,
        timeouts: &Timeouts,
        trail: &mut Trail,
    ) -> Result<Leased, HttpError> {
        let lease = connect::open(self, origin, timeouts, trail).await?;
        if let Lease::Http2 { connection, .. } = &lease {
            self.pool.borrow_mut().share(connection, self.core.limits());
        }
        Ok(Leased { lease, was_pooled: false, ready: Instant::now() })
    }

    fn may_be_http2(&self, origin: &Origin) -> bool {
        match self.core.shared.protocol() {
            Protocol::Http1 => false,
            Protocol::Auto => origin.is_https,
            Protocol::Http2 => true,
        }
    }
}
