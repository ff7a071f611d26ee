//! The path and the headers of a prepared request with places for values.
//!
//! Upstream: `request`. Downstream: `client` at every send, so [`PathTemplate::render`] and
//! [`FieldTemplate::render`] make one allocation and check the result once.
//! The URL standard rewrites paths (dots, spaces, letters outside ASCII). So that this happens once
//! and not per request, a URL is parsed with a marker in the place of each value and then cut at the
//! markers.

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderName, HeaderValue};
use url::Url;

use crate::error::HttpError;
use crate::origin::{check_path_length, parse_http};

/// Literal parts of path and query; a value stands between each two.
#[derive(Clone, Debug)]
pub(crate) struct PathTemplate {
    literals: Box<[Box<str>]>,
    literal_bytes: usize,
}

impl PathTemplate {
    /// Parses the URL of a template. `None` when it has no placeholders; the URL then is all. With
    /// placeholders the URL holds markers in its path and is good for its origin only.
    pub(crate) fn parse(text: &str) -> Result<(Url, Option<Self>), HttpError> {
        let marker = unused_marker(text);
        let (marked, count) = mark(text, &marker)?;
        let url = parse_http(&marked)?;
        if count == 0 {
            return Ok((url, None));
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let literals: Box<[Box<str>]> = path.split(&marker).map(Box::from).collect();
        if literals.len() != count + 1 {
            let why = format!("URL `{text}`: values may stand only in its path and its query");
            return Err(HttpError::InvalidRequest(why));
        }
        let literal_bytes = literals.iter().map(|literal| literal.len()).sum();
        check_path_length(literal_bytes)?;
        Ok((url, Some(Self { literals, literal_bytes })))
    }

    /// How many values it needs.
    pub(crate) fn placeholders(&self) -> usize {
        self.literals.len() - 1
    }

    /// Path and query with these values, percent-encoded.
    pub(crate) fn render(&self, values: &[String]) -> Result<PathAndQuery, HttpError> {
        if values.len() != self.placeholders() {
            return Err(wrong_count(self.placeholders(), values.len()));
        }
        let encoded_bytes: usize = values.iter().map(|value| encoded_len(value)).sum();
        let len = self.literal_bytes + encoded_bytes;
        check_path_length(len)?;
        let mut path = Vec::with_capacity(len);
        let mut values = values.iter();
        for literal in &self.literals {
            path.extend_from_slice(literal.as_bytes());
            if let Some(value) = values.next() {
                encode(value, &mut path);
            }
        }
        PathAndQuery::from_maybe_shared(Bytes::from(path))
            .map_err(|error| HttpError::InvalidRequest(format!("path: {error}")))
    }
}

/// A header with places for values.
#[derive(Clone, Debug)]
pub(crate) struct FieldTemplate {
    /// None: it is left out, with its values.
    name: Option<HeaderName>,
    literals: Box<[Box<[u8]>]>,
}

/// The value of a header in a template.
pub(crate) enum FieldText {
    Fixed(Vec<u8>),
    Template(Box<[Box<[u8]>]>),
}

impl FieldText {
    pub(crate) fn parse(name: &str, value: &[u8]) -> Result<Self, HttpError> {
        let mut literals = split(value)
            .map_err(|why| HttpError::InvalidRequest(format!("header `{name}`: {why}")))?;
        Ok(match literals.as_mut_slice() {
            [only] => Self::Fixed(std::mem::take(only)),
            _ => Self::Template(literals.into_iter().map(Vec::into_boxed_slice).collect()),
        })
    }
}

impl FieldTemplate {
    pub(crate) fn new(name: Option<HeaderName>, literals: Box<[Box<[u8]>]>) -> Self {
        Self { name, literals }
    }

    /// How many values it needs.
    pub(crate) fn placeholders(&self) -> usize {
        self.literals.len() - 1
    }

