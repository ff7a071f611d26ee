//! What users share: settings and TLS per process, the cache of names per core.
//!
//! Upstream: the run's plan. Downstream: every `HttpClient`.

use std::cell::Cell;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use wload_core::limits::HttpLimits;

use crate::carrier::Carriers;
use crate::dns::DnsCache;
use crate::error::HttpError;
use crate::h1::buffers::Buffers;
use crate::proxy::Proxies;
use crate::resolve::ResolveRule;
use crate::settings::{Http1Engine, HttpSettings, Protocol};
use crate::tls;
use crate::trust::{TlsChoice, Trusts};

/// What all cores of a process share. Reading it takes no lock.
#[derive(Debug)]
pub struct HttpShared {
    limits: HttpLimits,
    protocol: Protocol,
    http1: Http1Engine,
    resolve: Vec<ResolveRule>,
    local_addresses: Vec<IpAddr>,
    proxies: Proxies,
    tls_session_reuse: bool,
    identity: tls::Identity,
    tls: OnceLock<Result<Arc<ClientConfig>, HttpError>>,
}

/// What all users of a core share. Made on the core's thread.
#[derive(Debug)]
pub struct CoreHttp {
    pub(crate) shared: Arc<HttpShared>,
    pub(crate) dns: DnsCache,
    pub(crate) buffers: Rc<Buffers>,
    pub(crate) trusts: Trusts,
    pub(crate) carriers: Carriers,
    /// Whose turn it is among the local addresses.
    turn: Cell<usize>,
}

impl HttpShared {
    /// Checks the settings. The certificates of the machine are read when the first TLS connection
    /// needs them, because that costs some ten milliseconds; [`HttpShared::tls_ready`] does it now.
    pub fn new(settings: HttpSettings) -> Result<Arc<Self>, HttpError> {
        Ok(Arc::new(Self {
            limits: settings.limits,
            protocol: settings.protocol,
            http1: settings.http1,
            proxies: Proxies::new(&settings.proxy)?,
            identity: tls::Identity::new(&settings)?,
            resolve: settings.resolve,
            local_addresses: settings.local_addresses,
            tls_session_reuse: settings.tls_session_reuse,
            tls: OnceLock::new(),
        }))
    }

    /// Prepares TLS now, so that the first users do not wait for it and mistakes are seen at start.
    pub fn tls_ready(&self) -> Result<(), HttpError> {
        self.tls().map(|_| ())
    }

    pub(crate) fn tls(&self) -> Result<&Arc<ClientConfig>, HttpError> {
        let config = self.tls.get_or_init(|| tls::client_config(&self.identity, self.protocol));
        config.as_ref().map_err(Clone::clone)
    }

    /// What a user's choice comes to beside the settings; none: it is what they say already.
    pub(crate) fn beside_settings(&self, choice: TlsChoice) -> Option<TlsChoice> {
        self.identity.beside(choice)
    }

    /// The configuration of a choice that is not what the settings say.
    pub(crate) fn config_of(&self, choice: &TlsChoice) -> Result<Arc<ClientConfig>, HttpError> {
        tls::client_config(&self.identity.with(choice)?, self.protocol)
    }

    pub(crate) fn protocol(&self) -> Protocol {
        self.protocol
    }

    pub(crate) fn http1(&self) -> Http1Engine {
        self.http1
    }

    pub(crate) fn proxies(&self) -> &Proxies {
        &self.proxies
    }

    pub(crate) fn tls_session_reuse(&self) -> bool {
        self.tls_session_reuse
    }
}

impl CoreHttp {
    /// Makes what the users of one core share.
    pub fn new(shared: Arc<HttpShared>) -> Rc<Self> {
        Rc::new(Self {
            shared,
            dns: DnsCache::default(),
            buffers: Rc::default(),
            trusts: Trusts::default(),
            carriers: Carriers::default(),
            turn: Cell::new(0),
        })
    }

    /// The addresses of a host, in the order in which they should be tried.
    pub(crate) async fn addresses(&self, host: &str, port: u16) -> Result<Vec<IpAddr>, HttpError> {
        let rule = self.shared.resolve.iter().find_map(|rule| rule.find(host, port));
        match rule {
            Some(addresses) => Ok(addresses.to_vec()),
            None => self.dns.resolve(host).await,
        }
    }

    /// Where the next connection to an address starts from: the local addresses of its family take
    /// turns.
    pub(crate) fn local_address(&self, to: &IpAddr) -> Option<IpAddr> {
        let all = &self.shared.local_addresses;
        let fits = |local: &&IpAddr| local.is_ipv4() == to.is_ipv4();
        let count = all.iter().filter(fits).count();
        let turn = self.turn.replace(self.turn.get().wrapping_add(1)).checked_rem(count)?;
        all.iter().filter(fits).nth(turn).copied()
    }

    /// The limits of the run.
    pub fn limits(&self) -> &HttpLimits {
        &self.shared.limits
    }
}
