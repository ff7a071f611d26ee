//! Which redirects are followed and how, as python-requests does for Locust.
//!
//! Pure. Upstream: `client.rs`.

use http::{HeaderMap, Method};

/// The statuses that point elsewhere.
pub(crate) fn is_redirect(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The method of the next hop: 303 always, 302 too, and 301 after `POST` become `GET`; a `HEAD`
/// stays one.
pub(crate) fn next_method(status: u16, method: &Method) -> Method {
    match status {
        302 | 303 if *method != Method::HEAD => Method::GET,
        301 if *method == Method::POST => Method::GET,
        _ => method.clone(),
    }
}

/// Without a body its headers go, too.
pub(crate) fn drop_body_headers(headers: &mut HeaderMap) {
    for name in
        [http::header::CONTENT_LENGTH, http::header::CONTENT_TYPE, http::header::TRANSFER_ENCODING]
    {
        headers.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_change_as_in_requests() {
        for (status, method, next) in [
            (301, Method::POST, Method::GET),
            (301, Method::PUT, Method::PUT),
            (301, Method::GET, Method::GET),
            (302, Method::POST, Method::GET),
            (302, Method::PUT, Method::GET),
            (302, Method::HEAD, Method::HEAD),
            (303, Method::DELETE, Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (307, Method::POST, Method::POST),
            (308, Method::PATCH, Method::PATCH),
        ] {
            assert_eq!(next_method(status, &method), next, "{status} {method}");
        }
        assert!(!is_redirect(304) && !is_redirect(300) && is_redirect(308));
    }
}
