//! A response whose verdict the author gives: Locust's `catch_response`.
//!
//! Upstream: `request.rs`. Downstream: the host records the exchange when it is dropped. Invariant:
//! without a verdict the host judges as it always does.

use std::cell::Cell;
use std::error::Error;
use std::ops::Deref;

use serde::de::DeserializeOwned;

use super::{Response, ResponseError};

/// What [`Request::check`](super::Request::check) wants to hear: `Ok(())`, or why it was a failure.
/// `?` takes any error, and `Err("the cart is empty".into())` is one.
pub type CheckResult = Result<(), Box<dyn Error>>;

/// A response that is recorded when it is dropped. Without [`success`](Self::success) or
/// [`failure`](Self::failure) it is judged as always; the last call counts.
///
/// ```no_run
/// # use wload_sdk::prelude::*;
/// let response = Client::new().post("/orders").catch_response();
/// match response.status() {
///     201 => {}
///     409 => response.success(), // out of stock: an answer like any other
///     status => response.failure(format!("unexpected status {status}")),
/// }
/// ```
#[derive(Debug)]
pub struct CaughtResponse {
    response: Response,
    is_judged: Cell<bool>,
}

impl CaughtResponse {
    pub(super) fn new(response: Response) -> Self {
        Self { response, is_judged: Cell::new(false) }
    }

    /// It was a success, whatever the status.
    pub fn success(&self) {
        self.is_judged.set(true);
        if let Some(exchange) = self.response.exchange() {
            exchange.success();
        }
    }

    /// It was a failure, for this reason: short, and the same for the same cause, because reasons
    /// are counted.
    pub fn failure(&self, reason: impl AsRef<str>) {
        self.is_judged.set(true);
        if let Some(exchange) = self.response.exchange() {
            exchange.failure(reason.as_ref());
        }
    }

    /// Another name in the statistics.
    pub fn rename(&self, name: impl AsRef<str>) {
        if let Some(exchange) = self.response.exchange() {
            exchange.set_name(name.as_ref());
        }
    }

    /// The body as JSON. When it is not what was expected, the response is a failure, unless there
    /// is a verdict already.
    ///
    /// # Errors
    /// As [`Response::json`].
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, ResponseError> {
        self.response.json().inspect_err(|error| {
            // A response that never came or has a bad status is a failure with a better reason.
            if !self.is_judged.get() && self.response.ok() {
                self.failure(error.reason());
            }
        })
    }

    /// The verdict of a check.
    pub(super) fn conclude(self, verdict: CheckResult) -> Response {
        match verdict {
            Err(reason) => match reason.downcast_ref::<ResponseError>() {
                // The row names the request already.
                Some(json) => self.failure(json.reason()),
                None => self.failure(reason.to_string()),
            },
            Ok(()) if !self.is_judged.get() => self.success(),
            Ok(()) => {}
        }
        self.response
    }
}

impl Deref for CaughtResponse {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.response
    }
}
