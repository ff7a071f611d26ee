//! The short table of the README: one line for each tool, one column for each question.
//!
//! Upstream: the results of all workloads. Downstream: `report`. Pure. Costs are in units of the tool that all
//! are measured by, since microseconds say more about the machine.

use super::results::{Results, Row};
use super::statistics::Spread;
use super::table::Table;
use super::workload::Workload;

/// The table.
pub(super) fn of(all: &[Results]) -> Table {
    let find = |workload| all.iter().find(|results| results.workload == workload);
    let base = find(Workload::Get).and_then(Results::base).map_or("first", |base| base.tool);
    let cost = format!("CPU per GET, × {base}");
    let header = [
        "",
        &cost,
        "requests/s on a core",
        "CPU per shop request, us",
        "KiB per waiting user",
        "p99 off by us",
    ];
    let mut table = Table::new(&header);
    let mut tools: Vec<&'static str> = Vec::new();
    for row in all.iter().flat_map(|results| &results.rows) {
        if !tools.contains(&row.tool) {
            tools.push(row.tool);
        }
    }
    for tool in tools {
        let row = |workload: Workload| {
            let rows = &find(workload)?.rows;
            rows.iter().rfind(|row| row.tool == tool && !row.runs.is_empty())
        };
        let get = row(Workload::Get);
        let base = find(Workload::Get).and_then(Results::base);
        let ratio = get.zip(base).and_then(|(row, base)| row.cost_ratio(base));
        let rate = get.and_then(|row| row.spread(|run| Some(run.rate())));
        let shop = row(Workload::Shop).and_then(|row| row.spread(|run| run.cpu_us()));
        let memory = [Workload::Waiting10000, Workload::Waiting1000]
            .into_iter()
            .find_map(|workload| find(workload)?.kib_per_user(row(workload)?));
        let off = row(Workload::Latency).and_then(off);
        table.row(vec![
            tool.to_owned(),
            shown(ratio, 2),
            median(rate, 0),
            median(shop, 1),
            median(memory, 1),
            median(off, 0),
        ]);
    }
    table
}

fn off(row: &Row) -> Option<Spread> {
    row.spread(|run| Some(run.reported_us?[1] - run.true_us?[1]))
}

fn median(spread: Option<Spread>, digits: usize) -> String {
    shown(spread.map(|spread| spread.median), digits)
}

fn shown(value: Option<f64>, digits: usize) -> String {
    value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
}

#[cfg(test)]
mod tests {
    use super::super::results::tests::{results, run};
    use super::*;

    #[test]
    fn each_tool_has_one_line_and_a_dash_where_it_was_not_measured() {
        let get = results(Workload::Get, &[("wrk", &[run(6.0)]), ("wload", &[run(9.0)])]);
        let shop = results(Workload::Shop, &[("wrk", &[]), ("wload", &[run(20.0)])]);
        let text = of(&[get, shop]).markdown();
        let cells = |tool: &str| {
            let line = text.lines().find(|line| line.contains(tool)).unwrap();
            line.split('|').map(str::trim).map(str::to_owned).collect::<Vec<_>>()
        };
        assert_eq!(cells("| wrk ")[1..7], ["wrk", "1.00", "100000", "-", "-", "-"]);
        assert_eq!(cells("| wload ")[1..7], ["wload", "1.50", "100000", "20.0", "-", "-"]);
    }
}
