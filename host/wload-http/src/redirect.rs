//! Which response is a redirect, and what is asked next: the rules of python-requests, which are
//! those of browsers with a few differences, because Locust's users expect them.
//!
//! Upstream: `client`, after every response. Downstream: the next hop.

use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};

use crate::error::HttpError;
use crate::origin::{self, Origin};
use crate::response::Address;

/// The next request of a chain.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) address: Address,
    pub(crate) method: Method,
    pub(crate) keeps_body: bool,
    pub(crate) keeps_authorization: bool,
    /// As the server sent it.
    pub(crate) location: String,
}

/// `None`: not a redirect. An error: a redirect to where no request can go.
pub(crate) fn next(
    status: StatusCode,
    headers: &HeaderMap,
    method: &Method,
    from: &Address,
) -> Option<Result<Redirect, HttpError>> {
    if !matches!(status.as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
    Some(build(status.as_u16(), location, method, from))
}

fn build(
    status: u16,
    location: String,
    method: &Method,
    from: &Address,
) -> Result<Redirect, HttpError> {
    let refuse = |what: &'static str| HttpError::Malformed(what.into());
    let current = origin::parse_http(&from.url())?;
    let url = current.join(&location).map_err(|_| refuse("redirect to what is not a URL"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refuse("redirect to a scheme that is not http or https"));
    }
    let address = origin::address_of(&url)
        .map_err(|_| refuse("redirect to a URL that cannot be requested"))?;
    let method = match (status, method) {
        (302 | 303, method) if *method != Method::HEAD => Method::GET,
        (301, &Method::POST) => Method::GET,
        (_, method) => method.clone(),
    };
    Ok(Redirect {
        keeps_authorization: keeps_authorization(&from.origin, &address.origin),
        keeps_body: matches!(status, 307 | 308),
        address,
        method,
        location,
    })
}

/// Credentials go to the same origin only, or from a host's plain port to its TLS port.
fn keeps_authorization(from: &Origin, to: &Origin) -> bool {
    let is_upgrade = !from.is_https && from.port == 80 && to.is_https && to.port == 443;
    from.host == to.host && (from == to || is_upgrade)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn follow(status: u16, method: &Method, from: &str, location: &str) -> Option<Redirect> {
        let from = origin::address_of(&origin::parse_http(from).unwrap()).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_bytes(location.as_bytes()).unwrap());
        next(StatusCode::from_u16(status).unwrap(), &headers, method, &from).map(Result::unwrap)
    }

    #[test]
    fn methods_and_bodies_change_as_in_requests() {
        let (get, head, post, put) = (Method::GET, Method::HEAD, Method::POST, Method::PUT);
        let cases = [
            (301, &get, &get, false),
            (301, &post, &get, false),
            (301, &put, &put, false),
            (302, &post, &get, false),
            (302, &put, &get, false),
            (302, &head, &head, false),
            (303, &put, &get, false),
            (303, &head, &head, false),
            (307, &post, &post, true),
            (308, &put, &put, true),
        ];
        for (status, method, expected, keeps_body) in cases {
            let found = follow(status, method, "http://h/", "/x").unwrap();
            assert_eq!((&found.method, found.keeps_body), (expected, keeps_body), "{status}");
        }
        for status in [200, 300, 304, 305, 306, 404] {
            assert!(follow(status, &get, "http://h/", "/x").is_none(), "{status}");
        }
    }

    #[test]
    fn locations_are_resolved_and_credentials_stay_at_home() {
        let cases = [
            ("http://h/a/b", "c", "http://h/a/c", true),
            ("http://h/a/b?x", "?y", "http://h/a/b?y", true),
            ("http://h/a", "//other/c", "http://other/c", false),
            ("http://h/a", "https://h/c", "https://h/c", true),
            ("https://h/a", "http://h/c", "http://h/c", false),
            ("http://h:81/a", "http://h:82/c", "http://h:82/c", false),
            ("http://h/a", "http://user:pw@h/c#frag", "http://h/c", true),
            ("http://h/a", "/caf\u{e9} x", "http://h/caf%C3%A9%20x", true),
        ];
        for (from, location, expected, keeps) in cases {
            let found = follow(302, &Method::GET, from, location).unwrap();
            let key = (found.address.url(), found.keeps_authorization);
            assert_eq!(key, (expected.to_owned(), keeps), "{location}");
        }
    }
}
