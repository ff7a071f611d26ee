//! Texts that go into requests: percent-encoding, forms, basic authentication.
//!
//! Upstream: `request.rs`. Pure.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// RFC 3986, 2.3: what means itself everywhere stays readable.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// `name=value` pairs as a form or a query has them, appended to `out`.
pub(super) fn push_pair(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() && !out.ends_with(['?', '&']) {
        out.push('&');
    }
    push(out, name);
    out.push('=');
    push(out, value);
}

/// A name or a value, percent-encoded.
pub(super) fn push(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, RESERVED));
}

/// The value of the header `Authorization`.
pub(super) fn basic_auth(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// A text in which braces mean nothing, as a template has it.
pub(super) fn escaped(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

/// The URL of a template with a placeholder for the value of each name in `query`.
pub(super) fn with_query_places(url: &str, query: &[&str]) -> String {
    let mut out = url.to_owned();
    for (place, name) in query.iter().enumerate() {
        out.push(if out.contains('?') { '&' } else { '?' });
        push(&mut out, name);
        out.push_str("={query");
        out.push_str(&place.to_string());
        out.push('}');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_encoded_so_that_every_server_reads_them() {
        let mut form = String::new();
        push_pair(&mut form, "q", "red lamp & more");
        push_pair(&mut form, "caf\u{e9}", "a=b~c");
        assert_eq!(form, "q=red%20lamp%20%26%20more&caf%C3%A9=a%3Db~c");
        let mut url = "/search?x=1".to_owned();
        push_pair(&mut url, "y", "2");
        assert_eq!(url, "/search?x=1&y=2");
    }

    #[test]
    fn a_query_is_appended_as_places_for_values() {
        assert_eq!(with_query_places("/search", &["q"]), "/search?q={query0}");
        assert_eq!(
            with_query_places("/{a}?x=1", &["q", "p{"]),
            "/{a}?x=1&q={query0}&p%7B={query1}"
        );
    }

    #[test]
    fn basic_authentication_is_that_of_rfc_7617() {
        assert_eq!(basic_auth("Aladdin", "open sesame"), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    }
}
