//! What a scenario declares: `--list`, `--show-task-ratio`, `wload check`.
//!
//! Upstream: guests. Downstream: stdout, compared with `golden`.

use std::path::Path;

use wload_tests::guest::{guest, repository};
use wload_tests::process::Wload;
use wload_tests::redact::redact;
use wload_tests::target;

/// Compares with a golden file; with `UPDATE_GOLDEN` set it writes the file instead.
fn check_golden(name: &str, found: &str) {
    let path = repository().join("tests/cli/golden").join(name);
    // What the language's own library imports differs from release to release.
    let is_ours = |line: &&str| !line.starts_with("  wasi:");
    let found: String = redact(found).split_inclusive('\n').filter(is_ours).collect();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &found).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        golden == found,
        "what is printed differs from tests/cli/golden/{name}; `UPDATE_GOLDEN=1 cargo test -p \
         wload-tests --test cli golden` writes it:\n{found}"
    );
}

fn stdout(args: &str, component: &Path) -> String {
    Wload::new(args).arg(component).expect(0).stdout
}

#[test]
fn the_lists_are_the_golden_ones() {
    check_golden("list.txt", &stdout("run --list", &guest("isolation")));
    check_golden("task_ratio.txt", &stdout("run --show-task-ratio", &guest("behaviour")));
    check_golden("task_ratio.json", &stdout("run --show-task-ratio-json", &guest("shaped")));
}

#[test]
fn the_check_of_a_scenario_is_the_golden_one() {
    check_golden("check.txt", &stdout("check", &guest("shaped")));
    let target = target::start();
    let check = format!("check --host {}", target.url());
    check_golden("check_with_host.txt", &stdout(&check, &guest("shaped")));
    let steps = ["test-start", "start", "stop", "test-stop"];
    assert_eq!(target::log(&target), steps, "one user, each task once");
    assert_eq!(target.counts().routes["GET /ok"].received, 1);
}

#[test]
fn a_check_that_finds_exceptions_fails_and_goes_on_to_the_last_class() {
    let target = target::start();
    let check = format!("check --compute-timeout 100ms --host {}", target.url());
    let finished = Wload::new(&check).arg(guest("isolation")).expect(1);
    let steps = ["spin", "on_start", "buy", "descend", "redeem", "hoard", "walk_out", "flood"];
    assert_eq!(target::log(&target), steps, "{finished}");
    for message in ["computed for more than 100 ms", "the cart is empty", "the coupon is used up"] {
        assert!(finished.stdout.contains(message), "no `{message}` in {finished}");
    }
    assert_eq!(finished.verdict(), "failed: 1 requests, 0 failures, 8 exceptions");
}
