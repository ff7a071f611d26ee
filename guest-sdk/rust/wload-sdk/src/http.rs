//! The measuring HTTP client of a user.
//!
//! Upstream: tasks, by `self.client()`. Downstream: the host, which sends, measures and records.
//! Invariants: a request whose parts are all literals is prepared once and sent by its handle
//! afterwards (`template_cache.rs`), so that a request formats nothing but its values; headers and
//! body of a response stay in the host until they are asked for.

mod caught;
mod encode;
mod error;
mod multipart;
pub(crate) mod notes;
mod request;
mod response;
mod stream;
mod template_cache;
mod upload;

use std::borrow::Cow;

use crate::bindings::wload::scenario::http;

pub use caught::{CaughtResponse, CheckResult};
pub use error::{HttpError, ResponseError};
pub use multipart::Multipart;
pub use request::{Request, Url};
pub use response::{Hop, Response, Timings};
pub use stream::StreamedResponse;
pub use upload::Upload;

/// Gives all handles back that are kept from one request to the next.
pub(crate) fn forget_handles() {
    request::forget_templates();
}

/// The HTTP client of this user, with its own connections, cookies and default headers.
///
/// It is only a name for what the host keeps: all clients of a user are the same one.
///
/// ```no_run
/// # use wload_sdk::prelude::*;
/// # fn task() -> TaskResult {
/// let client = Client::new();
/// client.get("/products/{id}").value(7).send();
/// let cart: Vec<String> = client.get("/cart").send().json()?;
/// # Ok(())
/// # }
/// ```
///
/// A URL that is a literal may have placeholders; the row in the statistics then has the name with
/// the placeholders, so that all products share one row. A URL that is a `String` is sent as it is.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Client;

/// A cookie of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host that it is for.
    pub domain: String,
    /// The path that it is for.
    pub path: String,
}

/// How a user's TLS connections are made.
#[derive(Clone, Debug)]
pub struct TlsSettings {
    /// False: any certificate of a server is good.
    pub verify: bool,
    /// The only authorities that are trusted, as PEM text. Empty: those of the machine.
    pub authorities: String,
    /// Certificate and private key for servers that ask for one, as PEM text.
    pub certificate: Option<(String, String)>,
}

impl Default for TlsSettings {
    /// As a run has them without flags.
    fn default() -> Self {
        Self { verify: true, authorities: String::new(), certificate: None }
    }
}

impl Client {
    /// The client of the user that runs here; in a task it is `self.client()`.
    pub fn new() -> Self {
        Self
    }

    /// A request with any method.
    pub fn request(self, method: impl Into<Cow<'static, str>>, url: impl Into<Url>) -> Request {
        Request::new(method.into(), url.into())
    }

    /// `GET`
    pub fn get(self, url: impl Into<Url>) -> Request {
        self.request("GET", url)
    }

    /// `POST`
    pub fn post(self, url: impl Into<Url>) -> Request {
        self.request("POST", url)
    }

    /// `PUT`
    pub fn put(self, url: impl Into<Url>) -> Request {
        self.request("PUT", url)
    }

    /// `PATCH`
    pub fn patch(self, url: impl Into<Url>) -> Request {
        self.request("PATCH", url)
    }

    /// `DELETE`
    pub fn delete(self, url: impl Into<Url>) -> Request {
        self.request("DELETE", url)
    }

    /// `HEAD`
    pub fn head(self, url: impl Into<Url>) -> Request {
        self.request("HEAD", url)
    }

    /// `OPTIONS`
    pub fn options(self, url: impl Into<Url>) -> Request {
        self.request("OPTIONS", url)
    }

    /// Sends requests at once, as a browser loads the parts of a page, and waits for all. The
    /// responses are in the order of the requests; response times begin now, so that waiting for one
    /// of the user's connections is in them.
    pub fn send_all(self, requests: Vec<Request>) -> Vec<Response> {
        request::send_all(requests)
    }

    /// A header for all later requests of this user that do not set it themselves.
    pub fn set_header(self, name: &str, value: impl AsRef<str>) {
        http::set_default_header(name, Some(value.as_ref().as_bytes()));
    }

    /// The header is no longer sent by default.
    pub fn remove_header(self, name: &str) {
        http::set_default_header(name, None);
    }

    /// User name and password for all later requests, as HTTP's basic authentication has them.
    pub fn set_basic_auth(self, user: &str, password: &str) {
        self.set_header("Authorization", encode::basic_auth(user, password));
    }

    /// The cookies of this user.
    pub fn cookies(self) -> Vec<Cookie> {
        let cookies = http::cookies().into_iter();
        cookies
            .map(|http::Cookie { name, value, domain, path }| Cookie { name, value, domain, path })
            .collect()
    }

    /// Sets a cookie.
    pub fn set_cookie(self, cookie: Cookie) {
        let Cookie { name, value, domain, path } = cookie;
        http::set_cookie(&http::Cookie { name, value, domain, path });
    }

    /// Removes all cookies of this user.
    pub fn clear_cookies(self) {
        http::clear_cookies();
    }

    /// How the TLS connections of all later requests of this user are made, and of nobody else's. What the command
    /// line says (`--insecure`, `--cacert`, `--cert`) stands before it.
    ///
    /// # Errors
    /// What is wrong with a text; nothing has changed then.
    pub fn set_tls(self, settings: TlsSettings) -> Result<(), String> {
        let TlsSettings { verify, authorities, certificate } = settings;
        let certificate = certificate.map(|(chain, key)| (chain.into_bytes(), key.into_bytes()));
        let authorities = authorities.into_bytes();
        http::set_tls(&http::TlsSettings { verify, authorities, certificate })
    }

    /// The next request of this user opens a new connection.
    pub fn close_connections(self) {
        http::close_connections();
    }
}
