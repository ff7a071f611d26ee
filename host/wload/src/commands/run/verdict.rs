//! How a run went, in one line, and the exit code that goes with it.
//!
//! Upstream: the summary of the run. Downstream: the last lines on stderr, and `main.rs`.

use wload_core::cancel::StopReason;
use wload_core::event::RunSummary;

use crate::exit_code::RunOutcome;
use crate::printer::Colour;

/// What the summary does not know.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judge {
    /// Second Ctrl-C.
    pub(super) is_aborted: bool,
    /// `--exit-code-on-error`.
    pub(super) code_on_error: u8,
    pub(super) fail_on_saturation: bool,
}

/// The end of a run for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// `passed`, `failed`, `invalid`, `broken off`, `aborted`.
    pub(super) word: &'static str,
    pub(super) colour: Colour,
    /// After the word.
    pub(super) text: String,
    /// What should be known beside it.
    pub(super) warning: Option<String>,
    pub(super) exit_code: u8,
}

impl Judge {
    /// Looks at the summary.
    pub(super) fn judge(&self, summary: &RunSummary) -> Verdict {
        let all = &summary.snapshot.aggregated;
        let exceptions: u64 = summary.snapshot.exceptions.iter().map(|row| row.count).sum();
        let has_failed =
            all.failures > 0 || !summary.snapshot.failures.is_empty() || exceptions > 0;
        let saturation = summary.saturation.as_deref();
        let outcome = RunOutcome {
            scenario_code: match summary.reason {
                StopReason::Scenario(code) => summary.exit_code.or(code),
                _ => summary.exit_code,
            },
            is_aborted: self.is_aborted,
            is_broken: matches!(summary.reason, StopReason::Broken(_)),
            is_invalid: self.fail_on_saturation && saturation.is_some(),
            has_failed,
            code_on_error: self.code_on_error,
        };
        let counts = format!(
            "{} requests, {} failures, {exceptions} exceptions",
            all.requests, all.failures
        );
        let doubt = if saturation.is_some() && !outcome.is_invalid {
            "; but the generator was saturated"
        } else {
            ""
        };
        let counts = format!("{counts}{doubt}");
        let (word, colour, text) = match (&summary.reason, saturation) {
            _ if outcome.is_aborted => ("aborted", Colour::Red, counts),
            (StopReason::Broken(message), _) => {
                ("broken off", Colour::Red, format!("{message}: {counts}"))
            }
            (_, Some(what)) if outcome.is_invalid => {
                ("invalid", Colour::Red, format!("the generator was saturated: {what}: {counts}"))
            }
            _ if has_failed => ("failed", Colour::Red, counts),
            _ => ("passed", Colour::Green, counts),
        };
        let is_empty = all.requests == 0 && !has_failed;
        let warning = is_empty.then(|| "there was no request at all".to_owned());
        Verdict { word, colour, text, warning, exit_code: outcome.exit_code() }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use wload_core::snapshot::{ExceptionRow, GeneratorHealth};
    use wload_core::statistics::{SnapshotInput, Statistics};

    use super::*;

    const JUDGE: Judge = Judge { is_aborted: false, code_on_error: 1, fail_on_saturation: false };

    fn summary(requests: u64, failures: u64, exceptions: u64) -> RunSummary {
        let input = SnapshotInput {
            elapsed: Duration::from_secs(1),
            user_count: 0,
            user_target: 0,
            health: GeneratorHealth::default(),
        };
        let mut snapshot = Statistics::new(false).snapshot(input);
        snapshot.aggregated.requests = requests;
        snapshot.aggregated.failures = failures;
        if exceptions > 0 {
            snapshot.exceptions.push(ExceptionRow {
                class: "A".into(),
                task: "t".into(),
                message: "m".into(),
                trace: "".into(),
                count: exceptions,
                first_seen: Duration::ZERO,
                last_seen: Duration::ZERO,
            });
        }
        RunSummary {
            reason: StopReason::RunTime,
            snapshot,
            rows: Vec::new(),
            saturation: None,
            exit_code: None,
        }
    }

    fn check(judge: Judge, summary: &RunSummary, line: &str, exit_code: u8) {
        let verdict = judge.judge(summary);
        assert_eq!(format!("{}: {}", verdict.word, verdict.text), line);
        assert_eq!(verdict.exit_code, exit_code, "{line}");
    }

    #[test]
    fn the_worst_thing_is_the_verdict() {
        check(JUDGE, &summary(7, 0, 0), "passed: 7 requests, 0 failures, 0 exceptions", 0);
        check(JUDGE, &summary(7, 1, 0), "failed: 7 requests, 1 failures, 0 exceptions", 1);
        check(JUDGE, &summary(7, 0, 3), "failed: 7 requests, 0 failures, 3 exceptions", 1);
        let tolerant = Judge { code_on_error: 0, ..JUDGE };
        check(tolerant, &summary(7, 1, 0), "failed: 7 requests, 1 failures, 0 exceptions", 0);
        let aborted = Judge { is_aborted: true, ..JUDGE };
        check(aborted, &summary(7, 1, 0), "aborted: 7 requests, 1 failures, 0 exceptions", 130);
        let reason = StopReason::Broken("core 1 died".to_owned());
        let broken = RunSummary { reason, ..summary(7, 0, 0) };
        let line = "broken off: core 1 died: 7 requests, 0 failures, 0 exceptions";
        check(JUDGE, &broken, line, 3);
        let reason = StopReason::Scenario(Some(42));
        let stopped = RunSummary { reason, ..summary(7, 1, 0) };
        check(JUDGE, &stopped, "failed: 7 requests, 1 failures, 0 exceptions", 42);
    }

    #[test]
    fn saturation_is_a_doubt_unless_it_must_fail() {
        let slow = RunSummary { saturation: Some("lag 90 ms".to_owned()), ..summary(7, 0, 0) };
        let line = "passed: 7 requests, 0 failures, 0 exceptions; but the generator was saturated";
        check(JUDGE, &slow, line, 0);
        let strict = Judge { fail_on_saturation: true, ..JUDGE };
        let line = "invalid: the generator was saturated: lag 90 ms: 7 requests, 0 failures, 0 \
                    exceptions";
        check(strict, &slow, line, 4);
    }

    #[test]
    fn a_run_without_requests_is_odd() {
        assert!(JUDGE.judge(&summary(0, 0, 0)).warning.is_some());
        assert_eq!(JUDGE.judge(&summary(0, 0, 1)).warning, None);
        assert_eq!(JUDGE.judge(&summary(1, 0, 0)).warning, None);
    }
}
