//! What users share: settings and TLS per process, the cache of names per core.
//!
//! Upstream: the run's plan. Downstream: every `HttpClient`.

use std::rc::Rc;
use std::sync::{Arc, OnceLock};

use hyper::client::conn::http1::Builder;
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use wload_core::limits::HttpLimits;

use crate::dns::DnsCache;
use crate::error::HttpError;
use crate::{h1, tls};

/// The HTTP settings of a run.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// Times and sizes.
    pub limits: HttpLimits,
    /// Certificates to trust besides those of the machine, as PEM text; may be empty.
    pub extra_roots_pem: Vec<u8>,
    /// Trust any certificate.
    pub insecure: bool,
}

/// What all cores of a process share. Reading it takes no lock.
#[derive(Debug)]
pub struct HttpShared {
    limits: HttpLimits,
    extra_roots: Vec<CertificateDer<'static>>,
    insecure: bool,
    tls: OnceLock<Result<Arc<ClientConfig>, HttpError>>,
}

/// What all users of a core share. Made on the core's thread.
#[derive(Debug)]
pub struct CoreHttp {
    pub(crate) shared: Arc<HttpShared>,
    pub(crate) dns: DnsCache,
    pub(crate) builder: Builder,
}

impl HttpShared {
    /// Checks the settings. The certificates of the machine are read when the first TLS connection
    /// needs them, because that costs some ten milliseconds; [`HttpShared::tls_ready`] does it now.
    pub fn new(settings: HttpSettings) -> Result<Arc<Self>, HttpError> {
        Ok(Arc::new(Self {
            limits: settings.limits,
            extra_roots: tls::parse_roots(&settings.extra_roots_pem)?,
            insecure: settings.insecure,
            tls: OnceLock::new(),
        }))
    }

    /// Prepares TLS now, so that the first users do not wait for it and mistakes are seen at start.
    pub fn tls_ready(&self) -> Result<(), HttpError> {
        self.tls().map(|_| ())
    }

    pub(crate) fn tls(&self) -> Result<&Arc<ClientConfig>, HttpError> {
        let config = self.tls.get_or_init(|| tls::client_config(&self.extra_roots, self.insecure));
        config.as_ref().map_err(Clone::clone)
    }
}

impl CoreHttp {
    /// Makes what the users of one core share.
    pub fn new(shared: Arc<HttpShared>) -> Rc<Self> {
        let builder = h1::builder(&shared.limits);
        Rc::new(Self { shared, dns: DnsCache::default(), builder })
    }

    /// The limits of the run.
    pub fn limits(&self) -> &HttpLimits {
        &self.shared.limits
    }
}
