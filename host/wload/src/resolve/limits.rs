//! Limits: `--limit NAME=VALUE`, and the options that are short for one of them.
//!
//! Control: a part of `resolve.rs`. A short option wins over `--limit`, whichever came first.

use wload_core::limits::Limits;
use wload_core::limits::named::{LimitUnit, NAMED_LIMITS, NamedLimit};

use super::values::{Reader, number_from};
use crate::options::Key;
use crate::time_span::{duration_text, parse_duration, parse_size, size_text};

/// Options that set one limit.
const SHORT: [(Key, &str); 4] = [
    (Key::MemoryLimit, "memory"),
    (Key::ComputeTimeout, "compute-time"),
    (Key::ConnectTimeout, "connect-time"),
    (Key::Timeout, "request-time"),
];

/// All limits; mistakes leave a default.
pub(super) fn limits(reader: &mut Reader<'_>) -> Limits {
    let mut limits = Limits::default();
    reader.refuse_duplicates(Key::Limit);
    for value in reader.options.all(Key::Limit).unwrap_or_default() {
        if let Err(mistake) = set_pair(&mut limits, &value.text) {
            reader.mistakes.add(&value.origin, mistake);
        }
    }
    for (key, name) in SHORT {
        let limit = NamedLimit::find(name).expect("the table has all names of SHORT");
        let changed = |text: &str| {
            let mut wanted = limits;
            set(&mut wanted, limit, text).map(|()| wanted)
        };
        limits = reader.parsed(key, changed).unwrap_or(limits);
    }
    limits
}

fn set_pair(limits: &mut Limits, pair: &str) -> Result<(), String> {
    let (name, value) =
        pair.split_once('=').ok_or_else(|| format!("`{pair}` is not of the form NAME=VALUE"))?;
    let limit = NamedLimit::find(name).ok_or_else(|| unknown(name))?;
    set(limits, limit, value)
}

fn unknown(name: &str) -> String {
    let close = NAMED_LIMITS
        .iter()
        .map(|limit| (strsim::jaro_winkler(limit.name, name), limit.name))
        .max_by(|left, right| left.0.total_cmp(&right.0));
    match close {
        Some((likeness, close)) if likeness > 0.8 => {
            format!("there is no limit `{name}`; did you mean `{close}`?")
        }
        _ => format!("there is no limit `{name}`; `wload limits` lists them"),
    }
}

fn set(limits: &mut Limits, limit: &NamedLimit, text: &str) -> Result<(), String> {
    let value = match limit.unit {
        LimitUnit::Bytes => parse_size(text)? as u64,
        LimitUnit::Time => u64::try_from(parse_duration(text)?.as_nanos()).unwrap_or(u64::MAX),
        LimitUnit::Count => number_from(text, 0, u64::MAX)?,
    };
    limit.set(limits, value).map_err(|(least, most)| {
        let (least, most) = (value_text(limit.unit, least), value_text(limit.unit, most));
        format!("`{text}` is out of range: the limit `{}` takes {least} to {most}", limit.name)
    })
}

/// A value as a person would type it.
pub(crate) fn value_text(unit: LimitUnit, value: u64) -> String {
    match unit {
        LimitUnit::Bytes => size_text(value),
        LimitUnit::Time => duration_text(std::time::Duration::from_nanos(value)),
        LimitUnit::Count => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pair: &str, expected: Result<(&str, u64), &str>) {
        let mut limits = Limits::default();
        let found = set_pair(&mut limits, pair);
        match expected {
            Ok((name, value)) => {
                found.unwrap();
                assert_eq!(NamedLimit::find(name).unwrap().get(&limits), value, "{pair}");
            }
            Err(text) => assert_eq!(found.unwrap_err(), text),
        }
    }

    #[test]
    fn a_pair_sets_a_limit_in_its_own_unit_or_is_refused_with_the_range() {
        check("memory=1MiB", Ok(("memory", 1 << 20)));
        check("compute-time=250ms", Ok(("compute-time", 250_000_000)));
        check("redirects=0", Ok(("redirects", 0)));
        check("redirect=1", Err("there is no limit `redirect`; did you mean `redirects`?"));
        check("x=1", Err("there is no limit `x`; `wload limits` lists them"));
        check("memory", Err("`memory` is not of the form NAME=VALUE"));
        check("memory=1", Err("`1` is out of range: the limit `memory` takes 64KiB to 4GiB"));
        check("redirects=-1", Err("`-1` is not a whole number of at least 0"));
    }

    #[test]
    fn a_value_is_shown_as_it_is_typed() {
        for limit in NAMED_LIMITS {
            let value = limit.get(&Limits::default());
            let text = value_text(limit.unit, value);
            let mut limits = Limits::default();
            set(&mut limits, limit, &text)
                .unwrap_or_else(|error| panic!("{}: {error}", limit.name));
            assert_eq!(limit.get(&limits), value, "{}", limit.name);
        }
    }
}
