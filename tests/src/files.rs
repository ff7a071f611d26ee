//! What a run wrote: Locust's CSV files and the JSON report, as values.
//!
//! Upstream: `wload run --csv PREFIX --json-file NAME`. Downstream: tests. Cells are found by the name of
//! their column, so that one that is renamed is noticed.

#![expect(clippy::panic, reason = "what the kit finds is a test that failed")]

use std::path::{Path, PathBuf};

use serde_json::Value;

/// One CSV file.
#[derive(Debug, Clone)]
pub struct Table {
    path: PathBuf,
    /// Names of the columns.
    pub header: Vec<String>,
    rows: Vec<Vec<String>>,
}

/// One row of a [`Table`].
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    table: &'a Table,
    cells: &'a [String],
}

impl Table {
    /// Reads `PREFIX_NAME.csv`.
    ///
    /// # Panics
    /// When there is no such file or it is no CSV.
    #[must_use]
    pub fn read(prefix: &Path, name: &str) -> Self {
        let mut path = prefix.as_os_str().to_owned();
        path.push(format!("_{name}.csv"));
        let path = PathBuf::from(path);
        let read = Self::parse(&path);
        read.unwrap_or_else(|error| panic!("failed to read `{}`: {error}", path.display()))
    }

    fn parse(path: &Path) -> csv::Result<Self> {
        let strings = |record: &csv::StringRecord| record.iter().map(str::to_owned).collect();
        let mut reader = csv::Reader::from_path(path)?;
        let header = strings(reader.headers()?);
        let rows = reader.records().map(|row| row.map(|row| strings(&row)));
        Ok(Self { header, rows: rows.collect::<csv::Result<_>>()?, path: path.to_owned() })
    }

    /// All rows, in order.
    pub fn rows(&self) -> impl Iterator<Item = Row<'_>> {
        self.rows.iter().map(|cells| Row { table: self, cells })
    }

    /// The only row with this value in this column.
    ///
    /// # Panics
    /// When there is none or more than one.
    #[must_use]
    pub fn row(&self, column: &str, value: &str) -> Row<'_> {
        let found: Vec<Row<'_>> = self.rows().filter(|row| row.text(column) == value).collect();
        match found[..] {
            [row] => row,
            _ => panic!("{} rows with {column} `{value}`: {self:#?}", found.len()),
        }
    }
}

impl<'a> Row<'a> {
    /// A cell as it stands.
    ///
    /// # Panics
    /// When there is no such column.
    #[must_use]
    pub fn text(&self, column: &str) -> &'a str {
        let place = self.table.header.iter().position(|name| name == column);
        let place = place.unwrap_or_else(|| {
            panic!(
                "`{}` has no column `{column}`: {:?}",
                self.table.path.display(),
                self.table.header
            )
        });
        &self.cells[place]
    }

    /// A cell that is a whole number.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn count(&self, column: &str) -> u64 {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("{column} is `{text}`, not a count"))
    }

    /// A cell that is a number.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn number(&self, column: &str) -> f64 {
        let text = self.text(column);
        text.parse().unwrap_or_else(|_| panic!("{column} is `{text}`, not a number"))
    }
}

/// One entry of the JSON report.
#[derive(Debug, Clone)]
pub struct Entry(Value);

impl Entry {
    /// A member that is a whole number.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn count(&self, member: &str) -> u64 {
        self.0[member].as_u64().unwrap_or_else(|| panic!("no count `{member}` in {}", self.0))
    }

    /// A member that is a text.
    ///
    /// # Panics
    /// When it is something else.
    #[must_use]
    pub fn text(&self, member: &str) -> &str {
        self.0[member].as_str().unwrap_or_else(|| panic!("no text `{member}` in {}", self.0))
    }

    /// A percentile in milliseconds, by its label: `99%`.
    ///
    /// # Panics
    /// When there is none with this label.
    #[must_use]
    pub fn percentile(&self, label: &str) -> f64 {
        let value = self.0["percentiles"][label].as_f64();
        value.unwrap_or_else(|| panic!("no percentile `{label}` in {}", self.0))
    }
}

/// The entries of a JSON report.
///
/// # Panics
/// When the text is something else.
#[must_use]
pub fn entries(json: &str) -> Vec<Entry> {
    match serde_json::from_str(json) {
        Ok(Value::Array(entries)) => entries.into_iter().map(Entry).collect(),
        other => panic!("expected a list of entries, found {other:?} in:\n{json}"),
    }
}

/// All that a run reports about itself.
#[derive(Debug, Clone)]
pub struct Report {
    /// `_stats.csv`.
    pub stats: Table,
    /// `_stats_history.csv`.
    pub history: Table,
    /// `_failures.csv`.
    pub failures: Table,
    /// `_exceptions.csv`.
    pub exceptions: Table,
    /// The JSON report.
    pub json: Vec<Entry>,
}

impl Report {
    /// Reads what `--csv FOLDER/run --json-file FOLDER/run` wrote.
    ///
    /// # Panics
    /// When something is missing.
    #[must_use]
    pub fn read(folder: &Path) -> Self {
        let prefix = folder.join("run");
        let path = folder.join("run.json");
        let json = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("failed to read `{}`: {error}", path.display()));
        Self {
            stats: Table::read(&prefix, "stats"),
            history: Table::read(&prefix, "stats_history"),
            failures: Table::read(&prefix, "failures"),
            exceptions: Table::read(&prefix, "exceptions"),
            json: entries(&json),
        }
    }

    /// The row of all requests.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn aggregated(&self) -> Row<'_> {
        self.stats.row("Name", "Aggregated")
    }
}
