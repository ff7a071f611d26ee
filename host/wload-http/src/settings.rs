//! The HTTP settings of a run, as they are given.
//!
//! Upstream: the run's plan. Downstream: `shared`, which checks them once and makes what users need.

use std::net::IpAddr;

use wload_core::limits::HttpLimits;

use crate::resolve::ResolveRule;

/// The HTTP settings of a run. The defaults are Locust's behaviour.
#[derive(Clone, Debug, Default)]
pub struct HttpSettings {
    /// Times and sizes.
    pub limits: HttpLimits,
    /// Certificates to trust besides those of the machine, as PEM text; may be empty.
    pub extra_roots_pem: Vec<u8>,
    /// Trust any certificate.
    pub insecure: bool,
    /// The certificate that wload shows to servers that ask for one.
    pub client_certificate: Option<ClientCertificate>,
    /// Each user remembers its own TLS sessions, as a browser does, so that its later connections need
    /// a shorter handshake. Off: every connection is that of a new visitor.
    pub tls_session_reuse: bool,
    /// Which HTTP is spoken.
    pub protocol: Protocol,
    /// Who speaks HTTP/1.1.
    pub http1: Http1Engine,
    /// Addresses that replace those of the name service; the first rule that matches counts.
    pub resolve: Vec<ResolveRule>,
    /// Addresses of this machine that connections start from, in turn; empty: as the machine chooses.
    /// Each adds some 28,000 connections that one target may have.
    pub local_addresses: Vec<IpAddr>,
    /// Proxies.
    pub proxy: ProxySettings,
}

/// Which HTTP is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1 only, as Locust.
    #[default]
    Http1,
    /// HTTP/2 where TLS agrees on it (ALPN), else HTTP/1.1, as browsers.
    Auto,
    /// HTTP/2 only: over TLS by ALPN, without TLS by prior knowledge.
    Http2,
}

/// Who speaks HTTP/1.1. Both say and accept the same; one is there to measure and to judge the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Http1Engine {
    /// wload's own, in which an exchange reads and writes its socket itself.
    #[default]
    Thin,
    /// hyper's, in which each connection has a loop.
    Hyper,
}

/// A certificate of the client with its key.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    /// The certificate and those that lead to its authority, as PEM text.
    pub certificates_pem: Vec<u8>,
    /// Its private key (PKCS #8, PKCS #1 or SEC 1), as PEM text.
    pub key_pem: Vec<u8>,
}

/// A key is not for logs.
impl std::fmt::Debug for ClientCertificate {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientCertificate")
    }
}

/// Which proxies are used, and for what not. Texts are those of the variables `http_proxy`,
/// `https_proxy` and `no_proxy`.
#[derive(Clone, Debug, Default)]
pub struct ProxySettings {
    /// For `http` URLs: `http://user:password@host:port`.
    pub http: Option<String>,
    /// For `https` URLs, by `CONNECT`: `http://user:password@host:port`.
    pub https: Option<String>,
    /// Hosts that are asked directly, by comma or space: names with all below them, addresses, networks
    /// (`10.0.0.0/8`), or `*` for all.
    pub no_proxy: String,
}
