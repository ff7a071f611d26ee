//! The page of the documentation has the table of all kinds.
//!
//! Upstream: the kinds. Downstream: `docs/servers-that-misbehave.md`, between two marks.

use std::fmt::Write;

use wload_tests::guest::repository;
use wload_tests::hostile::{Says, kinds};

const PAGE: &str = "docs/servers-that-misbehave.md";
const BEGIN: &str = "<!-- The table is written by `cargo xtask generate`. -->\n";
const END: &str = "<!-- End of the table. -->\n";

fn table() -> String {
    let mut table =
        String::from("| kind | what the server does | what wload says |\n|---|---|---|\n");
    for kind in kinds() {
        let says = match kind.says {
            Says::Failure(message) => format!("`{message}`"),
            Says::Success(bytes) => format!("a response of {bytes} bytes"),
        };
        writeln!(table, "| {} | {} | {says} |", kind.name, kind.does).unwrap();
    }
    table
}

#[test]
fn the_golden_page_has_the_table_of_all_kinds() {
    let path = repository().join(PAGE);
    let page = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(BEGIN).expect("the page has the first mark");
    let (found, after) = rest.split_once(END).expect("the page has the last mark");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, [before, BEGIN, &table(), END, after].concat()).unwrap();
        return;
    }
    assert_eq!(found, table(), "{PAGE} differs; `cargo xtask generate` writes it anew");
}
