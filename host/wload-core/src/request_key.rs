//! Row keys `(method, name)` to small numbers, so that a sample is recorded without hashing.
//!
//! Upstream: whoever makes samples interns its key once. Downstream: the recorder indexes by
//! [`KeyId`]. Invariants: a number stays valid for the life of its interner; there are at most
//! as many keys as its owner allows, and the row `(other)`; names are cut at a character boundary.

use std::collections::HashMap;
use std::sync::Arc;

use crate::limits::{OVERFLOW_NAME, REQUEST_METHOD_BYTES_MAX, REQUEST_NAME_BYTES_MAX};
use crate::snapshot::RequestKey;

/// A row of one recorder: an index. Made by [`Recorder::intern`](crate::recorder::Recorder::intern),
/// and means nothing to another recorder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(pub u32);

impl KeyId {
    /// As an index.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

impl RequestKey {
    /// The row that takes what is over a limit.
    #[must_use]
    pub fn overflow() -> Self {
        Self { name: Arc::from(OVERFLOW_NAME), method: Arc::from("") }
    }
}

/// All keys of one recorder.
#[derive(Debug, Default)]
pub(crate) struct KeyInterner {
    /// By name, then method: a lookup needs no allocation.
    ids: HashMap<Arc<str>, Vec<(Arc<str>, KeyId)>>,
    keys: Vec<RequestKey>,
    overflow: Option<KeyId>,
}

impl KeyInterner {
    /// The number of this key; that of `(other)` when there are too many keys.
    pub(crate) fn intern(&mut self, method: &str, name: &str, len_max: usize) -> KeyId {
        let method = cut(method, REQUEST_METHOD_BYTES_MAX);
        let name = cut(name, REQUEST_NAME_BYTES_MAX);
        let known = self.ids.get(name).and_then(|methods| {
            methods.iter().find(|(known, _)| **known == *method).map(|(_, id)| *id)
        });
        if let Some(id) = known {
            return id;
        }
        if self.keys.len() >= len_max {
            return self.overflow();
        }
        let key = RequestKey { name: Arc::from(name), method: Arc::from(method) };
        self.add(key)
    }

    /// The key behind a number.
    pub(crate) fn key(&self, id: KeyId) -> &RequestKey {
        &self.keys[id.index()]
    }

    /// How many numbers are given out.
    pub(crate) fn len(&self) -> usize {
        self.keys.len()
    }

    fn overflow(&mut self) -> KeyId {
        if let Some(id) = self.overflow {
            return id;
        }
        let id = self.add(RequestKey::overflow());
        self.overflow = Some(id);
        id
    }

    fn add(&mut self, key: RequestKey) -> KeyId {
        let id = KeyId(u32::try_from(self.keys.len()).expect("the number of keys is limited"));
        self.ids.entry(key.name.clone()).or_default().push((key.method.clone(), id));
        self.keys.push(key);
        id
    }
}

/// The longest beginning of `text` of at most `bytes_max` bytes that ends between two characters.
#[must_use]
pub fn cut(text: &str, bytes_max: usize) -> &str {
    &text[..text.floor_char_boundary(bytes_max)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEYS_MAX: usize = 100;

    #[test]
    fn a_key_keeps_its_number() {
        let mut interner = KeyInterner::default();
        let get = interner.intern("GET", "/", KEYS_MAX);
        let post = interner.intern("POST", "/", KEYS_MAX);
        assert_ne!(get, post);
        assert_eq!(interner.intern("GET", "/", KEYS_MAX), get);
        assert_eq!(&*interner.key(post).method, "POST");
        assert_eq!(interner.len(), 2);
    }

    #[test]
    fn what_is_over_the_limit_shares_a_visible_row() {
        let mut interner = KeyInterner::default();
        for index in 0..KEYS_MAX {
            interner.intern("GET", &format!("/{index}"), KEYS_MAX);
        }
        let first = interner.intern("GET", "/one too many", KEYS_MAX);
        let second = interner.intern("POST", "/two too many", KEYS_MAX);
        assert_eq!(first, second);
        assert_eq!(*interner.key(first), RequestKey::overflow());
        assert_eq!(interner.len(), KEYS_MAX + 1);
        assert_ne!(interner.intern("GET", "/0", KEYS_MAX), first, "a known key keeps its own row");
    }

    #[test]
    fn long_names_are_cut_between_characters() {
        let name = "\u{e9}".repeat(REQUEST_NAME_BYTES_MAX);
        let mut interner = KeyInterner::default();
        let id = interner.intern("GET", &format!("x{name}"), KEYS_MAX);
        let kept = &interner.key(id).name;
        assert_eq!(kept.len(), REQUEST_NAME_BYTES_MAX - 1);
        assert!(kept.ends_with('\u{e9}'));
    }
}
