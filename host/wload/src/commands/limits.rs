//! `wload limits`: every limit that can be set, its default, and what happens beyond it.
//!
//! Upstream: `commands.rs`. Downstream: a table on stdout; `docs/limits.md` is the same one.

use wload_core::limits::Limits;
use wload_core::limits::named::NAMED_LIMITS;

use crate::error::CliError;
use crate::exit_code;
use crate::printer::Printer;
use crate::resolve::value_text;

const TITLES: [&str; 4] = ["limit", "default", "what is limited", "beyond it"];

/// Prints the table; answers the exit code.
pub(super) fn limits(printer: &Printer) -> Result<u8, CliError> {
    printer.data(&table())?;
    Ok(exit_code::PASSED)
}

fn rows() -> Vec<[String; 4]> {
    let defaults = Limits::default();
    let row = |cells: [&str; 4]| cells.map(str::to_owned);
    let mut rows = vec![row(TITLES)];
    rows.extend(NAMED_LIMITS.iter().map(|limit| {
        let default = value_text(limit.unit, limit.get(&defaults));
        row([limit.name, &default, limit.about, limit.beyond])
    }));
    rows
}

fn table() -> String {
    let rows = rows();
    let width = |column: usize| rows.iter().map(|row| row[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for [name, default, about, beyond] in &rows {
        text.push_str(&format!(
            "{name:<w0$}  {default:>w1$}  {about:<w2$}  {beyond}\n",
            w0 = widths[0],
            w1 = widths[1],
            w2 = widths[2]
        ));
    }
    text.push_str("\nSet one with `wload run --limit NAME=VALUE`, as often as wanted.\n");
    text
}

#[cfg(test)]
mod tests {
    use crate::args::tests::check_golden;

    use super::*;

    fn markdown() -> String {
        let mut text = String::from(
            "# Limits\n\nEvery queue, table and body of wload has a limit. These can be set with \
             `wload run --limit NAME=VALUE`,\nas often as wanted; `wload limits` prints this table. \
             An exception is a row of the exceptions table, a failure one of\nthe failures table: \
             the run goes on, and other users do not notice.\n\n",
        );
        for (index, row) in rows().iter().enumerate() {
            text.push_str(&format!("| {} |\n", row.join(" | ")));
            if index == 0 {
                text.push_str("|---|---|---|---|\n");
            }
        }
        text
    }

    #[test]
    fn golden_docs_of_limits_are_those_of_the_table() {
        check_golden("../../../docs/limits.md", &markdown());
        check_golden("limits.txt", &table());
    }
}
