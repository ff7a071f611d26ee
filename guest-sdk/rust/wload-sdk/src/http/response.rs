//! What came back. Status and verdict are here at once; the rest is fetched when it is asked for.
//!
//! Upstream: `request.rs`. Downstream: tasks. The host keeps the body until the response is dropped.

use std::borrow::Cow;
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::{HttpError, ResponseError};
use crate::bindings::wload::scenario::http;

/// The answer to a request. It exists also when no response arrived: then its status is 0.
#[derive(Debug)]
pub struct Response {
    method: Cow<'static, str>,
    name: Cow<'static, str>,
    status: u16,
    is_failed: bool,
    error: Option<HttpError>,
    /// None: the request was never handed to the host.
    exchange: Option<http::Exchange>,
}

/// Where the time of an exchange went; all but `total` are of the last hop.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Timings {
    /// Finding the target's address.
    pub dns: Duration,
    /// Connecting.
    pub connect: Duration,
    /// Making the connection secure.
    pub tls: Duration,
    /// Writing the request.
    pub send: Duration,
    /// From the end of the request to the first byte of the response.
    pub first_byte: Duration,
    /// From the first byte to the end of the body.
    pub body: Duration,
    /// The response time, redirects included.
    pub total: Duration,
    /// The connection had been used before.
    pub connection_reused: bool,
}

/// A redirect that was followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop {
    /// 301, 302, 303, 307 or 308.
    pub status: u16,
    /// The URL that redirected.
    pub url: String,
    /// Where to.
    pub location: String,
}

impl Response {
    pub(super) fn new(
        method: Cow<'static, str>,
        name: Cow<'static, str>,
        sent: Result<http::Reply, HttpError>,
    ) -> Self {
        match sent {
            Ok(http::Reply { status, failed, exchange }) => {
                // The notes need it, and it is rare: asking at once costs no request that went well.
                let error = if status == 0 { exchange.error().map(HttpError::from) } else { None };
                Self { method, name, status, is_failed: failed, error, exchange: Some(exchange) }
            }
            Err(error) => Self {
                method,
                name,
                status: 0,
                is_failed: true,
                error: Some(error),
                exchange: None,
            },
        }
    }

    pub(super) fn method(&self) -> &str {
        &self.method
    }

    /// The name in the statistics.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn exchange(&self) -> Option<&http::Exchange> {
        self.exchange.as_ref()
    }

    /// The status of the last response; 0 when there was none.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// There was a response, and its status is below 400.
    pub fn ok(&self) -> bool {
        !self.is_failed
    }

    /// Goes on only when the response is [`ok`](Self::ok): `response.raise_for_status()?`.
    ///
    /// # Errors
    /// When there was no response, and when its status is 400 or more. With `?` it ends the task as
    /// an exception.
    pub fn raise_for_status(&self) -> Result<(), ResponseError> {
        match self.status {
            _ if self.ok() => Ok(()),
            0 => Err(ResponseError::no_response(self.request(), self.error.as_ref())),
            status => Err(ResponseError::of_status(self.request(), status)),
        }
    }

    /// As errors name it: `GET /products`.
    fn request(&self) -> String {
        format!("{} {}", self.method, self.name)
    }

    /// Why there was no response.
    pub fn error(&self) -> Option<&HttpError> {
        self.error.as_ref()
    }

    /// `HTTP/1.1`, `HTTP/2.0`; empty when there was no response.
    pub fn protocol(&self) -> String {
        self.exchange.as_ref().map(http::Exchange::protocol).unwrap_or_default()
    }

    /// The URL that answered, after redirects.
    pub fn url(&self) -> String {
        self.exchange.as_ref().map(http::Exchange::url).unwrap_or_default()
    }

    /// All headers. Values that are no UTF-8 are shown with replacement characters.
    pub fn headers(&self) -> Vec<(String, String)> {
        let fields = self.exchange.as_ref().map(http::Exchange::headers).unwrap_or_default();
        fields.into_iter().map(|(name, value)| (name, text(value))).collect()
    }

    /// The first header of this name, in any case.
    pub fn header(&self, name: &str) -> Option<String> {
        self.exchange.as_ref()?.header(name).map(text)
    }

    /// Bytes of the decoded body, also when it was not kept.
    pub fn body_size(&self) -> u64 {
        self.exchange.as_ref().map_or(0, http::Exchange::body_size)
    }

    /// The decoded body. It is copied from the host each time: keep it when it is needed twice.
    pub fn bytes(&self) -> Vec<u8> {
        self.exchange.as_ref().map(http::Exchange::body).unwrap_or_default()
    }

    /// The body as text; what is no UTF-8 becomes replacement characters.
    pub fn text(&self) -> String {
        text(self.bytes())
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When there was no response, and when the body is not the JSON that was expected. With `?` it
    /// ends the task as an exception, with the start of the body in its trace. A response that was
    /// recorded as a success stays one: to make it a failure, catch the response.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        if self.status == 0 {
            return Err(ResponseError::no_response(self.request(), self.error.as_ref()));
        }
        let body = self.bytes();
        serde_json::from_slice(&body)
            .map_err(|error| ResponseError::of_body(self.request(), self.status, &body, &error))
    }

    /// The redirects that were followed.
    pub fn history(&self) -> Vec<Hop> {
        let hops = self.exchange.as_ref().map(http::Exchange::history).unwrap_or_default();
        hops.into_iter()
            .map(|http::Hop { status, url, location }| Hop { status, url, location })
            .collect()
    }

    /// The response time.
    pub fn elapsed(&self) -> Duration {
        self.timings().total
    }

    /// Where the time went.
    pub fn timings(&self) -> Timings {
        let Some(exchange) = &self.exchange else { return Timings::default() };
        let timings = exchange.timings();
        Timings {
            dns: Duration::from_nanos(timings.dns),
            connect: Duration::from_nanos(timings.connect),
            tls: Duration::from_nanos(timings.tls),
            send: Duration::from_nanos(timings.send),
            first_byte: Duration::from_nanos(timings.first_byte),
            body: Duration::from_nanos(timings.body),
            total: Duration::from_nanos(timings.total),
            connection_reused: timings.connection_reused,
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
