//! The tables at the end of a run, beside Locust's.

use crate::runs::{Run, VISITS, runs};

const STATS: &str = "Type     Name  ";
const PERCENTILES: &str = "Response time percentiles (approximated)";
const ERRORS: &str = "Error report";

/// The lines from the one that begins with this to the next empty one.
fn block<'a>(run: &'a Run, first: &str) -> Vec<&'a str> {
    let lines = run.output.stderr.lines().skip_while(|line| !line.starts_with(first));
    let block: Vec<&str> = lines.take_while(|line| !line.trim().is_empty()).collect();
    assert!(!block.is_empty(), "there is no `{first}` in:\n{}", run.output.stderr);
    block
}

#[test]
fn the_final_table_has_the_same_layout_rows_and_counts() {
    let Some(runs) = runs("the_final_table_has_the_same_layout_rows_and_counts") else { return };
    // What is compared of a row: all before the measured times, and how wide those are. Rates come last,
    // and are too large for their column where the target answers at once.
    let counted = |run: &Run| -> Vec<(String, usize)> {
        let cells = |line: &&str| match line.split_once(" |") {
            Some((counts, rest)) => {
                let (times, _) = rest.split_once('|').expect("rates stand behind a bar");
                (counts.to_owned(), times.len())
            }
            None => ((*line).to_owned(), line.len()),
        };
        block(run, STATS).iter().map(cells).collect()
    };
    let wload = counted(&runs.wload);
    assert_eq!(wload, counted(&runs.locust));
    assert_eq!(block(&runs.wload, STATS)[..2], block(&runs.locust, STATS)[..2]);
    assert_eq!(wload.len(), 2 + 10 + 2);
    let requests = format!(" {}  {}(27.27%)", 11 * VISITS, 3 * VISITS);
    let total = wload.last().unwrap().0.split_whitespace().collect::<Vec<_>>().join("  ");
    assert!(total.starts_with("Aggregated") && total.contains(requests.trim()), "{total}");
}

#[test]
fn the_table_of_percentiles_has_the_same_layout_and_rows() {
    let Some(runs) = runs("the_table_of_percentiles_has_the_same_layout_and_rows") else { return };
    let [locust, wload] = runs.both().map(|run| block(run, PERCENTILES));
    assert_eq!(wload[..3], locust[..3], "title, header and rule");
    let keys = |lines: &[&str]| -> Vec<(String, String, usize)> {
        let keys = |line: &&str| {
            let (key, values) = line.split_at(90);
            (key.to_owned(), values[values.len() - 6..].to_owned(), line.len())
        };
        lines.iter().map(keys).collect()
    };
    assert_eq!(keys(&wload[1..]), keys(&locust[1..]));
}

#[test]
fn the_error_report_is_the_same_to_the_letter() {
    let Some(runs) = runs("the_error_report_is_the_same_to_the_letter") else { return };
    let [locust, wload] = runs.both().map(|run| block(run, ERRORS));
    assert_eq!(wload, locust);
    assert_eq!(wload.len(), 3 + 3 + 1);
}
