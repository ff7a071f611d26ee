//! What componentize-py says when a locustfile cannot be imported, in the author's own names.
//!
//! Upstream: its stderr. Downstream: an error with the author's file, line and traceback, and what to do.

use std::collections::BTreeMap;

use crate::error::CliError;

/// Names in the component, to names as the author knows them.
pub(super) type Sources = BTreeMap<String, String>;

/// Where componentize-py puts the second `-p`, which are the author's files.
const STAGE: &str = "/1/";
/// Where it puts the first, the SDK.
const SDK: &str = "/0/";
/// Its own library, as far as it stands between ours and the author's.
const IMPORT: [&str; 2] = ["<frozen importlib", "/python/importlib/"];
/// The first line.
const TRACEBACK: &str = "Traceback (most recent call last):";
/// Lines that are shown of what is not understood.
const LINES_SHOWN: usize = 20;

/// The error of a build.
pub(super) fn error(said: &str, sources: &Sources) -> CliError {
    let Some(traceback) = traceback(said) else {
        let lines = said.lines().filter(|line| !line.trim().is_empty()).take(LINES_SHOWN);
        return CliError::broken("componentize-py failed")
            .with_details(lines.map(str::to_owned).collect());
    };
    let lines = authors(traceback, sources);
    let last = lines.iter().rev().find(|line| !line.starts_with(' ')).cloned().unwrap_or_default();
    let message = match lines.iter().rev().find_map(|line| place(line)) {
        Some(place) => format!("{place}: {last}"),
        None => format!("the locustfile cannot be imported: {last}"),
    };
    let error = CliError::broken(message).with_details(lines);
    match hint(&last) {
        Some(hint) => error.with_hint(hint),
        None => error,
    }
}

/// The guest's own traceback.
fn traceback(said: &str) -> Option<&str> {
    let guest = &said[said.find("AssertionError: ")?..];
    // Before it there may be warnings of the guest's compiler.
    let rest = &guest[guest.find(TRACEBACK)?..];
    let end = rest.find("\nCaused by:").unwrap_or(rest.len());
    Some(rest[..end].trim_end())
}

/// Without the frames of the SDK, and with the author's names of files.
fn authors(traceback: &str, sources: &Sources) -> Vec<String> {
    let mut lines = Vec::new();
    let mut is_ours = false;
    for line in traceback.lines() {
        if let Some(file) = line.strip_prefix("  File \"") {
            is_ours = file.starts_with(SDK) || IMPORT.iter().any(|place| file.starts_with(place));
            if let Some(name) = file.strip_prefix(STAGE) {
                let (name, rest) = name.split_once('"').unwrap_or((name, ""));
                let shown = sources.get(name).map_or(name, String::as_str);
                lines.push(format!("  File \"{shown}\"{rest}"));
                continue;
            }
        } else if !line.starts_with(' ') {
            is_ours = false;
        }
        if !is_ours {
            lines.push(line.to_owned());
        }
    }
    lines
}

/// `file:line` of a frame.
fn place(line: &str) -> Option<String> {
    let (file, rest) = line.strip_prefix("  File \"")?.split_once('"')?;
    let number = rest.strip_prefix(", line ")?;
    let digits = number.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(number.len());
    Some(format!("{file}:{}", &number[..digits]))
}

fn hint(last: &str) -> Option<String> {
    let module =
        last.strip_prefix("ModuleNotFoundError: No module named '")?.trim_end_matches('\'');
    Some(format!(
        "`{module}` is not beside the locustfile, in no package of its requirements, and not in the sandbox's Python; \
         if it is a package of PyPI, write its name into `requirements.txt` beside the locustfile"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Traceback (most recent call last):\n  File \"<string>\", line 1\nAssertionError: \
        /0/wload_app.py:9: SyntaxWarning: no matter\n  x\nTraceback (most recent call last):\n  File \"/0/wload_app.py\", line 2, in <module>\n    import \
        locustfile\n  File \"/1/locustfile.py\", line 3, in <module>\n    import numpi\nModuleNotFoundError: \
        No module named 'numpi'\n\n\nCaused by:\n    ModuleNotFoundError: No module named 'numpi'\n";

    #[test]
    fn a_missing_import_is_told_with_the_authors_file_and_line_and_without_our_frames() {
        let sources = [("locustfile.py".to_owned(), "tests/shop.py".to_owned())].into();
        let text = error(SAID, &sources).text();
        let first = "tests/shop.py:3: ModuleNotFoundError: No module named 'numpi'";
        assert!(text.starts_with(first), "{text}");
        assert!(text.contains("import numpi") && !text.contains("wload_app"), "{text}");
        assert!(text.contains("hint: `numpi` is not beside the locustfile"), "{text}");
    }

    #[test]
    fn what_is_no_traceback_is_shown_as_it_is() {
        let text = error("error: unknown world `full`\n", &Sources::new()).text();
        assert_eq!(text, "componentize-py failed\n  error: unknown world `full`");
    }
}
