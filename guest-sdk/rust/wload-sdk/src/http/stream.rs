//! A response whose body is read while it arrives.
//!
//! Upstream: [`Request::open`](super::Request::open). Downstream: the host, which records the exchange
//! when its body has ended, or when the stream is dropped.

use std::ops::Deref;

use super::Response;

/// A response whose head is here.
///
/// ```no_run
/// use wload_sdk::prelude::*;
///
/// let mut events = Client::new().get("/events").open();
/// while let Some(chunk) = events.next_chunk() {
///     if chunk.ends_with(b"done\n\n") {
///         break; // dropped: the connection is closed
///     }
/// }
/// ```
#[derive(Debug)]
pub struct StreamedResponse(Response);

impl StreamedResponse {
    pub(super) fn new(response: Response) -> Self {
        Self(response)
    }

    /// The next piece of the body, decoded. None at its end, or when it failed: then
    /// [`failure`](Self::failure) says why.
    pub fn next_chunk(&mut self) -> Option<Vec<u8>> {
        self.0.exchange()?.read_chunk()
    }

    /// Why the body broke off.
    pub fn failure(&self) -> Option<super::HttpError> {
        self.0.exchange()?.error().map(Into::into)
    }
}

impl Deref for StreamedResponse {
    type Target = Response;

    fn deref(&self) -> &Response {
        &self.0
    }
}
