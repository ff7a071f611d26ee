//! Who is parked, and who of them comes back last.
//!
//! When an instance is needed, the best one to take is that whose user comes back last: the others find theirs
//! as they left it (Belady's rule, which is usually a guess; here pauses are known). Of users that all wait alike it is
//! the one that has just gone, whose instance is still in the processor's caches.
//!
//! Upstream: `pool.rs` parks instances here. Downstream: nothing; it knows nothing of them. Invariants: a [`Ticket`] is
//! good until its entry is taken, and then never again, though places are used again; nothing is put in order before
//! somebody asks who comes back last, so that a run whose users all have an instance pays nothing for it.

use std::collections::BinaryHeap;

use slab::Slab;
use tokio::time::Instant;

/// The order has at most so many outdated places for each that is right, and some more.
const OUTDATED_PER_ENTRY: usize = 4;
const OUTDATED_SPARE: usize = 64;

/// The place of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket {
    number: u64,
    place: usize,
}

/// Entries, and when they are due.
#[derive(Debug)]
pub(crate) struct Parking<T> {
    entries: Slab<Entry<T>>,
    next_number: u64,
    /// When an entry is due, and which one; of some that are gone or due at another time, too.
    order: BinaryHeap<(Option<Instant>, Ticket)>,
    is_ordered: bool,
}

#[derive(Debug)]
struct Entry<T> {
    value: T,
    number: u64,
    due: Option<Instant>,
}

impl<T> Default for Parking<T> {
    fn default() -> Self {
        Self { entries: Slab::new(), next_number: 0, order: BinaryHeap::new(), is_ordered: false }
    }
}

impl<T> Parking<T> {
    /// Adds an entry, which is due soon as long as nobody says more.
    pub(crate) fn put(&mut self, value: T) -> Ticket {
        let number = self.next_number;
        self.next_number += 1;
        let place = self.entries.insert(Entry { value, number, due: None });
        let ticket = Ticket { number, place };
        self.note(None, ticket);
        ticket
    }

    /// An entry is due then.
    pub(crate) fn set_due(&mut self, ticket: Ticket, due: Instant) {
        if let Some(entry) = self.entries.get_mut(ticket.place)
            && entry.number == ticket.number
        {
            entry.due = Some(due);
            self.note(Some(due), ticket);
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
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
        (entry.number == ticket.number).then(|| self.entries.remove(ticket.place).value)
    }

    /// Takes out the entry that is due last; of those that are due soon, the one that was put last.
    pub(crate) fn take_last_due(&mut self) -> Option<T> {
        let (_, ticket) = self.find_last()?;
        self.order.pop();
        self.take(ticket)
    }

    /// When the entry is due that is due last; none when nobody has said it of any.
    pub(crate) fn last_due(&mut self) -> Option<Instant> {
        self.find_last()?.0
    }

    /// The first in order that is right.
    fn find_last(&mut self) -> Option<(Option<Instant>, Ticket)> {
        if !self.is_ordered {
            self.is_ordered = true;
            self.put_in_order();
        }
        while let Some(&(due, ticket)) = self.order.peek() {
            let entry = self.entries.get(ticket.place);
            if entry.is_some_and(|entry| entry.number == ticket.number && entry.due == due) {
                return Some((due, ticket));
            }
            self.order.pop();
        }
        None
    }

    fn note(&mut self, due: Option<Instant>, ticket: Ticket) {
        if !self.is_ordered {
            return;
        }
        if self.order.len() > OUTDATED_PER_ENTRY * self.entries.len() + OUTDATED_SPARE {
            self.put_in_order();
        } else {
            self.order.push((due, ticket));
        }
    }

    fn put_in_order(&mut self) {
        let entries = self.entries.iter();
        self.order = entries
            .map(|(place, entry)| (entry.due, Ticket { number: entry.number, place }))
            .collect();
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wload_core::ids::UserId;
    use wload_core::random::UserRandom;

    use super::*;

    #[test]
    fn it_does_what_a_list_that_is_searched_does() {
        let mut random = UserRandom::new(7, UserId(0));
        let mut parking = Parking::default();
        let mut model: Vec<(Option<Instant>, Ticket, u64)> = Vec::new();
        let start = Instant::now();
        for value in 0..20_000 {
            let some =
                |model: &Vec<_>, random: &mut UserRandom| random.below(model.len() as u64) as usize;
            match random.below(8) {
                0..=2 => model.push((None, parking.put(value), value)),
                3 => {
                    let last = model.iter().copied().max();
                    assert_eq!(parking.last_due(), last.and_then(|(due, ..)| due));
                    model.retain(|entry| Some(*entry) != last);
                    assert_eq!(parking.take_last_due(), last.map(|(.., value)| value));
                }
                _ if model.is_empty() => {}
                4..=6 => {
                    let at = some(&model, &mut random);
                    let due = start + Duration::from_millis(random.below(1_000));
                    model[at].0 = Some(due);
                    parking.set_due(model[at].1, due);
                }
                _ => {
                    let (_, ticket, value) = model.swap_remove(some(&model, &mut random));
                    assert_eq!(parking.get_mut(ticket), Some(&mut { value }));
                    assert_eq!(parking.take(ticket), Some(value));
                    assert_eq!(parking.take(ticket), None, "a ticket is good once");
                    assert_eq!(parking.get_mut(ticket), None);
                    parking.set_due(ticket, start);
                }
            }
            assert!(
                parking.order.len() <= 5 * model.len() + 5 * OUTDATED_SPARE,
                "it stays bounded"
            );
        }
        assert!(!model.is_empty());
        model.sort_unstable();
        while let Some((.., value)) = model.pop() {
            assert_eq!(parking.take_last_due(), Some(value));
        }
        assert_eq!(parking.take_last_due(), None);
        assert!(parking.is_empty());
    }

    #[test]
    fn nothing_is_put_in_order_before_somebody_asks() {
        let mut parking = Parking::default();
        for value in 0..100 {
            let ticket = parking.put(value);
            parking.set_due(ticket, Instant::now());
        }
        assert!(parking.order.is_empty());
        assert_eq!(parking.take_last_due(), Some(99));
        assert_eq!(parking.order.len(), 99);
    }
}
