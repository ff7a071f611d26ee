//! The law: every request that left is in exactly one row, whatever its user did with it.
//!
//! Upstream: the guest `erratic`, whose seed decides what its users do. Downstream: the target's counts.

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder, under_load};
use wload_tests::target::{self, Counts, DemoTarget};

use crate::truth::Truth;

/// Seeds of the law: each is a run of its own.
const SEEDS: u64 = 4;

/// Requests that nobody recorded.
fn silent(counts: &Counts) -> u64 {
    let of_method = |method| counts.routes.get(&format!("{method} /cookies"));
    ["GET", "POST"].into_iter().filter_map(of_method).map(|tally| tally.received).sum()
}

fn run(target: &DemoTarget, seed: u64, args: &str) -> (Report, Counts) {
    let folder = empty_folder(&format!("accuracy/erratic_{seed}"));
    let finished = Wload::run(&guest("erratic"), &target.url(), args)
        .args(&format!("--seed {seed} --only-summary --csv run --json-file run"))
        .in_folder(&folder)
        .output();
    assert_eq!(finished.code, Some(1), "some of it fails: {finished}");
    assert_eq!(finished.interrupted(), 0, "all had the time to end: {finished}");
    (Report::read(&folder), target.counts())
}

#[test]
fn every_request_that_left_is_in_one_row_whatever_its_user_does() {
    let _turn = under_load();
    for seed in 0..SEEDS {
        let target = target::start();
        let (report, counts) = run(&target, seed, "-u 30 -r 100 -i 600 --stop-timeout 60");
        let reported = report.aggregated().count("Request Count");
        let silent = silent(&counts);
        assert!(reported > 500 && silent > 100, "{reported} {silent}");
        assert_eq!(reported + silent, counts.total.received, "seed {seed}: {counts:?}");
        assert_eq!(counts.total.completed, counts.total.received, "seed {seed}");
        let rows = report.stats.rows().filter(|row| row.text("Name") != "Aggregated");
        assert_eq!(rows.map(|row| row.count("Request Count")).sum::<u64>(), reported);
        let traps = report.exceptions.rows().count();
        assert!(traps >= 2, "errors and traps were among it: {:?}", report.exceptions);
    }
}

#[test]
fn what_a_sudden_stop_cuts_is_counted_whatever_its_user_does() {
    let _turn = under_load();
    let target = target::start_slow("fixed:2500ms");
    let args = "-u 100 -r 1000 -t 3s --stop-timeout 0 --seed 5 --option silent=no";
    let truth = Truth::of("erratic_sudden", &guest("erratic"), &target, args);
    truth.assert_every_request_is_accounted_for();
    assert!(truth.finished.interrupted() > 0, "{}", truth.finished);
}
