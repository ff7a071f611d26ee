//! Laws of histograms: nothing is lost, merging is a sum, values are true to three digits.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const HOUR_US: u64 = 3_600_000_000;

fn histogram(values: &[u64]) -> Histogram {
    let mut histogram = Histogram::default();
    for value in values {
        histogram.add(*value, 1);
    }
    histogram
}

fn merged(parts: &[&Histogram]) -> Histogram {
    let mut whole = Histogram::default();
    for part in parts {
        whole.merge(part);
    }
    whole
}

/// Mostly small numbers, some up to over the maximum.
fn times() -> impl Strategy<Value = u64> {
    prop_oneof![0..3_000_u64, 0..2_000_000_u64, 0..HOUR_US * 2]
}

#[test]
fn slots_are_those_of_the_hdr_histogram() {
    let reference = Dense::<u64>::new_with_max(HOUR_US, DIGITS).unwrap();
    for power in 0..32_u32 {
        for offset in [0, 1, 3, 511, 1_023] {
            let value = (1_u32 << power).saturating_add(offset);
            let (slot, middle) = (u64::from(slot_of(value)), middle_of(slot_of(value)));
            assert_eq!(slot, reference.lowest_equivalent(u64::from(value)), "slot of {value}");
            assert!(middle <= reference.highest_equivalent(u64::from(value)));
        }
    }
}

#[test]
fn a_count_over_32_bits_is_kept() {
    let mut histogram = Histogram::default();
    histogram.add(5, u64::from(u32::MAX));
    histogram.add(5, 1);
    histogram.add(6, u64::from(u32::MAX) + 7);
    assert_eq!(histogram.count(), 2 * u64::from(u32::MAX) + 8);
    assert_eq!(histogram.at_ranks(&[0, 1 << 32, (1 << 33) + 5]), [5, 6, 6]);

    let mut other = Histogram::default();
    other.add(5, u64::from(u32::MAX));
    let both = merged(&[&other, &other]);
    assert_eq!(both.count(), 2 * u64::from(u32::MAX));
}

#[test]
fn many_distinct_values_change_the_form_and_nothing_else() {
    let values: Vec<u64> = (0..20_000).map(|index| index * 37).collect();
    let (left, right) = values.split_at(1_500);
    let whole = histogram(&values);
    assert!(matches!(whole.form, Form::Counted(_)));
    assert!(matches!(histogram(left).form, Form::Listed(_)));
    assert_eq!(merged(&[&histogram(left), &histogram(right)]), whole);
    assert_eq!(merged(&[&histogram(right), &histogram(left)]), whole);
}

#[test]
fn an_empty_one_has_no_value() {
    assert_eq!(Histogram::default().at_ranks(&[]), Vec::<u64>::new());
    assert_eq!(Histogram::default().count(), 0);
}

#[test]
fn a_longer_time_than_the_maximum_counts_as_the_maximum() {
    let value = histogram(&[u64::MAX]).at_ranks(&[0])[0];
    assert!(value.abs_diff(HOUR_US) < HOUR_US / 1_000, "{value}");
}

#[test]
fn a_buffer_gives_what_it_took_whatever_its_form() {
    let mut buffer = TimeBuffer::default();
    for round in [3, BUFFERED_VALUES_MAX, 5_000, 7, 0, 9] {
        let values: Vec<u64> = (0..round as u64).map(|index| index * 1_013).collect();
        for value in &values {
            buffer.record(*value);
        }
        assert_eq!(buffer.take(), histogram(&values), "{round} values");
    }
    assert!(buffer.busy.is_none(), "a row that is quiet again gives its array back");
}

proptest! {
    #[test]
    fn values_are_true_to_three_digits(mut values in vec(times(), 1..400)) {
        let histogram = histogram(&values);
        values.sort_unstable();
        let ranks: Vec<u64> = (0..values.len() as u64).collect();
        for (found, exact) in histogram.at_ranks(&ranks).into_iter().zip(values) {
            let exact = exact.min(HOUR_US);
            prop_assert!(found.abs_diff(exact) * 1_000 <= exact, "{found} for {exact}");
        }
    }

    #[test]
    fn merging_is_associative_and_commutative(
        a in vec(times(), 0..300), b in vec(times(), 0..300), c in vec(times(), 0..300),
    ) {
        let (ha, hb, hc) = (histogram(&a), histogram(&b), histogram(&c));
        let all = histogram(&[a, b, c].concat());
        prop_assert_eq!(&merged(&[&ha, &hb, &hc]), &all);
        prop_assert_eq!(&merged(&[&hc, &hb, &ha]), &all);
        prop_assert_eq!(&merged(&[&ha, &merged(&[&hb, &hc])]), &all);
    }
}
