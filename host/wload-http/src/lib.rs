//! The HTTP engine of one user, without wasm.
//!
//! The path of a request, with the moments that are timed:
//!
//! ```text
//! PreparedRequest ─► client ─► pool ──────────────► h1 ─► socket
//!                      │        └► connect: dns, tcp, tls ─┘  │ send
//!                      │                                      ▼ first byte
//! Exchange ◄─ total ◄──┴── cookies, redirects ◄── body ◄── response
//! ```
//!
//! Upstream: `wload-scenario` sends for guests. Downstream: hyper and rustls.
//! Invariants: everything of a user stays on its core's thread; nothing on the path of a request
//! takes a lock or sends on a channel of ours; whatever a server does becomes an [`Exchange`].

mod client;
mod connect;
mod cookies;
mod dns;
mod error;
mod h1;
mod pool;
mod redirect;
mod request;
mod response;
mod template;
mod timing;
mod tls;

pub use client::{CoreHttp, HttpClient, HttpSettings, HttpShared};
pub use cookies::Cookie;
pub use error::{HttpError, Phase};
pub use request::{BaseUrl, ExchangeUrl, RequestSpec};
pub use response::{Exchange, Hop};
pub use template::PreparedRequest;
pub use timing::RequestTiming;
