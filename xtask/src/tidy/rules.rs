//! The rules, one function each.
//!
//! Upstream: the path of a file from the root, with `/`, and its text. Downstream: complaints, each
//! `path: what` or `path:line: what`. Pure.

/// More lines than this and a file is two files.
const LINES_MAX: usize = 800;
/// Endings of files that people write and read as code.
const SOURCE_ENDINGS: [&str; 5] = [".rs", ".py", ".ts", ".js", ".go"];
/// Names that say nothing about what is inside.
const EMPTY_NAMES: [&str; 6] =
    ["mod.rs", "utils.rs", "helpers.rs", "common.rs", "types.rs", "imp.rs"];
/// First folders of paths that are true on one machine only: homes, and where checkouts usually stand.
const FOLDERS_OF_MACHINES: [&str; 6] = ["home", "root", "Users", "work", "workspaces", "builds"];
/// What `wload new` copies to a place without our workspace.
const STANDALONE: &str = "guest-sdk/rust/template/Cargo.toml";
/// Marks of work that is left, in pieces so that this file has none.
const MARKS: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
/// What the pure crate may not name.
const NOT_IN_CORE: [&str; 8] = [
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "Instant::now",
    "SystemTime::now",
    "Mutex",
];
/// Lints that may be switched off in few files: which, where, and what stands there.
const EXPECTATIONS: [(&str, &[&str]); 4] = [
    ("clippy::print_stdout", &["printer.rs"]),
    ("clippy::print_stderr", &["printer.rs"]),
    ("clippy::exit", &["host/wload/src/env.rs", "host/wload/src/main.rs"]),
    (
        "unsafe_code",
        &[
            "host/wload-scenario/src/cache.rs",
            // Memory as bytes: what puts it back, and what looks for what was left in it.
            "guest-sdk/rust/wload-sdk/src/reset/memory.rs",
            "tests/guests/secret/src/scan.rs",
        ],
    ),
];
/// Attributes that no test has: a test that does not run, and one that does not say what it expects.
const NOT_ON_TESTS: [&str; 2] = [concat!("#[", "ignore"), concat!("#[", "should_panic")];

/// Everything that is wrong with one file.
pub(super) fn of_file(path: &str, text: &str) -> Vec<String> {
    let mut complaints = machine_paths(path, text);
    if SOURCE_ENDINGS.iter().any(|ending| path.ends_with(ending)) {
        complaints.extend(length(path, text));
        complaints.extend(marks(path, text));
    }
    if path.ends_with(".rs") {
        complaints.extend(header(path, text));
        complaints.extend(name(path));
        complaints.extend(attributes(path, text));
        complaints.extend(purity(path, text));
    }
    if path.ends_with("/Cargo.toml") {
        complaints.extend(versions(path, text));
    }
    complaints
}

/// Each Rust file says first what it is.
fn header(path: &str, text: &str) -> Option<String> {
    let is_told = text.strip_prefix("//! ").is_some_and(|rest| !rest.trim_start().is_empty());
    (!is_told).then(|| format!("{path}: begins without `//!`; say what it is and where it stands"))
}

fn name(path: &str) -> Option<String> {
    let name = path.rsplit('/').next().unwrap_or(path);
    EMPTY_NAMES
        .contains(&name)
        .then(|| format!("{path}: `{name}` names nothing; take the noun of its main type"))
}

fn length(path: &str, text: &str) -> Option<String> {
    let lines = text.lines().count();
    (lines > LINES_MAX).then(|| {
        format!("{path}: {lines} lines, {LINES_MAX} at most; split it along the data flow")
    })
}

/// A mark of work that is left has the number of the issue which finishes it.
fn marks(path: &str, text: &str) -> Vec<String> {
    each_line(path, text, |line| {
        MARKS.iter().find_map(|mark| {
            let (_, rest) = words(line, mark)?;
            let number = rest.strip_prefix("(#").and_then(|rest| rest.split_once(')'));
            let is_numbered = number.is_some_and(|(digits, _)| digits.parse::<u32>().is_ok());
            (!is_numbered).then(|| format!("`{mark}` without an issue, as in `{mark}(#12)`"))
        })
    })
}

