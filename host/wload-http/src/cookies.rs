//! The cookies of one user.
//!
//! Upstream: `Set-Cookie` of every response, and the guest. Downstream: the header `Cookie` of every
//! request.
//! Invariant: a user without cookies pays one comparison per request and no memory.

use std::borrow::Cow;

use cookie_store::{CookieDomain, CookieStore, RawCookie};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue};
use url::Url;
use wload_core::limits::COOKIE_BYTES_MAX;

use crate::error::HttpError;
use crate::origin::parse_http;
use crate::response::Address;

/// A cookie as the guest sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cookie {
    /// Its name.
    pub name: String,
    /// Its value, without decoding.
    pub value: String,
    /// The host it belongs to; with a leading dot also to the hosts below. Empty: that of the base
    /// URL.
    pub domain: String,
    /// The path it belongs to. Empty: `/`.
    pub path: String,
}

#[derive(Debug, Default)]
pub(crate) struct CookieJar {
    store: Option<Box<CookieStore>>,
    /// Some cookie has another path than `/`, so that the path of a request matters.
    has_paths: bool,
}

impl CookieJar {
    /// Takes the cookies of a response; those that break a rule or a limit are ignored, as browsers
    /// do. `max`: cookies of the jar.
    pub(crate) fn store(&mut self, headers: &HeaderMap, address: &Address, max: usize) {
        if !headers.contains_key(SET_COOKIE) {
            return;
        }
        let Ok(url) = parse_http(&address.url()) else { return };
        for value in headers.get_all(SET_COOKIE) {
            if let Ok(text) = std::str::from_utf8(value.as_bytes())
                && let Ok(cookie) = RawCookie::parse(text)
            {
                self.insert(&cookie, &url, max);
            }
        }
    }

    /// It never had a cookie.
    pub(crate) fn is_empty(&self) -> bool {
        self.store.is_none()
    }

    /// The cookies for a request.
    pub(crate) fn header(&self, address: &Address) -> Option<HeaderValue> {
        let store = self.store.as_ref()?;
        let full;
        let url = if self.has_paths {
            full = parse_http(&address.url()).ok()?;
            &full
        } else {
            &address.origin.url
        };
        let mut cookies = store.matches(url);
        if self.has_paths {
            // RFC 6265, 5.4: longer paths first, then the older cookie.
            cookies.sort_by_key(|cookie| std::cmp::Reverse(cookie.path.len()));
        }
        let mut text = String::new();
        for cookie in cookies {
            if !text.is_empty() {
                text.push_str("; ");
            }
            text.push_str(cookie.name());
            text.push('=');
            text.push_str(cookie.value());
        }
        if text.is_empty() { None } else { HeaderValue::try_from(text).ok() }
    }

    /// All cookies that have not expired.
    pub(crate) fn list(&self) -> Vec<Cookie> {
        let Some(store) = &self.store else { return Vec::new() };
        let list = store.iter_unexpired().map(|cookie| Cookie {
            name: cookie.name().to_owned(),
            value: cookie.value().to_owned(),
            domain: match &cookie.domain {
                CookieDomain::Suffix(domain) => format!(".{domain}"),
                domain => domain.as_cow().unwrap_or_default().into_owned(),
            },
            path: String::from(&cookie.path),
        });
        list.collect()
    }

