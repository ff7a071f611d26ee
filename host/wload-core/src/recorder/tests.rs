//! Laws of recorders and deltas: nothing lost, nothing twice, tables bounded, merging is a sum.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::snapshot::RequestKey;

/// Small, so that the tests are fast.
const LIMITS: StatisticsLimits = StatisticsLimits {
    request_keys_max: 50,
    failure_rows_max: 40,
    exception_rows_max: 30,
    metrics_max: 20,
};

fn sample(key: KeyId, ended_ms: u64, us: Option<u64>, failure: Option<&str>) -> Sample<'_> {
    Sample {
        key,
        ended: Duration::from_millis(ended_ms),
        response_time: us.map(Duration::from_micros),
        response_length: 7,
        failure,
    }
}

fn row<'a>(delta: &'a StatsDelta, method: &str, name: &str) -> &'a RowDelta {
    &delta.rows[&RequestKey { name: Arc::from(name), method: Arc::from(method) }]
}

#[test]
fn a_delta_has_what_was_recorded_and_only_once() {
    let mut recorder = Recorder::new(false);
    let key = recorder.intern("GET", "/");
    let idle = recorder.intern("GET", "/idle");
    assert_ne!(key, idle);
    recorder.record(&sample(key, 500, Some(12_345), None));
    recorder.record(&sample(key, 900, Some(147_200), Some("no")));
    recorder.record(&sample(key, 1_100, None, None));

    let delta = recorder.take_delta();
    assert_eq!(delta.rows.len(), 1, "only rows that had samples");
    let row = row(&delta, "GET", "/");
    assert_eq!((row.requests, row.failures, row.untimed), (3, 1, 1));
    assert_eq!((row.us_total, row.us_min, row.us_max), (159_545, Some(12_345), Some(147_200)));
    assert_eq!((row.content_length, row.times.count()), (21, 2));
    assert_eq!(row.first_seen, Some(Duration::from_millis(500)));
    assert_eq!(row.last_request, Some(Duration::from_millis(1_100)));
    let seconds: Vec<_> =
        row.seconds.iter().map(|at| (at.second, at.requests, at.failures)).collect();
    assert_eq!(seconds, [(0, 2, 1), (1, 1, 0)]);
    assert_eq!(delta.failures.len(), 1);

    assert!(recorder.take_delta().is_empty());
    recorder.record(&sample(key, 2_000, Some(1), None));
    assert_eq!(recorder.take_delta().requests(), 1);
}

#[test]
fn with_full_history_times_know_their_second() {
    let mut recorder = Recorder::new(true);
    let key = recorder.intern("GET", "/");
    for ended_ms in [900, 1_100, 950, 1_200] {
        recorder.record(&sample(key, ended_ms, Some(ended_ms), None));
    }
    let delta = recorder.take_delta();
    let row = row(&delta, "GET", "/");
    assert_eq!(row.times.count(), 4);
    let mut recent = row.recent.clone();
    assert_eq!(recent.whole(), row.times);
    recent.forget(1);
    assert_eq!(recent.whole().at_ranks(&[0, 1]), [1_100, 1_200]);
}

#[test]
fn response_times_are_rounded_to_microseconds() {
    assert_eq!(microseconds(Duration::from_nanos(1_499)), 1);
    assert_eq!(microseconds(Duration::from_nanos(1_500)), 2);
    assert_eq!(microseconds(Duration::MAX), u64::MAX);
}

#[test]
fn absurd_values_are_counted_and_do_not_overflow() {
    let mut recorder = Recorder::new(true);
    let key = recorder.intern("SQL", "slow");
    let absurd = Sample {
        key,
        ended: Duration::MAX,
        response_time: Some(Duration::MAX),
        response_length: u64::MAX,
        failure: None,
    };
    recorder.record(&absurd);
    recorder.record(&absurd);
    let mut delta = recorder.take_delta();
    delta.merge(delta.clone());
    let row = row(&delta, "SQL", "slow");
    assert_eq!((row.requests, row.us_total, row.content_length), (4, u64::MAX, u64::MAX));
}

#[test]
fn failures_over_the_limit_share_a_visible_row() {
    let mut recorder = Recorder::with_limits(false, LIMITS);
    let key = recorder.intern("GET", "/");
    for index in 0..LIMITS.failure_rows_max + 3 {
        recorder.record(&sample(key, 1, Some(1), Some(&format!("reason {index}"))));
    }
    recorder.record(&sample(key, 1, Some(1), Some("reason 0")));
    let delta = recorder.take_delta();
    assert_eq!(delta.failures.len(), LIMITS.failure_rows_max + 1);
    assert_eq!(delta.failures[&FailureKey::overflow()].count, 3);
    let total: u64 = delta.failures.values().map(|seen| seen.count).sum();
    assert_eq!(total, LIMITS.failure_rows_max as u64 + 4);
}

#[test]
fn merged_tables_stay_bounded_and_lose_nothing() {
    let mut whole = StatsDelta { limits: LIMITS, ..StatsDelta::default() };
    for part in 0..2 {
        let mut recorder = Recorder::with_limits(false, LIMITS);
        for index in 0..LIMITS.request_keys_max {
            let key = recorder.intern("GET", &format!("/{part}/{index}"));
            recorder.record(&sample(key, 1, Some(5), None));
        }
        whole.merge(recorder.take_delta());
    }
    assert_eq!(whole.rows.len(), LIMITS.request_keys_max + 1);
    assert_eq!(whole.requests(), 2 * LIMITS.request_keys_max as u64);
    assert_eq!(whole.rows[&RequestKey::overflow()].requests, LIMITS.request_keys_max as u64);
}

