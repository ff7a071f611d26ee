//! A table that is redrawn in place, for terminals.
//!
//! Upstream: [`RunEvent`]s. Downstream: a terminal. Invariants: the block is never higher or wider
//! than the terminal, so that going up by its height always finds its first line; what happens is
//! written above it; at the end the summary takes its place.

use std::io::Write;
use std::time::Duration;

use unicode_width::UnicodeWidthStr;
use wload_core::event::RunEvent;
use wload_core::run_state::RunState;
use wload_core::snapshot::{CoreHealth, Snapshot};
use wload_core::units::{milliseconds, short_duration_text};

use super::cell::fit;
use super::layout::Layout;
use super::summary::terminal_summary_lines;
use super::{joined, news, write_text};
use crate::Reporter;
use crate::error::ReportError;
use crate::figures::Figures;

/// Share of a core's CPU time from which its numbers are doubtful (Locust warns at 90 %).
const CPU_DOUBTFUL: f64 = 0.9;
/// Lag of timers from which response times are doubtful: it would be seen in them.
const LAG_DOUBTFUL_US: u64 = 50_000;

/// Size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TerminalSize {
    /// Characters in a line.
    pub columns: usize,
    /// Lines.
    pub rows: usize,
}

/// What the live table shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LiveOptions {
    /// When the run will end.
    pub run_time: Option<Duration>,
    /// Colours; off with `NO_COLOR`.
    pub colour: bool,
    /// Also what happens: ramping, warnings, the scenario's log. Off when the caller says it
    /// elsewhere; what is written to the same terminal by others spoils the table.
    pub news: bool,
}

/// A table that is redrawn in place.
pub struct LiveConsole {
    out: Box<dyn Write + Send>,
    /// Asked at every redraw, because people resize.
    size: Box<dyn Fn() -> TerminalSize + Send>,
    options: LiveOptions,
    state: RunState,
    /// Widths of the lines of the block that stands on the terminal.
    drawn: Vec<usize>,
    block: Vec<Line>,
}

impl LiveConsole {
    /// Draws on `out`, which must be a terminal of the size that `size` answers.
    #[must_use]
    pub fn new(
        out: Box<dyn Write + Send>,
        size: Box<dyn Fn() -> TerminalSize + Send>,
        options: LiveOptions,
    ) -> Self {
        Self { out, size, options, state: RunState::Ready, drawn: Vec::new(), block: Vec::new() }
    }

    /// Replaces the block by `above`, which stays, and the new block below it.
    fn redraw(&mut self, above: &[String]) -> Result<(), ReportError> {
        let columns = (self.size)().columns;
        // A terminal that has become narrower has wrapped the lines of the block.
        let height: usize =
            self.drawn.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        let mut text = String::new();
        if height > 0 {
            // Up to the first line of the block, then clear to the end of the screen.
            text.push_str(&format!("\x1b[{height}A\r\x1b[J"));
        }
        text.push_str(&joined(above));
        let lines: Vec<Line> = self.block.iter().map(|line| line.cut(columns)).collect();
        self.drawn = lines.iter().map(|line| line.text.width()).collect();
        let colour = self.options.colour;
        let lines: Vec<String> = lines.into_iter().map(|line| line.painted(colour)).collect();
        text.push_str(&joined(&lines));
        write_text(&mut self.out, &text)
    }

    fn draw(&mut self, snapshot: &Snapshot) -> Result<(), ReportError> {
        self.block = block(snapshot, self.state, self.options.run_time, (self.size)());
        self.redraw(&[])
    }
}

impl Reporter for LiveConsole {
    fn on_event(&mut self, event: &RunEvent) -> Result<(), ReportError> {
        match event {
            RunEvent::State(state) => {
                self.state = *state;
                Ok(())
            }
            RunEvent::Snapshot(snapshot) => self.draw(snapshot),
            RunEvent::Ended(summary) => {
                self.block.clear();
                let columns = (self.size)().columns;
                self.redraw(&terminal_summary_lines(summary, columns))
            }
            _ if self.options.news => match news::line(event) {
                Some(line) => self.redraw(&[line]),
                None => Ok(()),
            },
            _ => Ok(()),
        }
    }
}

