//! Text that fits into a column and cannot do anything else to a terminal.
//!
//! Upstream: names and messages, which come from scenarios and targets. Downstream: tables.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// The text with control characters, and those that turn the direction of writing, as escapes.
pub(super) fn clean(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_dangerous) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for char in text.chars() {
        if is_dangerous(char) {
            out.extend(char.escape_default());
        } else {
            out.push(char);
        }
    }
    Cow::Owned(out)
}

fn is_dangerous(char: char) -> bool {
    char.is_control()
        || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Filled up with blanks at the right; longer text stays as it is.
pub(super) fn left(text: &str, width: usize) -> String {
    let blanks = width.saturating_sub(text.width());
    let mut out = String::with_capacity(text.len() + blanks);
    out.push_str(text);
    out.extend(std::iter::repeat_n(' ', blanks));
    out
}

/// As much of the text as fits into `width`; when it is cut, it ends with `...`, unless there is no
/// place for that.
pub(super) fn fit(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let dots = if width > 3 { "..." } else { "" };
    let mut room = width - dots.len();
    let mut end = 0;
    for (at, char) in text.char_indices() {
        let char_width = char.width().unwrap_or(0);
        if char_width > room {
            break;
        }
        room -= char_width;
        end = at + char.len_utf8();
    }
    Cow::Owned(format!("{}{dots}", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_cannot_reach_the_terminal() {
        assert_eq!(clean("/a\u{1b}[2J\r\n\u{9b}x"), "/a\\u{1b}[2J\\r\\n\\u{9b}x");
        assert_eq!(clean("abc\u{202e}cba"), "abc\\u{202e}cba");
        assert!(matches!(clean("/caf\u{e9}"), Cow::Borrowed("/caf\u{e9}")));
    }

    #[test]
    fn columns_are_filled_by_width_not_by_bytes() {
        assert_eq!(left("ab", 4), "ab  ");
        assert_eq!(left("\u{4e2d}", 4), "\u{4e2d}  ");
        assert_eq!(left("abcdef", 4), "abcdef");
    }

    #[test]
    fn text_is_cut_to_its_column() {
        let table = [("abcdef", 6, "abcdef"), ("abcdef", 5, "ab..."), ("abcdef", 3, "abc")];
        for (text, width, cut) in table {
            assert_eq!(fit(text, width), cut);
        }
        assert_eq!(fit("\u{4e2d}\u{4e2d}\u{4e2d}", 5), "\u{4e2d}...");
        assert_eq!(fit("abc", 0), "");
    }
}
