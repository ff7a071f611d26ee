//! All runs of a workload, and what is computed from them.
//!
//! Upstream: `bench` fills it round by round. Downstream: tables and JSON. Pure. Ratios are made within a round,
//! where both tools met the same machine, and the median of these is what is shown.

use serde_json::{Value, json};

use super::measure::Run;
use super::statistics::{PERCENTILES, Spread};
use super::workload::{Case, Measure, Workload};

/// All runs of one workload.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Results {
    pub(super) workload: Workload,
    pub(super) rows: Vec<Row>,
}

/// All runs of one tool and case.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) tool: &'static str,
    pub(super) case: Case,
    pub(super) runs: Vec<Run>,
    /// Why the tool cannot do it.
    pub(super) refusal: Option<String>,
    /// What went wrong in runs that broke off.
    pub(super) errors: Vec<String>,
}

impl Results {
    /// What is looked at.
    pub(super) fn measure(&self) -> Measure {
        self.rows.first().map_or(Measure::Cost, |row| row.case.measure)
    }

    /// What the others are measured by: the first that ran.
    pub(super) fn base(&self) -> Option<&Row> {
        self.rows.iter().find(|row| !row.runs.is_empty())
    }

    /// The same tool where it has the fewest users.
    pub(super) fn fewest_users(&self, row: &Row) -> Option<&Row> {
        let same =
            self.rows.iter().filter(|other| other.tool == row.tool && !other.runs.is_empty());
        same.min_by_key(|other| other.case.users)
    }

    /// Private memory of each user in KiB: what this case has more than the same tool with one user.
    pub(super) fn kib_per_user(&self, row: &Row) -> Option<Spread> {
        let one = self.rows.iter().find(|one| one.tool == row.tool && one.case.users == 1)?;
        let more = f64::from(row.case.users.checked_sub(1).filter(|more| *more > 0)?);
        Spread::of(row.pairs(one).map(|(many, one)| (many.private_kib - one.private_kib) / more))
    }

    /// All of it, for machines. `docs/benchmarks.md` has the schema.
    pub(super) fn to_json(&self) -> Value {
        let base = self.base();
        let rows = self.rows.iter().map(|row| {
            json!({
                "tool": row.tool,
                "users": row.case.users,
                "refusal": row.refusal,
                "errors": row.errors,
                "cpu_us_per_request": row.spread(Run::cpu_us).map(spread_json),
                "requests_per_second": row.spread(|run| Some(run.rate())).map(spread_json),
                "cost_ratio": base.and_then(|base| row.cost_ratio(base)),
                "private_kib_per_user": self.kib_per_user(row).map(spread_json),
                "runs": row.runs.iter().map(run_json).collect::<Vec<_>>(),
            })
        });
        json!({
            "workload": self.workload.name(),
            "base": base.map(|base| base.tool),
            "rows": rows.collect::<Vec<_>>(),
        })
    }
}

impl Row {
    pub(super) fn new(tool: &'static str, case: Case) -> Self {
        Self { tool, case, runs: Vec::new(), refusal: None, errors: Vec::new() }
    }

    /// The spread of a figure over all runs.
    pub(super) fn spread(&self, figure: impl Fn(&Run) -> Option<f64>) -> Option<Spread> {
        Spread::of(self.runs.iter().filter_map(figure))
    }

    /// How many times as much a request costs as in `base`.
    pub(super) fn cost_ratio(&self, base: &Row) -> Option<f64> {
        let ratios =
            self.pairs(base).filter_map(|(own, base)| Some(own.cpu_us()? / base.cpu_us()?));
        Spread::of(ratios).map(|spread| spread.median)
    }

    /// The runs of the same round.
    fn pairs<'a>(&'a self, other: &'a Row) -> impl Iterator<Item = (&'a Run, &'a Run)> {
        self.runs.iter().filter_map(|own| {
            Some((own, other.runs.iter().find(|other| other.round == own.round)?))
        })
    }
}

fn spread_json(spread: Spread) -> Value {
    let Spread { median, min, max } = spread;
    json!({ "median": median, "min": min, "max": max })
}

fn run_json(run: &Run) -> Value {
    let percentiles = |times: Option<[f64; 2]>| {
        let named = |times: [f64; 2]| {
            let pairs = PERCENTILES.iter().zip(times);
            Value::Object(pairs.map(|(name, time)| (name.to_string(), json!(time))).collect())
        };
        times.map(named)
    };
    json!({
        "round": run.round,
        "seconds": run.seconds,
        "requests": run.requests,
        "failed": run.failed,
        "cpu_seconds": run.cpu_seconds,
        "target_cpu_seconds": run.target_cpu_seconds,
        "start_seconds": run.start_seconds,
        "start_cpu_seconds": run.start_cpu_seconds,
        "peak_rss_kib": run.peak_rss_kib,
        "private_kib": run.private_kib,
        "reported_us": percentiles(run.reported_us),
        "true_us": percentiles(run.true_us),
        "lag_p99_us": run.lag_p99_us,
        "says_saturated": run.says_saturated,
        "all_requests": run.all_requests,
        "exit_code": run.exit_code,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A run with this cost, and round figures otherwise.
    pub(in crate::bench) fn run(cpu_us: f64) -> Run {
        Run {
            round: 1,
            seconds: 5.0,
            requests: 500_000,
            failed: 0,
            cpu_seconds: cpu_us * 0.5,
            target_cpu_seconds: 4.0,
            start_seconds: 0.1,
            start_cpu_seconds: 0.1,
            peak_rss_kib: 2048,
            private_kib: 1024.0,
            reported_us: None,
            true_us: None,
            lag_p99_us: None,
            says_saturated: None,
            all_requests: 700_000,
            exit_code: Some(0),
        }
    }

    /// Rows with these runs, one of each round.
    pub(in crate::bench) fn results(
        workload: Workload,
        rows: &[(&'static str, &[Run])],
    ) -> Results {
        let case = workload.cases()[0];
        let row = |(tool, runs): &(&'static str, &[Run])| {
            let mut row = Row::new(tool, case);
            row.runs = runs.to_vec();
            for (index, run) in row.runs.iter_mut().enumerate() {
                run.round = index + 1;
            }
            row
        };
        Results { workload, rows: rows.iter().map(row).collect() }
    }

    #[test]
    fn ratios_are_made_within_a_round() {
        let mut results = results(
            Workload::Get,
            &[("wrk", &[run(1.0), run(10.0), run(5.0)]), ("wload", &[run(2.0), run(30.0)])],
        );
        assert_eq!(results.rows[1].cost_ratio(&results.rows[0]), Some(2.5));
        results.rows[1].runs.remove(0);
        assert_eq!(results.rows[1].cost_ratio(&results.rows[0]), Some(3.0));
    }

    #[test]
    fn json_has_every_run_and_what_was_made_of_them() {
        let json = results(Workload::Get, &[("wrk", &[run(6.0)]), ("oha", &[])]).to_json();
        assert_eq!(json["base"], "wrk");
        assert_eq!(json["rows"][0]["cpu_us_per_request"]["median"], 6.0);
        assert_eq!(json["rows"][0]["runs"][0]["requests"], 500_000);
        assert_eq!(json["rows"][1]["cpu_us_per_request"], Value::Null);
    }
}
