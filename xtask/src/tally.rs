//! How many tests passed: the test runner's own lines, added up.
//!
//! Upstream: each line that `cargo test` prints. Downstream: the summary of the gate.

/// Sums of all test binaries, and the names of what failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    /// As the test runner counts them: a test that skips itself is among them.
    pub(crate) passed: usize,
    pub(crate) failed: usize,
    pub(crate) ignored: usize,
    pub(crate) failed_tests: Vec<String>,
}

impl Tally {
    /// Takes note of one line, which may be any.
    pub(crate) fn observe(&mut self, line: &str) {
        if let Some(rest) = line.strip_prefix("test result: ") {
            for part in rest.split([';', '.']) {
                let Some((number, word)) = part.trim().split_once(' ') else { continue };
                let Ok(number) = number.parse::<usize>() else { continue };
                match word {
                    "passed" => self.passed += number,
                    "failed" => self.failed += number,
                    "ignored" => self.ignored += number,
                    _ => {}
                }
            }
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED"))
        {
            self.failed_tests.push(name.to_owned());
        }
    }

    /// The closing line, when so many tests said that they were skipped.
    pub(crate) fn closing_line(&self, skips: usize) -> String {
        let passed = self.passed.saturating_sub(skips);
        format!("{passed} passed, {} failed, {} skipped", self.failed, self.ignored + skips)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tally(lines: &str) -> Tally {
        let mut tally = Tally::default();
        lines.lines().for_each(|line| tally.observe(line));
        tally
    }

    #[test]
    fn the_results_of_all_binaries_are_added_up() {
        let tally = tally(
            "running 3 tests\n\
             test a ... ok\n\
             test b::c ... FAILED\n\
             test d ... ignored\n\
             test result: FAILED. 1 passed; 1 failed; 1 ignored; 0 measured; 7 filtered out; \
             finished in 0.01s\n\
             \n\
             test src/lib.rs - Thing (line 3) ... ok\n\
             test result: ok. 20 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished \
             in 12.34s",
        );
        assert_eq!((tally.passed, tally.failed, tally.ignored), (21, 1, 1));
        assert_eq!(tally.failed_tests, ["b::c"]);
        assert_eq!(tally.closing_line(0), "21 passed, 1 failed, 1 skipped");
    }

    #[test]
    fn a_test_that_skipped_itself_did_not_pass() {
        let tally = tally("test result: ok. 5 passed; 0 failed; 1 ignored; 0 measured");
        assert_eq!(tally.closing_line(2), "3 passed, 0 failed, 3 skipped");
    }

    #[test]
    fn other_lines_count_nothing() {
        let lines = "test result\n9 passed; 9 failed\ntest it ... ok\nall doctests ran in 0.5s";
        assert_eq!(tally(lines), Tally::default());
    }
}
