//! Values that users keep beside their saved states: equal ones are here once for all users of a run.
//!
//! Upstream: `interfaces/keeping.rs`. Downstream: each user's `Resident` holds its own values; the last one
//! that lets go of a value frees it. Invariants: a value is found only by who has the same bytes; the bytes
//! of all values that are here are at most as many as the limit says.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// All values that are kept in this process for one run.
#[derive(Debug)]
pub(crate) struct KeptValues {
    bytes_max: usize,
    hasher: RandomState,
    shelf: Mutex<Shelf>,
}

#[derive(Debug, Default)]
struct Shelf {
    bytes: usize,
    /// By hash; users hold the values.
    values: HashMap<u64, Vec<Weak<KeptValue>>>,
}

/// A value that at least one user keeps.
#[derive(Debug)]
pub(crate) struct KeptValue {
    bytes: Box<[u8]>,
    hash: u64,
    home: Arc<KeptValues>,
}

/// There is no room for a value.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a value of {needed} bytes does not fit: {held} of {most} bytes are taken (`--limit kept-values`)"
)]
pub(crate) struct NoRoom {
    needed: usize,
    held: usize,
    most: usize,
}

impl KeptValues {
    /// Nothing is kept yet.
    pub(crate) fn new(bytes_max: usize) -> Arc<Self> {
        Arc::new(Self { bytes_max, hasher: RandomState::new(), shelf: Mutex::default() })
    }

    /// The value with these bytes, which may be there already.
    ///
    /// # Errors
    /// When it is not, and there is no room for it.
    pub(crate) fn keep(self: &Arc<Self>, bytes: Vec<u8>) -> Result<Arc<KeptValue>, NoRoom> {
        let hash = self.hasher.hash_one(&bytes);
        // Compared outside of the lock: the last holder of a candidate may let go of it meanwhile, and
        // then it is this thread that frees it, which takes the lock.
        let candidates = self.with_shelf(|shelf| shelf.of_hash(hash));
        if let Some(value) = candidates.into_iter().find(|value| *value.bytes == *bytes) {
            return Ok(value);
        }
        self.with_shelf(|shelf| {
            let (needed, held, most) = (bytes.len(), shelf.bytes, self.bytes_max);
            if held.saturating_add(needed) > most {
                return Err(NoRoom { needed, held, most });
            }
            shelf.bytes += needed;
            let value =
                Arc::new(KeptValue { bytes: bytes.into_boxed_slice(), hash, home: self.clone() });
            shelf.values.entry(hash).or_default().push(Arc::downgrade(&value));
            Ok(value)
        })
    }

    fn with_shelf<T>(&self, act: impl FnOnce(&mut Shelf) -> T) -> T {
        act(&mut self.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Shelf {
    fn of_hash(&self, hash: u64) -> Vec<Arc<KeptValue>> {
        self.values.get(&hash).into_iter().flatten().filter_map(Weak::upgrade).collect()
    }
}

impl KeptValue {
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for KeptValue {
    fn drop(&mut self) {
        self.home.with_shelf(|shelf| {
            shelf.bytes -= self.bytes.len();
            if let Some(same) = shelf.values.get_mut(&self.hash) {
                same.retain(|value| value.strong_count() > 0);
                if same.is_empty() {
                    shelf.values.remove(&self.hash);
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_held(values: &KeptValues) -> (usize, usize) {
        values.with_shelf(|shelf| (shelf.bytes, shelf.values.len()))
    }

    #[test]
    fn equal_values_are_there_once_until_the_last_user_lets_go() {
        let values = KeptValues::new(100);
        let first = values.keep(vec![1; 60]).unwrap();
        let second = values.keep(vec![1; 60]).unwrap();
        let other = values.keep(vec![2; 40]).unwrap();
        assert!(Arc::ptr_eq(&first, &second));
        assert_eq!(bytes_held(&values), (100, 2));
        assert_eq!(second.bytes(), [1; 60]);
        drop((first, other));
        assert_eq!(bytes_held(&values), (60, 1));
        drop(second);
        assert_eq!(bytes_held(&values), (0, 0));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_what_is_there_fits_always() {
        let values = KeptValues::new(100);
        let held = values.keep(vec![1; 60]).unwrap();
        let refused = values.keep(vec![2; 41]).unwrap_err();
        assert_eq!(refused, NoRoom { needed: 41, held: 60, most: 100 });
        assert!(values.keep(vec![1; 60]).is_ok());
        drop(held);
        assert!(values.keep(vec![2; 41]).is_ok());
    }
}
