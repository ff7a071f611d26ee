//! Locust's four CSV files, and one for custom metrics when there are any.
//!
//! Upstream: [`RunEvent::Snapshot`] once a second, [`RunEvent::Ended`]. Downstream: files
//! `<prefix>_stats.csv`, `<prefix>_stats_history.csv`, `<prefix>_failures.csv`,
//! `<prefix>_exceptions.csv`, `<prefix>_metrics.csv`.
//! Invariants: headers, order and number format are Locust's; all but the history are replaced as a
//! whole, so a reader never sees half a table; at the end they have the final numbers, where
//! Locust's may lack the last second. On a full disk each file is written for itself, and none is left
//! with half a row; what is missing at the end is one error that names the files.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wload_core::event::{RunEvent, RunSummary};
use wload_core::snapshot::{ExceptionRow, FailureRow, MetricRow, RowSnapshot, Snapshot};

use crate::Reporter;
use crate::error::ReportError;
use crate::figures::{empty_aggregated, since_epoch};

mod table;

/// Writes the CSV files of a run.
pub struct CsvReporter {
    /// With a row for each request, and percentiles of the last ten seconds.
    full_history: bool,
    stats: ReplacedFile,
    failures: ReplacedFile,
    exceptions: ReplacedFile,
    /// Exists only when there are metrics.
    metrics: Option<ReplacedFile>,
    metrics_path: PathBuf,
    history: AppendedFile,
    /// Start of the run, since 1970.
    started: Duration,
}

impl CsvReporter {
    /// Creates the four files with their headers, and the folder of `prefix`.
    ///
    /// # Errors
    /// Which file or folder could not be created.
    pub fn create(prefix: &Path, full_history: bool) -> Result<Self, ReportError> {
        let path = |suffix: &str| {
            let mut path = prefix.as_os_str().to_owned();
            path.push(suffix);
            PathBuf::from(path)
        };
        create_parent(&path("_stats.csv"))?;
        Ok(Self {
            full_history,
            stats: ReplacedFile::create(
                path("_stats.csv"),
                table::stats(&[], &empty_aggregated())?,
            )?,
            failures: ReplacedFile::create(
                path("_failures.csv"),
                table::failures(&[], Duration::ZERO)?,
            )?,
            exceptions: ReplacedFile::create(path("_exceptions.csv"), table::exceptions(&[])?)?,
            metrics: None,
            metrics_path: path("_metrics.csv"),
            history: AppendedFile::create(path("_stats_history.csv"), &table::history_header()?)?,
            started: Duration::ZERO,
        })
    }

    /// Writes every file, also when another one cannot be written; answers what failed.
    fn write(&mut self, snapshot: &Snapshot) -> Result<Vec<WriteFailure>, ReportError> {
        let rows = self.history_rows(snapshot)?;
        self.history.append(&rows);
        let mut failures = vec![
            self.stats.replace(table::stats(&snapshot.rows, &snapshot.aggregated)?),
            self.failures.replace(table::failures(&snapshot.failures, self.started)?),
            self.exceptions.replace(table::exceptions(&snapshot.exceptions)?),
        ];
        if !snapshot.metrics.is_empty() {
            let path = &self.metrics_path;
            let metrics = self.metrics.get_or_insert_with(|| ReplacedFile::new(path.clone()));
            failures.push(metrics.replace(table::metrics(&snapshot.metrics)?));
        }
        Ok(failures.into_iter().filter_map(Result::err).collect())
    }

    /// What is missing in the files for good.
    fn finish(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        let mut failures = self.write(&summary.snapshot)?;
        failures.extend(self.history.failure.take());
        let paths = failures.iter().map(|failure| failure.path.clone()).collect();
        match failures.into_iter().next() {
            None => Ok(()),
            Some(WriteFailure { source, .. }) => Err(ReportError::Write { paths, source }),
        }
    }

    fn history_rows(&self, snapshot: &Snapshot) -> Result<Vec<u8>, ReportError> {
        let timestamp = self.started.saturating_add(snapshot.elapsed).as_secs();
        let rows: &[RowSnapshot] = if self.full_history { &snapshot.rows } else { &[] };
        let rows = rows.iter().chain([&snapshot.aggregated]);
        table::history(rows, timestamp, snapshot.user_count, self.full_history)
    }
}

impl Reporter for CsvReporter {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        match event {
            RunEvent::Started { at } => {
                self.started = since_epoch(*at);
                Ok(())
            }
            // What cannot be replaced now is tried again with the next tick; only the end counts.
            RunEvent::Snapshot(snapshot) => self.write(snapshot).map(drop),
            RunEvent::Ended(summary) => self.finish(summary),
            _ => Ok(()),
        }
    }
}

/// Creates the folder that a report file is in.
pub(crate) fn create_parent(path: &Path) -> Result<(), ReportError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else {
        return Ok(());
    };
    fs::create_dir_all(folder)
        .map_err(|source| ReportError::CreateFolder { path: folder.to_owned(), source })
}

/// A file that does not have what it should.
struct WriteFailure {
    path: PathBuf,
    source: io::Error,
}

/// A file that is replaced as a whole, by renaming.
struct ReplacedFile {
    path: PathBuf,
    draft: PathBuf,
    /// What stands in it; none: nothing of ours.
    content: Option<Vec<u8>>,
}

impl ReplacedFile {
    fn new(path: PathBuf) -> Self {
        let mut draft = path.clone().into_os_string();
        draft.push(".tmp");
        Self { path, draft: PathBuf::from(draft), content: None }
    }

    fn create(path: PathBuf, content: Vec<u8>) -> Result<Self, ReportError> {
        let mut file = Self::new(path);
        match file.replace(content) {
            Ok(()) => Ok(file),
            Err(WriteFailure { path, source }) => Err(ReportError::Create { path, source }),
        }
    }

    fn replace(&mut self, content: Vec<u8>) -> Result<(), WriteFailure> {
        if self.content.as_ref() == Some(&content) {
            return Ok(());
        }
        let written = fs::write(&self.draft, &content)
            .and_then(|()| fs::rename(&self.draft, &self.path))
            .map_err(|source| WriteFailure { path: self.path.clone(), source });
        match &written {
            Ok(()) => self.content = Some(content),
            // Half a draft would take the room that the next one needs.
            Err(_) => drop(fs::remove_file(&self.draft)),
        }
        written
    }
}

/// A file that only grows; what was appended is visible at once.
struct AppendedFile {
    path: PathBuf,
    file: File,
    /// Bytes of whole rows.
    len: u64,
    /// The first: some rows are missing.
    failure: Option<WriteFailure>,
}

impl AppendedFile {
    fn create(path: PathBuf, content: &[u8]) -> Result<Self, ReportError> {
        let create = || {
            let mut file = File::create(&path)?;
            file.write_all(content)?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self { path, file, len: content.len() as u64, failure: None }),
            Err(source) => Err(ReportError::Create { path, source }),
        }
    }

    fn append(&mut self, rows: &[u8]) {
        match self.file.write_all(rows) {
            Ok(()) => self.len += rows.len() as u64,
            Err(source) => {
                // Half a row would join with the next one. If that fails as well, the error is
                // about the same file.
                let _ = self.file.set_len(self.len);
                let _ = self.file.seek(SeekFrom::Start(self.len));
                let path = self.path.clone();
                self.failure.get_or_insert(WriteFailure { path, source });
            }
        }
    }
}
