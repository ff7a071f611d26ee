//! A request before it is sent: as the scenario describes it, and as it is prepared once.
//!
//! Upstream: the guest's `request-spec`. Downstream: `client`, which clones the prepared parts.
//! Invariant: all that does not depend on values is checked and parsed in [`PreparedRequest::new`];
//! sending parses nothing but the rendered path of a template.

use std::borrow::Cow;
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
use crate::template::{FieldTemplate, FieldText, PathTemplate, malformed_value, wrong_count};
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
    /// Those that have places for values, and are not among `headers`.
    with_values: Box<[FieldTemplate]>,
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
    /// Checks and parses a request. With `is_template`, `{name}` in the URL and in the value of a header
    /// stands for a value, and `{{` and `}}` for braces; otherwise braces have no meaning.
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
        let Explicit { names: explicit, with_values } =
            add_explicit(&mut headers, &spec.headers, is_template)?;
        let mut fields = Vec::new();
        for (name, value) in &headers {
            h1::write_field(name, value, &mut fields);
        }
        Ok(Self {
            method,
            headers,
            fields: fields.into_boxed_slice(),
            with_values,
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

    /// How many values [`crate::HttpClient::send`] needs: those of the URL, then those of the headers.
    pub fn placeholders(&self) -> usize {
        let of_headers: usize = self.with_values.iter().map(FieldTemplate::placeholders).sum();
        self.path_placeholders() + of_headers
    }

    fn path_placeholders(&self) -> usize {
        match &self.path {
            Path::Fixed(_) => 0,
            Path::Template(template) => template.placeholders(),
        }
    }

    /// Bytes of names and values of the headers that the scenario set itself.
    pub fn header_bytes(&self) -> usize {
        self.header_bytes
    }

    /// Where it goes with these values, and the headers that have some of them.
    pub(crate) fn render(&self, values: &[String]) -> Result<(Address, Vec<Field>), HttpError> {
        let wanted = self.placeholders();
        if values.len() != wanted {
            return Err(wrong_count(wanted, values.len()));
        }
        let (of_path, mut of_headers) = values.split_at(self.path_placeholders());
        let path = match &self.path {
            Path::Fixed(path) => path.clone(),
            Path::Template(template) => template.render(of_path)?,
        };
        let mut fields = Vec::with_capacity(self.with_values.len());
        for template in &self.with_values {
            let (own, others) = of_headers.split_at(template.placeholders());
            of_headers = others;
            fields.extend(template.render(own)?);
        }
        Ok((Address { origin: Rc::clone(&self.origin), path }, fields))
    }
}

/// A header with its values.
pub(crate) type Field = (HeaderName, HeaderValue);

/// Parses a header of the scenario. `None`: a name that wload sets itself and better, so that it is
/// left out, as Locust does with `Content-Length`.
pub(crate) fn parse_header(
    name: &str,
    value: &[u8],
) -> Result<Option<(HeaderName, HeaderValue)>, HttpError> {
    let Some(parsed) = parse_name(name)? else { return Ok(None) };
    let value = HeaderValue::from_bytes(value).map_err(|_| malformed_value(name))?;
    Ok(Some((parsed, value)))
}

fn parse_name(name: &str) -> Result<Option<HeaderName>, HttpError> {
    let parsed = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| HttpError::InvalidRequest(format!("`{name}` is not a header name")))?;
    if parsed == TRANSFER_ENCODING {
        let why = "header `Transfer-Encoding`: bodies are sent with their length".to_owned();
        return Err(HttpError::InvalidRequest(why));
    }
    Ok((parsed != CONTENT_LENGTH).then_some(parsed))
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

/// What the scenario set itself.
struct Explicit {
    names: Vec<HeaderName>,
    with_values: Box<[FieldTemplate]>,
}

fn add_explicit(
    headers: &mut HeaderMap,
    fields: &[(String, Vec<u8>)],
    is_template: bool,
) -> Result<Explicit, HttpError> {
    if fields.len() > REQUEST_HEADERS_MAX {
        let why = format!("{} headers, at most {REQUEST_HEADERS_MAX} are allowed", fields.len());
        return Err(HttpError::InvalidRequest(why));
    }
    let mut names = Vec::with_capacity(fields.len());
    let mut with_values = Vec::new();
    for (text, value) in fields {
        let parsed = is_template.then(|| FieldText::parse(text, value)).transpose()?;
        let Some(name) = parse_name(text)? else {
            // Whoever sends it has values for it all the same.
            if let Some(FieldText::Template(literals)) = parsed {
                with_values.push(FieldTemplate::new(None, literals));
            }
            continue;
        };
        let is_first = !names.contains(&name);
        if is_first {
            names.push(name.clone());
        }
        let value = match parsed {
            Some(FieldText::Template(literals)) => {
                if is_first {
                    // Ours of the same name.
                    headers.remove(&name);
                }
                with_values.push(FieldTemplate::new(Some(name), literals));
                continue;
            }
            Some(FieldText::Fixed(value)) => Cow::Owned(value),
            None => Cow::Borrowed(value.as_slice()),
        };
        let value = HeaderValue::from_bytes(&value).map_err(|_| malformed_value(text))?;
        if is_first {
            headers.insert(name, value);
        } else {
            headers.append(name, value);
        }
    }
    Ok(Explicit { names, with_values: with_values.into() })
}
