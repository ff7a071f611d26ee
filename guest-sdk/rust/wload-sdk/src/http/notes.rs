//! What the client noticed during a call and the author did not have to ask for.
//!
//! Upstream: `request.rs`. Downstream: `runtime.rs` at the end of each call. A malformed request is
//! never sent and stands in no statistics, so it must become an exception even when the task looks
//! at no response. A request that is refused because the user must stop is the opposite: no mistake.

use std::cell::RefCell;

use super::HttpError;

/// What happened since the last call began.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Notes {
    /// The first request that was malformed, and what is wrong with it.
    pub(crate) invalid_request: Option<String>,
    /// A request was refused because the user is being stopped.
    pub(crate) is_stopping: bool,
}

thread_local! {
    static NOTES: RefCell<Notes> = const {
        RefCell::new(Notes { invalid_request: None, is_stopping: false })
    };
}

/// A request that brought no response, for this reason.
pub(crate) fn note(method: &str, name: &str, error: &HttpError) {
    NOTES.with_borrow_mut(|notes| match error {
        HttpError::InvalidRequest(what) => {
            notes.invalid_request.get_or_insert_with(|| format!("{method} {name}: {what}"));
        }
        HttpError::Stopping => notes.is_stopping = true,
        _ => {}
    });
}

/// The notes of the call that ends; the next one begins without.
pub(crate) fn take() -> Notes {
    NOTES.take()
}
