//! What a user asks for: base URLs, specifications, and where a request goes.
//!
//! Upstream: the guest boundary. Downstream: `template.rs` prepares requests from it.

use std::fmt;
use std::time::Duration;

use http::{HeaderValue, Uri};
use std::rc::Rc;
use url::Url;

use crate::error::HttpError;

/// A request as a scenario states it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestSpec {
    /// `GET`, `POST`, or any other token.
    pub method: String,
    /// Absolute, or a path that is appended to the base URL. In a template with placeholders.
    pub url: String,
    /// Headers that replace those of the same name that wload would send.
    pub headers: Vec<(String, Vec<u8>)>,
    /// Redirects that are followed; none: the limit, and none for `HEAD`.
    pub redirects: Option<u32>,
    /// For the whole exchange; none: the limit.
    pub timeout: Option<Duration>,
    /// False: the body is received and counted, not kept.
    pub keep_body: bool,
}

/// The base URL of a user, as Locust's `host`: paths are appended to it as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BaseUrl {
    text: String,
}

impl BaseUrl {
    /// Checks a base URL.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] when it is no absolute `http` or `https` URL.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        let url = parse_absolute(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(invalid(format!("base URL `{text}` has a query or a fragment")));
        }
        Ok(Self { text: text.trim_end_matches('/').to_owned() })
    }

    /// The URL that a scenario means: absolute ones as they are, others appended.
    #[must_use]
    pub fn join(&self, url: &str) -> String {
        if is_absolute(url) {
            return url.to_owned();
        }
        let slash = if url.starts_with('/') || url.is_empty() { "" } else { "/" };
        format!("{}{slash}{url}", self.text)
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

/// Where requests go: what connections are kept by.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) is_tls: bool,
    /// A name or an address, as in the URL.
    pub(crate) host: Rc<str>,
    pub(crate) port: u16,
    /// The value of the header `Host`.
    pub(crate) host_header: HeaderValue,
}

impl Origin {
    pub(crate) fn of(url: &Url) -> Result<Self, HttpError> {
        let host = url.host_str().ok_or_else(|| invalid(format!("URL `{url}` has no host")))?;
        let is_tls = url.scheme() == "https";
        let host_header = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Ok(Self {
            is_tls,
            host: host.into(),
            port: url.port_or_known_default().unwrap_or(if is_tls { 443 } else { 80 }),
            host_header: HeaderValue::from_str(&host_header)
                .map_err(|_| invalid(format!("host `{host}` cannot be sent")))?,
        })
    }
}

/// A URL that is put together only when somebody looks at it.
#[derive(Clone, Debug)]
pub struct ExchangeUrl {
    pub(crate) origin: Rc<Origin>,
    pub(crate) target: Uri,
}

impl fmt::Display for ExchangeUrl {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.origin.is_tls { "https" } else { "http" };
        let authority = self.origin.host_header.to_str().unwrap_or_default();
        write!(out, "{scheme}://{authority}{}", self.target)
    }
}

/// `http` and `https` only: wload speaks nothing else, and a scenario cannot make it.
pub(crate) fn parse_absolute(text: &str) -> Result<Url, HttpError> {
    let url = Url::parse(text).map_err(|error| invalid(format!("URL `{text}`: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(invalid(format!("URL `{text}` must begin with http:// or https://")));
    }
    Ok(url)
}

pub(crate) fn is_absolute(url: &str) -> bool {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    lower.starts_with("http://") || lower.starts_with("https://")
}

pub(crate) fn invalid(found: impl Into<String>) -> HttpError {
    HttpError::InvalidRequest(found.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_appended_to_the_base_and_absolute_urls_are_not() {
        let base = BaseUrl::parse("http://shop.example:8080/api/").unwrap();
        for (url, joined) in [
            ("/products?a=1", "http://shop.example:8080/api/products?a=1"),
            ("products", "http://shop.example:8080/api/products"),
            ("", "http://shop.example:8080/api"),
            ("https://other.example/x", "https://other.example/x"),
            ("HTTP://other.example/x", "HTTP://other.example/x"),
        ] {
            assert_eq!(base.join(url), joined);
        }
    }

    #[test]
    fn a_base_url_is_http_and_absolute() {
        for (text, says) in [
            ("shop.example", "relative URL"),
            ("ftp://shop.example", "must begin with http"),
            ("http://", "empty host"),
            ("http://shop.example/?q=1", "query"),
            ("localhost:8080", "must begin with http"),
        ] {
            let error = BaseUrl::parse(text).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains(text), "{error}");
        }
    }
}
