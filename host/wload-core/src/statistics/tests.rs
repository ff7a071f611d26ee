//! Snapshots: what Locust's own tests ask for, and laws.

use proptest::prelude::*;

use super::*;
use crate::recorder::Recorder;
use crate::recorder::tests::{events, record_all};
use crate::sample::Sample;

/// Requests `(second it ended, milliseconds, failure)` of one row.
fn statistics(requests: &[(f64, Option<f64>, Option<&str>)]) -> Statistics {
    let mut recorder = Recorder::new(true);
    let key = recorder.intern("GET", "/");
    for (ended, ms, failure) in requests {
        recorder.record(&Sample {
            key,
            ended: Duration::from_secs_f64(*ended),
            response_time: ms.map(|ms| Duration::from_secs_f64(ms / 1_000.0)),
            response_length: 1,
            failure: *failure,
        });
    }
    let mut statistics = Statistics::new(true);
    statistics.apply(recorder.take_delta());
    statistics
}

fn timed(times_ms: &[f64]) -> Statistics {
    let requests: Vec<_> = times_ms.iter().map(|ms| (1.0, Some(*ms), None)).collect();
    statistics(&requests)
}

fn at(statistics: &mut Statistics, seconds: u64) -> Snapshot {
    let elapsed = Duration::from_secs(seconds);
    statistics.snapshot(SnapshotInput { elapsed, ..SnapshotInput::default() })
}

#[test]
fn percentiles_of_a_hundred_values_are_those_of_locust() {
    let values: Vec<f64> = (0..100).map(f64::from).collect();
    let row = at(&mut timed(&values), 2).aggregated;
    let percentiles: Vec<u64> =
        row.percentiles_us.iter().map(|us| crate::units::whole_milliseconds(*us)).collect();
    assert_eq!(percentiles, [50, 66, 75, 80, 90, 95, 98, 99, 99, 99, 99]);
}

#[test]
fn requests_without_a_time_are_in_no_average_and_percentile() {
    let times = [Some(45.0), Some(135.0), Some(44.0), None, Some(375.0), Some(601.0), None];
    let requests: Vec<_> = times.iter().map(|ms| (1.0, *ms, None)).collect();
    let row = at(&mut statistics(&requests), 2).aggregated;
    assert_eq!((row.requests, row.untimed), (7, 2));
    assert_eq!(row.response_time_us_total, 1_200_000);
    assert_eq!(row.median_us.map(crate::units::whole_milliseconds), Some(135));

    let row = at(&mut statistics(&[(1.0, None, None)]), 2).aggregated;
    assert_eq!((row.requests, row.median_us, row.response_time_us_min), (1, None, None));
    assert!(row.percentiles_us.is_empty());
}

#[test]
fn the_median_of_two_is_the_lower_one_and_the_50th_percentile_the_upper_one() {
    let row = at(&mut timed(&[100.0, 200.0]), 2).aggregated;
    assert_eq!(row.median_us, Some(100_000));
    assert_eq!(crate::units::whole_milliseconds(row.percentiles_us[0]), 200);
}

#[test]
fn one_value_is_every_percentile_exactly() {
    let row = at(&mut timed(&[6_034.567]), 2).aggregated;
    assert_eq!(row.median_us, Some(6_034_567));
    assert_eq!(row.percentiles_us, [6_034_567; REPORTED.len()]);
}

#[test]
fn current_rates_leave_out_the_last_two_seconds_and_end_after_twelve() {
    let nine: Vec<_> = (0..9).map(|index| (1.0, Some(1.0), (index < 3).then_some("no"))).collect();
    let mut statistics = statistics(&nine);
    let mut rates = |seconds| {
        let row = at(&mut statistics, seconds).aggregated;
        (row.current_rps, row.current_failures_per_second)
    };
    assert_eq!(rates(3), (0.0, 0.0), "second 1 is not settled yet");
    assert_eq!(rates(4), (4.5, 1.5));
    assert_eq!(rates(12), (0.9, 0.3));
    assert_eq!(rates(13), (0.9, 0.3));
    assert_eq!(rates(14), (0.0, 0.0), "nothing was answered for ten seconds");
    assert_eq!(rates(0), (0.0, 0.0));
}

