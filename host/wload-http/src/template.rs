//! Requests that are prepared once and sent often.
//!
//! Upstream: [`RequestSpec`]. Downstream: `client.rs` sends what [`PreparedRequest::target`] makes.
//! Everything that does not depend on values is checked and parsed here, so that sending is cheap:
//! without placeholders nothing is parsed or formatted any more.

use std::rc::Rc;
use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD as BASE64;
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HOST, HeaderName, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use crate::error::HttpError;
use crate::request::{BaseUrl, Origin, RequestSpec, invalid, is_absolute, parse_absolute};

/// What stays as it is in a value: the unreserved characters of RFC 3986, 2.3.
const VALUE: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// What wload calls itself.
const AGENT: &str = concat!("wload/", env!("CARGO_PKG_VERSION"));

/// A request, ready to be sent.
#[derive(Debug)]
pub struct PreparedRequest {
    pub(crate) method: Method,
    pub(crate) origin: Rc<Origin>,
    path: Path,
    /// All headers but those of the body and of cookies.
    pub(crate) headers: HeaderMap,
    /// Headers that the scenario states: defaults of the user do not replace them.
    pub(crate) stated: Vec<HeaderName>,
    pub(crate) redirects: Option<u32>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) keep_body: bool,
}

/// Path and query.
#[derive(Debug)]
enum Path {
    Fixed(Uri),
    /// Literal parts; a value stands between each two.
    Parts(Vec<String>),
}

impl PreparedRequest {
    /// Checks a specification. In a template `{name}` in the URL stands for a value.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] with what cannot be sent.
    pub fn new(
        spec: RequestSpec,
        base: Option<&BaseUrl>,
        is_template: bool,
    ) -> Result<Self, HttpError> {
        let method = Method::from_bytes(spec.method.as_bytes())
            .map_err(|_| invalid(format!("method `{}`", spec.method)))?;
        let url = match base {
            Some(base) => base.join(&spec.url),
            None if is_absolute(&spec.url) => spec.url.clone(),
            None => {
                return Err(invalid(format!(
                    "URL `{}` is a path, but this user has no host: set `--host`",
                    spec.url
                )));
            }
        };
        let (url, path) = if is_template { parse_template(&url)? } else { parse_fixed(&url)? };
        let origin = Origin::of(&url)?;
        let (headers, stated) = headers(&spec.headers, &origin, &url)?;
        Ok(Self {
            method,
            origin: Rc::new(origin),
            path,
            headers,
            stated,
            redirects: spec.redirects,
            timeout: spec.timeout,
            keep_body: spec.keep_body,
        })
    }

    /// Whether there are as many values as placeholders.
    ///
    /// # Errors
    /// [`HttpError::InvalidRequest`] with both numbers.
    pub fn check_values(&self, values: &[String]) -> Result<(), HttpError> {
        let wanted = match &self.path {
            Path::Fixed(_) => 0,
            Path::Parts(parts) => parts.len() - 1,
        };
        if values.len() == wanted {
            return Ok(());
        }
        Err(invalid(format!("the URL has {wanted} placeholders, found {} values", values.len())))
    }

    /// Path and query with the values in their places.
    pub(crate) fn target(&self, values: &[String]) -> Result<Uri, HttpError> {
        let parts = match &self.path {
            Path::Fixed(uri) => return Ok(uri.clone()),
            Path::Parts(parts) => parts,
        };
        self.check_values(values)?;
        let length = parts.iter().chain(values).map(String::len).sum::<usize>();
        let mut text = String::with_capacity(length + 16);
        for (index, part) in parts.iter().enumerate() {
            if let Some(value) = index.checked_sub(1).and_then(|before| values.get(before)) {
                text.extend(utf8_percent_encode(value, VALUE));
            }
            text.push_str(part);
        }
        Uri::try_from(text).map_err(|error| invalid(format!("URL with its values: {error}")))
    }
}

/// What is sent in the request line: path and query, never a fragment.
pub(crate) fn target_of(url: &Url) -> Result<Uri, HttpError> {
    let text = &url[url::Position::BeforePath..url::Position::AfterQuery];
    Uri::try_from(text).map_err(|error| invalid(format!("URL `{url}`: {error}")))
}

fn parse_fixed(text: &str) -> Result<(Url, Path), HttpError> {
    let url = parse_absolute(text)?;
    let target = target_of(&url)?;
    Ok((url, Path::Fixed(target)))
}

/// Placeholders become a word that URL parsing leaves alone, and are cut out afterwards.
fn parse_template(text: &str) -> Result<(Url, Path), HttpError> {
    let mut word = String::from("wloadvalue");
    while text.contains(&word) {
        word.push('x');
    }
    let (filled, placeholders) = fill(text, &word)?;
    if placeholders == 0 {
        return parse_fixed(&filled);
    }
    let url = parse_absolute(&filled)?;
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let parts: Vec<String> = path.split(&word).map(str::to_owned).collect();
    if parts.len() != placeholders + 1 {
        return Err(invalid(format!(
            "URL `{text}`: placeholders may only stand in the path and the query"
        )));
    }
    Ok((url, Path::Parts(parts)))
}

