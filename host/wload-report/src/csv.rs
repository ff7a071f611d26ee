//! Locust's four CSV files, and one for custom metrics when there are any.
//!
//! Upstream: [`RunEvent::Snapshot`] once a second, [`RunEvent::Ended`]. Downstream: files
//! `<prefix>_stats.csv`, `<prefix>_stats_history.csv`, `<prefix>_failures.csv`,
//! `<prefix>_exceptions.csv`, `<prefix>_metrics.csv`.
//! Invariants: headers, order and number format are Locust's; all but the history are replaced as a
//! whole, so a reader never sees half a table; at the end they have the final numbers, where
//! Locust's may lack the last second.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use wload_core::event::RunEvent;
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

    fn write(&mut self, snapshot: &Snapshot) -> Result<(), ReportError> {
        self.history.append(&self.history_rows(snapshot)?)?;
        self.stats.replace(table::stats(&snapshot.rows, &snapshot.aggregated)?)?;
        self.failures.replace(table::failures(&snapshot.failures, self.started)?)?;
        self.exceptions.replace(table::exceptions(&snapshot.exceptions)?)?;
        if snapshot.metrics.is_empty() {
            return Ok(());
        }
        let metrics = table::metrics(&snapshot.metrics)?;
        match &mut self.metrics {
            Some(file) => file.replace(metrics),
            None => {
                self.metrics = Some(ReplacedFile::create(self.metrics_path.clone(), metrics)?);
                Ok(())
            }
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
            RunEvent::Snapshot(snapshot) => self.write(snapshot),
            RunEvent::Ended(summary) => self.write(&summary.snapshot),
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

/// A file that is replaced as a whole, by renaming.
struct ReplacedFile {
    path: PathBuf,
    draft: PathBuf,
    content: Vec<u8>,
}

impl ReplacedFile {
    fn create(path: PathBuf, content: Vec<u8>) -> Result<Self, ReportError> {
        let mut draft = path.clone().into_os_string();
        draft.push(".tmp");
        let file = Self { path, draft: PathBuf::from(draft), content };
        file.write().map_err(|source| ReportError::Create { path: file.path.clone(), source })?;
        Ok(file)
    }

    fn replace(&mut self, content: Vec<u8>) -> Result<(), ReportError> {
        if self.content == content {
            return Ok(());
        }
        let before = std::mem::replace(&mut self.content, content);
        self.write().map_err(|source| {
            // So that the next event tries again even when nothing has changed.
            self.content = before;
            ReportError::Write { path: self.path.clone(), source }
        })
    }

    fn write(&self) -> io::Result<()> {
        fs::write(&self.draft, &self.content)?;
        fs::rename(&self.draft, &self.path)
    }
}

/// A file that only grows; what was appended is visible at once.
struct AppendedFile {
    path: PathBuf,
    file: File,
}

impl AppendedFile {
    fn create(path: PathBuf, content: &[u8]) -> Result<Self, ReportError> {
        let create = || {
            let mut file = File::create(&path)?;
            file.write_all(content)?;
            Ok(file)
        };
        match create() {
            Ok(file) => Ok(Self { path, file }),
            Err(source) => Err(ReportError::Create { path, source }),
        }
    }

    fn append(&mut self, content: &[u8]) -> Result<(), ReportError> {
        self.file
            .write_all(content)
            .map_err(|source| ReportError::Write { path: self.path.clone(), source })
    }
}
