//! The only place that rounds and formats numbers for people.
//!
//! Upstream: numbers of a snapshot (microseconds, bytes, rates). Downstream: reporters and messages.
//! Invariant: what Locust also prints is printed as Locust prints it.

use std::time::Duration;

/// Microseconds as milliseconds.
#[must_use]
pub fn milliseconds(us: u64) -> f64 {
    us as f64 / 1_000.0
}

/// Microseconds as the nearest whole millisecond, ties to even.
#[must_use]
pub fn whole_milliseconds(us: u64) -> u64 {
    nearest_multiple(us, 1_000) / 1_000
}

/// Microseconds as the milliseconds of Locust's bucket: 147 ms are 150, 3432 ms are 3400. Ties go to
/// even.
#[must_use]
pub fn bucket_milliseconds(us: u64) -> u64 {
    let step = match us {
        0..100_000 => 1_000,
        100_000..1_000_000 => 10_000,
        1_000_000..10_000_000 => 100_000,
        _ => 1_000_000,
    };
    nearest_multiple(us, step) / 1_000
}

fn nearest_multiple(value: u64, step: u64) -> u64 {
    let (below, rest) = (value / step, value % step);
    let up = rest * 2 > step || (rest * 2 == step && below % 2 == 1);
    below.saturating_add(u64::from(up)).saturating_mul(step)
}

/// The mean in milliseconds of `count` times that sum up to `us_total`; 0 when there are none.
#[must_use]
pub fn average_milliseconds(us_total: u64, count: u64) -> f64 {
    ratio(milliseconds(us_total), count)
}

/// `sum / count`; 0 when there are none.
#[must_use]
pub fn ratio(sum: f64, count: u64) -> f64 {
    if count == 0 { 0.0 } else { sum / count as f64 }
}

