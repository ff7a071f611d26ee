//! Output without what differs from run to run, so that it can be compared with what is expected.
//!
//! Upstream: what a process said. Downstream: golden files. Only what cannot be the same is replaced:
//! ports, measured times (seconds are what somebody declared), paths of this checkout.

use crate::guest::repository;

/// Digits that stand for a measured time.
const TIME: &str = "TIME";

/// The text with `PORT`, `TIME` and `REPOSITORY` in the places of what differs.
#[must_use]
pub fn redact(text: &str) -> String {
    let text = text.replace(&repository().display().to_string(), "REPOSITORY");
    let mut lines: Vec<String> = text.lines().map(line).collect();
    if text.ends_with('\n') {
        lines.push(String::new());
    }
    lines.join("\n")
}

fn line(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, from) = rest.split_at(at);
        let length = from.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(from.len());
        let (mut number, mut after) = from.split_at(length);
        // A full stop at the end is no part of the number.
        if let Some(trimmed) = number.strip_suffix('.') {
            (number, after) = (trimmed, &from[trimmed.len()..]);
        }
        out.push_str(before);
        let is_port = before.ends_with(':') && out.ends_with("127.0.0.1:");
        let unit = ["ms", "us", "µs"].into_iter().find(|unit| is_unit(after, unit));
        out.push_str(match unit {
            _ if is_port => "PORT",
            Some(_) => TIME,
            None => number,
        });
        if let (Some(unit), false) = (unit, is_port) {
            after = &after[after.find(unit).map_or(0, |at| at + unit.len())..];
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Whether the text begins with this unit, perhaps after a space, and with nothing that makes it a word.
fn is_unit(text: &str, unit: &str) -> bool {
    let text = text.strip_prefix(' ').unwrap_or(text);
    let after = text.strip_prefix(unit);
    after.is_some_and(|after| !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn only_what_differs_from_run_to_run_is_replaced() {
        for (text, expected) in [
            ("GET /ok 200 1.234 ms, 2 bytes\n", "GET /ok 200 TIME, 2 bytes\n"),
            ("http://127.0.0.1:43210/ok", "http://127.0.0.1:PORT/ok"),
            ("took 12us.", "took TIME."),
            ("waits 0.1 s", "waits 0.1 s"),
            ("12 users, 3 sets", "12 users, 3 sets"),
            ("wload 0.0.0 has 2 tasks.", "wload 0.0.0 has 2 tasks."),
            ("", ""),
        ] {
            assert_eq!(redact(text), expected);
        }
    }
}
