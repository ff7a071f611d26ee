//! The HTTP of a simulated user, 1.1 and 2: a measuring client on one thread.
//!
//! Upstream: the interfaces of a scenario. Downstream: the target.
//!
//! One request's path, with the points in time:
//!
//! ```text
//! HttpClient::send               start ─┐
//!   request, template                   │ the address from values
//!   exchange: pool, or connect          │ dns │ connect (a proxy's tunnel in it) │ tls
//!   message: headers, cookies           │
//!   connection: h1 or h2 writes it      │ send
//!   the first byte arrives              │ first byte
//!   body, decode: to its end            │ body
//!   redirect: again from the pool       │
//! Exchange                        end ──┘ total
//! ```
//!
//! [`HttpClient::send_all`] does it for many requests at once, [`HttpClient::open`] stops at the head of
//! the response and hands out the body piece by piece.
//!
//! Invariants: everything of a user stays on one thread and takes no lock; a request on a kept
//! connection parses no URL, sets no timer and reads the clock three times; every size has a limit
//! (`wload_core::limits::HttpLimits`); all failures are values, an [`Exchange`] always exists.
//!
//! Must run in a `tokio::runtime::LocalRuntime` or a `tokio::task::LocalSet`: `h2::connection_loop`, and
//! that of `h1::by_hyper`, are spawned there, one per open connection; each is owned by that connection and
//! ends with it. The thin engine of HTTP/1.1 has none.

mod body;
mod carrier;
mod client;
mod connect;
mod connection;
mod cookies;
mod decode;
mod dial;
mod dns;
mod error;
mod exchange;
mod h1;
mod h2;
mod headers;
mod message;
mod open;
mod origin;
mod pool;
mod proxy;
mod redirect;
mod request;
mod resolve;
mod response;
mod settings;
mod shared;
mod socket;
mod template;
mod timeouts;
mod timing;
mod tls;
mod trace;
mod trust;
mod turn;
mod upload;
mod user;
mod wire;
mod x509;
mod zstd;

pub use carrier::Sending;
pub use client::{HttpClient, ParallelRequest};
pub use cookies::Cookie;
pub use error::{HttpError, Phase};
pub use headers::Headers;
pub use open::{OpenExchange, Opened};
pub use origin::BaseUrl;
pub use request::{PreparedRequest, RequestSpec};
pub use resolve::ResolveRule;
pub use response::{Exchange, Hop};
pub use settings::{ClientCertificate, Http1Engine, HttpSettings, Protocol, ProxySettings};
pub use shared::{CoreHttp, HttpShared};
pub use timing::RequestTiming;
pub use trust::TlsChoice;
pub use upload::{BodyPart, RequestBody};