    /// Sets a cookie of the scenario.
    pub(crate) fn set(&mut self, cookie: &Cookie, host: &str, max: usize) -> Result<(), HttpError> {
        let invalid =
            |why: &str| HttpError::InvalidRequest(format!("cookie `{}`: {why}", cookie.name));
        let is_clean = |text: &str| !text.contains(|c: char| c.is_control() || c == ';');
        if cookie.name.is_empty() || cookie.name.contains(['=', ' ']) {
            return Err(invalid("its name is empty or holds `=` or a space"));
        }
        if ![&cookie.name, &cookie.value, &cookie.path].into_iter().all(|text| is_clean(text)) {
            return Err(invalid("it holds `;` or a control character"));
        }
        let (suffix, domain) = match cookie.domain.strip_prefix('.') {
            Some(domain) => (true, domain),
            None if cookie.domain.is_empty() => (false, host),
            None => (false, cookie.domain.as_str()),
        };
        if domain.is_empty() {
            return Err(invalid("it has no domain and the user has no base URL"));
        }
        let is_bare_ipv6 = domain.contains(':') && !domain.starts_with('[');
        let domain = if is_bare_ipv6 { format!("[{domain}]") } else { domain.to_owned() };
        let url = parse_http(&format!("https://{domain}/"))
            .ok()
            .filter(|url| url.path() == "/" && url.port().is_none() && url.username().is_empty())
            .ok_or_else(|| invalid("its domain is not a host name"))?;
        let path = if cookie.path.is_empty() { "/" } else { &cookie.path };
        let mut raw = RawCookie::new(cookie.name.as_str(), cookie.value.as_str());
        raw.set_path(path);
        if suffix {
            raw.set_domain(domain);
        }
        if !self.insert(&raw, &url, max) {
            return Err(invalid("it is over a limit or its domain is not acceptable"));
        }
        Ok(())
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    fn insert(&mut self, raw: &RawCookie<'_>, url: &Url, max: usize) -> bool {
        let raw = match own_suffix(raw, url) {
            Suffix::Other => Cow::Borrowed(raw),
            Suffix::Own => {
                let mut raw = raw.clone();
                raw.unset_domain();
                Cow::Owned(raw)
            }
            Suffix::Foreign => return false,
        };
        let (domain, path) = (raw.domain().unwrap_or_default(), raw.path().unwrap_or_default());
        let bytes = raw.name().len() + raw.value().len() + domain.len() + path.len();
        if raw.name().is_empty() || bytes > COOKIE_BYTES_MAX {
            return false;
        }
        let Ok(cookie) = cookie_store::Cookie::try_from_raw_cookie(&raw, url) else { return false };
        let cookie = cookie.into_owned();
        let store = self.store.get_or_insert_default();
        let domain = cookie.domain.as_cow().unwrap_or_default();
        if !store.contains_any(&domain, &cookie.path, cookie.name())
            && store.iter_any().count() >= max
        {
            drop_expired(store);
            if store.iter_any().count() >= max {
                return false;
            }
        }
        self.has_paths |= &*cookie.path != "/";
        let inserted = store.insert(cookie, url).is_ok();
        if store.iter_any().next().is_none() {
            self.store = None;
        }
        inserted
    }
}

/// What the domain of a cookie is to the host that sets it.
enum Suffix {
    /// No public suffix.
    Other,
    /// The host is that public suffix itself: the cookie is for the host alone.
    Own,
    /// A public suffix: the cookie would go to hosts that have nothing to do with each other.
    Foreign,
}

/// RFC 6265, 5.3, step 5. The list of suffixes is compiled in.
fn own_suffix(raw: &RawCookie<'_>, url: &Url) -> Suffix {
    let Some(domain) = raw.domain() else { return Suffix::Other };
    let domain = domain.trim_start_matches('.').to_ascii_lowercase();
    let is_public = psl::suffix(domain.as_bytes()).is_some_and(|suffix| suffix == domain.as_str());
    match is_public {
        false => Suffix::Other,
        true if url.host_str() == Some(domain.as_str()) => Suffix::Own,
        true => Suffix::Foreign,
    }
}

fn drop_expired(store: &mut CookieStore) {
    let expired: Vec<(String, String, String)> = store
        .iter_any()
        .filter(|cookie| cookie.is_expired())
        .map(|cookie| {
            let domain = cookie.domain.as_cow().unwrap_or_default().into_owned();
            (domain, String::from(&cookie.path), cookie.name().to_owned())
        })
        .collect();
    for (domain, path, name) in expired {
        store.remove(&domain, &path, &name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::address_of;

    fn at(url: &str) -> Address {
        address_of(&parse_http(url).unwrap()).unwrap()
    }

    fn jar_of(url: &str, cookies: &[&str], max: usize) -> CookieJar {
        let mut jar = CookieJar::default();
        for cookie in cookies {
            let mut headers = HeaderMap::new();
            headers.insert(SET_COOKIE, HeaderValue::from_str(cookie).unwrap());
            jar.store(&headers, &at(url), max);
        }
        jar
    }

    fn sent(jar: &CookieJar, url: &str) -> String {
        jar.header(&at(url)).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default()
    }

    #[test]
    fn cookies_go_where_they_belong() {
        let cases: [(&[&str], &str, &str); 11] = [
            (&["a=1"], "http://a.test/y", "a=1"),
            (&["a=1"], "http://b.test/", ""),
            (&["a=1"], "http://x.a.test/", ""),
            (&["a=1; Domain=a.test"], "http://x.a.test/", "a=1"),
            (&["a=1; Domain=b.test"], "http://b.test/", ""),
            (&["a=1; Path=/x"], "http://a.test/x/y", "a=1"),
            (&["a=1; Path=/x"], "http://a.test/y", ""),
            (&["a=1; Path=/", "b=2; Path=/x"], "http://a.test/x", "b=2; a=1"),
            (&["a=1; Secure"], "http://a.test/", ""),
            (&["b=1", "a=1", "b=2"], "http://a.test/", "b=2; a=1"),
            (&["a=1", "a=1; Max-Age=0"], "http://a.test/", ""),
        ];
        for (cookies, url, expected) in cases {
            let jar = jar_of("http://a.test/", cookies, 10);
            assert_eq!(sent(&jar, url), expected, "{cookies:?} to {url}");
        }
    }

    #[test]
    fn the_jar_is_bounded_and_expired_cookies_make_room() {
        let jar = jar_of("http://a.test/", &["a=1", "b=2", "c=3", "a=4"], 2);
        assert_eq!(sent(&jar, "http://a.test/"), "a=4; b=2");
        let jar = jar_of("http://a.test/", &["a=1", "b=2", "a=; Max-Age=0", "c=3"], 2);
        assert_eq!(sent(&jar, "http://a.test/"), "b=2; c=3");
        let long = format!("a={}", "x".repeat(COOKIE_BYTES_MAX));
        assert_eq!(sent(&jar_of("http://a.test/", &[&long], 2), "http://a.test/"), "");
    }

    #[test]
    fn no_cookie_is_for_a_public_suffix() {
        let cases = [
            ("http://shop.example.co.uk/", "co.uk", None),
            ("http://shop.example.co.uk/", "uk", None),
            ("http://shop.example.co.uk/", ".EXAMPLE.co.uk", Some("http://other.example.co.uk/")),
            ("http://a.github.io/", "github.io", None),
            ("http://github.io/", "github.io", Some("http://github.io/")),
            ("http://localhost/", "localhost", Some("http://localhost/")),
        ];
        for (from, domain, to) in cases {
            let jar = jar_of(from, &[&format!("a=1; Domain={domain}")], 9);
            assert_eq!(jar.list().len(), usize::from(to.is_some()), "{from} {domain}");
            if let Some(to) = to {
                assert_eq!(sent(&jar, to), "a=1", "{from} {domain}");
            }
        }
        // Of a suffix that sets it for itself, the hosts below know nothing.
        let jar = jar_of("http://github.io/", &["a=1; Domain=github.io"], 9);
        assert_eq!(sent(&jar, "http://a.github.io/"), "");
    }

    #[test]
    fn what_the_guest_sets_it_gets_back() {
        let mut jar = CookieJar::default();
        let cookie = |name: &str, domain: &str, path: &str| Cookie {
            name: name.into(),
            value: "v".into(),
            domain: domain.into(),
            path: path.into(),
        };
        jar.set(&cookie("a", "", ""), "a.test", 9).unwrap();
        jar.set(&cookie("b", ".a.test", "/x"), "a.test", 9).unwrap();
        jar.set(&cookie("c", "::1", "/"), "a.test", 9).unwrap();
        let expected =
            [cookie("a", "a.test", "/"), cookie("b", ".a.test", "/x"), cookie("c", "[::1]", "/")];
        assert_eq!(jar.list(), expected);
        assert_eq!(sent(&jar, "http://a.test/"), "a=v");
        assert_eq!(sent(&jar, "http://y.a.test/x"), "b=v");
        assert_eq!(sent(&jar, "http://[::1]/"), "c=v");
        jar.clear();
        assert_eq!(jar.list(), []);
    }

    #[test]
    fn bad_cookies_of_the_guest_are_refused() {
        for (name, value, domain, part) in [
            ("", "v", "h", "name is empty"),
            ("a=b", "v", "h", "name is empty"),
            ("a", "v;w", "h", "`;`"),
            ("a", "v\n", "h", "`;`"),
            ("a", "v", "h/x", "not a host name"),
            ("a", "v", "", "no base URL"),
        ] {
            let cookie = Cookie {
                name: name.into(),
                value: value.into(),
                domain: domain.into(),
                path: "".into(),
            };
            let error = CookieJar::default().set(&cookie, "", 9).unwrap_err().message();
            assert!(error.contains(part), "{error}");
        }
    }
}
