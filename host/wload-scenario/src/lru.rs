//! A list in order of last use, with removal from anywhere in constant time.
//!
//! Upstream: `pool.rs` parks instances in it. Downstream: nothing; it knows nothing of them.
//! Invariant: a [`Ticket`] is good until its entry is taken, and then never again, though places are
//! used again.

use slab::Slab;

/// The place of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ticket {
    place: usize,
    number: u64,
}

/// Entries from the one that was put first to the one that was put last.
#[derive(Debug)]
pub(crate) struct LruList<T> {
    entries: Slab<Entry<T>>,
    oldest: Option<usize>,
    newest: Option<usize>,
    next_number: u64,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    number: u64,
    older: Option<usize>,
    newer: Option<usize>,
}

impl<T> Default for LruList<T> {
    fn default() -> Self {
        Self { entries: Slab::new(), oldest: None, newest: None, next_number: 0 }
    }
}

impl<T> LruList<T> {
    /// Adds an entry as the newest.
    pub(crate) fn put(&mut self, value: T) -> Ticket {
        let number = self.next_number;
        self.next_number += 1;
        let older = self.newest;
        let place = self.entries.insert(Entry { value, number, older, newer: None });
        match older {
            Some(older) => self.entries[older].newer = Some(place),
            None => self.oldest = Some(place),
        }
        self.newest = Some(place);
        Ticket { place, number }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An entry where it is, if it is still there.
    pub(crate) fn get_mut(&mut self, ticket: Ticket) -> Option<&mut T> {
        let entry = self.entries.get_mut(ticket.place)?;
        (entry.number == ticket.number).then_some(&mut entry.value)
    }

    /// Takes an entry out, if it is still there.
    pub(crate) fn take(&mut self, ticket: Ticket) -> Option<T> {
        let entry = self.entries.get(ticket.place)?;
        (entry.number == ticket.number).then(|| self.unlink(ticket.place))
    }

    /// Takes the oldest entry out.
    pub(crate) fn take_oldest(&mut self) -> Option<T> {
        self.oldest.map(|place| self.unlink(place))
    }

    fn unlink(&mut self, place: usize) -> T {
        let Entry { value, older, newer, .. } = self.entries.remove(place);
        match older {
            Some(older) => self.entries[older].newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => self.entries[newer].older = older,
            None => self.newest = older,
        }
        value
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use wload_core::ids::UserId;
    use wload_core::random::UserRandom;

    use super::*;

    #[test]
    fn it_does_what_a_queue_that_is_searched_does() {
        let mut random = UserRandom::new(7, UserId(0));
        let mut list = LruList::default();
        let mut model: VecDeque<(Ticket, u64)> = VecDeque::new();
        for value in 0..10_000 {
            match random.below(4) {
                0 | 1 => model.push_back((list.put(value), value)),
                2 => {
                    let oldest = model.pop_front().map(|(_, value)| value);
                    assert_eq!(list.take_oldest(), oldest);
                }
                _ if model.is_empty() => {}
                _ => {
                    let at = random.below(model.len() as u64) as usize;
                    let (ticket, value) = model.remove(at).unwrap();
                    assert_eq!(list.get_mut(ticket), Some(&mut { value }));
                    assert_eq!(list.take(ticket), Some(value));
                    assert_eq!(list.take(ticket), None, "a ticket is good once");
                    assert_eq!(list.get_mut(ticket), None);
                }
            }
        }
        assert!(!model.is_empty());
        while let Some((_, value)) = model.pop_front() {
            assert_eq!(list.take_oldest(), Some(value));
        }
        assert_eq!(list.take_oldest(), None);
    }
}
