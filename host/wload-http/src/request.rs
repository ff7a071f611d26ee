//! A request before it is sent: as the scenario describes it, and as it is prepared once.
//!
//! Upstream: the guest's `request-spec`. Downstream: `client`, which clones the prepared parts.
//! Invariant: all that does not depend on values is checked and parsed in [`PreparedRequest::new`];
//! sending parses nothing but the rendered path of a template.

use std::rc::Rc;
use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, HOST, TRANSFER_ENCODING, USER_AGENT,
};
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use wload_core::limits::{REQUEST_HEADERS_MAX, REQUEST_PATH_BYTES_MAX};

use crate::error::HttpError;
use crate::h1;
use crate::origin::{self, BaseUrl, Origin};
use crate::response::Address;
use crate::template::PathTemplate;
use crate::timeouts::RequestTimeouts;

const AGENT: HeaderValue = HeaderValue::from_static("wload/0.1");
const ANYTHING: HeaderValue = HeaderValue::from_static("*/*");
const ENCODINGS: HeaderValue = HeaderValue::from_static("gzip, deflate");

/// A request as the scenario describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct RequestSpec {
    /// As it is sent and shown: `GET`.
    pub method: String,
    /// Absolute, or appended to the base URL.
    pub url: String,
    /// Sent in this order after the standard ones, of which they replace those of the same name.
    pub headers: Vec<(String, Vec<u8>)>,
    /// How many redirects are followed. `None`: the limit's number, and none for `HEAD`.
    pub redirects: Option<u32>,
    /// For the whole exchange. `None`: the limit.
    pub timeout: Option<Duration>,
    /// For each connection: name, TCP, TLS. `None`: the limit.
    pub connect_timeout: Option<Duration>,
    /// From the last byte of the request to the first of the response. `None`: the limit.
    pub first_byte_timeout: Option<Duration>,
    /// From one piece of the response to the next. `None`: the limit.
    pub between_bytes_timeout: Option<Duration>,
    /// False: the body is received and counted, but not kept.
    pub keep_body: bool,
}

/// A request that is checked, parsed and ready to be sent any number of times.
#[derive(Clone, Debug)]
pub struct PreparedRequest {
    pub(crate) method: Method,
    pub(crate) headers: HeaderMap,
    /// The same as text, each with its line end: mostly the head of a request is this and a line.
    pub(crate) fields: Box<[u8]>,
    /// Names that the scenario set itself: default headers leave them alone.
    pub(crate) explicit: Vec<HeaderName>,
    pub(crate) redirects: Option<u32>,
    pub(crate) timeouts: RequestTimeouts,
    pub(crate) keep_body: bool,
    /// Of the headers that the scenario set itself.
    header_bytes: usize,
    origin: Rc<Origin>,
    path: Path,
}

#[derive(Clone, Debug)]
enum Path {
    Fixed(PathAndQuery),
    Template(PathTemplate),
}

impl PreparedRequest {
    /// Checks and parses a request. With `is_template`, `{name}` in the URL stands for a value, and
    /// `{{` and `}}` for braces; otherwise braces have no meaning.
    pub fn new(
        spec: RequestSpec,
        base: Option<&BaseUrl>,
        is_template: bool,
    ) -> Result<Self, HttpError> {
        let method = parse_method(&spec.method)?;
        // Far beyond the limit of a path nobody needs to look for it.
        if spec.url.len() > 2 * REQUEST_PATH_BYTES_MAX {
            origin::check_path_length(spec.url.len())?;
        }
        let header_bytes = spec.headers.iter().map(|(name, value)| name.len() + value.len()).sum();
        let joined;
        let text = match base {
            Some(base) if !origin::is_absolute(&spec.url) => {
                joined = [base.as_str(), &spec.url].concat();
                &joined
            }
            _ => &spec.url,
        };
        let (url, template) = if is_template {
            PathTemplate::parse(text)?
        } else {
            (origin::parse_http(text)?, None)
        };
        let Address { origin, path } = origin::address_of(&url)?;
        let path = template.map_or(Path::Fixed(path), Path::Template);
        let mut headers = HeaderMap::with_capacity(spec.headers.len() + 4);
        headers.insert(HOST, origin.host_header());
        headers.insert(USER_AGENT, AGENT);
        headers.insert(ACCEPT_ENCODING, ENCODINGS);
        headers.insert(ACCEPT, ANYTHING);
        let authorization = origin::authorization_of(&url)
            .or_else(|| base.and_then(|base| base.authorization_for(&origin)));
        if let Some(value) = authorization {
            headers.insert(AUTHORIZATION, value);
        }
        let explicit = add_explicit(&mut headers, &spec.headers)?;
        let mut fields = Vec::new();
        for (name, value) in &headers {
            h1::write_field(name, value, &mut fields);
        }
        Ok(Self {
            method,
            headers,
            fields: fields.into_boxed_slice(),
            explicit,
            redirects: spec.redirects,
            timeouts: RequestTimeouts::of(&spec),
            keep_body: spec.keep_body,
            header_bytes,
            origin,
            path,
        })
    }

