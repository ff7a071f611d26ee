//! Tables of results, in Markdown: they are read in a terminal as well.
//!
//! Upstream: the runs of all rounds. Downstream: stdout, the README, the documentation. Pure.

use super::measure::Run;
use super::statistics::Spread;
use super::workload::{Case, Measure, Workload};

/// All runs of one tool and case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) tool: &'static str,
    pub(super) case: Case,
    pub(super) runs: Vec<Run>,
    /// Why the tool cannot do it.
    pub(super) refusal: Option<String>,
    /// Runs that broke off.
    pub(super) errors: usize,
}

impl Row {
    pub(super) fn new(tool: &'static str, case: Case) -> Self {
        Self { tool, case, runs: Vec::new(), refusal: None, errors: 0 }
    }

    /// The spread of a figure over all runs.
    pub(super) fn spread(&self, figure: impl Fn(&Run) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.runs.iter().filter_map(figure))
    }

    /// How many times as much a request costs as with the tool of `base`: the median over rounds, since both
    /// ran in each.
    pub(super) fn cost_ratio(&self, base: &Row) -> Option<f64> {
        let pairs = self.runs.iter().zip(&base.runs);
        Spread::of(pairs.filter_map(|(own, base)| Some(own.cpu_us()? / base.cpu_us()?)))
            .map(|spread| spread.median)
    }
}

/// The table of a workload.
pub(super) fn of(workload: Workload, rows: &[Row]) -> String {
    let mut text = format!("\n### {}: {}\n\n", workload.name(), workload.about());
    let base = rows.iter().find(|row| !row.runs.is_empty());
    let name = base.map_or("", |base| base.tool);
    text.push_str(&format!(
        "| tool | requests/s | CPU us/request | × {name} | peak RSS MiB | generator, target busy |\n\
         |---|---:|---:|---:|---:|---:|\n"
    ));
    let mut notes = String::new();
    for row in rows {
        if let Some(refusal) = &row.refusal {
            text.push_str(&format!("| {} | - | - | - | - | - |\n", row.tool));
            notes.push_str(&format!("- {}: {refusal}\n", row.tool));
            continue;
        }
        let rate = row.spread(|run| Some(run.rate()));
        let ratio = base.and_then(|base| row.cost_ratio(base));
        let busy = |of: fn(&Run) -> f64| {
            let spread = row.spread(|run| Some(of(run) * 100.0 / run.seconds));
            spread.map_or("-".to_owned(), |spread| format!("{:.0} %", spread.median))
        };
        text.push_str(&format!(
            "| {} | {} | {} | {} | {} | {}, {} |\n",
            row.tool,
            rate.map_or("-".to_owned(), |rate| format!("{:.0}", rate.median)),
            ranged(row.spread(Run::cpu_us), 2),
            ratio.map_or("-".to_owned(), |ratio| format!("{ratio:.2}")),
            ranged(row.spread(|run| Some(run.peak_rss_kib as f64 / 1024.0)), 1),
            busy(|run| run.cpu_seconds),
            busy(|run| run.target_cpu_seconds),
        ));
    }
    let _ = Measure::Cost;
    if !notes.is_empty() {
        text.push_str(&format!("\n{notes}"));
    }
    text
}

fn ranged(spread: Option<Spread>, digits: usize) -> String {
    let Some(Spread { median, min, max }) = spread else { return "-".to_owned() };
    format!("{median:.digits$} [{min:.digits$}–{max:.digits$}]")
}
