//! Laws of custom metrics.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

const METRICS_MAX: usize = 100;

fn delta(kind: MetricKind, values: &[f64]) -> MetricDelta {
    let mut delta = MetricDelta::default();
    for (index, value) in values.iter().enumerate() {
        delta.add(kind, *value, Duration::from_millis(index as u64));
    }
    delta
}

fn row(delta: &MetricDelta, kind: MetricKind) -> MetricRow {
    delta.row(&MetricKey { name: Arc::from("m"), kind })
}

#[test]
fn a_counter_is_a_sum_and_a_gauge_its_last_value() {
    let counter = row(&delta(MetricKind::Counter, &[1.0, 2.5]), MetricKind::Counter);
    assert_eq!((counter.count, counter.sum), (2, 3.5));
    assert_eq!(counter.percentiles, Vec::<f64>::new());

    let mut early = delta(MetricKind::Gauge, &[7.0]);
    let late = delta(MetricKind::Gauge, &[9.0, 3.0]);
    early.merge(late.clone());
    let gauge = row(&early, MetricKind::Gauge);
    assert_eq!((gauge.last, gauge.min, gauge.max), (Some(3.0), Some(3.0), Some(9.0)));

    let mut other_order = late;
    other_order.merge(delta(MetricKind::Gauge, &[7.0]));
    assert_eq!(row(&other_order, MetricKind::Gauge).last, Some(3.0));
}

#[test]
fn a_name_has_one_kind() {
    let mut interner = MetricInterner::default();
    let id = interner.intern("queue", MetricKind::Gauge, METRICS_MAX).unwrap();
    assert_eq!(interner.intern("queue", MetricKind::Gauge, METRICS_MAX), Ok(id));
    let mismatch = interner.intern("queue", MetricKind::Trend, METRICS_MAX).unwrap_err();
    assert_eq!(mismatch.to_string(), "metric `queue` is a gauge, and cannot also be a trend");
}

#[test]
fn metrics_over_the_limit_share_one_metric_per_kind() {
    let mut interner = MetricInterner::default();
    for index in 0..METRICS_MAX {
        interner.intern(&format!("m{index}"), MetricKind::Counter, METRICS_MAX).unwrap();
    }
    let counter = interner.intern("more", MetricKind::Counter, METRICS_MAX).unwrap();
    let trend = interner.intern("more", MetricKind::Trend, METRICS_MAX).unwrap();
    assert_ne!(counter, trend);
    assert_eq!(interner.intern("still more", MetricKind::Counter, METRICS_MAX), Ok(counter));
    assert_eq!(&*interner.key(trend).name, OVERFLOW_NAME);
}

#[test]
fn values_that_mean_nothing_are_refused() {
    assert!(MetricKind::Gauge.check(-1.0).is_ok());
    assert!(MetricKind::Counter.check(0.0).is_ok());
    assert_eq!(MetricKind::Counter.check(-1.0), Err(MetricValueError::Negative(-1.0)));
    let infinite = MetricKind::Trend.check(f64::INFINITY).unwrap_err();
    assert_eq!(infinite.to_string(), "a metric takes finite values, not inf");
    assert!(MetricKind::Trend.check(f64::NAN).is_err());
}

/// Of any sign and size that a trend tells apart, and 0.
fn values() -> impl Strategy<Value = f64> {
    prop_oneof![-1e3..1e3_f64, -1e12..1e12_f64, 1e-8..1e-3_f64, Just(0.0)]
}

proptest! {
    #[test]
    fn percentiles_of_a_trend_are_true_to_one_percent(mut numbers in vec(values(), 1..300)) {
        let row = row(&delta(MetricKind::Trend, &numbers), MetricKind::Trend);
        numbers.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!(row.percentiles.len(), REPORTED.len());
        for (fraction, found) in REPORTED.iter().zip(&row.percentiles) {
            let rank = rank(numbers.len() as u64, *fraction).unwrap();
            let exact = numbers[usize::try_from(rank).unwrap()];
            let allowed = exact.abs() * 0.01 + TREND_MAGNITUDE_MIN;
            prop_assert!((found - exact).abs() <= allowed, "{found} for {exact}");
            prop_assert!(*found >= row.min.unwrap() && *found <= row.max.unwrap());
        }
    }

    #[test]
    fn buckets_ascend_with_the_value(a in values(), b in values()) {
        let (low, high) = if a < b { (a, b) } else { (b, a) };
        prop_assert!(bucket_of(low) <= bucket_of(high));
    }

    #[test]
    fn any_finite_value_has_a_bucket(value in proptest::num::f64::NORMAL) {
        let middle = middle_of(bucket_of(value));
        prop_assert!(middle.is_finite());
        prop_assert!(middle == 0.0 || middle.signum() == value.signum());
    }

    #[test]
    fn the_order_of_merging_does_not_matter(
        a in vec(values(), 0..50), b in vec(values(), 0..50), c in vec(values(), 0..50),
    ) {
        let parts: Vec<_> = [&a, &b, &c].map(|part| delta(MetricKind::Trend, part)).into();
        let (mut left, mut right) = (parts[0].clone(), parts[2].clone());
        left.merge(parts[1].clone());
        left.merge(parts[2].clone());
        right.merge(parts[1].clone());
        right.merge(parts[0].clone());
        let (left, right) = (row(&left, MetricKind::Trend), row(&right, MetricKind::Trend));
        // What rounding may do to sums of so many numbers in two orders, and no more.
        let all: Vec<f64> = [a, b, c].concat();
        let magnitudes: f64 = all.iter().map(|value| value.abs()).sum();
        let allowed = all.len() as f64 * f64::EPSILON * magnitudes;
        prop_assert!((left.sum - right.sum).abs() <= allowed, "{} {}", left.sum, right.sum);
        prop_assert_eq!(MetricRow { sum: 0.0, ..left }, MetricRow { sum: 0.0, ..right });
    }
}
