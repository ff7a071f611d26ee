//! Text for people: Locust's tables, every two seconds and at the end.
//!
//! Upstream: [`RunEvent`]s. Downstream: a stream that the caller gives, with the width the caller
//! knows. [`live::LiveConsole`] redraws in place on a terminal; this one only appends, so it suits
//! logs and pipes. Both end with the same summary.

use std::io::Write;
use std::time::Duration;

use wload_core::event::RunEvent;
use wload_core::snapshot::Snapshot;

use crate::Reporter;
use crate::error::ReportError;

mod cell;
mod layout;
pub mod live;
mod news;
mod summary;
mod table;

pub use summary::summary_lines;
pub use table::{error_table, percentile_table, stats_table};

/// Time between two tables unless the caller says another (Locust: `CONSOLE_STATS_INTERVAL_SEC`).
const TABLE_INTERVAL: Duration = Duration::from_secs(2);

/// Width of the column with names when the output is no terminal.
pub const NAME_WIDTH_DEFAULT: usize = 80;

/// Width of the column with names: as Locust takes it from the columns of the terminal, none when
/// the output is no terminal.
#[must_use]
pub fn name_width(terminal_columns: Option<usize>) -> usize {
    terminal_columns
        .map_or(NAME_WIDTH_DEFAULT, |columns| columns.saturating_sub(80).min(NAME_WIDTH_DEFAULT))
}

/// What a console shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConsoleOptions {
    /// Width of the column with names: see [`name_width`].
    pub name_width: usize,
    /// Tables while the run goes on, not only at its end (off: `--only-summary`).
    pub periodic: bool,
    /// Time between two tables.
    pub interval: Duration,
    /// Also what happens: ramping, warnings, the scenario's log. Off when the caller says it.
    pub news: bool,
}

impl Default for ConsoleOptions {
    fn default() -> Self {
        Self {
            name_width: NAME_WIDTH_DEFAULT,
            periodic: true,
            interval: TABLE_INTERVAL,
            news: true,
        }
    }
}

/// Tables that are appended.
pub struct Console {
    out: Box<dyn Write + Send>,
    options: ConsoleOptions,
    /// When the next table is due, since the start of the run.
    next_table: Duration,
}

impl Console {
    /// Writes to `out`.
    #[must_use]
    pub fn new(out: Box<dyn Write + Send>, options: ConsoleOptions) -> Self {
        Self { out, options, next_table: Duration::ZERO }
    }

    fn table(&mut self, snapshot: &Snapshot) -> Vec<String> {
        if !self.options.periodic || snapshot.elapsed < self.next_table {
            return Vec::new();
        }
        self.next_table = next_table_after(snapshot.elapsed, self.options.interval);
        let mut lines =
            stats_table(&snapshot.rows, &snapshot.aggregated, self.options.name_width, true);
        lines.push(String::new());
        lines
    }
}

/// Ticks come about once a second, some a little early: the table is due half a tick before its
/// time.
fn next_table_after(elapsed: Duration, interval: Duration) -> Duration {
    elapsed.saturating_add(interval).saturating_sub(Duration::from_millis(500))
}

impl Reporter for Console {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        let lines = match event {
            RunEvent::Snapshot(snapshot) => self.table(snapshot),
            RunEvent::Ended(summary) => summary_lines(summary, self.options.name_width),
            _ if self.options.news => news::line(event).into_iter().collect(),
            _ => Vec::new(),
        };
        write_text(&mut self.out, &joined(&lines))
    }
}

/// Lines as text; nothing for no lines.
fn joined(lines: &[String]) -> String {
    let mut text = lines.join("\n");
    if !lines.is_empty() {
        text.push('\n');
    }
    text
}

fn write_text(out: &mut dyn Write, text: &str) -> Result<(), ReportError> {
    if text.is_empty() {
        return Ok(());
    }
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|source| ReportError::Output { what: "the statistics to the console", source })
}
