//! A row of the tables: what a kind does, which limit it meets, and what wload says.
//!
//! Upstream: the tables of kinds. Downstream: what the tests print, and the page of the documentation.

use std::fmt::Write;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many runs are made at once where they do not measure against each other.
const RUNS_AT_ONCE: usize = 3;

/// One kind.
pub(crate) struct Row {
    pub(crate) kind: &'static str,
    pub(crate) does: &'static str,
    /// The name of the limit; empty when nothing needs to be limited.
    pub(crate) limit: &'static str,
    pub(crate) says: String,
}

/// As it stands in the documentation.
pub(crate) fn markdown(rows: &[Row]) -> String {
    let mut table =
        String::from("| kind | what it does | limit | what wload says |\n|---|---|---|---|\n");
    for Row { kind, does, limit, says } in rows {
        let limit = if limit.is_empty() { "-".to_owned() } else { format!("`{limit}`") };
        writeln!(table, "| {kind} | {does} | {limit} | {says} |").unwrap();
    }
    table
}

/// As the tests print it.
pub(crate) fn print(title: &str, rows: &[Row]) {
    println!("{title}");
    for Row { kind, does, limit, says } in rows {
        println!("  {kind:34} {does:74} {limit:20} {says}");
    }
}

/// Does it for each kind, some at a time, and gathers all complaints: one row that is wrong must not hide
/// the others.
pub(crate) fn for_each<T: Sync>(kinds: &[T], check: impl Fn(&T) -> Vec<String> + Sync) {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..RUNS_AT_ONCE {
            scope.spawn(|| {
                while let Some(kind) = kinds.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(kind);
                    complaints.lock().unwrap().extend(found);
                }
            });
        }
    });
    let complaints = complaints.into_inner().unwrap();
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}