#[test]
fn whole_rates_span_to_the_last_request_of_any_row() {
    let mut recorder = Recorder::new(false);
    for (name, count) in [("/a", 9_u64), ("/b", 1)] {
        let key = recorder.intern("GET", name);
        for _ in 0..count {
            let ended = Duration::from_secs(if name == "/b" { 5 } else { 1 });
            let time = Some(Duration::from_millis(1));
            let sample =
                Sample { key, ended, response_time: time, response_length: 1, failure: None };
            recorder.record(&sample);
        }
    }
    let mut statistics = Statistics::new(false);
    statistics.apply(recorder.take_delta());
    let snapshot = at(&mut statistics, 60);
    let rates: Vec<f64> = snapshot.rows.iter().map(|row| row.total_rps).collect();
    assert_eq!((rates, snapshot.aggregated.total_rps), (vec![1.8, 0.2], 2.0));
    assert!(snapshot.aggregated.current_percentiles_us.is_empty(), "no full history was asked for");
}

#[test]
fn current_percentiles_follow_the_last_ten_seconds() {
    let slow = (0..10).map(|_| (1.0, Some(100.0), None));
    let fast = (0..10).map(|_| (12.0, Some(10.0), None));
    let mut statistics = statistics(&slow.chain(fast).collect::<Vec<_>>());
    let mut p95 = |seconds| {
        let row = at(&mut statistics, seconds).aggregated;
        row.current_percentiles_us.get(5).map(|us| crate::units::whole_milliseconds(*us))
    };
    assert_eq!(p95(13), Some(10));
    assert_eq!(p95(21), Some(10));
    assert_eq!(p95(22), None);
}

#[test]
fn the_last_ten_seconds_of_all_requests_together_need_no_full_history() {
    let key = RequestKey { name: "/".into(), method: "GET".into() };
    let mut statistics = Statistics::new(false);
    for (second, millis) in [(1, 100), (12, 10)] {
        let mut recorder = Recorder::new(false);
        let row = recorder.intern(&key.method, &key.name);
        let (ended, time) = (Duration::from_secs(second), Duration::from_millis(millis));
        let sample = Sample {
            key: row,
            ended,
            response_time: Some(time),
            response_length: 1,
            failure: None,
        };
        recorder.record(&sample);
        statistics.apply(recorder.take_delta());
    }
    let mut p95 =
        |seconds| statistics.current_percentile_us(None, 0.95, Duration::from_secs(seconds));
    assert_eq!(
        [p95(12), p95(21), p95(22)].map(|us| us.map(|us| us / 1_000)),
        [Some(10), Some(10), None]
    );
    assert_eq!(statistics.current_percentile_us(Some(&key), 0.95, Duration::from_secs(12)), None);
}

#[test]
fn a_reset_keeps_the_rows_and_forgets_their_numbers() {
    let mut statistics = statistics(&[(1.0, Some(5.0), Some("no"))]);
    let key = {
        let mut recorder = Recorder::new(true);
        recorder.record_exception(&crate::sample::Exception {
            class: "U",
            task: "t",
            message: "boom",
            trace: "",
            at: Duration::from_secs(1),
        });
        statistics.apply(recorder.take_delta());
        at(&mut statistics, 2).rows[0].key.clone()
    };
    statistics.reset(Duration::from_secs(10));
    let snapshot = at(&mut statistics, 11);
    assert_eq!(snapshot.rows.len(), 1);
    assert_eq!((&snapshot.rows[0].key, snapshot.rows[0].requests), (&key, 0));
    assert_eq!(snapshot.rows[0].first_seen, Duration::from_secs(10));
    assert_eq!((snapshot.aggregated.requests, snapshot.failures.len()), (0, 0));
    assert_eq!(snapshot.exceptions.len(), 1);
    assert!(statistics.details().is_empty());
}

