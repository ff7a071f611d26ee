//! Requests that are sent at once, as a browser loads the parts of a page.
//!
//! Upstream: [`Client::send_all`](crate::http::Client::send_all). Downstream: the host, and responses in
//! the order of the requests.

use std::rc::Rc;

use super::Request;
use crate::bindings::wload::scenario::http;
use crate::http::{HttpError, Response};

/// Sends requests at once. What the author got wrong is not sent; the others are.
pub(in crate::http) fn send_all(requests: Vec<Request>) -> Vec<Response> {
    let prepared: Vec<Result<Rc<http::RequestTemplate>, HttpError>> = requests
        .iter()
        .map(|request| match (&request.mistake, &request.upload) {
            (Some(mistake), _) => Err(HttpError::InvalidRequest(mistake.clone())),
            (None, Some(_)) => Err(HttpError::InvalidRequest("an upload is sent alone".into())),
            (None, None) => request.template(),
        })
        .collect();
    let parallel: Vec<http::ParallelRequest<'_>> = requests
        .iter()
        .zip(&prepared)
        .filter_map(|(request, template)| {
            let (values, body) = (request.values.clone(), request.body.clone());
            Some(http::ParallelRequest { template: template.as_ref().ok()?, values, body })
        })
        .collect();
    let replies = if parallel.is_empty() { Ok(Vec::new()) } else { http::send_all(&parallel) };
    drop(parallel);
    let (mut replies, refused) = match replies {
        Ok(replies) => (replies.into_iter(), None),
        Err(error) => (Vec::new().into_iter(), Some(HttpError::from(error))),
    };
    let mut responses = Vec::with_capacity(requests.len());
    for (request, prepared) in requests.into_iter().zip(prepared) {
        let sent = match (prepared, &refused) {
            (Err(error), _) => Err(error),
            (Ok(_), Some(error)) => Err(error.clone()),
            (Ok(_), None) => Ok(replies.next().expect("a reply for each request that was sent")),
        };
        responses.push(request.into_response(sent));
    }
    responses
}
