//! The report for machines: Locust's `--json` and `--json-file`, and percentiles.
//!
//! Upstream: [`RunEvent::Ended`]. Downstream: a stream, or `NAME.json`.
//! An array with an indent of 4: rows with requests, in order of first appearance, without
//! `Aggregated`. Unlike Locust's it does not reset the statistics, so that the final tables of
//! other reporters stay true.

use std::collections::HashMap;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use wload_core::event::{RunEvent, RunSummary};

use crate::Reporter;
use crate::csv::create_parent;
use crate::error::ReportError;
use crate::figures::since_epoch;
use crate::model::StatsEntry;

/// Writes the JSON report at the end of the run.
pub struct JsonReporter {
    target: Target,
    /// Start of the run, since 1970.
    started: Duration,
}

enum Target {
    Stream(Box<dyn Write + Send>),
    File(PathBuf, File),
}

impl JsonReporter {
    /// To a stream, as `--json` does.
    #[must_use]
    pub fn to_stream(out: Box<dyn Write + Send>) -> Self {
        Self { target: Target::Stream(out), started: Duration::ZERO }
    }

    /// To the file `NAME.json`, as `--json-file` does. The file is created now, so that a name that
    /// cannot be written is known before the run.
    ///
    /// # Errors
    /// When the file or its folder cannot be created.
    pub fn to_file(name: &Path) -> Result<Self, ReportError> {
        let mut path = name.as_os_str().to_owned();
        path.push(".json");
        let path = PathBuf::from(path);
        create_parent(&path)?;
        let file = File::create(&path)
            .map_err(|source| ReportError::Create { path: path.clone(), source })?;
        Ok(Self { target: Target::File(path, file), started: Duration::ZERO })
    }

    fn write(&mut self, summary: &RunSummary) -> Result<(), ReportError> {
        let json = to_json(summary, self.started)?;
        match &mut self.target {
            Target::Stream(out) => out
                .write_all(&json)
                .and_then(|()| out.write_all(b"\n"))
                .and_then(|()| out.flush())
                .map_err(|source| ReportError::Output { what: "the JSON report", source }),
            Target::File(path, file) => file
                .write_all(&json)
                .map_err(|source| ReportError::Write { paths: vec![path.clone()], source }),
        }
    }
}

impl Reporter for JsonReporter {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        match event {
            RunEvent::Started { at } => self.started = since_epoch(*at),
            RunEvent::Ended(summary) => self.write(summary)?,
            _ => {}
        }
        Ok(())
    }
}

/// The report as bytes; `started` is the start of the run since 1970.
///
/// # Errors
/// Never, unless wload has a bug.
pub fn to_json(summary: &RunSummary, started: Duration) -> Result<Vec<u8>, ReportError> {
    let rows: HashMap<_, _> = summary.snapshot.rows.iter().map(|row| (&row.key, row)).collect();
    let entries: Vec<StatsEntry<'_>> = summary
        .rows
        .iter()
        .filter_map(|detail| {
            rows.get(&detail.key).map(|row| StatsEntry::new(row, detail, started.as_secs_f64()))
        })
        .collect();
    let mut json = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    entries
        .serialize(&mut serde_json::Serializer::with_formatter(&mut json, formatter))
        .map_err(|source| ReportError::Encode { what: "the JSON report", source: source.into() })?;
    Ok(json)
}
