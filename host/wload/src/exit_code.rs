//! The exit codes of wload: the documented table, and which one a run ends with.
//!
//! Control. Upstream: the end of a command. Downstream: `main.rs`, and the help, which shows the table.

/// Finished, nothing failed.
pub(crate) const PASSED: u8 = 0;
/// Finished, with failures or exceptions; the default of `--exit-code-on-error`.
pub(crate) const FAILED: u8 = 1;
/// The command line or the configuration is wrong.
pub(crate) const USAGE: u8 = 2;
/// The run could not start, or broke off.
pub(crate) const BROKEN: u8 = 3;
/// The run is invalid.
pub(crate) const INVALID: u8 = 4;
/// A threshold failed: k6's number, kept free for it.
const THRESHOLD: u8 = 99;
/// Aborted by the second Ctrl-C: 128 and the number of SIGINT, as shells have it.
pub(crate) const ABORTED: u8 = 130;

/// The table as people read it.
const TABLE: [(u8, &str); 7] = [
    (PASSED, "finished, nothing failed"),
    (FAILED, "finished, with failures or exceptions (--exit-code-on-error changes it)"),
    (USAGE, "the command line or the configuration is wrong"),
    (BROKEN, "the run could not start or broke off: scenario, machine, files"),
    (INVALID, "the run is invalid: this machine was too slow (--fail-on-saturation)"),
    (THRESHOLD, "reserved: a threshold failed"),
    (ABORTED, "aborted by the second Ctrl-C"),
];

/// The table for the help.
pub(crate) fn help() -> String {
    let mut text = String::from("Exit codes:\n");
    for (code, meaning) in TABLE {
        text.push_str(&format!("  {code:>3}  {meaning}\n"));
    }
    text.push_str("A scenario that stops the run with a code of its own has the last word.");
    text
}

/// What decides the exit code of a run.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RunOutcome {
    /// The scenario stopped the run with this code.
    pub(crate) scenario_code: Option<u8>,
    /// Second Ctrl-C.
    pub(crate) is_aborted: bool,
    /// The run broke off.
    pub(crate) is_broken: bool,
    /// The generator was saturated, and that counts.
    pub(crate) is_invalid: bool,
    /// There were failures or exceptions.
    pub(crate) has_failed: bool,
    /// `--exit-code-on-error`.
    pub(crate) code_on_error: u8,
}

impl RunOutcome {
    /// The exit code. What says less about the target comes first: who aborts a run does not want
    /// to know whether it passed.
    pub(crate) fn exit_code(&self) -> u8 {
        match *self {
            Self { scenario_code: Some(code), .. } => code,
            Self { is_aborted: true, .. } => ABORTED,
            Self { is_broken: true, .. } => BROKEN,
            Self { is_invalid: true, .. } => INVALID,
            Self { has_failed: true, code_on_error, .. } => code_on_error,
            _ => PASSED,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_the_documented_one() {
        let documented = include_str!("../golden/exit_codes.txt");
        assert_eq!(documented.trim_end(), help(), "golden/exit_codes.txt should be the right side");
    }

    #[test]
    fn what_says_less_about_the_target_comes_first() {
        let failed = RunOutcome { has_failed: true, code_on_error: 7, ..RunOutcome::default() };
        let invalid = RunOutcome { is_invalid: true, ..failed };
        let broken = RunOutcome { is_broken: true, ..invalid };
        let aborted = RunOutcome { is_aborted: true, ..broken };
        let scenario = RunOutcome { scenario_code: Some(42), ..aborted };
        let codes = [RunOutcome::default(), failed, invalid, broken, aborted, scenario]
            .map(|outcome| outcome.exit_code());
        assert_eq!(codes, [0, 7, 4, 3, 130, 42]);
    }

    #[test]
    fn a_code_on_error_of_zero_lets_failures_pass() {
        let outcome = RunOutcome { has_failed: true, code_on_error: 0, ..RunOutcome::default() };
        assert_eq!(outcome.exit_code(), PASSED);
    }
}
