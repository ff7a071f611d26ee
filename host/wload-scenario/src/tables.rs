//! Tables of test data: loaded once, shared by all users of all cores.
//!
//! Upstream: CSV files named by `describe`. Downstream: `interfaces/data.rs`.
//! Invariants: rows are complete and immutable; a cursor is one atomic number, so that no user
//! waits for another.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use wload_core::limits::TABLE_BYTES_MAX;
use wload_core::user_class::TableSpec;

use crate::error::ScenarioError;

/// Where the files of tables are.
#[derive(Clone, Debug, Default)]
pub struct DataSource {
    /// Paths in the scenario are relative to this folder.
    pub folder: Option<PathBuf>,
    /// Files for tables by name, before `folder` is looked at.
    pub files: BTreeMap<String, PathBuf>,
}

/// One table.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: String,
    pub(crate) columns: Vec<String>,
    rows: Vec<Vec<String>>,
    next_sequential: AtomicU64,
    next_unique: AtomicU64,
}

/// All tables of a scenario.
#[derive(Debug, Default)]
pub(crate) struct Tables(Vec<Table>);

impl Tables {
    pub(crate) fn load(specs: &[TableSpec], source: &DataSource) -> Result<Self, ScenarioError> {
        specs.iter().map(|spec| Table::load(spec, source)).collect::<Result<_, _>>().map(Self)
    }

    /// Its index, for a handle.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.0
            .iter()
            .position(|table| table.name == name)
            .and_then(|index| u32::try_from(index).ok())
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Table> {
        self.0.get(index as usize)
    }
}

impl Table {
    fn load(spec: &TableSpec, source: &DataSource) -> Result<Self, ScenarioError> {
        let path = locate(spec, source)?;
        let fail = |message: String| ScenarioError::Table {
            table: spec.name.clone(),
            path: path.clone(),
            message,
        };
        let size = std::fs::metadata(&path).map_err(|error| fail(error.to_string()))?.len();
        if size > TABLE_BYTES_MAX {
            return Err(fail(format!("it has {size} bytes, the limit is {TABLE_BYTES_MAX}")));
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(spec.has_header)
            .from_path(&path)
            .map_err(|error| fail(error.to_string()))?;
        let mut columns: Vec<String> = Vec::new();
        if spec.has_header {
            let headers = reader.headers().map_err(|error| fail(error.to_string()))?;
            columns =
                headers.iter().map(|name| name.trim_start_matches('\u{feff}').to_owned()).collect();
        }
        let mut rows = Vec::new();
        for record in reader.records() {
            let record = record.map_err(|error| fail(error.to_string()))?;
            rows.push(record.iter().map(str::to_owned).collect::<Vec<String>>());
        }
        if rows.is_empty() {
            return Err(fail("it has no rows".to_owned()));
        }
        if !spec.has_header {
            columns = (0..rows[0].len()).map(|index| format!("column_{index}")).collect();
        }
        Ok(Self {
            name: spec.name.clone(),
            columns,
            rows,
            next_sequential: AtomicU64::new(0),
            next_unique: AtomicU64::new(0),
        })
    }

    pub(crate) fn len(&self) -> u64 {
        self.rows.len() as u64
    }

    pub(crate) fn row(&self, index: u64) -> Option<&[String]> {
        self.rows.get(usize::try_from(index).ok()?).map(Vec::as_slice)
    }

    /// The next row in order; after the last the first again.
    pub(crate) fn next_sequential(&self) -> &[String] {
        let index = self.next_sequential.fetch_add(1, Ordering::Relaxed) % self.len();
        self.row(index).expect("an index below the length, and no table is empty")
    }

    /// A row that nobody had before.
    pub(crate) fn next_unique(&self) -> Option<&[String]> {
        self.row(self.next_unique.fetch_add(1, Ordering::Relaxed))
    }
}

/// The file of a table, inside the folder of the scenario or named on the command line.
fn locate(spec: &TableSpec, source: &DataSource) -> Result<PathBuf, ScenarioError> {
    if let Some(path) = source.files.get(&spec.name) {
        return Ok(path.clone());
    }
    let path = Path::new(&spec.path);
    let fail = |message: &str| ScenarioError::Table {
        table: spec.name.clone(),
        path: path.to_owned(),
        message: message.to_owned(),
    };
    if !path.components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir)) {
        return Err(fail("its path must be relative and without `..`"));
    }
    match &source.folder {
        Some(folder) => Ok(folder.join(path)),
        None => Err(fail(
            "a component file has no folder: name the file with `--data NAME=FILE` or its folder with `--data-dir DIR`",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(path: &str, has_header: bool) -> TableSpec {
        TableSpec { name: "t".into(), path: path.into(), has_header }
    }

    #[test]
    fn a_table_outside_the_folder_is_refused() {
        let source = DataSource { folder: Some("/nowhere".into()), files: BTreeMap::new() };
        for path in ["/etc/passwd", "../x.csv", "a/../../x.csv"] {
            let error = locate(&spec(path, true), &source).unwrap_err().to_string();
            assert!(error.contains("without `..`"), "{error}");
        }
    }

    #[test]
    fn rows_come_in_order_again_and_again_and_unique_ones_once() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.csv"), "\u{feff}name,age\r\nann,1\r\n\"b,ob\",2\r\n")
            .unwrap();
        let source = DataSource { folder: Some(folder.path().into()), files: BTreeMap::new() };
        let table = Table::load(&spec("t.csv", true), &source).unwrap();
        assert_eq!(table.columns, ["name", "age"]);
        assert_eq!(table.next_sequential()[0], "ann");
        assert_eq!(table.next_sequential()[0], "b,ob");
        assert_eq!(table.next_sequential()[0], "ann");
        assert_eq!(table.next_unique().unwrap()[1], "1");
        assert_eq!(table.next_unique().unwrap()[1], "2");
        assert!(table.next_unique().is_none());
        let plain = Table::load(&spec("t.csv", false), &source).unwrap();
        assert_eq!((plain.len(), plain.columns[1].as_str()), (3, "column_1"));
    }

    #[test]
    fn a_ragged_or_empty_file_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("t.csv"), "a,b\n1\n").unwrap();
        std::fs::write(folder.path().join("e.csv"), "a,b\n").unwrap();
        let source = DataSource { folder: Some(folder.path().into()), files: BTreeMap::new() };
        let error = Table::load(&spec("t.csv", true), &source).unwrap_err().to_string();
        assert!(error.contains("t.csv") && error.contains("fields"), "{error}");
        let error = Table::load(&spec("e.csv", true), &source).unwrap_err().to_string();
        assert!(error.contains("no rows"), "{error}");
    }
}