fn exception(message: &str, at: Duration) -> Exception<'_> {
    Exception { class: "U", task: "t", message, trace: "", at }
}

#[test]
fn exceptions_are_counted_by_their_whole_text_and_bounded() {
    let mut recorder = Recorder::with_limits(false, LIMITS);
    recorder.record_exception(&exception("boom", Duration::from_secs(2)));
    recorder.record_exception(&exception("boom", Duration::from_secs(1)));
    recorder.record_exception(&Exception {
        trace: "line 3",
        ..exception("boom", Duration::from_secs(3))
    });
    let delta = recorder.take_delta();
    assert_eq!(delta.exceptions.len(), 2);
    let (_, twice) = delta.exceptions.iter().find(|(key, _)| key.trace.is_empty()).unwrap();
    assert_eq!(twice.count, 2);
    assert_eq!(twice.first_seen, Some(Duration::from_secs(1)));

    for index in 0..LIMITS.exception_rows_max + 2 {
        recorder.record_exception(&exception(&format!("boom {index}"), Duration::ZERO));
    }
    let delta = recorder.take_delta();
    assert_eq!(delta.exceptions.len(), LIMITS.exception_rows_max + 1);
    assert_eq!(delta.exceptions[&ExceptionKey::overflow()].count, 2);
}

#[test]
fn messages_and_traces_are_cut() {
    let mut recorder = Recorder::new(false);
    let key = recorder.intern("GET", "/");
    let long = "x".repeat(TRACE_BYTES_MAX * 2);
    recorder.record(&sample(key, 1, Some(1), Some(&long)));
    recorder.record_exception(&Exception {
        class: "U",
        task: "t",
        message: &long,
        trace: &long,
        at: Duration::ZERO,
    });
    let delta = recorder.take_delta();
    let failure = delta.failures.keys().next().unwrap();
    let exception = delta.exceptions.keys().next().unwrap();
    assert_eq!(failure.message.len(), MESSAGE_BYTES_MAX);
    assert_eq!(exception.message.len(), MESSAGE_BYTES_MAX);
    assert_eq!(exception.trace.len(), TRACE_BYTES_MAX);
}

#[test]
fn metrics_and_interrupted_requests_are_in_one_delta() {
    let mut recorder = Recorder::new(false);
    let items = recorder.intern_metric("items", MetricKind::Counter).unwrap();
    recorder.intern_metric("unused", MetricKind::Gauge).unwrap();
    assert!(recorder.intern_metric("items", MetricKind::Trend).is_err());
    recorder.add_metric(items, 2.0, Duration::ZERO);
    recorder.add_metric(items, -2.0, Duration::ZERO);
    recorder.add_metric(items, f64::NAN, Duration::ZERO);
    recorder.record_interrupted();
    recorder.record_repeated(2);
    let delta = recorder.take_delta();
    assert_eq!((delta.metrics.len(), delta.interrupted, delta.repeated), (1, 1, 2));
    let (key, metric) = delta.metrics.iter().next().unwrap();
    let row = metric.row(key);
    assert_eq!((&*row.name, row.count, row.sum), ("items", 1, 2.0));
    assert!(recorder.take_delta().is_empty());
}

/// Which key, when in milliseconds, response time, which failure.
type Event = (u8, u64, Option<u64>, Option<u8>);

pub(crate) fn events(len: usize) -> impl Strategy<Value = Vec<Event>> {
    let failure = prop_oneof![3 => Just(None), 1 => (0..3_u8).prop_map(Some)];
    let time = prop_oneof![1 => Just(None), 8 => (0..5_000_000_u64).prop_map(Some)];
    vec((0..4_u8, 0..30_000_u64, time, failure), 0..len)
}

pub(crate) fn record_all(recorder: &mut Recorder, events: &[Event]) {
    for (key, ended_ms, us, failure) in events {
        let key = recorder.intern("GET", &format!("/{key}"));
        let failure = failure.map(|index| format!("reason {index}"));
        recorder.record(&sample(key, *ended_ms, *us, failure.as_deref()));
    }
}

fn delta_of(events: &[Event]) -> StatsDelta {
    let mut recorder = Recorder::new(true);
    record_all(&mut recorder, events);
    recorder.take_delta()
}

proptest! {
    #[test]
    fn merging_deltas_is_associative_and_commutative(
        a in events(60), b in events(60), c in events(60),
    ) {
        let all = delta_of(&[a.clone(), b.clone(), c.clone()].concat());
        let (a, b, c) = (delta_of(&a), delta_of(&b), delta_of(&c));
        let mut left = a.clone();
        left.merge(b.clone());
        left.merge(c.clone());
        let mut right = c;
        right.merge(b);
        right.merge(a);
        prop_assert_eq!(&left, &right);
        prop_assert_eq!(&left, &all);
    }

    #[test]
    fn deltas_of_many_flushes_are_the_delta_of_one(events in events(200), flush in 1..20_usize) {
        let mut recorder = Recorder::new(true);
        let mut merged = StatsDelta::default();
        for part in events.chunks(flush) {
            record_all(&mut recorder, part);
            merged.merge(recorder.take_delta());
        }
        prop_assert_eq!(merged.requests(), events.len() as u64);
        prop_assert_eq!(merged, delta_of(&events));
    }
}
