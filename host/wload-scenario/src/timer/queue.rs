//! Sleepers, and who is due first. Pure: times are numbers.
//!
//! Upstream: `timer.rs`. Invariants: a [`Ticket`] is good until its sleeper is taken out, and then never again, though
//! places are used again; who is dropped leaves a place in the order, and of those there are at most
//! [`OUTDATED_PER_SLEEPER`] for each that is right, and some more.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::task::Waker;

use slab::Slab;

/// Places in the order that may be outdated.
const OUTDATED_PER_SLEEPER: usize = 4;
const OUTDATED_SPARE: usize = 64;
/// The place of a sleeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket {
    number: u64,
    place: usize,
}

/// Sleepers in the order in which they are due.
#[derive(Debug, Default)]
pub(super) struct Queue {
    sleepers: Slab<Sleeper>,
    next_number: u64,
    /// Some of them are gone.
    order: BinaryHeap<Reverse<(u64, Ticket)>>,
}

#[derive(Debug)]
struct Sleeper {
    number: u64,
    granule: u64,
    waker: Waker,
}

impl Queue {
    pub(super) fn put(&mut self, granule: u64, waker: Waker) -> Ticket {
        let number = self.next_number;
        self.next_number += 1;
        let place = self.sleepers.insert(Sleeper { number, granule, waker });
        let ticket = Ticket { number, place };
        if self.order.len() > OUTDATED_PER_SLEEPER * self.sleepers.len() + OUTDATED_SPARE {
            let right = self.sleepers.iter();
            self.order = right
                .map(|(place, it)| Reverse((it.granule, Ticket { number: it.number, place })))
                .collect();
        } else {
            self.order.push(Reverse((granule, ticket)));
        }
        ticket
    }

    /// Who is to be woken. False: the time is over.
    pub(super) fn set_waker(&mut self, ticket: Ticket, waker: &Waker) -> bool {
        let Some(sleeper) = self.sleepers.get_mut(ticket.place) else { return false };
        if sleeper.number != ticket.number {
            return false;
        }
        sleeper.waker.clone_from(waker);
        true
    }

    /// Takes a sleeper out, if its time is not over.
    pub(super) fn remove(&mut self, ticket: Ticket) -> Option<Waker> {
        let is_there = self.has(ticket);
        is_there.then(|| self.sleepers.remove(ticket.place).waker)
    }

    /// Takes one out that is due by then.
    pub(super) fn take_due(&mut self, granule: u64) -> Option<Waker> {
        if self.first()? > granule {
            return None;
        }
        let Reverse((_, ticket)) = self.order.pop()?;
        self.remove(ticket)
    }

    /// When the first is due.
    pub(super) fn first(&mut self) -> Option<u64> {
        while let Some(&Reverse((granule, ticket))) = self.order.peek() {
            if self.has(ticket) {
                return Some(granule);
            }
            self.order.pop();
        }
        None
    }

    fn has(&self, ticket: Ticket) -> bool {
        self.sleepers.get(ticket.place).is_some_and(|it| it.number == ticket.number)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::Wake;

    use wload_core::ids::UserId;
    use wload_core::random::UserRandom;

    use super::*;

    /// Counts how often it is woken.
    #[derive(Default)]
    struct Count(AtomicUsize);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn the_queue_does_what_a_list_that_is_searched_does() {
        let mut random = UserRandom::new(7, UserId(0));
        let (mut queue, mut model, mut now) = (Queue::default(), Vec::new(), 0);
        for _ in 0..20_000 {
            match random.below(6) {
                0..=2 => {
                    let (granule, count) = (now + random.below(1_000), Arc::<Count>::default());
                    model.push((granule, queue.put(granule, count.clone().into()), count));
                }
                3 if !model.is_empty() => {
                    let at = random.below(model.len() as u64) as usize;
                    let (_, ticket, count) = model.swap_remove(at);
                    assert!(queue.remove(ticket).is_some());
                    assert!(queue.remove(ticket).is_none(), "a ticket is good once");
                    assert!(!queue.set_waker(ticket, &count.into()));
                }
                4 if !model.is_empty() => {
                    let at = random.below(model.len() as u64) as usize;
                    model[at].2 = Arc::default();
                    assert!(queue.set_waker(model[at].1, &model[at].2.clone().into()));
                }
                _ => {
                    now += random.below(50);
                    while let Some(waker) = queue.take_due(now) {
                        waker.wake();
                    }
                    let (due, others): (Vec<_>, Vec<_>) =
                        model.into_iter().partition(|(granule, ..)| *granule <= now);
                    model = others;
                    assert!(due.iter().all(|(.., count)| count.0.load(Ordering::Relaxed) == 1));
                    assert!(due.iter().all(|(_, ticket, _)| !queue.has(*ticket)));
                    assert_eq!(queue.first(), model.iter().map(|(granule, ..)| *granule).min());
                }
            }
            let right = OUTDATED_PER_SLEEPER * model.len();
            assert!(queue.order.len() <= right + 5 * OUTDATED_SPARE, "it stays bounded");
            assert_eq!(queue.sleepers.len(), model.len());
        }
        assert!(model.iter().all(|(.., count)| count.0.load(Ordering::Relaxed) == 0));
    }
}