/// No path that is true on one machine only.
fn machine_paths(path: &str, text: &str) -> Vec<String> {
    each_line(path, text, |line| {
        FOLDERS_OF_MACHINES.iter().find_map(|folder| {
            let start = format!("/{folder}/");
            let at = line.match_indices(&start).map(|(at, _)| at).find(|at| {
                // Within a longer path or a URL it is only a name.
                let before = line[..*at].chars().next_back();
                !before.is_some_and(|c| c.is_alphanumeric() || "_-.:}/*".contains(c))
            })?;
            let shown: String = line[at..].chars().take_while(|c| !" \"'`)".contains(*c)).collect();
            Some(format!("`{shown}` is a path of one machine"))
        })
    })
}

/// Some lints are off in few places only, and tests always run.
fn attributes(path: &str, text: &str) -> Vec<String> {
    each_line(path, text, |line| {
        let line = line.trim_start();
        if let Some(attribute) = NOT_ON_TESTS.iter().find(|attribute| line.starts_with(**attribute))
        {
            return Some(format!("`{attribute}`: a test runs, and says what it expects"));
        }
        let expected =
            line.strip_prefix("#[expect(").or_else(|| line.strip_prefix("#![expect("))?;
        let (lint, places) =
            EXPECTATIONS.iter().find(|(lint, _)| words(expected, lint).is_some())?;
        let is_its_place = places.iter().any(|place| {
            path.strip_suffix(place)
                .is_some_and(|before| before.is_empty() || before.ends_with('/'))
        });
        (!is_its_place)
            .then(|| format!("`{lint}` may be expected only in `{}`", places.join("`, `")))
    })
}

/// `wload-core` reads no clock and no file, and holds no lock.
fn purity(path: &str, text: &str) -> Vec<String> {
    if !path.starts_with("host/wload-core/src/") {
        return Vec::new();
    }
    each_line(path, text, |line| {
        if line.trim_start().starts_with("//") {
            return None;
        }
        let found = NOT_IN_CORE.iter().find(|name| words(line, name).is_some())?;
        Some(format!("`{found}` in wload-core, which is pure"))
    })
}

/// Versions stand in the manifest of a workspace; a crate's manifest names features it adds.
fn versions(path: &str, text: &str) -> Vec<String> {
    let mut is_dependencies = false;
    let is_workspace = text.lines().any(|line| line.trim() == "[workspace]");
    if is_workspace || path == STANDALONE {
        return Vec::new();
    }
    each_line(path, text, |line| {
        let line = line.trim();
        if line.starts_with('[') {
            is_dependencies = line.ends_with("dependencies]");
            return None;
        }
        let is_version = is_dependencies
            && line.contains('=')
            && !line.starts_with('#')
            && !line.contains("workspace = true");
        is_version.then(|| format!("`{line}` should be `workspace = true`"))
    })
}

/// The text before and after `name`, where it is not a part of a longer word.
fn words<'a>(line: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(name)
        .map(|(at, _)| (&line[..at], &line[at + name.len()..]))
        .find(|(before, after)| !before.ends_with(is_word) && !after.starts_with(is_word))
}

