//! A distribution of response times in microseconds, true to three digits.
//!
//! Upstream: the recorder. Downstream: deltas (merge), statistics (percentiles).
//! Invariants: both forms use the slots of an HDR histogram with three digits, so a value is known
//! to 0.1 % or exactly below 2048; merging is associative and commutative; no count is ever lost.
//! Sums, minimum and maximum are kept apart and exact, in `delta.rs`.
//!
//! Most rows of a large table have few distinct values, so a histogram starts as a sorted list of
//! slots (8 bytes each) and becomes an array of counts (about 90 KiB up to one second) only when the
//! list grows long.

use hdrhistogram::Histogram as Dense;

use crate::limits::RESPONSE_TIME_MAX;

/// Slots of the list form: 32 KiB. The array form of a row with times up to a second is three times
/// as large, and a longer list is slow to merge.
const LISTED_SLOTS_MAX: usize = 4_096;

/// Bits of precision: 2^11 slots cover a value and its double to three digits.
const SLOT_BITS: u32 = 11;

/// Digits, as the crate `hdrhistogram` counts them.
const DIGITS: u8 = 3;

/// Response times of any number of requests.
#[derive(Clone, Debug)]
pub struct Histogram {
    form: Form,
    count: u64,
}

#[derive(Clone, Debug)]
enum Form {
    /// Lowest value of a slot and its count, ascending by value.
    Listed(Vec<(u32, u32)>),
    /// Counts of all slots up to the largest value.
    Counted(Box<Dense<u64>>),
}

impl Default for Histogram {
    fn default() -> Self {
        Self { form: Form::Listed(Vec::new()), count: 0 }
    }
}

impl Histogram {
    /// Number of values.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Adds a value `count` times. Values over [`RESPONSE_TIME_MAX`] count as that.
    pub fn add(&mut self, us: u64, count: u64) {
        if count == 0 {
            return;
        }
        self.count += count;
        let slot = slot_of(clamp(us));
        if let Form::Listed(slots) = &mut self.form {
            match (slots.binary_search_by_key(&slot, |entry| entry.0), u32::try_from(count)) {
                (Ok(at), Ok(count)) => {
                    if let Some(sum) = slots[at].1.checked_add(count) {
                        slots[at].1 = sum;
                        return;
                    }
                }
                (Err(at), Ok(count)) if slots.len() < LISTED_SLOTS_MAX => {
                    slots.insert(at, (slot, count));
                    return;
                }
                _ => {}
            }
        }
        add_counted(self.counted(), slot, count);
    }

    /// Takes everything of another one in.
    pub fn merge(&mut self, other: &Self) {
        self.count += other.count;
        if let (Form::Listed(mine), Form::Listed(theirs)) = (&mut self.form, &other.form)
            && merge_listed(mine, theirs)
        {
            return;
        }
        let counted = self.counted();
        other.for_each_slot(|slot, count| add_counted(counted, slot, count));
    }

    /// The values at ascending ranks, counted from 0; each is the middle of its slot.
    #[must_use]
    pub fn at_ranks(&self, ranks: &[u64]) -> Vec<u64> {
        let mut values = Vec::with_capacity(ranks.len());
        let mut seen = 0;
        let mut last = 0;
        self.for_each_slot(|slot, count| {
            seen += count;
            last = middle_of(slot);
            while ranks.get(values.len()).is_some_and(|rank| *rank < seen) {
                values.push(last);
            }
        });
        values.resize(ranks.len(), last);
        values
    }

    /// Calls `visit` with the middle and the count of each slot that is not empty, ascending.
    pub fn for_each(&self, mut visit: impl FnMut(u64, u64)) {
        self.for_each_slot(|slot, count| visit(middle_of(slot), count));
    }

    fn for_each_slot(&self, mut visit: impl FnMut(u32, u64)) {
        match &self.form {
            Form::Listed(slots) => {
                for (slot, count) in slots {
                    visit(*slot, u64::from(*count));
                }
            }
            Form::Counted(counted) => {
                for entry in counted.iter_recorded() {
                    visit(slot_of(clamp(entry.value_iterated_to())), entry.count_at_value());
                }
            }
        }
    }

    /// The array form, from now on.
    fn counted(&mut self) -> &mut Dense<u64> {
        if let Form::Listed(slots) = &self.form {
            let mut counted = Box::new(empty_counted());
            for (slot, count) in slots {
                add_counted(&mut counted, *slot, u64::from(*count));
            }
            self.form = Form::Counted(counted);
        }
        match &mut self.form {
            Form::Counted(counted) => counted,
            Form::Listed(_) => unreachable!("it was replaced above; this is a bug in wload"),
        }
    }
}

