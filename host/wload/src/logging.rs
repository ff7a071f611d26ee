//! Log lines in Locust's form: `[2026-01-31 12:00:00,123] HOST/INFO/wload: message`.
//!
//! Upstream: `tracing` events of every crate, and the scenario's own log. Downstream: stderr, or the
//! file of `--logfile`. Invariants: what a scenario or a target says cannot move the cursor or
//! change colours; there is no line per request.

use std::fmt;
use std::fs::OpenOptions;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::{FmtContext, FormatEvent, FormatFields};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use wload_core::event::LogLevel;

use crate::env::Env;
use crate::error::CliError;
use crate::log_sink::LogSink;
use crate::settings::LogSettings;

/// Target of the scenario's own lines.
const SCENARIO: &str = "wload::scenario";

/// Sends log lines where they were asked to go, for the rest of the process: to `console`, or to the
/// file whose sink is answered.
///
/// # Errors
/// When the log file cannot be opened.
pub(crate) fn start(
    env: &Env,
    settings: &LogSettings,
    console: &LogSink,
) -> Result<Option<LogFile>, CliError> {
    if settings.is_off {
        return Ok(None);
    }
    let file = settings.file.as_deref().map(LogFile::open).transpose()?;
    let sink = file.as_ref().map_or(console, |file| &file.sink).clone();
    let filter = Targets::new()
        .with_default(LevelFilter::WARN.min(LevelFilter::from_level(settings.level)))
        .with_target("wload", settings.level);
    let lines = tracing_subscriber::fmt::layer()
        .event_format(LocustLine { host_name: env.host_name.clone() })
        .with_ansi(false)
        // Its own report of a line that cannot be written panics when stderr cannot be written.
        .log_internal_errors(false)
        .with_writer(move || sink.clone())
        .with_filter(filter);
    // Only a second call could fail, and then the first one's lines are as good.
    let _ = tracing_subscriber::registry().with(lines).try_init();
    Ok(file)
}

/// The file of `--logfile`.
pub(crate) struct LogFile {
    path: PathBuf,
    sink: LogSink,
}

impl LogFile {
    fn open(path: &Path) -> Result<Self, CliError> {
        let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| {
            CliError::broken(format!("failed to open log file `{}`", path.display()))
                .caused_by(&error)
        })?;
        Ok(Self { path: path.to_owned(), sink: LogSink::new(Box::new(file)) })
    }

    /// Lines are missing in it.
    pub(crate) fn failure(&self) -> Option<CliError> {
        let error = self.sink.failure()?;
        let message = format!("failed to write log file `{}`", self.path.display());
        Some(CliError::broken(message).caused_by(&error))
    }
}

/// What stands before each further line of a record: only wload's own lines begin at the margin.
const CONTINUED: &str = "\n    ";

/// A record of the scenario's log. One of several lines, as a traceback, keeps them.
pub(crate) fn scenario_line(level: LogLevel, origin: &str, message: &str) {
    let lines: Vec<_> = message.trim_end().lines().map(plain).collect();
    let line = format!("{}: {}", plain(origin), lines.join(CONTINUED));
    match level {
        LogLevel::Trace => tracing::trace!(target: SCENARIO, "{line}"),
        LogLevel::Debug => tracing::debug!(target: SCENARIO, "{line}"),
        LogLevel::Info => tracing::info!(target: SCENARIO, "{line}"),
        LogLevel::Warn => tracing::warn!(target: SCENARIO, "{line}"),
        LogLevel::Error => tracing::error!(target: SCENARIO, "{line}"),
    }
}

/// The text with control characters made visible: others write it, and terminals obey it.
pub(crate) fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        if c.is_control() && c != '\t' { plain.extend(c.escape_default()) } else { plain.push(c) }
    }
    plain
}

struct LocustLine {
    host_name: String,
}

impl<S, N> FormatEvent<S, N> for LocustLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    N: for<'a> FormatFields<'a> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let time = Zoned::now().strftime("%Y-%m-%d %H:%M:%S,%3f").to_string();
        let level = level_name(*event.metadata().level());
        let logger = logger_name(event.metadata().target());
        write!(writer, "[{time}] {}/{level}/{logger}: ", self.host_name)?;
        context.field_format().format_fields(writer.by_ref(), event)?;
        writeln!(writer)
    }
}

fn level_name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

/// Our crates are one program for the reader.
fn logger_name(target: &str) -> &str {
    match target {
        SCENARIO => "wload.scenario",
        ours if ours.starts_with("wload") => "wload",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_have_locusts_form() {
        let sink = Sink::default();
        let writer = sink.clone();
        let layer = tracing_subscriber::fmt::layer()
            .event_format(LocustLine { host_name: "box".to_owned() })
            .with_ansi(false)
            .with_writer(move || writer.clone());
        let subscriber = tracing_subscriber::registry().with(layer);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(target: "wload_engine::run", "odd");
            scenario_line(LogLevel::Info, "Shop/1", "hi\u{1b}[31m\n");
            scenario_line(
                LogLevel::Error,
                "Shop/2",
                "broken\n  File \"a.py\"\r\n[2026-01-31] \rfake",
            );
        });
        let text = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 5, "{text}");
        // [YYYY-mm-dd HH:MM:SS,mmm] is 25 characters.
        assert_eq!(&lines[0][25..], " box/WARNING/wload: odd");
        assert_eq!(&lines[1][25..], " box/INFO/wload.scenario: Shop/1: hi\\u{1b}[31m");
        assert_eq!(&lines[2][25..], " box/ERROR/wload.scenario: Shop/2: broken");
        assert_eq!(lines[3..], ["      File \"a.py\"", "    [2026-01-31] \\rfake"]);
        let shape: String =
            lines[0][..25].chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "[0000-00-00 00:00:00,000]");
    }
}
