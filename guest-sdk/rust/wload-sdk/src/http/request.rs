//! A request: built by the author, prepared once if it can be, sent by the host.
//!
//! Upstream: [`Client`](super::Client). Downstream: the host, and [`Response`]. Invariant: a request
//! whose method, URL, name, and names of headers are literals goes by a template; any other is described to
//! the host anew each time it is sent. Values of headers that were made at run time are values of the template.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use serde::Serialize;

use self::headers::{Braces, Headers};
use super::caught::{CaughtResponse, CheckResult};
use super::template_cache::{Field, Key, Options, Phases, Recording, TemplateCache};
use super::{HttpError, Multipart, Response, StreamedResponse, Upload, encode, notes};
use crate::bindings::wload::scenario::http;
use crate::clock;

mod headers;
mod parallel;

pub(super) use parallel::send_all;

type Text = Cow<'static, str>;

/// What a request that is built holds.
#[derive(Debug)]
#[must_use = "call `send`"]
pub struct Request {
    method: Text,
    url: Url,
    name: Option<Text>,
    headers: Headers,
    query: Vec<&'static str>,
    /// Those of the URL first, then those of the query, then those of the headers that were made at run
    /// time.
    values: Vec<String>,
    url_values: usize,
    body: Option<Vec<u8>>,
    /// Instead of `body`.
    upload: Option<Upload>,
    options: Options,
    /// What the author got wrong.
    mistake: Option<String>,
}

/// Where a request goes: an absolute URL, or a path that is appended to the user's base URL.
///
/// A literal is a template: `{name}` stands for a value, `{{` and `}}` for braces. A `String` is
/// sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Url {
    /// A literal, with placeholders.
    Template(&'static str),
    /// A text that was made at run time.
    Text(String),
}

impl From<&'static str> for Url {
    fn from(url: &'static str) -> Self {
        Self::Template(url)
    }
}

impl From<String> for Url {
    fn from(url: String) -> Self {
        Self::Text(url)
    }
}

impl From<&String> for Url {
    fn from(url: &String) -> Self {
        Self::Text(url.clone())
    }
}

thread_local! {
    static TEMPLATES: RefCell<TemplateCache<Rc<http::RequestTemplate>>> =
        const { RefCell::new(TemplateCache::new()) };
}

/// Gives all kept templates back.
pub(super) fn forget_templates() {
    drop(TEMPLATES.replace(TemplateCache::new()));
}

impl Request {
    pub(super) fn new(method: Text, url: Url) -> Self {
        Self {
            method,
            url,
            name: None,
            headers: Headers::default(),
            query: Vec::new(),
            values: Vec::new(),
            url_values: 0,
            body: None,
            upload: None,
            options: Options {
                recording: Recording::Automatic,
                redirects: None,
                timeout: None,
                phases: Phases::default(),
                keep_body: true,
            },
            mistake: None,
        }
    }

    /// The value of the next placeholder in the URL; it is percent-encoded.
    pub fn value(mut self, value: impl ToString) -> Self {
        self.values.insert(self.url_values, value.to_string());
        self.url_values += 1;
        self
    }

    /// Adds `name=value` to the query. The name of the request in the statistics stays the URL as
    /// it was given.
    pub fn query(mut self, name: &'static str, value: impl ToString) -> Self {
        self.values.insert(self.url_values + self.query.len(), value.to_string());
        self.query.push(name);
        self
    }

    /// The name in the statistics. Without it: the URL as it was given, placeholders included.
    pub fn name(mut self, name: impl Into<Text>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// A header of this request.
    pub fn header(mut self, name: impl Into<Text>, value: impl Into<Text>) -> Self {
        self.values.extend(self.headers.push(name.into(), value.into()));
        self
    }

    /// User name and password, as HTTP's basic authentication has them.
    pub fn basic_auth(self, user: &str, password: &str) -> Self {
        self.header("Authorization", encode::basic_auth(user, password))
    }

    /// A body of bytes or text.
    pub fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self
    }

