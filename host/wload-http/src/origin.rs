//! Where requests go: scheme, host and port, and the base URL of a user.
//!
//! Upstream: the run's target and the URLs of the scenario. Downstream: `template` (what to send),
//! `connect` and `pool` (where to).

use std::rc::Rc;
use std::sync::Arc;

use http::HeaderValue;
use http::uri::PathAndQuery;
use url::{Host, Url};
use wload_core::limits::REQUEST_PATH_BYTES_MAX;

use crate::error::HttpError;
use crate::response::Address;

/// The base URL of a user's requests. Cheap to clone and to send; a request never touches it, so
/// that cores do not share a counter.
#[derive(Clone, Debug)]
pub struct BaseUrl(Arc<BaseParts>);

#[derive(Debug)]
struct BaseParts {
    text: String,
    origin: Origin,
    authorization: Option<HeaderValue>,
}

/// Scheme, host and port.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) is_https: bool,
    /// Lower case, without the brackets of IPv6.
    pub(crate) host: String,
    pub(crate) port: u16,
    /// With the path `/`; the matching of cookies wants it in this form.
    pub(crate) url: Url,
}

impl PartialEq for Origin {
    fn eq(&self, other: &Self) -> bool {
        self.port == other.port && self.is_https == other.is_https && self.host == other.host
    }
}

impl BaseUrl {
    /// Checks a base URL: `http` or `https`, with a host. User and password become basic
    /// authorization of all requests to the same origin.
    pub fn parse(text: &str) -> Result<Self, HttpError> {
        if has_placeholder_or_space(text) {
            let why = format!("base URL `{text}` has braces or spaces; give scheme, host and port");
            return Err(HttpError::InvalidRequest(why));
        }
        let url = parse_http(text)?;
        if url.query().is_some() || url.fragment().is_some() {
            let why =
                format!("base URL `{text}` has a query or fragment: paths are appended to it");
            return Err(HttpError::InvalidRequest(why));
        }
        let origin = Origin::of(&url)?;
        let authorization = authorization_of(&url);
        let text = strip_user_info(text);
        Ok(Self(Arc::new(BaseParts { text, origin, authorization })))
    }

    /// The text that paths are appended to: as it was given, without user and password.
    pub fn as_str(&self) -> &str {
        &self.0.text
    }

    pub(crate) fn host(&self) -> &str {
        &self.0.origin.host
    }

