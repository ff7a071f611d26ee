//! Response times are the target's own and what the way to it takes.
//!
//! Upstream: the demo target records how long each answer really took. Downstream: percentiles of the
//! JSON report. A request and its answer lie within its response time, so no percentile can be less than
//! the same percentile of the target: that holds on any machine. How much more it may be is the
//! way over loopback, for which runs against a target without latency are the measure, and 1 %. Other
//! work on this machine only ever adds time, so each percentile must be that good in one of a few attempts.

use wload_tests::guest::guest;
use wload_tests::process::under_load;
use wload_tests::target;

use crate::truth::Truth;

/// What a histogram of three digits may be off, and the timer of the target.
const RELATIVE_ERROR: f64 = 0.01;
/// The same for short times, in milliseconds.
const ABSOLUTE_ERROR_MS: f64 = 0.05;
/// How often other work on this machine may be in the way.
const ATTEMPTS: usize = 6;

/// What is looked at: where the distribution of this latency has no step.
struct Case {
    name: &'static str,
    latency: &'static str,
    class: &'static str,
    args: &'static str,
    percentiles: &'static [&'static str],
}

/// The run by the target's own account, and by ours.
struct Compared {
    label: &'static str,
    truth_ms: f64,
    reported_ms: f64,
}

/// The percentile as the report defines it, and Locust: the value of rank `floor(count * share)`.
fn percentile_ms(sorted_us: &[u64], label: &str) -> f64 {
    let share: f64 = label.trim_end_matches('%').parse().expect("a label is a percentage");
    let rank = (sorted_us.len() as f64 * share / 100.0).floor() as usize;
    sorted_us[rank.min(sorted_us.len() - 1)] as f64 / 1e3
}

fn measure(case: &Case, latency: &str) -> Vec<Compared> {
    let target = target::start_slow(latency);
    let component = guest(if case.class == "Steady" { "isolation" } else { "raw-contract" });
    let args = format!("{} {}", case.class, case.args);
    let truth = Truth::of(case.name, &component, &target, &args);
    truth.assert_equal_to_the_request();
    let mut service_times = truth.counts.service_times_us.clone();
    assert_eq!(service_times.len() as u64, truth.reported(), "the target kept all times");
    service_times.sort_unstable();
    let compare = |label: &&'static str| Compared {
        label,
        truth_ms: percentile_ms(&service_times, label),
        reported_ms: truth.row().percentile(label),
    };
    case.percentiles.iter().map(compare).collect()
}

/// Compares until each percentile was the truth at least once.
fn check(case: &Case) {
    let _turn = under_load();
    let mut ways_ms = vec![0.0_f64; case.percentiles.len()];
    let mut open: Vec<Option<String>> = vec![Some(String::new()); case.percentiles.len()];
    for _ in 0..ATTEMPTS {
        for (way_ms, found) in ways_ms.iter_mut().zip(measure(case, "none")) {
            *way_ms = way_ms.max(found.reported_ms - found.truth_ms);
        }
        let found = measure(case, case.latency);
        for ((open, way_ms), Compared { label, truth_ms, reported_ms }) in
            open.iter_mut().zip(&ways_ms).zip(found)
        {
            let tolerance = (truth_ms * RELATIVE_ERROR).max(ABSOLUTE_ERROR_MS);
            let line = format!(
                "{label}: {reported_ms} ms, the target took {truth_ms} ms, the way {way_ms} ms"
            );
            assert!(reported_ms >= truth_ms - tolerance, "less than the truth at {line}");
            let is_true = reported_ms <= truth_ms + tolerance + way_ms;
            *open = open.take().filter(|_| !is_true).map(|_| line);
        }
        if open.iter().all(Option::is_none) {
            return;
        }
    }
    let open: Vec<String> = open.into_iter().flatten().collect();
    panic!("more than the truth in each of {ATTEMPTS} attempts, at last: {open:#?}");
}

#[test]
fn a_fixed_time_comes_back_at_every_percentile() {
    check(&Case {
        name: "fixed",
        latency: "fixed:20ms",
        class: "Raw",
        args: "-u 8 -r 100 -t 2s",
        percentiles: &["50%", "75%", "90%", "95%"],
    });
}

#[test]
fn two_times_come_back_as_two() {
    check(&Case {
        name: "bimodal",
        latency: "bimodal:5ms,50ms,0.1",
        class: "Raw",
        args: "-u 8 -r 100 -t 3s",
        // At 90 % it steps from the one to the other.
        percentiles: &["50%", "75%", "80%", "95%", "98%"],
    });
}

#[test]
fn a_stall_of_the_target_shows_in_the_tail() {
    check(&Case {
        name: "stall",
        latency: "stall:1s,400ms",
        class: "Steady",
        args: "-u 40 -r 1000 -t 4s",
        // After a stall all users come at once and stand in line, so the middle is not the way.
        percentiles: &["98%", "99%", "100%"],
    });
}
