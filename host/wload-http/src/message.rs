//! The request as it is sent: one of a chain, with what the user adds to it.
//!
//! Upstream: `exchange`, hop by hop. Downstream: `connection`, in the form that its protocol wants.

use bytes::Bytes;
use http::header::{
    AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HOST, PROXY_AUTHORIZATION,
    TRANSFER_ENCODING,
};
use http::{HeaderValue, Method, Request, StatusCode, Uri};

use crate::connection::Lease;
use crate::error::HttpError;
use crate::redirect::Redirect;
use crate::request::PreparedRequest;
use crate::response::{Address, Hop};
use crate::upload::{Outgoing, RequestBody};
use crate::user::User;

const ZERO: HeaderValue = HeaderValue::from_static("0");
const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");

/// One request of a chain.
pub(crate) struct Step {
    pub(crate) address: Address,
    pub(crate) method: Method,
    pub(crate) body: RequestBody,
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
        user.check_header_bytes(request.header_bytes() + user.default_bytes.get())?;
        let (kept, max) = (body.bytes_kept(), user.core.limits().request_body_bytes_max);
        if kept > max {
            let why = format!(
                "the body has {kept} bytes, at most {max} are allowed \
                 (`--limit request-body-size`)"
            );
            return Err(HttpError::InvalidRequest(why));
        }
        Ok(Self {
            address: request.address(values)?,
            method: request.method.clone(),
            body,
            is_redirected: false,
            drops_authorization: false,
            drops_content: false,
        })
    }

    /// Turns into the next request of the chain.
    pub(crate) fn redirect(&mut self, redirect: Redirect, status: StatusCode) -> Hop {
        let hop =
            Hop { status: status.as_u16(), url: self.address.url(), location: redirect.location };
        self.address = redirect.address;
        self.method = redirect.method;
        self.is_redirected = true;
        self.drops_authorization |= !redirect.keeps_authorization;
        if !redirect.keeps_body {
            self.body = RequestBody::default();
            self.drops_content = true;
        }
        hop
    }

    /// The request for a connection.
    pub(crate) fn message(
        &self,
        user: &User,
        request: &PreparedRequest,
        lease: &Lease,
    ) -> Request<Outgoing> {
        let mut headers = request.headers.clone();
        for (name, value) in &*user.defaults.borrow() {
            if !request.explicit.contains(name) {
                headers.insert(name.clone(), value.clone());
            }
        }
        if self.is_redirected {
            headers.insert(HOST, self.address.origin.host_header());
            headers.remove(COOKIE);
            if self.drops_authorization {
                headers.remove(AUTHORIZATION);
            }
            if self.drops_content {
                headers.remove(CONTENT_TYPE);
            }
        }
        if !headers.contains_key(COOKIE)
            && let Some(cookies) = user.jar.borrow().header(&self.address)
        {
            headers.insert(COOKIE, cookies);
        }
        let is_http2 = matches!(lease, Lease::Http2 { .. });
        match self.length() {
            // hyper adds the length of a body, but not that of none; h2 adds nothing.
            Some(0) => {
                if !matches!(self.method, Method::GET | Method::HEAD) {
                    headers.insert(CONTENT_LENGTH, ZERO);
                }
            }
            Some(length) if is_http2 => {
                headers.insert(CONTENT_LENGTH, length.into());
            }
            Some(_) => {}
            None if is_http2 => {}
            None => {
                headers.insert(TRANSFER_ENCODING, CHUNKED);
            }
        }
        let mut uri = Uri::from(self.address.path.clone());
        if let Lease::Http1 { connection, .. } = lease
            && let Some(forward) = &connection.forward
        {
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

    /// The length of the body when it is announced.
    fn length(&self) -> Option<u64> {
        (!self.body.is_chunked()).then(|| self.body.len())
    }
}