/// A line of the block and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    look: Look,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Look {
    Plain,
    Title,
    Warning,
}

impl Line {
    fn plain(text: String) -> Self {
        Self { text, look: Look::Plain }
    }

    fn cut(&self, columns: usize) -> Self {
        // A character in the last column makes some terminals wrap.
        Self { text: fit(&self.text, columns.saturating_sub(1)).into_owned(), look: self.look }
    }

    fn painted(self, colour: bool) -> String {
        match self.look {
            Look::Title if colour => format!("\x1b[1m{}\x1b[0m", self.text),
            Look::Warning if colour => format!("\x1b[33m{}\x1b[0m", self.text),
            _ => self.text,
        }
    }
}

/// All lines of the block; fewer than the terminal has.
fn block(
    snapshot: &Snapshot,
    state: RunState,
    run_time: Option<Duration>,
    size: TerminalSize,
) -> Vec<Line> {
    let layout = Layout::for_columns(size.columns);
    let mut lines = vec![Line { text: headline(snapshot, state, run_time), look: Look::Title }];
    lines.extend(saturation(snapshot).map(|text| Line { text, look: Look::Warning }));
    let mut titles = layout.titles().into_iter().map(Line::plain).collect::<Vec<_>>();
    let separator = titles[1].clone();
    lines.append(&mut titles);

    // Below the rows: a separator, Aggregated, and the line of the cursor.
    let room = size.rows.saturating_sub(lines.len() + 3);
    let shown =
        if snapshot.rows.len() > room { room.saturating_sub(1) } else { snapshot.rows.len() };
    lines.extend(snapshot.rows[..shown].iter().map(|row| Line::plain(layout.line(row, true))));
    if shown < snapshot.rows.len() {
        lines.push(Line::plain(format!("... {} more rows", snapshot.rows.len() - shown)));
    }
    lines.push(separator);
    lines.push(Line::plain(layout.line(&snapshot.aggregated, true)));
    // Of a terminal with hardly any lines the headline remains.
    lines.truncate(size.rows.saturating_sub(1).max(1));
    lines
}

fn headline(snapshot: &Snapshot, state: RunState, run_time: Option<Duration>) -> String {
    let all = &snapshot.aggregated;
    let elapsed = short_duration_text(snapshot.elapsed);
    let time = match run_time {
        Some(run_time) => format!("{elapsed} of {}", short_duration_text(run_time)),
        None => elapsed,
    };
    format!(
        "{state} | users {}/{} | {time} | {:.2} req/s | {:.2} failures/s | {} failures ({:.2}%)",
        snapshot.user_count,
        snapshot.user_target,
        all.current_rps,
        all.current_failures_per_second,
        all.failures,
        Figures::of(all).failure_ratio * 100.0,
    )
}

/// Says when the generator itself is too slow now.
fn saturation(snapshot: &Snapshot) -> Option<String> {
    let is_doubtful =
        |core: &&CoreHealth| core.cpu >= CPU_DOUBTFUL || core.lag_us_p99 >= LAG_DOUBTFUL_US;
    let doubtful: Vec<&CoreHealth> = snapshot.health.cores.iter().filter(is_doubtful).collect();
    let worst = doubtful.iter().max_by(|left, right| left.cpu.total_cmp(&right.cpu))?;
    let lag_us = doubtful.iter().map(|core| core.lag_us_p99).max().unwrap_or(0);
    Some(format!(
        "Warning: the generator is saturated: {} of {} cores, core {} at {:.0}% CPU, timers {:.0} ms late",
        doubtful.len(),
        snapshot.health.cores.len(),
        worst.core,
        worst.cpu * 100.0,
        milliseconds(lag_us),
    ))
}
