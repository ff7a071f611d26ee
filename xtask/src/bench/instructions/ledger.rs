//! The counts that are accepted, and how new ones are judged.
//!
//! Upstream: `xtask/instruction-counts.txt`. Downstream: `instructions`. Pure but for reading and writing the file.

use std::fmt::{self, Display};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

/// What the file begins with.
const HEADER: &str = "\
# How many instructions the hot paths may take: `cargo xtask test` fails when one takes 5 % more.
# Written by `cargo xtask bench --instructions --update`; xtask/src/bench/instructions.rs says what is counted.
";

/// Counts and where they are from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ledger {
    pub(super) conditions: Conditions,
    /// In the order in which they are counted.
    pub(super) counts: Vec<(String, u64)>,
}

/// Everything besides our code that decides a count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Conditions {
    pub(super) rustc: String,
    pub(super) target: String,
    pub(super) libc: String,
    pub(super) valgrind: String,
}

impl Conditions {
    fn rows(&self) -> [(&'static str, &str); 4] {
        let Self { rustc, target, libc, valgrind } = self;
        [("rustc", rustc), ("target", target), ("libc", libc), ("valgrind", valgrind)]
    }
}

impl Display for Conditions {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = self.rows().map(|(name, value)| format!("{name} {value}"));
        out.write_str(&rows.join(", "))
    }
}

impl Ledger {
    /// Reads the file.
    ///
    /// # Errors
    /// When it is not there, or is not understood.
    pub(super) fn read(path: &Path) -> Result<Self> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("failed to read `{shown}`"))?;
        Self::parse(&text).with_context(|| format!("failed to understand `{shown}`"))
    }

    /// Writes the file.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write(&self, path: &Path) -> Result<()> {
        fs::write(path, format!("{HEADER}{}\n", self.lines()))
            .with_context(|| format!("failed to write `{}`", path.display()))
    }

    /// All of it, a name and a value on each line.
    pub(super) fn lines(&self) -> String {
        let conditions = self.conditions.rows().map(|(name, value)| format!("{name} {value}"));
        let counts = self.counts.iter().map(|(name, count)| format!("{name} {count}"));
        conditions.into_iter().chain(counts).collect::<Vec<_>>().join("\n")
    }

    fn parse(text: &str) -> Result<Self> {
        let mut ledger = Self { conditions: Conditions::default(), counts: Vec::new() };
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
            let Some((name, value)) = line.split_once(' ') else {
                bail!("`{line}` is not a name and a value");
            };
            match name {
                "rustc" => ledger.conditions.rustc = value.to_owned(),
                "target" => ledger.conditions.target = value.to_owned(),
                "libc" => ledger.conditions.libc = value.to_owned(),
                "valgrind" => ledger.conditions.valgrind = value.to_owned(),
                name => {
                    let count = value.parse().with_context(|| format!("`{line}` has no count"))?;
                    ledger.counts.push((name.to_owned(), count));
                }
            }
        }
        Ok(ledger)
    }
}

/// What became of the counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Comparison {
    /// One for each.
    pub(super) lines: Vec<String>,
    /// Those over the limit.
    pub(super) grown: Vec<String>,
}

/// Compares what was found with what is accepted; `limit` is the share by which a count may grow.
pub(super) fn compare(
    accepted: &[(String, u64)],
    found: &[(String, u64)],
    limit: f64,
) -> Comparison {
    let mut comparison = Comparison::default();
    for (name, new) in found {
        let Some((_, old)) = accepted.iter().find(|(other, _)| other == name) else {
            comparison.grown.push(format!("{name} is counted for the first time: {new}"));
            continue;
        };
        let growth = *new as f64 / *old as f64 - 1.0;
        let line = format!("{name} {old} -> {new} ({:+.1} %)", growth * 100.0);
        if *new as f64 > *old as f64 * (1.0 + limit) {
            comparison.grown.push(line.clone());
        }
        comparison.lines.push(line);
    }
    for (name, _) in
        accepted.iter().filter(|(name, _)| found.iter().all(|(other, _)| other != name))
    {
        comparison.grown.push(format!("{name} is not counted any more"));
    }
    comparison
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(pairs: &[(&str, u64)]) -> Vec<(String, u64)> {
        pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
    }

    #[test]
    fn growth_over_the_limit_is_named_and_less_is_shown() {
        let accepted = counts(&[("record", 100), ("get", 1000), ("merge", 50)]);
        let found = counts(&[("record", 105), ("get", 1051), ("merge", 25)]);
        let comparison = compare(&accepted, &found, 0.05);
        let lines =
            ["record 100 -> 105 (+5.0 %)", "get 1000 -> 1051 (+5.1 %)", "merge 50 -> 25 (-50.0 %)"];
        assert_eq!(comparison.lines, lines);
        assert_eq!(comparison.grown, ["get 1000 -> 1051 (+5.1 %)"]);
    }

    #[test]
    fn what_is_new_or_gone_needs_somebody_who_accepts_it() {
        let comparison = compare(&counts(&[("old", 1)]), &counts(&[("new", 2)]), 0.05);
        assert_eq!(
            comparison.grown,
            ["new is counted for the first time: 2", "old is not counted any more"]
        );
    }

    #[test]
    fn the_file_is_read_as_it_is_written() {
        let conditions = Conditions {
            rustc: "1.95.0".to_owned(),
            target: "x86_64-unknown-linux-gnu".to_owned(),
            libc: "glibc 2.36".to_owned(),
            valgrind: "3.19.0".to_owned(),
        };
        let ledger = Ledger { conditions, counts: counts(&[("record", 344), ("get", 47_000)]) };
        assert_eq!(Ledger::parse(&format!("{HEADER}{}\n", ledger.lines())).unwrap(), ledger);
        let error = Ledger::parse("record many").unwrap_err().to_string();
        assert_eq!(error, "`record many` has no count");
        assert!(Ledger::parse("record").is_err());
    }
}
