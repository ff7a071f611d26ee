//! What became of one request, and the automatic rule that calls it a failure.
//!
//! Upstream: `client`. Downstream: the statistics (`timings.total`, `body_size`, `failure`) and the
//! guest, which asks for headers and body only when it needs them.

use std::borrow::Cow;
use std::rc::Rc;

use bytes::Bytes;
use http::response::Parts;
use http::uri::PathAndQuery;
use http::{StatusCode, Version};
use hyper::ext::ReasonPhrase;

use crate::error::HttpError;
use crate::headers::Headers;
use crate::origin::Origin;
use crate::timing::RequestTiming;

/// One request and its response, redirects included. It exists also when no response arrived; then
/// `status` is 0 and `error` says why.
#[derive(Debug, Default)]
pub struct Exchange {
    /// Of the last response; 0 when there was none.
    pub status: u16,
    /// Why there was no response.
    pub error: Option<HttpError>,
    /// The reason phrase as the server sent it.
    pub reason: Cow<'static, str>,
    /// Of the last response.
    pub headers: Headers,
    /// The decoded body; empty when it was not kept.
    pub body: Bytes,
    /// Bytes of the decoded body, kept or not.
    pub body_size: u64,
    /// The redirects that were followed, oldest first.
    pub history: Vec<Hop>,
    /// Where the time went.
    pub timings: RequestTiming,
    /// Of the last response; `None` when there was none.
    pub version: Option<http::Version>,
    /// How often a request was sent again on another connection or stream, because the server had closed
    /// the one it was on, or had refused it. Each time was safe.
    pub repeats: u32,
    /// What `curl -v` would show, one line each; empty unless [`crate::HttpClient::set_trace`] asked.
    pub trace: Vec<String>,
    pub(crate) address: Option<Address>,
}

/// A response up to its body, whoever parsed it.
#[derive(Debug)]
pub(crate) struct ResponseHead {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) reason: Cow<'static, str>,
    pub(crate) headers: Headers,
}

impl From<Parts> for ResponseHead {
    fn from(parts: Parts) -> Self {
        let reason = reason_of(&parts);
        let Parts { status, version, headers, .. } = parts;
        Self { status, version, reason, headers: headers.into() }
    }
}

/// A redirect that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// Of the redirecting response.
    pub status: u16,
    /// That answered with the redirect.
    pub url: String,
    /// The header `Location` as it was sent.
    pub location: String,
}

/// A URL in the two parts that requests are made of. Making its text is left to who wants it.
#[derive(Clone, Debug)]
pub(crate) struct Address {
    pub(crate) origin: Rc<Origin>,
    pub(crate) path: PathAndQuery,
}

impl Address {
    pub(crate) fn url(&self) -> String {
        let (origin, path) = (self.origin.text(), self.path.as_str());
        let mut url = String::with_capacity(origin.len() + path.len());
        url.push_str(origin);
        url.push_str(path);
        url
    }
}

impl Exchange {
    /// It was never sent: malformed, or over a limit.
    pub fn is_refused(&self) -> bool {
        self.address.is_none() && matches!(self.error, Some(HttpError::InvalidRequest(_)))
    }

    /// The URL that answered, or would have; empty when the request has none.
    pub fn url(&self) -> String {
        self.address.as_ref().map(Address::url).unwrap_or_default()
    }

    /// The failure message by the automatic rule, or `None` for a success: no response, or a status
    /// of 400 and more, is a failure. `name` is the request's name in the statistics. The text of a
    /// status is Locust's, to the letter, so that its readers' filters still match.
    pub fn failure(&self, name: &str) -> Option<String> {
        if self.status == 0 {
            return Some(match &self.error {
                Some(error) => error.message(),
                None => "no response".to_owned(),
            });
        }
        if self.status < 400 {
            return None;
        }
        let side = if self.status < 500 { "Client" } else { "Server" };
        let text = format!("{} {side} Error: {} for url: {name}", self.status, self.reason);
        Some(format!("HTTPError({})", python_repr(&text)))
    }
}

/// `repr(text)` of Python: what Locust's failure texts are made with.
fn python_repr(text: &str) -> String {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(quote);
    out
}

fn reason_of(parts: &Parts) -> Cow<'static, str> {
    match parts.extensions.get::<ReasonPhrase>() {
        Some(reason) => match std::str::from_utf8(reason.as_bytes()) {
            Ok(text) => text.to_owned().into(),
            // Latin-1 is what HTTP/1.1 once said, and what python-requests falls back to.
            Err(_) => {
                reason.as_bytes().iter().map(|byte| char::from(*byte)).collect::<String>().into()
            }
        },
        // HTTP/2 has no reason phrases.
        None => parts.status.canonical_reason().unwrap_or_default().into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failure_texts_are_locusts() {
        let cases = [
            (200, "OK", "/", None),
            (304, "Not Modified", "/", None),
            (404, "Not Found", "/", Some("HTTPError('404 Client Error: Not Found for url: /')")),
            (500, "Oh", "/a", Some("HTTPError('500 Server Error: Oh for url: /a')")),
            (404, "", "/", Some("HTTPError('404 Client Error:  for url: /')")),
            (400, "It's", "/", Some("HTTPError(\"400 Client Error: It's for url: /\")")),
            (
                400,
                "It's \"x\"",
                "/",
                Some("HTTPError('400 Client Error: It\\'s \"x\" for url: /')"),
            ),
            (
                400,
                "a\\b\x07",
                "/\n",
                Some("HTTPError('400 Client Error: a\\\\b\\x07 for url: /\\n')"),
            ),
        ];
        for (status, reason, name, expected) in cases {
            let exchange = Exchange { status, reason: reason.into(), ..Exchange::default() };
            assert_eq!(exchange.failure(name).as_deref(), expected, "{status} {reason}");
        }
    }

    #[test]
    fn without_a_response_the_error_is_the_message() {
        let error = Some(HttpError::Connect("connection refused".into()));
        let exchange = Exchange { error, ..Exchange::default() };
        assert_eq!(exchange.failure("/").as_deref(), Some("connection refused"));
    }
}