    /// A body of JSON.
    pub fn json(mut self, value: &(impl Serialize + ?Sized)) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => self.body = Some(body),
            Err(error) => self.mistake = Some(format!("the body cannot be JSON: {error}")),
        }
        self.content_type("application/json")
    }

    /// A body like that of a form: `.form([("q", "lamp")])`.
    pub fn form<N: AsRef<str>, V: AsRef<str>>(
        mut self,
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut body = String::new();
        for (name, value) in pairs {
            encode::push_pair(&mut body, name.as_ref(), value.as_ref());
        }
        self.body = Some(body.into_bytes());
        self.content_type("application/x-www-form-urlencoded")
    }

    /// A body of several parts: fields and files.
    pub fn multipart(mut self, form: &Multipart) -> Self {
        let (content_type, body) = form.encode();
        self.body = Some(body);
        self.content_type(content_type)
    }

    /// A large body that is made while it is sent.
    pub fn upload(mut self, upload: Upload) -> Self {
        self.upload = Some(upload);
        self
    }

    /// How long the whole exchange may take.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// How long finding the address, connecting and TLS may take together.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.phases.connect = Some(timeout);
        self
    }

    /// How long the first byte of the response may take, from the end of the request.
    pub fn first_byte_timeout(mut self, timeout: Duration) -> Self {
        self.options.phases.first_byte = Some(timeout);
        self
    }

    /// How long each later piece of the response may take.
    pub fn between_bytes_timeout(mut self, timeout: Duration) -> Self {
        self.options.phases.between_bytes = Some(timeout);
        self
    }

    /// How many redirects are followed. Without it 30.
    pub fn redirects(mut self, count: u32) -> Self {
        self.options.redirects = Some(count);
        self
    }

    /// A redirect is an answer like any other.
    pub fn no_redirects(self) -> Self {
        self.redirects(0)
    }

    /// The body of the response is received and counted, but not kept. Worth it for large bodies
    /// that nobody looks at.
    pub fn discard_body(mut self) -> Self {
        self.options.keep_body = false;
        self
    }

    /// The request stands in no statistics.
    pub fn silent(mut self) -> Self {
        self.options.recording = Recording::Silent;
        self
    }

    /// Sends it. No response, or a status of 400 and more, is a failure.
    pub fn send(self) -> Response {
        self.exchange(Self::send_to_host)
    }

    /// Sends it and returns when the head of the response is here: the body is read with
    /// [`StreamedResponse::next_chunk`]. It is recorded when its body has ended, or when the stream is
    /// dropped; then the connection is closed.
    pub fn open(self) -> StreamedResponse {
        StreamedResponse::new(self.exchange(Self::open_by_host))
    }

    /// Sends it; whether it was a failure, the author says afterwards. Locust:
    /// `catch_response=True`.
    pub fn catch_response(mut self) -> CaughtResponse {
        if self.options.recording == Recording::Silent {
            self.mistake = Some("a request cannot be silent and have its response caught".into());
        }
        self.options.recording = Recording::Judged;
        CaughtResponse::new(self.exchange(Self::send_to_host))
    }

    /// Sends it and lets `judge` say whether it was a failure: an error is one, with its text as
    /// the reason; anything else is a success, whatever the status.
    pub fn check(self, judge: impl FnOnce(&CaughtResponse) -> CheckResult) -> Response {
        let caught = self.catch_response();
        let verdict = judge(&caught);
        caught.conclude(verdict)
    }

    /// The header `Content-Type`, unless the author has set it already.
    fn content_type(self, content_type: impl Into<Text>) -> Self {
        let is_set = self.headers.has("content-type");
        if is_set { self } else { self.header("Content-Type", content_type) }
    }

    fn exchange(mut self, send: impl FnOnce(&Self) -> Result<http::Reply, HttpError>) -> Response {
        let sent = match self.mistake.take() {
            Some(mistake) => Err(HttpError::InvalidRequest(mistake)),
            None => send(&self),
        };
        self.into_response(sent)
    }

    fn into_response(self, sent: Result<http::Reply, HttpError>) -> Response {
        let name = self.name.unwrap_or(match self.url {
            Url::Template(url) => Cow::Borrowed(url),
            Url::Text(url) => Cow::Owned(url),
        });
        let response = Response::new(self.method, name, sent);
        if let Some(error) = response.error() {
            notes::note(response.method(), response.name(), error);
        }
        response
    }

    fn send_to_host(&self) -> Result<http::Reply, HttpError> {
        if let Some(upload) = &self.upload {
            let upload = upload.to_host();
            return self.with_template(|template| template.send_upload(&self.values, &upload));
        }
        match &self.url {
            // Not worth a template, unless it has what only a template has.
            Url::Text(url) if self.options.phases == Phases::default() && self.url_values == 0 => {
                let mut spec = self.spec(url, Braces::Plain);
                spec.url = self.full_url(url);
                Ok(http::send(&spec, self.body.as_deref()))
            }
            _ => self.with_template(|template| template.send(&self.values, self.body.as_deref())),
        }
    }

    fn open_by_host(&self) -> Result<http::Reply, HttpError> {
        if self.upload.is_some() {
            let why = "a response cannot be opened while its request is an upload";
            return Err(HttpError::InvalidRequest(why.into()));
        }
        self.with_template(|template| template.open(&self.values, self.body.as_deref()))
    }

    fn with_template<R>(
        &self,
        run: impl FnOnce(&http::RequestTemplate) -> R,
    ) -> Result<R, HttpError> {
        let template = self.template()?;
        Ok(run(&template))
    }

    /// The template of this request: the one that is kept, when all of it is literals.
    fn template(&self) -> Result<Rc<http::RequestTemplate>, HttpError> {
        let parts = self.literal_parts();
        let key = parts.as_ref().map(LiteralParts::key);
        let kept =
            key.as_ref().and_then(|key| TEMPLATES.with_borrow(|kept| kept.get(key).cloned()));
        if let Some(kept) = kept {
            return Ok(kept);
        }
        let template = Rc::new(self.make_template()?);
        if let Some(key) = key {
            // One that finds no place is made anew each time.
            let _ = TEMPLATES.with_borrow_mut(|kept| kept.insert(&key, template.clone()));
        }
        Ok(template)
    }

    fn make_template(&self) -> Result<http::RequestTemplate, HttpError> {
        let spec = match &self.url {
            Url::Template(url) => self.spec(url, Braces::Places),
            Url::Text(_) if self.url_values > 0 => {
                return Err(HttpError::InvalidRequest(
                    "values need a URL that is a literal with placeholders".into(),
                ));
            }
            Url::Text(url) => {
                // Braces mean nothing in a text that was made at run time.
                let mut spec = self.spec(&encode::escaped(url), Braces::Places);
                spec.name = Some(self.name.as_deref().unwrap_or(url).to_owned());
                spec
            }
        };
        let template = http::RequestTemplate::create(&spec)?;
        let Phases { connect, first_byte, between_bytes } = self.options.phases;
        if self.options.phases != Phases::default() {
            template.set_timeouts(http::Timeouts {
                connect: connect.map(clock::to_nanoseconds),
                first_byte: first_byte.map(clock::to_nanoseconds),
                between_bytes: between_bytes.map(clock::to_nanoseconds),
            });
        }
        Ok(template)
    }

    /// What a kept template is found by; none when a part was made at run time.
    fn literal_parts(&self) -> Option<LiteralParts<'_>> {
        let (Url::Template(url), Cow::Borrowed(method)) = (&self.url, &self.method) else {
            return None;
        };
        let name = match &self.name {
            None => None,
            Some(Cow::Borrowed(name)) => Some(*name),
            Some(Cow::Owned(_)) => return None,
        };
        let headers = self.headers.key()?;
        Some(LiteralParts { method, url, name, query: &self.query, headers, options: self.options })
    }

    fn header_values(&self) -> &[String] {
        &self.values[self.url_values + self.query.len()..]
    }

    fn full_url(&self, url: &str) -> String {
        let mut full = url.to_owned();
        if !self.query.is_empty() && !full.contains('?') {
            full.push('?');
        }
        for (name, value) in self.query.iter().zip(&self.values) {
            encode::push_pair(&mut full, name, value);
        }
        full
    }

    fn spec(&self, url: &str, braces: Braces) -> http::RequestSpec {
        let name = match &self.name {
            Some(name) => Some(name.to_string()),
            None if self.query.is_empty() => None,
            None => Some(url.to_owned()),
        };
        let Options { recording, redirects, timeout, keep_body, .. } = self.options;
        http::RequestSpec {
            method: self.method.to_string(),
            url: encode::with_query_places(url, &self.query),
            name,
            headers: self.headers.to_host(self.header_values(), braces),
            recording: match recording {
                Recording::Automatic => http::Recording::Automatic,
                Recording::Judged => http::Recording::Judged,
                Recording::Silent => http::Recording::Silent,
            },
            redirects,
            timeout: timeout.map(clock::to_nanoseconds),
            keep_body,
        }
    }
}