    /// Other timeouts than those of the spec, but for the whole. `None`: the limit.
    pub fn set_phase_timeouts(
        &mut self,
        connect: Option<Duration>,
        first_byte: Option<Duration>,
        between_bytes: Option<Duration>,
    ) {
        self.timeouts.set_phases(connect, first_byte, between_bytes);
    }

    /// How many values [`crate::HttpClient::send`] needs.
    pub fn placeholders(&self) -> usize {
        match &self.path {
            Path::Fixed(_) => 0,
            Path::Template(template) => template.placeholders(),
        }
    }

    /// Bytes of names and values of the headers that the scenario set itself.
    pub fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// Where it goes with these values.
    pub(crate) fn address(&self, values: &[String]) -> Result<Address, HttpError> {
        let path = match &self.path {
            Path::Fixed(path) if values.is_empty() => path.clone(),
            Path::Fixed(_) => return Err(crate::template::wrong_count(0, values.len())),
            Path::Template(template) => template.render(values)?,
        };
        Ok(Address { origin: Rc::clone(&self.origin), path })
    }
}

/// Parses a header of the scenario. `None`: a name that wload sets itself and better, so that it is
/// left out, as Locust does with `Content-Length`.
pub(crate) fn parse_header(
    name: &str,
    value: &[u8],
) -> Result<Option<(HeaderName, HeaderValue)>, HttpError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| HttpError::InvalidRequest(format!("`{name}` is not a header name")))?;
    if parsed == TRANSFER_ENCODING {
        let why = "header `Transfer-Encoding`: bodies are sent with their length".to_owned();
        return Err(HttpError::InvalidRequest(why));
    }
    let value = HeaderValue::from_bytes(value).map_err(|_| {
        let why =
            format!("header `{name}`: its value has a line break or another control character");
        HttpError::InvalidRequest(why)
    })?;
    Ok((parsed != CONTENT_LENGTH).then_some((parsed, value)))
}

fn parse_method(text: &str) -> Result<Method, HttpError> {
    let method = Method::from_bytes(text.as_bytes())
        .map_err(|_| HttpError::InvalidRequest(format!("`{text}` is not a method")))?;
    if method == Method::CONNECT {
        let why = "method `CONNECT` asks for a tunnel, not for a response".to_owned();
        return Err(HttpError::InvalidRequest(why));
    }
    Ok(method)
}

fn add_explicit(
    headers: &mut HeaderMap,
    fields: &[(String, Vec<u8>)],
) -> Result<Vec<HeaderName>, HttpError> {
    if fields.len() > REQUEST_HEADERS_MAX {
        let why = format!("{} headers, at most {REQUEST_HEADERS_MAX} are allowed", fields.len());
        return Err(HttpError::InvalidRequest(why));
    }
    let mut explicit = Vec::with_capacity(fields.len());
    for (name, value) in fields {
        let Some((name, value)) = parse_header(name, value)? else { continue };
        if explicit.contains(&name) {
            headers.append(name, value);
        } else {
            headers.insert(name.clone(), value);
            explicit.push(name);
        }
    }
    Ok(explicit)
}
