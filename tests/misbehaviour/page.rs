//! The page of the documentation has the tables of all kinds.
//!
//! Upstream: the tables. Downstream: `docs/scenarios-that-misbehave.md`, between marks.

use wload_tests::guest::repository;

use crate::row::{Row, markdown};
use crate::{files, hooks, lies, names, shapes, users};

const PAGE: &str = "docs/scenarios-that-misbehave.md";

/// A table, and its marks in the page.
fn replaced(page: &str, table: &str, rows: &[Row]) -> String {
    let begin = format!("<!-- The table of {table} is written by `cargo xtask generate`. -->\n");
    let end = format!("<!-- End of the table of {table}. -->\n");
    let (before, rest) = page.split_once(&begin).unwrap_or_else(|| panic!("no mark `{begin}`"));
    let (_, after) = rest.split_once(&end).unwrap_or_else(|| panic!("no mark `{end}`"));
    [before, &begin, &markdown(rows), &end, after].concat()
}

#[test]
fn the_golden_page_has_the_tables_of_all_kinds() {
    let path = repository().join(PAGE);
    let found = std::fs::read_to_string(&path).unwrap();
    let tables = [
        ("users", users::rows()),
        ("names", names::rows()),
        ("hooks", hooks::rows()),
        ("shapes", shapes::rows()),
        ("descriptions", lies::rows()),
        ("files", files::rows()),
    ];
    let expected =
        tables.iter().fold(found.clone(), |page, (table, rows)| replaced(&page, table, rows));
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, expected).unwrap();
        return;
    }
    assert_eq!(found, expected, "{PAGE} differs; `cargo xtask generate` writes it anew");
}