    /// The basic authorization for a request to this origin.
    pub(crate) fn authorization_for(&self, origin: &Origin) -> Option<HeaderValue> {
        if *origin != self.0.origin {
            return None;
        }
        let value = self.0.authorization.as_ref()?;
        // A copy, so that users do not count references to the same bytes on several cores.
        let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

impl Origin {
    pub(crate) fn of(url: &Url) -> Result<Self, HttpError> {
        let refuse = |what: &str| HttpError::InvalidRequest(format!("URL `{url}` has no {what}"));
        let host = match url.host().ok_or_else(|| refuse("host"))? {
            Host::Domain(name) => name.to_owned(),
            Host::Ipv4(ip) => ip.to_string(),
            Host::Ipv6(ip) => ip.to_string(),
        };
        let port = url.port_or_known_default().ok_or_else(|| refuse("port"))?;
        Ok(Self {
            is_https: url.scheme() == "https",
            host,
            port,
            url: {
                let mut root = url.clone();
                root.set_path("/");
                root.set_query(None);
                root.set_fragment(None);
                // These two fail only for URLs without a host.
                let _ = root.set_username("");
                let _ = root.set_password(None);
                root
            },
        })
    }

    /// `http://host:port`, the port only when it is not the scheme's own.
    pub(crate) fn text(&self) -> &str {
        &self.url[..url::Position::BeforePath]
    }

    /// The value of the header `Host`.
    pub(crate) fn host_header(&self) -> HeaderValue {
        let authority = &self.url[url::Position::BeforeHost..url::Position::AfterPort];
        HeaderValue::from_str(authority).expect("a parsed host is ASCII without control characters")
    }
}

/// Parses an absolute URL whose scheme is `http` or `https`.
pub(crate) fn parse_http(text: &str) -> Result<Url, HttpError> {
    let invalid = |why: String| HttpError::InvalidRequest(format!("URL `{text}`: {why}"));
    let url = Url::parse(text).map_err(|error| match error {
        url::ParseError::RelativeUrlWithoutBase => {
            invalid("it is relative and the user has no base URL".into())
        }
        other => invalid(other.to_string()),
    })?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        other => Err(invalid(format!("scheme `{other}`, only http and https are possible"))),
    }
}

/// The parts of a parsed URL that a request is made of. The fragment stays here.
pub(crate) fn address_of(url: &Url) -> Result<Address, HttpError> {
    Ok(Address {
        origin: Rc::new(Origin::of(url)?),
        path: path_of(&url[url::Position::BeforePath..url::Position::AfterQuery])?,
    })
}

/// Checks path and query as they are sent.
pub(crate) fn path_of(text: &str) -> Result<PathAndQuery, HttpError> {
    check_path_length(text.len())?;
    PathAndQuery::try_from(text)
        .map_err(|error| HttpError::InvalidRequest(format!("path `{text}`: {error}")))
}

/// Refuses a path over the limit before any work is done on it.
pub(crate) fn check_path_length(len: usize) -> Result<(), HttpError> {
    if len > REQUEST_PATH_BYTES_MAX {
        let why = format!("the path has {len} bytes, at most {REQUEST_PATH_BYTES_MAX} are allowed");
        return Err(HttpError::InvalidRequest(why));
    }
    Ok(())
}

/// `Authorization: Basic` from the user info of a URL.
pub(crate) fn authorization_of(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let mut plain = percent_decoded(url.username());
    plain.push(b':');
    plain.extend(percent_decoded(url.password().unwrap_or_default()));
    let text = format!("Basic {}", base64(&plain));
    let mut value = HeaderValue::try_from(text).expect("base64 is ASCII");
    value.set_sensitive(true);
    Some(value)
}

/// An absolute URL is one that begins with `http://` or `https://`, as in Locust; anything else is
/// appended to the base, even if that makes no sense.
pub(crate) fn is_absolute(text: &str) -> bool {
    ["http://", "https://"].iter().any(|scheme| {
        text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    })
}

fn has_placeholder_or_space(text: &str) -> bool {
    text.contains(['{', '}']) || text.contains(char::is_whitespace)
}

/// The text up to the authority's user info, and from its host on.
fn strip_user_info(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let end = rest.find(['/', '\\']).unwrap_or(rest.len());
    let host = rest[..end].rfind('@').map_or(0, |at| at + 1);
    format!("{scheme}://{}", &rest[host..])
}

fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let digits = text.get(at + 1..at + 3);
        let digits = digits.filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        match (bytes[at], digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                out.push(byte);
                at += 3;
            }
            (byte, _) => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

/// RFC 4648 with padding. One header of a few bytes does not justify a dependency.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for digit in 0..4 {
            let index = word >> (18 - 6 * digit) & 63;
            out.push(if digit > chunk.len() { '=' } else { char::from(DIGITS[index as usize]) });
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_one_of_rfc_4648() {
        let cases =
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg==")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
    }

    #[test]
    fn base_urls_are_checked() {
        let cases = [
            ("http://h", Ok("http://h")),
            ("https://h:8443/api", Ok("https://h:8443/api")),
            ("http://user:pa%20ss@h/x", Ok("http://h/x")),
            ("ftp://h", Err("scheme `ftp`")),
            ("h:80", Err("scheme `h`")),
            ("localhost", Err("relative")),
            ("http://", Err("empty host")),
            ("http://h/{x}", Err("braces")),
            ("http://h/?a=1", Err("query")),
        ];
        for (text, expected) in cases {
            match (BaseUrl::parse(text), expected) {
                (Ok(base), Ok(text)) => assert_eq!(base.as_str(), text),
                (Err(error), Err(part)) => {
                    assert!(error.message().contains(part), "{text}: {error}");
                }
                (found, expected) => panic!("{text}: {found:?}, expected {expected:?}"),
            }
        }
    }

    #[test]
    fn user_info_is_basic_authorization_for_its_own_origin() {
        let base = BaseUrl::parse("http://us%65r:p%3Aw@h:81/x").unwrap();
        let origin = |text| Origin::of(&Url::parse(text).unwrap()).unwrap();
        let value = base.authorization_for(&origin("http://h:81/other")).unwrap();
        assert_eq!(value, format!("Basic {}", base64(b"user:p:w")));
        assert_eq!(base.authorization_for(&origin("http://h:82/")), None);
        assert_eq!(base.authorization_for(&origin("http://other:81/")), None);
    }
}