impl PartialEq for Histogram {
    /// Equal when the counts of all slots are, whatever the form.
    fn eq(&self, other: &Self) -> bool {
        let list = |histogram: &Self| {
            let mut slots = Vec::new();
            histogram.for_each_slot(|slot, count| slots.push((slot, count)));
            slots
        };
        self.count == other.count && list(self) == list(other)
    }
}

/// Response times of the current interval on one core. A busy row counts in an array, where a value
/// costs an index; any other keeps the values as they are. Neither allocates once it is warm.
#[derive(Debug, Default)]
pub(crate) struct TimeBuffer {
    values: Vec<u32>,
    busy: Option<Box<Dense<u32>>>,
}

/// Values that are kept as they are: 4 KiB.
const BUFFERED_VALUES_MAX: usize = 1_024;

impl TimeBuffer {
    pub(crate) fn record(&mut self, us: u64) {
        let us = clamp(us);
        if let Some(busy) = &mut self.busy {
            record_busy(busy, us);
        } else {
            self.values.push(us);
            if self.values.len() == BUFFERED_VALUES_MAX {
                let mut busy = Box::new(empty_counted());
                for value in self.values.drain(..) {
                    record_busy(&mut busy, value);
                }
                self.busy = Some(busy);
            }
        }
    }

    /// Everything since the last time.
    pub(crate) fn take(&mut self) -> Histogram {
        let mut histogram = Histogram::default();
        if let Some(busy) = &mut self.busy {
            for entry in busy.iter_recorded() {
                histogram.add(entry.value_iterated_to(), u64::from(entry.count_at_value()));
            }
            if histogram.count < BUFFERED_VALUES_MAX as u64 / 4 {
                self.busy = None;
            } else {
                busy.reset();
            }
            return histogram;
        }
        self.values.sort_unstable();
        for run in self.values.chunk_by(|left, right| slot_of(*left) == slot_of(*right)) {
            histogram.add(u64::from(run[0]), run.len() as u64);
        }
        self.values.clear();
        histogram
    }
}

/// True when everything of `theirs` is in `mine` now; false when nothing is, because the list form
/// cannot hold it.
fn merge_listed(mine: &mut Vec<(u32, u32)>, theirs: &[(u32, u32)]) -> bool {
    let find = |mine: &[(u32, u32)], slot| mine.binary_search_by_key(&slot, |entry| entry.0);
    let mut new = Vec::new();
    for &(slot, count) in theirs {
        match find(mine, slot) {
            Ok(at) if mine[at].1.checked_add(count).is_none() => return false,
            Ok(_) => {}
            Err(_) => new.push((slot, count)),
        }
    }
    if mine.len() + new.len() > LISTED_SLOTS_MAX {
        return false;
    }
    for &(slot, count) in theirs {
        if let Ok(at) = find(mine, slot) {
            mine[at].1 += count;
        }
    }
    if !new.is_empty() {
        mine.append(&mut new);
        // The stable sort merges two sorted runs in one pass.
        mine.sort_by_key(|entry| entry.0);
    }
    true
}

fn empty_counted<C: hdrhistogram::Counter>() -> Dense<C> {
    Dense::new(DIGITS).expect("three digits are within what the crate allows")
}

fn add_counted(counted: &mut Dense<u64>, slot: u32, count: u64) {
    counted
        .record_n(u64::from(slot), count)
        .expect("it resizes itself, and a slot is at most an hour");
}

fn record_busy(busy: &mut Dense<u32>, us: u32) {
    busy.record(u64::from(us)).expect("it resizes itself, and the value is at most an hour");
}

fn clamp(us: u64) -> u32 {
    let max = u32::try_from(RESPONSE_TIME_MAX.as_micros()).expect("an hour is under 2^32 us");
    u32::try_from(us).unwrap_or(max).min(max)
}

/// How many low bits a slot forgets.
fn forgotten_bits(us: u32) -> u32 {
    (u32::BITS - us.leading_zeros()).saturating_sub(SLOT_BITS)
}

/// The lowest value of the slot of a value.
fn slot_of(us: u32) -> u32 {
    let shift = forgotten_bits(us);
    us >> shift << shift
}

fn middle_of(slot: u32) -> u64 {
    u64::from(slot) + (1_u64 << forgotten_bits(slot)) / 2
}

#[cfg(test)]
mod tests;
