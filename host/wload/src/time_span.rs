//! Times and sizes as people type them.
//!
//! Control: used by `resolve.rs` only. [`parse_time_span`] is Locust's grammar with Locust's error
//! text; [`parse_duration`] is for options that Locust does not have and that need less than a second.

use std::time::Duration;

/// Locust's text, which scripts look for.
const TIME_SPAN_ERROR: &str =
    "Invalid time span format. Valid formats: 20, 20s, 3m, 2h, 1h20m, 3h30m10s, etc.";

/// A time span as `--run-time` takes it: whole numbers with `h`, `m`, `s` in this order, or a
/// number of seconds.
pub(crate) fn parse_time_span(text: &str) -> Result<Duration, String> {
    seconds_of(text)
        .map(Duration::from_secs)
        .ok_or_else(|| format!("{TIME_SPAN_ERROR} (found `{text}`)"))
}

fn seconds_of(text: &str) -> Option<u64> {
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return text.parse().ok();
    }
    let mut rest = text;
    let mut total = 0u64;
    for (unit, seconds) in [('h', 3_600), ('m', 60), ('s', 1)] {
        let Some((number, after)) = rest.split_once(unit) else { continue };
        if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        total = number.parse::<u64>().ok()?.checked_mul(seconds)?.checked_add(total)?;
        rest = after;
    }
    (rest.is_empty() && !text.is_empty()).then_some(total)
}

/// A duration such as `250ms`, `1.5s`, `2m` or `1h`; without a unit: seconds. Never zero.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("`{text}` is not a time; expected for example 10, 500ms, 1.5s, 2m");
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "ms" => 0.001,
        "" | "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(wrong()),
    };
    let duration = Duration::try_from_secs_f64(number * seconds).map_err(|_| wrong())?;
    if duration.is_zero() {
        return Err(format!("`{text}` is no time at all; expected more than 0"));
    }
    Ok(duration)
}

/// A number of bytes such as `64MiB`, `512k` or `1048576`. Units are powers of 1024.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is not a size; expected for example 64MiB, 512KiB or 1048576");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1usize,
        "k" | "kb" | "kib" => 1 << 10,
        "m" | "mb" | "mib" => 1 << 20,
        "g" | "gb" | "gib" => 1 << 30,
        "t" | "tb" | "tib" => 1 << 40,
        _ => return Err(wrong()),
    };
    number.parse::<usize>().ok().and_then(|number| number.checked_mul(unit)).ok_or_else(wrong)
}

/// A size as [`parse_size`] reads it, in its largest unit.
pub(crate) fn size_text(bytes: u64) -> String {
    for (unit, name) in [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")] {
        if bytes >= unit && bytes.is_multiple_of(unit) {
            return format!("{}{name}", bytes / unit);
        }
    }
    bytes.to_string()
}

/// A duration as [`parse_duration`] reads it, in its largest unit.
pub(crate) fn duration_text(duration: Duration) -> String {
    let millis = duration.as_millis();
    for (unit, name) in [(3_600_000, "h"), (60_000, "m"), (1_000, "s")] {
        if millis >= unit && millis.is_multiple_of(unit) {
            return format!("{}{name}", millis / unit);
        }
    }
    format!("{millis}ms")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_spans_are_locusts() {
        for (text, seconds) in [
            ("7", 7),
            ("7s", 7),
            ("0", 0),
            ("1m", 60),
            ("2h", 7_200),
            ("1h3m7s", 3_787),
            ("1h7s", 3_607),
            ("3m10s", 190),
        ] {
            assert_eq!(parse_time_span(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in [
            "",
            "q",
            "1h2m3",
            "1h30",
            "30m45",
            "1.5h",
            "5d",
            "30s1m",
            "h",
            "-1",
            " 1",
            "1 m",
            "1hh",
            "99999999999999999999",
            "9999999999999999999h",
        ] {
            let error = parse_time_span(text).expect_err(text);
            assert_eq!(error, format!("{TIME_SPAN_ERROR} (found `{text}`)"));
        }
    }

    #[test]
    fn durations_may_be_fractions_but_not_nothing() {
        for (text, millis) in
            [("10", 10_000), ("500ms", 500), ("1.5s", 1_500), ("2m", 120_000), ("1h", 3_600_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
        }
        for text in ["", "ms", "1.2.3", "-1", "5d", "0", "0ms", "1e9", "NaN", &"9".repeat(400)] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_powers_of_1024() {
        for (text, bytes) in
            [("1", 1), ("64MiB", 64 << 20), ("512k", 512 << 10), ("1 GB", 1 << 30), ("3b", 3)]
        {
            assert_eq!(parse_size(text), Ok(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "1.5MiB", "1P", "99999999999999999999", "9999999999999999g"] {
            assert!(parse_size(text).is_err(), "{text}");
        }
    }
}
