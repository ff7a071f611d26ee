//! How often each task runs: the output of `--show-task-ratio` and `--show-task-ratio-json`.
//!
//! Upstream: the ratios of the scenario. Downstream: stdout. The form is Locust's, which scripts read.

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use wload_core::task_ratio::{RatioNode, TaskRatio};

use crate::logging::plain;

/// Two tables: within each class, and of all.
pub(crate) fn text(ratio: &TaskRatio) -> String {
    let rule = "-".repeat(80);
    let mut text = format!("\n Task ratio per User class\n{rule}\n");
    write_rows(&mut text, &ratio.per_class, 0);
    text.push_str(&format!("\n Total task ratio\n{rule}\n"));
    write_rows(&mut text, &ratio.total, 0);
    text
}

/// The same for programs.
///
/// # Errors
/// Never for finite ratios; serde's error otherwise.
pub(crate) fn json(ratio: &TaskRatio) -> Result<String, serde_json::Error> {
    #[derive(Serialize)]
    struct Both<'a> {
        per_class: Rows<'a>,
        total: Rows<'a>,
    }
    let both = Both { per_class: Rows(&ratio.per_class), total: Rows(&ratio.total) };
    let mut bytes = Vec::new();
    let indent = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    both.serialize(&mut serde_json::Serializer::with_formatter(&mut bytes, indent))?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn write_rows(text: &mut String, rows: &[RatioNode], level: usize) {
    let padding = "  ".repeat(level);
    for row in rows {
        let share = format!("{padding}{:<6.1}", row.ratio * 100.0);
        let name = format!("{padding}{}", plain(&row.name));
        text.push_str(&format!(" {share:<10} {name:<50}\n"));
        write_rows(text, row.tasks.as_deref().unwrap_or_default(), level + 1);
    }
}

/// Rows as a JSON object that keeps their order.
struct Rows<'a>(&'a [RatioNode]);

impl Serialize for Rows<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for row in self.0 {
            map.serialize_entry(&row.name, &Row(row))?;
        }
        map.end()
    }
}

struct Row<'a>(&'a RatioNode);

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("ratio", &self.0.ratio)?;
        if let Some(tasks) = &self.0.tasks {
            map.serialize_entry("tasks", &Rows(tasks))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(name: &str, ratio: f64, tasks: Option<Vec<RatioNode>>) -> RatioNode {
        RatioNode { name: name.to_owned(), ratio, tasks }
    }

    fn shop() -> TaskRatio {
        let look = |ratio| node("look", ratio, None);
        let pay = |ratio| node("checkout", ratio, Some(vec![node("pay", ratio, None)]));
        TaskRatio {
            per_class: vec![
                node("Buyer", 0.75, Some(vec![look(0.75), pay(0.25)])),
                node("Browser", 0.25, Some(vec![look(1.0)])),
            ],
            total: vec![node("Buyer", 0.75, Some(vec![look(0.5625), pay(0.1875)]))],
        }
    }

    #[test]
    fn the_text_is_locusts() {
        let rule = "-".repeat(80);
        let row = |share: &str, name: &str| format!(" {share:<10} {name:<50}\n");
        let expected = [
            format!("\n Task ratio per User class\n{rule}\n"),
            row("75.0", "Buyer"),
            row("  75.0", "  look"),
            row("  25.0", "  checkout"),
            row("    25.0  ", "    pay"),
            row("25.0", "Browser"),
            row("  100.0", "  look"),
            format!("\n Total task ratio\n{rule}\n"),
            row("75.0", "Buyer"),
            row("  56.2", "  look"),
            row("  18.8", "  checkout"),
            row("    18.8  ", "    pay"),
        ];
        assert_eq!(text(&shop()), expected.concat());
    }

    #[test]
    fn the_json_is_locusts_and_keeps_the_order() {
        let expected = r#"{
    "per_class": {
        "Buyer": {
            "ratio": 0.75,
            "tasks": {
                "look": {
                    "ratio": 0.75
                },
                "checkout": {
                    "ratio": 0.25,
                    "tasks": {
                        "pay": {
                            "ratio": 0.25
                        }
                    }
                }
            }
        },
        "Browser": {
            "ratio": 0.25,
            "tasks": {
                "look": {
                    "ratio": 1.0
                }
            }
        }
    },
"#;
        let json = json(&shop()).unwrap();
        assert!(json.starts_with(expected), "{json}");
        assert!(json.ends_with("\n}\n"), "{json}");
    }
}
