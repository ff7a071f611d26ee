//! What both answer without a run, and how both end.

use crate::runs::{Program, execute, python, runs};

#[test]
fn lists_and_ratios_of_tasks_are_the_same_to_the_letter() {
    let test = "lists_and_ratios_of_tasks_are_the_same_to_the_letter";
    let Some(_) = python(test) else { return };
    for (flag, part) in [
        ("--list", "    Shopper"),
        ("--show-task-ratio", "visit"),
        ("--show-task-ratio-json", "\"visit\""),
    ] {
        let ask = |program| execute(program, &format!("-i 1 {flag}"), &[]);
        let (locust, wload) = (ask(Program::Locust), ask(Program::Wload));
        assert_eq!(wload.stdout, locust.stdout, "{flag}");
        assert_eq!((wload.code, locust.code), (Some(0), Some(0)), "{flag}");
        assert!(wload.stdout.contains(part), "{}", wload.stdout);
    }
}

#[test]
fn a_run_with_failures_ends_with_the_same_exit_code_and_says_so_alike() {
    let test = "a_run_with_failures_ends_with_the_same_exit_code_and_says_so_alike";
    let Some(runs) = runs(test) else { return };
    for run in runs.both() {
        assert_eq!(run.output.code, Some(1));
        assert_eq!(run.output.stdout, "", "tables and log lines go to stderr");
        for line in [
            "Run time limit set to 60 seconds",
            "Ramping to 4 users at a rate of 100.00 per second",
            "All users spawned: {\"Shopper\": 4} (4 total users)",
            "Shutting down (exit code 1)",
        ] {
            assert!(run.output.stderr.contains(line), "no `{line}` in:\n{}", run.output.stderr);
        }
    }
}
