//! What is left of a benchmark: JSON, and the tables in the README and in the documentation.
//!
//! Upstream: the results of each workload. Downstream: files. In documents, a table stands between two comments,
//! and only what is between them is written.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::machine::Machine;
use super::options::BenchOptions;
use super::results::Results;
use super::workload::Workload;
use super::{Ready, summary, table};
use crate::command::{output, program};
use crate::printer;
use crate::repository::Repository;

/// The version of the JSON, which goes up when a reader would notice.
const SCHEMA: u32 = 1;
/// What stands around a table in a document.
const BEGIN: &str = "<!-- cargo xtask bench writes from here -->";
const END: &str = "<!-- to here -->";
/// The short table.
const README: &str = "README.md";
/// All tables.
const DOCUMENT: &str = "docs/benchmarks.md";

/// Everything that was measured, and where.
pub(super) struct Report {
    machine: String,
    /// The commit that was measured, and when.
    revision: String,
    date: String,
    command: String,
    /// Names and versions.
    tools: Vec<(&'static str, String)>,
    results: Vec<Results>,
}

impl Report {
    /// Asks git and the clock.
    ///
    /// # Errors
    /// When the clock cannot be asked.
    pub(super) fn new(
        repository: &Repository,
        machine: &Machine,
        options: &BenchOptions,
        tools: &[Ready],
    ) -> Result<Self> {
        let root = repository.root();
        let date = output(program("date", root, ["-u", "+%Y-%m-%d"]))
            .context("failed to ask for the date")?;
        // An archive has no revision, and is measured all the same.
        let git = ["describe", "--always", "--dirty"];
        let revision = output(program("git", root, git)).unwrap_or_else(|_| "unknown".to_owned());
        let version = |(tool, installed): &Ready| (tool.name(), installed.version.clone());
        Ok(Self {
            machine: machine.line(),
            revision: revision.trim().to_owned(),
            date: date.trim().to_owned(),
            command: options.command(),
            tools: tools.iter().map(version).collect(),
            results: Vec::new(),
        })
    }

    pub(super) fn add(&mut self, results: Results) {
        self.results.push(results);
    }

    /// Where and when, in one line.
    pub(super) fn machine_line(&self) -> String {
        let Self { machine, date, command, revision, .. } = self;
        format!("{machine}; {date}, commit {revision}, `{command}`")
    }

    /// Writes the file that was asked for.
    ///
    /// # Errors
    /// When it cannot be written.
    pub(super) fn write_json(&self, options: &BenchOptions) -> Result<()> {
        let Some(path) = &options.json else { return Ok(()) };
        let text = format!("{:#}\n", self.to_json());
        fs::write(path, text).with_context(|| format!("failed to write `{}`", path.display()))
    }

    fn to_json(&self) -> Value {
        let tools = self.tools.iter().map(|(name, version)| ((*name).to_owned(), json!(version)));
        json!({
            "schema": SCHEMA,
            "machine": self.machine,
            "date": self.date,
            "revision": self.revision,
            "command": self.command,
            "tools": Value::Object(tools.collect()),
            "workloads": self.results.iter().map(Results::to_json).collect::<Vec<_>>(),
        })
    }

    /// Writes the tables into the README and into the documentation.
    ///
    /// # Errors
    /// When a document has no place for them, or cannot be written.
    pub(super) fn update_documents(&self, repository: &Repository) -> Result<()> {
        let line = self.machine_line();
        let short = format!("{}\n{line}.\n", summary::of(&self.results).markdown());
        update(&repository.path(README), &short)?;
        let versions: Vec<String> =
            self.tools.iter().map(|(name, version)| format!("{name} {version}")).collect();
        let mut long = format!("{line}.\n\nVersions: {}.\n", versions.join(", "));
        for results in &self.results {
            long.push_str(&format!("\n{}", table::of(results)));
        }
        update(&repository.path(DOCUMENT), &long)?;
        printer::talk(&format!("wrote the tables into {README} and {DOCUMENT}"));
        let missing = Workload::ALL
            .into_iter()
            .filter(|workload| self.results.iter().all(|results| results.workload != *workload));
        let missing: Vec<&str> = missing.map(Workload::name).collect();
        if !missing.is_empty() {
            printer::talk(&format!("the tables are without {}", missing.join(", ")));
        }
        Ok(())
    }
}

fn update(path: &Path, text: &str) -> Result<()> {
    let shown = path.display();
    let document = fs::read_to_string(path).with_context(|| format!("failed to read `{shown}`"))?;
    let document = replaced(&document, text)
        .with_context(|| format!("`{shown}` has no lines `{BEGIN}` and `{END}` around a table"))?;
    fs::write(path, document).with_context(|| format!("failed to write `{shown}`"))
}

/// The document with this text between the marks.
fn replaced(document: &str, text: &str) -> Option<String> {
    let (before, rest) = document.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n\n{}\n\n{END}{after}", text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_marks_is_replaced() {
        let document = format!("# Title\n{BEGIN}\nold\n{END}\nend\n");
        let expected = format!("# Title\n{BEGIN}\n\nnew\n\n{END}\nend\n");
        assert_eq!(replaced(&document, "new\n"), Some(expected.clone()));
        assert_eq!(replaced(&expected, "new\n"), Some(expected));
        assert_eq!(replaced("# Title\n", "new"), None);
    }

    #[test]
    fn the_documents_have_their_place_for_tables() {
        let repository = Repository::here().unwrap();
        for path in [README, DOCUMENT] {
            let document = fs::read_to_string(repository.path(path)).unwrap();
            assert!(replaced(&document, "").is_some(), "{path}");
        }
    }
}
