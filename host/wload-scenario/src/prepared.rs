//! Requests that the users of a core have prepared: equal ones are there once.
//!
//! Users of a class prepare the same requests, and each takes more than a kilobyte. What is shared is also
//! what stays in the processor's caches when a thousand users take turns.
//!
//! Upstream: `interfaces/http/send.rs`. Downstream: each user's templates hold theirs; the last one that
//! lets go of a request frees it. Invariants: two users have the same request only if all that it was made
//! of is the same; never leaves its core's thread.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::{Rc, Weak};

use wload_core::limits::{PREPARED_SHARED_BYTES_MAX, PREPARED_SHARED_MAX};
use wload_http::{BaseUrl, HttpError, PreparedRequest, RequestSpec};

/// The prepared requests of a core.
#[derive(Debug, Default)]
pub(crate) struct PreparedRequests(RefCell<Shelf>);

#[derive(Debug, Default)]
struct Shelf {
    /// By the base URL, which has a number, and by what was asked for.
    requests: HashMap<(usize, RequestSpec), Weak<PreparedRequest>>,
    /// Requests that found no room since it was last looked for.
    left_out: usize,
}

impl PreparedRequests {
    /// A request that may have placeholders; `base` has the number `place`, and always the same.
    ///
    /// # Errors
    /// When it is malformed.
    pub(crate) fn prepare(
        &self,
        spec: RequestSpec,
        base: Option<&BaseUrl>,
        place: usize,
    ) -> Result<Rc<PreparedRequest>, HttpError> {
        let mut shelf = self.0.borrow_mut();
        if bytes_of(&spec) > PREPARED_SHARED_BYTES_MAX {
            return Ok(Rc::new(PreparedRequest::new(spec, base, true)?));
        }
        let key = (place, spec);
        let found = shelf.requests.get(&key);
        if let Some(request) = found.and_then(Weak::upgrade) {
            return Ok(request);
        }
        let has_room = found.is_some() || shelf.has_room();
        let request = Rc::new(PreparedRequest::new(key.1.clone(), base, true)?);
        if has_room {
            shelf.requests.insert(key, Rc::downgrade(&request));
        }
        Ok(request)
    }
}

fn bytes_of(spec: &RequestSpec) -> usize {
    let headers = spec.headers.iter().map(|(name, value)| name.len() + value.len());
    spec.method.len() + spec.url.len() + headers.sum::<usize>()
}

impl Shelf {
    /// Makes room where it is short, but not at each request: a guest may prepare a new one for each task.
    fn has_room(&mut self) -> bool {
        if self.requests.len() < PREPARED_SHARED_MAX {
            return true;
        }
        if self.left_out == 0 {
            self.requests.retain(|_, request| request.strong_count() > 0);
        }
        self.left_out = (self.left_out + 1) % PREPARED_SHARED_MAX;
        self.requests.len() < PREPARED_SHARED_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(url: &str) -> RequestSpec {
        RequestSpec { method: "GET".to_owned(), url: url.to_owned(), ..RequestSpec::default() }
    }

    fn base(text: &str) -> BaseUrl {
        BaseUrl::parse(text).unwrap()
    }

    #[test]
    fn equal_requests_are_there_once_and_others_are_not_mixed_up() {
        let prepared = PreparedRequests::default();
        let (one, two) = (base("http://one"), base("http://two"));
        let prepare = |spec, base, place| prepared.prepare(spec, Some(base), place).unwrap();
        let first = prepare(spec("/a"), &one, 0);
        assert!(Rc::ptr_eq(&first, &prepare(spec("/a"), &one, 0)));
        assert!(!Rc::ptr_eq(&first, &prepare(spec("/b"), &one, 0)));
        assert!(!Rc::ptr_eq(&first, &prepare(spec("/a"), &two, 1)));
        let with_body = RequestSpec { keep_body: true, ..spec("/a") };
        assert!(!Rc::ptr_eq(&first, &prepare(with_body, &one, 0)));
        let headers = vec![("accept".to_owned(), b"text/html".to_vec())];
        assert!(!Rc::ptr_eq(&first, &prepare(RequestSpec { headers, ..spec("/a") }, &one, 0)));
        assert!(prepared.prepare(spec("/a"), None, 2).is_err(), "it has no host");
    }

    #[test]
    fn what_nobody_holds_makes_room_and_what_has_none_is_prepared_all_the_same() {
        let prepared = PreparedRequests::default();
        let base = base("http://one");
        let prepare =
            |number: usize| prepared.prepare(spec(&format!("/{number}")), Some(&base), 0).unwrap();
        let is_shared = |number| Rc::ptr_eq(&prepare(number), &prepare(number));
        let held: Vec<_> = (0..PREPARED_SHARED_MAX).map(prepare).collect();
        let outside = prepare(PREPARED_SHARED_MAX);
        assert!(!Rc::ptr_eq(&outside, &prepare(PREPARED_SHARED_MAX)));
        assert!(Rc::ptr_eq(&held[0], &prepare(0)));
        drop(held);
        // Room is looked for once in a while.
        let mut later = PREPARED_SHARED_MAX..2 * PREPARED_SHARED_MAX;
        assert!(later.any(is_shared));
        assert!(prepared.0.borrow().requests.len() < PREPARED_SHARED_MAX);
        let long = "x".repeat(PREPARED_SHARED_BYTES_MAX);
        let prepare = || prepared.prepare(spec(&format!("/{long}")), Some(&base), 0).unwrap();
        assert!(!Rc::ptr_eq(&prepare(), &prepare()), "too long to be kept for others");
    }
}
