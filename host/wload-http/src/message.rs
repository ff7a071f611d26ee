//! The request as it is sent: one of a chain, with what the user adds to it.
//!
//! Upstream: `exchange`, hop by hop. Downstream: `connection`, in the form that its protocol wants.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version};

use crate::error::HttpError;
use crate::exchange::Course;
use crate::h1::{self, thin};
use crate::proxy::Forward;
use crate::redirect::Redirect;
use crate::request::{Field, PreparedRequest};
use crate::response::{Address, Hop};
use crate::trace::Trace;
use crate::upload::{Outgoing, RequestBody};
use crate::user::User;

const ZERO: HeaderValue = HeaderValue::from_static("0");
const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");

/// Whom a message is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Thin,
    Hyper,
    Http2,
}

/// One request of a chain.
pub(crate) struct Step {
    pub(crate) address: Address,
    pub(crate) method: Method,
    pub(crate) body: RequestBody,
    /// What most requests have nothing of, in a box: a request that waits does not carry it around.
    special: Option<Box<Special>>,
}

/// How a request is not like its template.
#[derive(Default)]
struct Special {
    /// Headers that have values of their own in this chain.
    fields: Vec<Field>,
    is_redirected: bool,
    drops_authorization: bool,
    drops_content: bool,
}

impl Step {
    /// The first request of a chain.
    pub(crate) fn first(
        user: &User,
        request: &PreparedRequest,
        values: &[String],
        body: RequestBody,
    ) -> Result<Self, HttpError> {
        let (address, fields) = request.render(values)?;
        let of_values: usize = fields.iter().map(|(_, value)| value.len()).sum();
        user.check_header_bytes(request.header_bytes() + of_values + user.default_bytes.get())?;
        let (kept, max) = (body.bytes_kept(), user.core.limits().request_body_bytes_max);
        if kept > max {
            let why = format!(
                "the body has {kept} bytes, at most {max} are allowed \
                 (`--limit request-body-size`)"
            );
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(Self {
            address,
            method: request.method.clone(),
            body,
            special: (!fields.is_empty())
                .then(|| Box::new(Special { fields, ..Special::default() })),
        })
    }

    /// Turns into the next request of the chain.
    pub(crate) fn redirect(&mut self, redirect: Redirect, status: StatusCode) -> Hop {
        let hop =
            Hop { status: status.as_u16(), url: self.address.url(), location: redirect.location };
        self.address = redirect.address;
        self.method = redirect.method;
        let special = self.special.get_or_insert_default();
        special.is_redirected = true;
        special.drops_authorization |= !redirect.keeps_authorization;
        if !redirect.keeps_body {
            self.body = RequestBody::default();
            special.drops_content = true;
        }
        hop
    }

    /// The request as HTTP/1.1 has it, ready to leave.
    pub(crate) fn text(
        &self,
        course: &Course<'_>,
        forward: Option<&Forward>,
        mut out: Vec<u8>,
        trace: &mut Trace,
    ) -> thin::Message {
        let (user, request) = (course.user, course.request);
        let defaults = user.defaults.borrow();
        // A default header of the same name as one of ours takes its place; that is rare.
        let is_plain =
            |name| !request.headers.contains_key(name) || request.explicit.contains(name);
        let is_redirected = self.special.as_ref().is_some_and(|special| special.is_redirected);
        let is_usual = !is_redirected
            && forward.is_none()
            && !trace.is_wanted()
            && (defaults.is_empty() || defaults.keys().all(is_plain));
        if is_usual {
            self.write_usual(user, request, &defaults, &mut out);
        } else {
            let message = self.message(course, forward, Kind::Thin);
            trace.message(&message, Version::HTTP_11);
            write_line(self.method.as_str(), &message.uri().to_string(), &mut out);
            for (name, value) in message.headers() {
                h1::write_field(name, value, &mut out);
            }
        }
        out.extend_from_slice(b"\r\n");
        thin::Message {
            head: out,
            body: self.body.outgoing(),
            is_chunked: self.body.is_chunked(),
            is_head: self.method == Method::HEAD,
        }
    }

    /// The same as the [message](Step::message) would be, from text that is ready: no table is copied.
    fn write_usual(
        &self,
        user: &User,
        request: &PreparedRequest,
        defaults: &HeaderMap,
        out: &mut Vec<u8>,
    ) {
        write_line(self.method.as_str(), self.address.path.as_str(), out);
        out.extend_from_slice(&request.fields);
        for (name, value) in self.special.iter().flat_map(|special| &special.fields) {
            h1::write_field(name, value, out);
        }
        for (name, value) in defaults {
            if !request.explicit.contains(name) {
                h1::write_field(name, value, out);
            }
        }
        let jar = user.jar.borrow();
        if !jar.is_empty()
            && !request.explicit.contains(&COOKIE)
            && !defaults.contains_key(COOKIE)
            && let Some(cookies) = jar.header(&self.address)
        {
            h1::write_field(&COOKIE, &cookies, out);
        }
        if let Some((name, value)) = self.announcement(Kind::Thin) {
            h1::write_field(&name, &value, out);
        }
    }

    /// The request for a connection.
    pub(crate) fn message(
        &self,
        course: &Course<'_>,
        forward: Option<&Forward>,
        kind: Kind,
    ) -> Request<Outgoing> {
        let (user, request) = (course.user, course.request);
        let mut headers = request.headers.clone();
        let special = self.special.as_deref();
        for (name, value) in special.into_iter().flat_map(|special| &special.fields) {
            headers.append(name.clone(), value.clone());
        }
        for (name, value) in &*user.defaults.borrow() {
            if !request.explicit.contains(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if let Some(special) = special.filter(|special| special.is_redirected) {
            headers.insert(HOST, self.address.origin.host_header());
            headers.remove(COOKIE);
            if special.drops_authorization {
                headers.remove(AUTHORIZATION);
            }
            if special.drops_content {
                headers.remove(CONTENT_TYPE);
            }
        }
        if !headers.contains_key(COOKIE)
            && let Some(cookies) = user.jar.borrow().header(&self.address)
        {
            headers.insert(COOKIE, cookies);
        }
        if let Some((name, value)) = self.announcement(kind) {
            headers.insert(name, value);
        }
        let mut uri = Uri::from(self.address.path.clone());
        if let Some(forward) = forward {
            uri = Uri::from_maybe_shared(Bytes::from(self.address.url()))
                .expect("an origin and a path make a URL");
            if let Some(value) = &forward.authorization {
                headers.insert(PROXY_AUTHORIZATION, value.clone());
            }
        }
        let mut message = Request::new(self.body.outgoing());
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = uri;
        *message.headers_mut() = headers;
        message
    }

    /// The field that says how long the body is. hyper adds the length of a body, but not that of none;
    /// h2 adds nothing.
    fn announcement(&self, kind: Kind) -> Option<(HeaderName, HeaderValue)> {
        match self.length() {
            Some(0) if matches!(self.method, Method::GET | Method::HEAD) => None,
            Some(0) => Some((CONTENT_LENGTH, ZERO)),
            Some(length) => (kind != Kind::Hyper).then(|| (CONTENT_LENGTH, length.into())),
            None => (kind != Kind::Http2).then_some((TRANSFER_ENCODING, CHUNKED)),
        }
    }

    /// The length of the body when it is announced.
    fn length(&self) -> Option<u64> {
        (!self.body.is_chunked()).then(|| self.body.len())
    }
}

fn write_line(method: &str, target: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cookies::Cookie;
    use crate::exchange::Flight;
    use crate::request::RequestSpec;
    use crate::settings::HttpSettings;
    use crate::shared::{CoreHttp, HttpShared};

    fn text(user: &User, request: &PreparedRequest, body: &RequestBody, is_traced: bool) -> String {
        let timeouts = request.timeouts.or(user.core.limits());
        let course = Course { user, request, timeouts: &timeouts, flight: &Flight::default() };
        let step = Step::first(user, request, &[], body.clone()).unwrap();
        let message = step.text(&course, None, Vec::new(), &mut Trace::new(is_traced));
        String::from_utf8(message.head).unwrap()
    }

    #[test]
    fn text_that_is_ready_is_the_same_as_what_a_table_would_become() {
        let user =
            User::new(CoreHttp::new(HttpShared::new(HttpSettings::default()).unwrap()), None);
        let request = |method: &str, headers: &[(&str, &str)]| {
            let field =
                |(name, value): &(&str, &str)| ((*name).to_owned(), value.as_bytes().to_vec());
            let headers = headers.iter().map(field).collect();
            let (method, url) = (method.to_owned(), "http://user:pw@h/x?y#z".to_owned());
            let spec = RequestSpec { method, url, headers, ..RequestSpec::default() };
            PreparedRequest::new(spec, None, false).unwrap()
        };
        let requests = [
            request("GET", &[]),
            request("POST", &[("X-A", "1"), ("accept", "b"), ("x-a", "2"), ("host", "other")]),
            request("PUT", &[("cookie", "own=1")]),
        ];
        let chunked = RequestBody::from_parts(Vec::new(), true).unwrap();
        let bodies = [RequestBody::default(), b"abc".to_vec().into(), chunked];
        let add = |name: &'static str, value: &'static str| {
            user.defaults.borrow_mut().insert(name, HeaderValue::from_static(value));
        };
        let mut seen = String::new();
        for round in 0..4 {
            match round {
                1 => {
                    add("x-a", "default");
                    add("x-default", "d");
                }
                2 => {
                    let cookie =
                        Cookie { name: "a".into(), value: "b".into(), ..Cookie::default() };
                    user.jar.borrow_mut().set(&cookie, "h", 9).unwrap();
                }
                // It takes the place of one of ours.
                3 => add("user-agent", "mine"),
                _ => {}
            }
            for request in &requests {
                for body in &bodies {
                    let found = text(&user, request, body, false);
                    assert_eq!(found, text(&user, request, body, true), "round {round}");
                    seen.push_str(&found);
                }
            }
        }
        for part in [
            "GET /x?y HTTP/1.1\r\nhost: h\r\n",
            "x-a: 1\r\nx-a: 2\r\ncontent-length: 0\r\n\r\n",
            "cookie: a=b\r\ntransfer-encoding: chunked\r\n\r\n",
            "user-agent: mine\r\n",
        ] {
            assert!(seen.contains(part), "{part}\n{seen}");
        }
    }
}
