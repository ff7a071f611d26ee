//! The header of a response, kept as it arrived until somebody looks into it.
//!
//! Upstream: `h1/parse.rs` (bytes), hyper and h2 (a map). Downstream: [`Exchange`](crate::Exchange), and
//! the guest, which mostly asks for the status and not for the header.
//! Invariant: a map is made when it is asked for and not before, because making it costs more than all
//! else that is done with a small response. What every response is asked for is known without it.

use std::cell::OnceCell;
use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::header::{CONTENT_ENCODING, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, HeaderValue};

/// The fields of a response. It is used as the [`HeaderMap`] that it becomes.
#[derive(Clone, Default)]
pub struct Headers {
    /// A head that was parsed before; empty: `map` was there from the start.
    head: Bytes,
    fields: usize,
    known: Known,
    map: OnceCell<Box<HeaderMap>>,
}

/// Which fields there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) set_cookie: bool,
    pub(crate) location: bool,
    pub(crate) content_encoding: bool,
}

impl Headers {
    /// Of a whole head that was parsed and found good, with so many fields.
    pub(crate) fn unread(head: &[u8], fields: usize, known: Known) -> Self {
        let head = if fields == 0 { Bytes::new() } else { Bytes::copy_from_slice(head) };
        Self { head, fields, known, map: OnceCell::new() }
    }

    pub(crate) fn known(&self) -> Known {
        self.known
    }

    fn read(&self) -> Box<HeaderMap> {
        let mut map = HeaderMap::with_capacity(self.fields);
        let mut fields = vec![httparse::EMPTY_HEADER; self.fields];
        let mut response = httparse::Response::new(&mut fields);
        // It was parsed before, so that nothing of this can fail.
        if self.fields > 0 && response.parse(&self.head).is_ok() {
            for field in response.headers.iter() {
                let name = HeaderName::from_bytes(field.name.as_bytes());
                let value = HeaderValue::from_maybe_shared(self.head.slice_ref(field.value));
                if let (Ok(name), Ok(value)) = (name, value) {
                    map.append(name, value);
                }
            }
        }
        Box::new(map)
    }
}

impl Deref for Headers {
    type Target = HeaderMap;

    fn deref(&self) -> &HeaderMap {
        self.map.get_or_init(|| self.read())
    }
}

impl From<HeaderMap> for Headers {
    fn from(map: HeaderMap) -> Self {
        let known = Known {
            set_cookie: map.contains_key(SET_COOKIE),
            location: map.contains_key(LOCATION),
            content_encoding: map.contains_key(CONTENT_ENCODING),
        };
        Self { head: Bytes::new(), fields: 0, known, map: OnceCell::from(Box::new(map)) }
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_when_it_is_asked_for() {
        let head = b"HTTP/1.1 200 OK\r\nX-A: 1\r\nx-b:\r\nx-a:  2 \r\nlatin: caf\xe9\r\n\r\n";
        let headers = Headers::unread(head, 4, Known::default());
        assert!(headers.map.get().is_none());
        let values: Vec<_> = headers.get_all("x-a").iter().collect();
        assert_eq!(values, ["1", "2"]);
        assert_eq!((headers.len(), &headers["x-b"]), (4, &HeaderValue::from_static("")));
        assert_eq!(headers["latin"].as_bytes(), b"caf\xe9");
        assert!(Headers::default().is_empty());
    }

    #[test]
    fn what_every_response_is_asked_for_is_known_of_a_map_too() {
        let mut map = HeaderMap::new();
        map.insert(LOCATION, HeaderValue::from_static("/x"));
        let headers = Headers::from(map);
        assert_eq!(headers.known(), Known { location: true, ..Known::default() });
        assert_eq!(headers["location"], "/x");
    }
}