/// A request whose parts are all literals.
struct LiteralParts<'a> {
    method: &'static str,
    url: &'static str,
    name: Option<&'static str>,
    query: &'a [&'static str],
    headers: Vec<Field>,
    options: Options,
}

impl LiteralParts<'_> {
    fn key(&self) -> Key<'_> {
        let Self { method, url, name, query, headers, options } = self;
        Key { method, url, name: *name, query, headers, options: *options }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Client;

    #[test]
    fn values_of_the_url_come_before_those_of_the_query_and_of_headers() {
        let request = Client::new()
            .get("/{a}/{b}?fixed=1")
            .header("X-Id", String::from("7"))
            .query("q", "red lamp")
            .value("x")
            .value(2)
            .query("page", 3);
        assert_eq!(request.values, ["x", "2", "red lamp", "3", "7"]);
        assert_eq!(request.header_values(), ["7"]);
        let spec = request.spec("/{a}/{b}?fixed=1", Braces::Places);
        assert_eq!(spec.url, "/{a}/{b}?fixed=1&q={query0}&page={query1}");
        assert_eq!(spec.name.as_deref(), Some("/{a}/{b}?fixed=1"));
    }

    #[test]
    fn a_body_names_its_type_unless_the_author_did() {
        let request = Client::new().post("/login").json(&["a"]);
        assert_eq!(request.body.as_deref(), Some(&b"[\"a\"]"[..]));
        let key = |request: &Request| request.headers.key().unwrap();
        assert_eq!(key(&request), [("Content-Type", Some("application/json"))]);
        let request =
            Client::new().post("/x").header("content-type", "text/x").form([("a", "b c")]);
        assert_eq!(key(&request), [("content-type", Some("text/x"))]);
        assert_eq!(request.body.as_deref(), Some(&b"a=b%20c"[..]));
    }

    #[test]
    fn a_request_the_author_got_wrong_is_never_sent_and_is_noted() {
        let map = std::collections::BTreeMap::from([(vec![1], 2)]);
        let response = Client::new().post("/login").json(&map).send();
        assert!(!response.ok());
        let note = notes::take().invalid_request.unwrap();
        assert!(note.starts_with("POST /login: the body cannot be JSON"), "{note}");

        let url = String::from("/products/7");
        let response = Client::new().get(&url).value(1).send();
        assert!(matches!(response.error(), Some(HttpError::InvalidRequest(_))));
        let note = notes::take().invalid_request.unwrap();
        assert!(note.contains("a literal with placeholders"), "{note}");

        let caught = Client::new().get("/").silent().catch_response();
        caught.failure("not sent, so not judged");
        drop(caught);
        assert!(notes::take().invalid_request.unwrap().contains("silent"));
    }
}
