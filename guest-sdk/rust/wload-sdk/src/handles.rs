//! The host's handles that an instance holds for the author: metrics and tables.
//!
//! Upstream: `events.rs` and `data.rs`, whose values hold a [`Slot`] each. Downstream: the host.
//! Invariant: every handle is in here and nowhere else, so that `reset` can give all of them back, also
//! those of a `static` or of a value that was leaked.

use std::cell::RefCell;

/// Handles of one kind.
pub(crate) struct Handles<H>(RefCell<Vec<Option<H>>>);

/// The place of a handle.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Slot(usize);

impl<H> Handles<H> {
    pub(crate) const fn new() -> Self {
        Self(RefCell::new(Vec::new()))
    }

    pub(crate) fn insert(&self, handle: H) -> Slot {
        let mut handles = self.0.borrow_mut();
        if let Some(free) = handles.iter().position(Option::is_none) {
            handles[free] = Some(handle);
            return Slot(free);
        }
        handles.push(Some(handle));
        Slot(handles.len() - 1)
    }

    /// Does something with a handle.
    pub(crate) fn with<R>(&self, Slot(place): Slot, act: impl FnOnce(&H) -> R) -> R {
        let handles = self.0.borrow();
        act(handles[place].as_ref().expect("a slot lasts as long as its value"))
    }

    /// Gives a handle back.
    pub(crate) fn remove(&self, Slot(place): Slot) {
        let handle = self.0.borrow_mut().get_mut(place).and_then(Option::take);
        drop(handle);
    }

    /// Gives all of them back. Their slots must not be used any more.
    pub(crate) fn clear(&self) {
        drop(self.0.take());
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_place_is_given_to_the_next_handle_when_its_own_is_back() {
        let (handles, counter) = (Handles::new(), Rc::new(()));
        let first = handles.insert(counter.clone());
        let second = handles.insert(counter.clone());
        handles.remove(first);
        assert_eq!(Rc::strong_count(&counter), 2);
        assert_eq!(handles.insert(counter.clone()).0, first.0);
        assert!(handles.with(second, |handle| Rc::ptr_eq(handle, &counter)));
        handles.clear();
        assert_eq!(Rc::strong_count(&counter), 1);
        handles.remove(second);
    }
}
