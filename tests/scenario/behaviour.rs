//! One run of a class of the guest `behaviour`, and the steps that it left.
//!
//! Upstream: `order.rs`, `waits.rs`, `results.rs`. Downstream: the test kit.

use std::path::PathBuf;

use wload_tests::files::Report;
use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder};
use wload_tests::target;

/// What a run left behind.
pub(crate) struct Behaved {
    pub(crate) folder: PathBuf,
    pub(crate) finished: Finished,
    pub(crate) steps: Vec<String>,
    pub(crate) report: Report,
}

/// Runs users of this class; `name` is that of the test.
pub(crate) fn behave(name: &str, class: &str, args: &str) -> Behaved {
    let target = target::start();
    let folder = empty_folder(&format!("behaviour/{name}"));
    std::fs::write(folder.join("words.csv"), "word,length\nant,3\nbee,3\nhorse,5\n").unwrap();
    let args = format!(
        "{class} {args} -r 100 --cores 1 --only-summary --csv run --json-file run --data-dir ."
    );
    let run = Wload::run(&guest("behaviour"), &target.url(), &args).in_folder(&folder);
    let finished = run.output();
    assert!(finished.code.is_some_and(|code| code != 2 && code != 3), "{finished}");
    Behaved { finished, steps: target::log(&target), report: Report::read(&folder), folder }
}

/// One user of this class leaves exactly these steps and nothing fails.
pub(crate) fn check_steps(name: &str, class: &str, args: &str, expected: &[&str]) {
    let Behaved { finished, steps, .. } = behave(name, class, args);
    assert_eq!(steps, expected, "{finished}");
    assert_eq!(finished.code, Some(0), "{finished}");
}
