//! An endless sequence of classes whose shares follow weights as closely as they can.
//!
//! Control. Upstream: weights, or missing numbers of fixed counts. Downstream: the dispatcher.
//! This is Locust's generator by Kullback-Leibler divergence: each class waits in a priority queue
//! with the key `weight * log2(x / (x + 1))`, by how much one more user of it lowers the divergence
//! of the shares from the weights. `x` starts at the weight and grows by one with each user. The
//! smallest key is next; ties go by `x`, weight and at last name, as in Locust.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

/// Slots in the order in which users of them start. A slot is the index of a class in the order of
/// class names.
#[derive(Clone, Debug)]
pub(super) struct ClassSequence {
    heap: BinaryHeap<Reverse<Entry>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    key: f64,
    /// Of the user after this one.
    x: f64,
    weight: f64,
    slot: usize,
}

impl Entry {
    fn new(x: f64, weight: f64, slot: usize) -> Self {
        Self { key: weight * (x / (x + 1.0)).log2(), x: x + 1.0, weight, slot }
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key
            .total_cmp(&other.key)
            .then(self.x.total_cmp(&other.x))
            .then(self.weight.total_cmp(&other.weight))
            .then(self.slot.cmp(&other.slot))
    }
}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Entry {}

impl ClassSequence {
    /// A sequence over slots with their weights; those of weight 0 are left out.
    pub(super) fn new(weights: impl IntoIterator<Item = (usize, f64)>) -> Self {
        let entries = weights.into_iter().filter(|&(_, weight)| weight > 0.0);
        Self { heap: entries.map(|(slot, w)| Reverse(Entry::new(w, w, slot))).collect() }
    }
}

impl Iterator for ClassSequence {
    type Item = usize;

    /// Endless, unless nothing has a weight.
    fn next(&mut self) -> Option<usize> {
        let mut top = self.heap.peek_mut()?;
        let Entry { x, weight, slot, .. } = top.0;
        top.0 = Entry::new(x, weight, slot);
        Some(slot)
    }
}