/// A float as Python's `repr` writes it: the shortest text that reads back as the same number.
#[must_use]
pub fn python_float(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let (mantissa, exponent) =
        scientific.split_once('e').expect("the format `e` always writes an exponent");
    let exponent: i32 = exponent.parse().expect("the exponent is a number");
    if (-4..16).contains(&exponent) {
        let text = value.to_string();
        return if text.contains('.') { text } else { text + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}

/// A rate with two decimals: `0.67`.
#[must_use]
pub fn rate_text(per_second: f64) -> String {
    format!("{per_second:.2}")
}

/// Bytes in binary units with one decimal: `17 B`, `1.5 MiB`.
#[must_use]
pub fn bytes_text(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1_024 {
        return format!("{bytes} B");
    }
    let mut value = bytes as f64 / 1_024.0;
    let mut unit = 0;
    // 1023.95 and more would be printed as 1024.0.
    while value >= 1_023.95 && unit + 1 < UNITS.len() {
        value /= 1_024.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// A span of time in words, cut to seconds: `1 day, 1 hour, 1 minute and 1 second`.
#[must_use]
pub fn duration_text(span: Duration) -> String {
    let seconds = span.as_secs();
    let parts: Vec<String> = [
        (seconds / 86_400, "day"),
        (seconds % 86_400 / 3_600, "hour"),
        (seconds % 3_600 / 60, "minute"),
        (seconds % 60, "second"),
    ]
    .into_iter()
    .filter(|(value, _)| *value > 0)
    .map(|(value, unit)| format!("{value} {unit}{}", if value == 1 { "" } else { "s" }))
    .collect();
    match parts.split_last() {
        None => "0 seconds".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
    }
}

/// A span of time in few characters, cut to seconds: `1h02m03s`, `2m05s`, `7s`.
#[must_use]
pub fn short_duration_text(span: Duration) -> String {
    let seconds = span.as_secs();
    let (hours, minutes, rest) = (seconds / 3_600, seconds % 3_600 / 60, seconds % 60);
    if hours > 0 {
        format!("{hours}h{minutes:02}m{rest:02}s")
    } else if minutes > 0 {
        format!("{minutes}m{rest:02}s")
    } else {
        format!("{rest}s")
    }
}

/// A moment in UTC, cut to seconds: `2023-11-14T22:13:24Z`.
#[must_use]
pub fn utc_text(since_epoch: Duration) -> String {
    let seconds = since_epoch.as_secs();
    let (year, month, day) = date_of(seconds / 86_400);
    let (hour, minute, second) = (seconds % 86_400 / 3_600, seconds % 3_600 / 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a number of days since 1970-01-01 in the Gregorian calendar. A year is
/// taken to begin in March, so that the leap day is its last one.
fn date_of(days: u64) -> (u64, u64, u64) {
    const DAYS_OF_400_YEARS: u64 = 146_097;
    // From 0000-03-01 to 1970-01-01.
    let days = days + 719_468;
    let (era, day_of_era) = (days / DAYS_OF_400_YEARS, days % DAYS_OF_400_YEARS);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_python_writes_them() {
        let table: [(f64, &str); 16] = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (20.0, "20.0"),
            (12.345, "12.345"),
            (2.0 / 3.0, "0.6666666666666666"),
            (1197.4816666666668, "1197.4816666666668"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (0.000_012_5, "1.25e-05"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (-2.5e-7, "-2.5e-07"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (f64::NAN, "nan"),
        ];
        for (value, text) in table {
            assert_eq!(python_float(value), text);
        }
    }

    /// Pairs of milliseconds in and out, computed with Python's `round`.
    #[test]
    fn buckets_are_those_of_locust() {
        let table: [(f64, u64); 21] = [
            (0.5, 0),
            (1.4, 1),
            (1.5, 2),
            (2.5, 2),
            (98.5, 98),
            (99.5, 100),
            (99.9, 100),
            (105.0, 100),
            (115.0, 120),
            (125.0, 120),
            (145.0, 140),
            (147.0, 150),
            (155.0, 160),
            (994.9, 990),
            (995.0, 1_000),
            (999.0, 1_000),
            (1_050.0, 1_000),
            (1_150.0, 1_200),
            (3_432.0, 3_400),
            (11_500.0, 12_000),
            (58_760.0, 59_000),
        ];
        for (from, to) in table {
            assert_eq!(bucket_milliseconds((from * 1_000.0) as u64), to, "bucket of {from} ms");
        }
    }

    #[test]
    fn whole_milliseconds_are_rounded_half_to_even() {
        let table = [(0, 0), (499, 0), (500, 0), (501, 1), (1_500, 2), (2_500, 2), (2_501, 3)];
        for (us, ms) in table {
            assert_eq!(whole_milliseconds(us), ms, "{us} us");
        }
        assert_eq!(whole_milliseconds(u64::MAX), u64::MAX / 1_000);
    }

    #[test]
    fn spans_are_words() {
        let table = [
            (0, "0 seconds", "0s"),
            (1, "1 second", "1s"),
            (60, "1 minute", "1m00s"),
            (90, "1 minute and 30 seconds", "1m30s"),
            (3_600, "1 hour", "1h00m00s"),
            (90_061, "1 day, 1 hour, 1 minute and 1 second", "25h01m01s"),
            (172_805, "2 days and 5 seconds", "48h00m05s"),
        ];
        for (seconds, long, short) in table {
            assert_eq!(duration_text(Duration::from_secs(seconds)), long);
            assert_eq!(short_duration_text(Duration::from_secs(seconds)), short);
        }
    }

    #[test]
    fn bytes_have_binary_units() {
        let table = [
            (0, "0 B"),
            (1_023, "1023 B"),
            (1_024, "1.0 KiB"),
            (1_536, "1.5 KiB"),
            ((1 << 20) - 1, "1.0 MiB"),
            (u64::MAX, "16.0 EiB"),
        ];
        for (bytes, text) in table {
            assert_eq!(bytes_text(bytes), text);
        }
    }

    #[test]
    fn moments_are_utc() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_004, "2023-11-14T22:13:24Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
        ];
        for (seconds, text) in table {
            assert_eq!(utc_text(Duration::from_secs(seconds)), text);
        }
    }
}