#[test]
fn details_have_locusts_buckets_and_seconds_in_order_of_appearance() {
    let mut recorder = Recorder::new(false);
    for (name, ended, ms) in [("/b", 0, 147), ("/a", 1, 3_432), ("/b", 2, 12), ("/b", 2, 149)] {
        let key = recorder.intern("GET", name);
        recorder.record(&Sample {
            key,
            ended: Duration::from_secs(ended),
            response_time: Some(Duration::from_millis(ms)),
            response_length: 1,
            failure: (ms == 12).then_some("no"),
        });
    }
    let mut statistics = Statistics::new(false);
    statistics.apply(recorder.take_delta());
    let details = statistics.details();
    assert_eq!(&*details[0].key.name, "/b");
    assert_eq!(details[0].response_times_ms, [(12, 1), (150, 2)]);
    assert_eq!(details[0].requests_per_second, [(0, 1), (2, 2)]);
    assert_eq!(details[0].failures_per_second, [(2, 1)]);
    assert_eq!(details[1].response_times_ms, [(3_400, 1)]);
    let order: Vec<_> = at(&mut statistics, 3).rows.into_iter().map(|row| row.key).collect();
    assert!(order.is_sorted());
}

proptest! {
    #[test]
    fn the_rows_add_up_to_aggregated(events in events(200)) {
        let mut recorder = Recorder::new(true);
        let mut statistics = Statistics::new(true);
        for part in events.chunks(17) {
            record_all(&mut recorder, part);
            statistics.apply(recorder.take_delta());
        }
        let snapshot = at(&mut statistics, 30);
        let all = &snapshot.aggregated;
        let sum = |number: fn(&RowSnapshot) -> u64| snapshot.rows.iter().map(number).sum::<u64>();
        prop_assert_eq!(all.requests, events.len() as u64);
        prop_assert_eq!(sum(|row| row.requests), all.requests);
        prop_assert_eq!(sum(|row| row.failures), all.failures);
        prop_assert_eq!(sum(|row| row.untimed), all.untimed);
        prop_assert_eq!(sum(|row| row.response_time_us_total), all.response_time_us_total);
        prop_assert_eq!(sum(|row| row.content_length_total), all.content_length_total);
        let occurrences: u64 = snapshot.failures.iter().map(|row| row.occurrences).sum();
        prop_assert_eq!(occurrences, all.failures);
        let seconds: u64 = statistics
            .details()
            .iter()
            .flat_map(|row| &row.requests_per_second)
            .map(|(_, count)| count)
            .sum();
        prop_assert_eq!(seconds, all.requests);
    }

    #[test]
    fn percentiles_are_bounded_ascending_and_within_one_percent(
        times_us in proptest::collection::vec(0..10_000_000_u64, 1..300),
    ) {
        let mut sorted = times_us.clone();
        sorted.sort_unstable();
        let times_ms: Vec<f64> = times_us.iter().map(|us| *us as f64 / 1_000.0).collect();
        let row = at(&mut timed(&times_ms), 2).aggregated;
        prop_assert_eq!(row.response_time_us_min, sorted.first().copied());
        prop_assert_eq!(row.response_time_us_max, sorted.last().copied());
        prop_assert!(row.percentiles_us.is_sorted());
        prop_assert!(row.percentiles_us.iter().all(|us| (sorted[0]..=sorted[sorted.len() - 1]).contains(us)));
        for (fraction, found) in REPORTED.iter().zip(&row.percentiles_us) {
            let rank = rank(sorted.len() as u64, *fraction).unwrap();
            let exact = sorted[usize::try_from(rank).unwrap()];
            prop_assert!(found.abs_diff(exact) * 100 <= exact, "{found} for {exact}");
        }
        let exact = sorted[(sorted.len() - 1) / 2];
        prop_assert!(row.median_us.unwrap().abs_diff(exact) * 100 <= exact);
    }
}