/// Each `{name}` to `word`, `{{` and `}}` to braces; and how many there were.
fn fill(text: &str, word: &str) -> Result<(String, usize), HttpError> {
    let mut filled = String::with_capacity(text.len());
    let mut placeholders = 0;
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        filled.push_str(before);
        if brace.starts_with("{{") || brace.starts_with("}}") {
            filled.push_str(if brace.starts_with('{') { "%7B" } else { "%7D" });
            rest = &brace[2..];
        } else if let Some((name, after)) =
            brace.strip_prefix('{').and_then(|open| open.split_once('}'))
            && !name.contains('{')
        {
            filled.push_str(word);
            placeholders += 1;
            rest = after;
        } else {
            return Err(invalid(format!(
                "URL `{text}` has a brace without its partner; `{{{{` stands for one brace"
            )));
        }
    }
    filled.push_str(rest);
    Ok((filled, placeholders))
}

/// What every request has, what the scenario states, and the names of the latter.
fn headers(
    stated: &[(String, Vec<u8>)],
    origin: &Origin,
    url: &Url,
) -> Result<(HeaderMap, Vec<HeaderName>), HttpError> {
    let mut headers = HeaderMap::with_capacity(stated.len() + 8);
    headers.insert(HOST, origin.host_header.clone());
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip, deflate"));
    if let Some(credentials) = basic_auth(url) {
        headers.insert(AUTHORIZATION, credentials);
    }
    let mut names: Vec<HeaderName> = Vec::with_capacity(stated.len());
    for (name, value) in stated {
        let (name, value) = header(name, value)?;
        if names.contains(&name) {
            headers.append(name, value);
        } else {
            headers.insert(name.clone(), value);
            names.push(name);
        }
    }
    Ok((headers, names))
}

/// A header that may be sent. The length of the body is counted, not stated.
pub(crate) fn header(name: &str, value: &[u8]) -> Result<(HeaderName, HeaderValue), HttpError> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| invalid(format!("header name `{}`", name.escape_debug())))?;
    if matches!(header.as_str(), "content-length" | "transfer-encoding" | "connection") {
        return Err(invalid(format!("header `{header}` is set by wload itself")));
    }
    let value = HeaderValue::from_bytes(value).map_err(|_| {
        invalid(format!(
            "value of header `{header}`: line breaks and control characters cannot be sent"
        ))
    })?;
    Ok((header, value))
}

/// `http://user:password@host` as RFC 7617 says.
fn basic_auth(url: &Url) -> Option<HeaderValue> {
    if url.username().is_empty() && url.password().is_none() {
        return None;
    }
    let decode =
        |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = format!("{}:{}", decode(url.username()), decode(url.password().unwrap_or_default()));
    let mut value = HeaderValue::from_str(&format!("Basic {}", BASE64.encode(&pair))).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(url: &str) -> RequestSpec {
        RequestSpec { method: "GET".into(), url: url.into(), ..RequestSpec::default() }
    }

    fn target(url: &str, values: &[&str]) -> Result<String, String> {
        let base = BaseUrl::parse("http://shop.example").unwrap();
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        let prepared = PreparedRequest::new(spec(url), Some(&base), true)
            .map_err(|error| error.to_string())?;
        prepared.target(&values).map(|target| target.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_encoded_into_their_places() {
        for (url, values, expected) in [
            ("/products", &[][..], "/products"),
            ("/products/{id}", &["7"], "/products/7"),
            ("/s?q={q}&n={n}#x", &["a b&c=/?\u{e4}", "2"], "/s?q=a%20b%26c%3D%2F%3F%C3%A4&n=2"),
            ("/{a}{b}/wloadvalue", &["1", "2"], "/12/wloadvalue"),
            ("/{{x}}", &[], "/%7Bx%7D"),
            ("/a b?c d", &[], "/a%20b?c%20d"),
        ] {
            assert_eq!(target(url, values).as_deref(), Ok(expected), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_sent_is_said() {
        for (url, values, says) in [
            ("/{a}", &[][..], "1 placeholders, found 0 values"),
            ("/a", &["x"], "0 placeholders, found 1 values"),
            ("/{a", &[], "without its partner"),
            ("/a}", &[], "without its partner"),
            ("http://{host}/a", &["x"], "path and the query"),
            ("file:///etc/passwd", &[], "file"),
        ] {
            let result = target(url, values);
            if url.starts_with("file") {
                // Not absolute for HTTP, so it is a path below the base.
                assert_eq!(result.as_deref(), Ok("/file:///etc/passwd"));
            } else {
                assert!(result.as_ref().unwrap_err().contains(says), "{result:?}");
            }
        }
        let error = PreparedRequest::new(spec("/a"), None, false).unwrap_err().to_string();
        assert!(error.contains("--host"), "{error}");
    }

    #[test]
    fn user_info_becomes_basic_auth() {
        let prepared =
            PreparedRequest::new(spec("http://me:p%40ss@shop.example/"), None, false).unwrap();
        assert_eq!(prepared.headers[AUTHORIZATION], "Basic bWU6cEBzcw==");
        assert_eq!(prepared.headers[HOST], "shop.example");
    }

    #[test]
    fn a_header_that_would_break_the_message_is_refused() {
        for (name, value) in [("a b", "x"), ("a", "x\r\ny: z"), ("Content-Length", "7")] {
            assert!(header(name, value.as_bytes()).is_err(), "{name}");
        }
    }
}
