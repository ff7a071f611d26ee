//! Texts of failures, as Locust writes them, so that readers of its reports find what they know.
//!
//! Upstream: whoever judges a request. Downstream: the failures table (the text is its key), and the
//! console, which unwraps what the scenario said itself.

use std::borrow::Cow;
use std::fmt::Write;

/// What a scenario's own verdict is wrapped in.
const JUDGED: &str = "CatchResponseError";

/// The failure of a response by its status: `HTTPError('404 Client Error: Not Found for url: /')`.
/// It holds the row's name and not the URL, so that failures of one row are counted together.
#[must_use]
pub fn http_status_failure(status: u16, reason: &str, name: &str) -> String {
    let side = if status < 500 { "Client" } else { "Server" };
    python_call("HTTPError", &format!("{status} {side} Error: {reason} for url: {name}"))
}

/// The failure that a scenario gave a reason for: `CatchResponseError('no token')`.
#[must_use]
pub fn judged_failure(text: &str) -> String {
    python_call(JUDGED, text)
}

/// A failure's text for the console: what a scenario said itself stands without its wrapper. Escapes
/// of control characters stay, so that the text is one line.
#[must_use]
pub fn console_text(message: &str) -> Cow<'_, str> {
    let unwrapped = message
        .strip_prefix(JUDGED)
        .and_then(|rest| rest.strip_prefix('('))
        .and_then(|rest| rest.strip_suffix(')'));
    let Some(quoted) = unwrapped else { return Cow::Borrowed(message) };
    let inner = ['\'', '"']
        .into_iter()
        .find_map(|quote| quoted.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)));
    match inner {
        None => Cow::Borrowed(message),
        Some(inner) if !inner.contains('\\') => Cow::Borrowed(inner),
        Some(inner) => Cow::Owned(unescape_quotes(inner)),
    }
}

fn python_call(function: &str, argument: &str) -> String {
    let mut out = String::with_capacity(function.len() + argument.len() + 4);
    out.push_str(function);
    out.push('(');
    push_python_repr(&mut out, argument);
    out.push(')');
    out
}

/// Python's `repr` of a text.
fn push_python_repr(out: &mut String, text: &str) {
    let quote = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    out.push(quote);
    for char in text.chars() {
        push_python_char(out, char, quote);
    }
    out.push(quote);
}

fn push_python_char(out: &mut String, char: char, quote: char) {
    let code = u32::from(char);
    match char {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if char == quote => {
            out.push('\\');
            out.push(char);
        }
        _ if is_printable(char) => out.push(char),
        _ => {
            let written = match code {
                0..=0xff => write!(out, "\\x{code:02x}"),
                0x100..=0xffff => write!(out, "\\u{code:04x}"),
                _ => write!(out, "\\U{code:08x}"),
            };
            written.expect("writing to a string cannot fail");
        }
    }
}

/// Whether the character shows (Python: `str.isprintable`): no control, format or private character
/// and no separator but the blank.
fn is_printable(char: char) -> bool {
    if char.is_ascii() {
        return !char.is_ascii_control();
    }
    // The standard library keeps the table to itself, and `char::escape_debug` escapes combining
    // characters too. After another character of a `str` they are left alone.
    let mut buffer = [0; 5];
    buffer[0] = b'a';
    let len = 1 + char.encode_utf8(&mut buffer[1..]).len();
    let text = std::str::from_utf8(&buffer[..len]).expect("a letter and a character are UTF-8");
    text.escape_debug().nth(1) == Some(char)
}

fn unescape_quotes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        if char != '\\' {
            out.push(char);
            continue;
        }
        match chars.next() {
            Some(escaped @ ('\\' | '\'' | '"')) => out.push(escaped),
            Some(other) => out.extend(['\\', other]),
            None => out.push('\\'),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_a_failure_of_the_row_not_of_the_url() {
        assert_eq!(
            http_status_failure(404, "Not Found", "/items/{id}"),
            "HTTPError('404 Client Error: Not Found for url: /items/{id}')"
        );
        assert_eq!(
            http_status_failure(503, "Service Unavailable", "/it's"),
            "HTTPError(\"503 Server Error: Service Unavailable for url: /it's\")"
        );
    }

    /// Right column: what Python 3 prints for `repr(text)`.
    #[test]
    fn texts_are_quoted_as_python_quotes_them() {
        let table = [
            ("bad body", "'bad body'"),
            ("", "''"),
            ("it's", "\"it's\""),
            ("it's \"so\"", "'it\\'s \"so\"'"),
            ("say \"so\"", "'say \"so\"'"),
            ("a\\b", "'a\\\\b'"),
            ("a\nb\tc\rd", "'a\\nb\\tc\\rd'"),
            ("\u{0}\u{1b}[31m\u{7f}", "'\\x00\\x1b[31m\\x7f'"),
            ("\u{85}\u{a0}\u{ad}", "'\\x85\\xa0\\xad'"),
            ("\u{200b}\u{2028}\u{202e}", "'\\u200b\\u2028\\u202e'"),
            ("\u{e000}\u{10ffff}", "'\\ue000\\U0010ffff'"),
            ("caf\u{e9} e\u{301} \u{4e2d} \u{1f600}", "'caf\u{e9} e\u{301} \u{4e2d} \u{1f600}'"),
        ];
        for (text, quoted) in table {
            assert_eq!(judged_failure(text), format!("CatchResponseError({quoted})"));
        }
    }

    #[test]
    fn the_console_shows_what_the_scenario_said() {
        for text in ["bad body", "it's", "it's \"so\"", "a\\b", "", "(x)", "ends with \\"] {
            assert_eq!(console_text(&judged_failure(text)), text);
        }
        assert_eq!(console_text(&judged_failure("two\nlines")), "two\\nlines");
        for other in ["ConnectionRefused", "CatchResponseError(", "CatchResponseError(x)", ""] {
            assert_eq!(console_text(other), other);
        }
    }
}