fn each_line(path: &str, text: &str, mut rule: impl FnMut(&str) -> Option<String>) -> Vec<String> {
    let complaint =
        |(index, line)| rule(line).map(|complaint| format!("{path}:{}: {complaint}", index + 1));
    text.lines().enumerate().filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks a file, and compares the number of complaints and a part of the first.
    fn check(path: &str, text: &str, expected: Option<&str>) {
        let found = of_file(path, text);
        match expected {
            None => assert_eq!(found, [""; 0], "{path}"),
            Some(part) => {
                assert!(found.len() == 1 && found[0].contains(part), "{path}: {found:?}");
            }
        }
    }

    #[test]
    fn a_rust_file_begins_with_what_it_is() {
        check("host/a/src/b.rs", "//! A thing.\n", None);
        check("host/a/src/b.rs", "use std::fs;\n//! Late.\n", Some("begins without"));
        check("host/a/src/b.rs", "//! \n", Some("begins without"));
        check("xtask/list.txt", "no header\n", None);
    }

    #[test]
    fn a_name_says_what_is_inside() {
        check("host/a/src/utils.rs", "//! Things.\n", Some("`utils.rs` names nothing"));
        check("host/a/src/my_utils.rs", "//! Things.\n", None);
    }

    #[test]
    fn a_file_has_a_limited_length() {
        let text = |lines| format!("//! Long.\n{}", "//\n".repeat(lines - 1));
        check("host/a/src/b.rs", &text(LINES_MAX), None);
        check("host/a/src/b.rs", &text(LINES_MAX + 1), Some("801 lines"));
        check("README.md", &text(LINES_MAX + 1), None);
    }

    #[test]
    fn work_that_is_left_has_an_issue() {
        let mark = MARKS[0];
        check("a.rs", &format!("//! A.\n// {mark}(#12): more.\n"), None);
        check("a.rs", &format!("//! A.\n// {mark}: more.\n"), Some("a.rs:2: "));
        check("a.rs", &format!("//! A.\n// {mark}(#): more.\n"), Some("without an issue"));
        check("a.rs", &format!("//! A.\n// {mark}NT\n"), None);
    }

    #[test]
    fn paths_of_one_machine_are_found() {
        for folder in FOLDERS_OF_MACHINES {
            check("a.md", &format!("see \"/{folder}/me/x\" there\n"), Some("/me/x` is a path"));
            check("a.md", &format!("GET http://target/{folder}/x\n"), None);
            check("a.md", &format!("./a/{folder}/x\n"), None);
        }
    }

    #[test]
    fn lints_are_off_only_where_they_belong() {
        let expect = |lint: &str| format!("//! A.\n#[expect({lint}, reason = \"because\")]\n");
        check("host/wload/src/printer.rs", &expect("clippy::print_stdout"), None);
        check("host/wload/src/other.rs", &expect("clippy::print_stdout"), Some("print_stdout"));
        check("host/wload/src/not_printer.rs", &expect("clippy::print_stdout"), Some("printer.rs"));
        check("host/wload/src/other.rs", &expect("clippy::too_many_arguments"), None);
        check("host/wload-http/src/pool.rs", &expect("unsafe_code"), Some("cache.rs"));
    }

    #[test]
    fn every_test_runs() {
        for attribute in NOT_ON_TESTS {
            check("a.rs", &format!("//! A.\n    {attribute}]\n"), Some("a test runs"));
        }
    }

    #[test]
    fn the_pure_crate_names_no_clock_and_no_file() {
        let text = "//! A.\nlet now = Instant::now();\n";
        check("host/wload-core/src/a.rs", text, Some("`Instant::now` in wload-core"));
        check("host/wload-http/src/a.rs", text, None);
        check("host/wload-core/tests/it/a.rs", text, None);
        check("host/wload-core/src/a.rs", "//! No Mutex here.\n", None);
    }

    #[test]
    fn versions_stand_in_the_manifest_of_the_workspace() {
        let manifest = |line: &str| format!("[package]\nversion = \"1\"\n[dependencies]\n{line}\n");
        let path = "host/a/Cargo.toml";
        check(path, &manifest("url.workspace = true"), None);
        check(path, &manifest("url = { workspace = true, features = [\"x\"] }"), None);
        check(path, &manifest("# url = \"2\""), None);
        check(STANDALONE, &manifest("url = \"2\""), None);
        check(path, &manifest("url = \"2\""), Some("`url = \"2\"` should be"));
        check("tests/guests/Cargo.toml", &format!("[workspace]\n{}", manifest("a = \"1\"")), None);
    }
}
