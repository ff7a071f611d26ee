//! What reporters fail at.

use std::io;
use std::path::PathBuf;

/// A report that could not be written. Reads after "failed to".
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// The folder of a report file.
    #[error("create the folder `{}` for report files", path.display())]
    CreateFolder {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A report file, at the start.
    #[error("create the report file `{}`", path.display())]
    Create {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Report files, later.
    #[error("write the report {}", list(paths))]
    Write {
        /// The files, at least one.
        paths: Vec<PathBuf>,
        /// Why the first.
        #[source]
        source: io::Error,
    },
    /// The console, or the stream for machine-readable results.
    #[error("write {what}")]
    Output {
        /// What was written: `the statistics table`.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A value that JSON or CSV cannot hold: a bug in wload.
    #[error("encode {what}; this is a bug in wload")]
    Encode {
        /// What was written: `the JSON report`.
        what: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The thread of a reporter.
    #[error("start the thread of a reporter")]
    Thread(#[source] io::Error),
    /// The reporter panicked.
    #[error("go on after a panic: {0}; this is a bug in wload")]
    Panicked(String),
}

fn list(paths: &[PathBuf]) -> String {
    let names: Vec<String> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    let word = if names.len() == 1 { "file" } else { "files" };
    format!("{word} {}", names.join(", "))
}