    /// The field with as many values as it needs, as they are.
    pub(crate) fn render(
        &self,
        values: &[String],
    ) -> Result<Option<(HeaderName, HeaderValue)>, HttpError> {
        let Some(name) = &self.name else { return Ok(None) };
        let of_literals: usize = self.literals.iter().map(|literal| literal.len()).sum();
        let of_values: usize = values.iter().map(String::len).sum();
        let mut text = Vec::with_capacity(of_literals + of_values);
        let mut values = values.iter();
        for literal in &self.literals {
            text.extend_from_slice(literal);
            if let Some(value) = values.next() {
                text.extend_from_slice(value.as_bytes());
            }
        }
        let value = HeaderValue::from_maybe_shared(Bytes::from(text))
            .map_err(|_| malformed_value(name.as_str()))?;
        Ok(Some((name.clone(), value)))
    }
}

/// The error for the value of a header that cannot be sent.
pub(crate) fn malformed_value(name: &str) -> HttpError {
    let why = format!("header `{name}`: its value has a line break or another control character");
    HttpError::InvalidRequest(why)
}

/// The error for a wrong number of values.
pub(crate) fn wrong_count(wanted: usize, found: usize) -> HttpError {
    HttpError::InvalidRequest(format!("the request has places for {wanted} values, got {found}"))
}

/// A text that stays as it is in every part of a URL and does not occur in this one.
fn unused_marker(text: &str) -> String {
    let text = text.to_ascii_lowercase();
    (0u32..)
        .map(|number| format!("wload{number}value"))
        .find(|marker| !text.contains(marker))
        .expect("a finite text does not hold every number")
}

/// Replaces placeholders by the marker and double braces by single ones; says how many there were.
fn mark(text: &str, marker: &str) -> Result<(String, usize), HttpError> {
    let literals = split(text.as_bytes())
        .map_err(|why| HttpError::InvalidRequest(format!("URL `{text}`: {why}")))?;
    let marked = String::from_utf8(literals.join(marker.as_bytes()))
        .expect("text stays text when it is cut at braces");
    Ok((marked, literals.len() - 1))
}

/// The parts between placeholders, with single braces for double ones. The error says what is wrong.
fn split(text: &[u8]) -> Result<Vec<Vec<u8>>, &'static str> {
    let is_brace = |byte: &u8| matches!(byte, b'{' | b'}');
    let mut literals = vec![Vec::new()];
    let mut rest = text;
    while let Some(at) = rest.iter().position(is_brace) {
        let brace = rest[at];
        let literal = literals.last_mut().expect("it begins with one");
        literal.extend_from_slice(&rest[..at]);
        rest = &rest[at + 1..];
        if let Some(after) = rest.strip_prefix(&[brace]) {
            literal.push(brace);
            rest = after;
        } else if brace == b'}' {
            return Err("`}` without `{`; write `}}` for a brace");
        } else {
            let end = rest.iter().position(is_brace).filter(|end| rest[*end] == b'}');
            let end = end.ok_or("`{` without `}`; write `{{` for a brace")?;
            if end == 0 {
                return Err("`{}` needs a name: `{name}`");
            }
            literals.push(Vec::new());
            rest = &rest[end + 1..];
        }
    }
    literals.last_mut().expect("it begins with one").extend_from_slice(rest);
    Ok(literals)
}

/// RFC 3986, 2.3: the characters that mean themselves in every part of a URL.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

fn encoded_len(value: &str) -> usize {
    value.bytes().map(|byte| if is_unreserved(byte) { 1 } else { 3 }).sum()
}

fn encode(value: &str, out: &mut Vec<u8>) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if is_unreserved(byte) {
            out.push(byte);
        } else {
            let (high, low) = (usize::from(byte >> 4), usize::from(byte & 15));
            out.extend_from_slice(&[b'%', DIGITS[high], DIGITS[low]]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use wload_core::limits::REQUEST_PATH_BYTES_MAX;

    fn render(text: &str, values: &[&str]) -> Result<String, HttpError> {
        let (url, template) = PathTemplate::parse(text)?;
        let values: Vec<String> = values.iter().map(|value| (*value).to_owned()).collect();
        match template {
            Some(template) => Ok(template.render(&values)?.to_string()),
            None => Ok(url.path().to_owned()),
        }
    }

    #[test]
    fn values_are_encoded_into_path_and_query() {
        let cases: [(&str, &[&str], &str); 8] = [
            ("http://h/items/{id}", &["7"], "/items/7"),
            ("http://h/{a}/x/{b}?q={c}&r=1", &["1", "2", "3"], "/1/x/2?q=3&r=1"),
            ("http://h/{a}", &["a b/c?d#e%\u{e9}"], "/a%20b%2Fc%3Fd%23e%25%C3%A9"),
            ("http://h/{a}{b}", &["x", ""], "/x"),
            ("http://h/{{{a}}}", &["1"], "/%7B1%7D"),
            ("http://h/{{a}}", &[], "/%7Ba%7D"),
            ("http://h/caf\u{e9} {a}", &["1"], "/caf%C3%A9%201"),
            ("http://h/wload0value/{a}", &["1"], "/wload0value/1"),
        ];
        for (text, values, expected) in cases {
            assert_eq!(render(text, values).as_deref(), Ok(expected), "{text}");
        }
    }

    #[test]
    fn bad_templates_say_what_is_wrong() {
        let long = "x".repeat(REQUEST_PATH_BYTES_MAX);
        let cases: [(&str, &[&str], &str); 10] = [
            ("http://h/{a", &[], "`{` without `}`"),
            ("http://h/{a{b}", &[], "`{` without `}`"),
            ("http://h/a}", &[], "`}` without `{`"),
            ("http://h/{}", &[], "needs a name"),
            ("http://{host}/x", &["h"], "only in its path"),
            ("http://h:{port}/x", &["1"], "port"),
            ("http://h/{a}/../x", &["1"], "only in its path"),
            ("http://h/#{a}", &["1"], "only in its path"),
            ("http://h/{a}/{b}", &["1"], "2 values, got 1"),
            ("http://h/{a}", &[&long], "at most"),
        ];
        for (text, values, part) in cases {
            let error = render(text, values).unwrap_err().message();
            assert!(error.contains(part), "{text}: {error}");
        }
    }
}
