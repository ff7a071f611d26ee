//! The cookies of one user, bounded.
//!
//! Upstream: responses, and the scenario. Downstream: the header `Cookie`. A user without cookies
//! has no jar, and pays nothing.

use cookie_store::{CookieStore, RawCookie};
use http::HeaderValue;
use url::Url;

use crate::error::HttpError;
use crate::request::invalid;

/// A cookie as a scenario sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
    /// The host it is sent to.
    pub domain: String,
    /// The path it is sent below.
    pub path: String,
}

/// A jar, made with the first cookie.
#[derive(Debug, Default)]
pub(crate) struct Cookies {
    jar: Option<Box<CookieStore>>,
}

impl Cookies {
    pub(crate) fn is_empty(&self) -> bool {
        self.jar.is_none()
    }

    /// The header for this URL.
    pub(crate) fn header(&self, url: &Url) -> Option<HeaderValue> {
        let mut text = String::new();
        for (name, value) in self.jar.as_ref()?.get_request_values(url) {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(name);
            text.push('=');
            text.push_str(value);
        }
        if text.is_empty() { None } else { HeaderValue::from_str(&text).ok() }
    }

    /// Takes the `Set-Cookie` headers of a response; what is malformed, or over the limit, is left
    /// out, as a browser does.
    pub(crate) fn take<'a>(
        &mut self,
        values: impl Iterator<Item = &'a HeaderValue>,
        url: &Url,
        cookies_max: usize,
    ) {
        for value in values {
            let Some(cookie) = value.to_str().ok().and_then(|text| RawCookie::parse(text).ok())
            else {
                continue;
            };
            let jar = self.jar.get_or_insert_default();
            let is_new = !jar.iter_any().any(|known| known.name() == cookie.name());
            if is_new && jar.iter_any().count() >= cookies_max {
                continue;
            }
            let _ = jar.insert_raw(&cookie.into_owned(), url);
        }
    }

    /// Adds a cookie of the scenario's own.
    pub(crate) fn set(&mut self, cookie: Cookie, cookies_max: usize) -> Result<(), HttpError> {
        let domain = cookie.domain.trim_start_matches('.').to_owned();
        let url = Url::parse(&format!("http://{domain}/"))
            .map_err(|error| invalid(format!("cookie domain `{domain}`: {error}")))?;
        let jar = self.jar.get_or_insert_default();
        if jar.iter_any().count() >= cookies_max {
            return Err(invalid(format!("more than {cookies_max} cookies")));
        }
        let raw =
            RawCookie::build((cookie.name, cookie.value)).domain(domain).path(cookie.path).build();
        jar.insert_raw(&raw, &url).map_err(|error| invalid(format!("cookie: {error}")))?;
        Ok(())
    }

    pub(crate) fn clear(&mut self) {
        self.jar = None;
    }

    pub(crate) fn all(&self) -> Vec<Cookie> {
        let Some(jar) = &self.jar else { return Vec::new() };
        jar.iter_unexpired()
            .map(|cookie| Cookie {
                name: cookie.name().to_owned(),
                value: cookie.value().to_owned(),
                domain: String::from(&cookie.domain),
                path: String::from(&cookie.path),
            })
            .collect()
    }
}
