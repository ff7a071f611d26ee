//! Fuzzers: command lines, configuration files, variables, times and sizes.
//!
//! Upstream: seeds of `wload_fuzz`. Downstream: `resolve` and the parsers of `time_span.rs`. What must
//! hold: no panic; every mistake is one bounded line that names its layer; the settings are complete
//! anyway; what is accepted means what it says.

use std::ffi::OsString;
use std::time::Duration;

use wload_core::limits::{CORES_MAX, USERS_MAX};
use wload_core::plan::Load;
use wload_fuzz::Noise;

use super::tests::Desk;
use super::*;
use crate::args::{self, Invocation};
use crate::options::TABLE;
use crate::time_span::{duration_text, parse_duration, parse_size, parse_time_span, size_text};

/// Seeds of a test run.
const RUNS: u64 = 200;
/// Characters of one mistake: what was found is cut, or bounded by the layer.
const MISTAKE_MAX: usize = 2_000;

/// Nearly a value of some option.
fn value(noise: &mut Noise) -> String {
    let pieces = [
        "1",
        "0",
        "-1",
        "99999999999999999999",
        "1.5",
        "nan",
        "inf",
        "h",
        "m",
        "s",
        "ms",
        "MiB",
        "k",
        "http://",
        "https://",
        "a",
        "::",
        "rw",
        "=",
        ",",
        " ",
        "/",
        "..",
        "true",
        "false",
        "on",
        "INFO",
        "shop.wasm",
        "\u{e9}",
        "\"",
        "[",
        "]",
        "\n",
        "#",
    ];
    if noise.once_in(6) { noise.text(40) } else { noise.words(&pieces, 4) }
}

fn flag(noise: &mut Noise) -> String {
    match noise.below(8) {
        0 => value(noise),
        1 => format!("--{}", noise.text(10)),
        2 => format!("-{}", noise.pick(&["u", "r", "t", "H", "i", "T", "E", "L", "x", "uu"])),
        _ => format!("--{}", noise.pick(TABLE).long),
    }
}

fn words(noise: &mut Noise) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["wload".into(), "run".into()];
    if !noise.once_in(4) {
        words.push("shop.wasm".into());
    }
    for _ in 0..noise.below(8) {
        let flag = flag(noise);
        match noise.below(3) {
            0 => words.push(flag.into()),
            1 => words.push(format!("{flag}={}", value(noise)).into()),
            _ => words.extend([flag.into(), value(noise).into()]),
        }
    }
    words
}

fn file(noise: &mut Noise) -> String {
    let mut text = String::new();
    for _ in 0..noise.below(6) {
        let key = if noise.once_in(4) { value(noise) } else { noise.pick(TABLE).long.to_owned() };
        let quote = *noise.pick(&["\"", "", "'", "[\""]);
        text.push_str(&format!("{key} = {quote}{}{quote}\n", value(noise)));
    }
    text
}

#[test]
fn fuzz_options() {
    wload_fuzz::run(RUNS, |noise| {
        let mut desk = Desk::new();
        for _ in 0..noise.below(4) {
            let layer = noise.pick(&["WLOAD_", "LOCUST_"]);
            let name = noise.pick(TABLE).long.to_uppercase().replace('-', "_");
            desk = desk.variable(&format!("{layer}{name}"), &value(noise));
        }
        let desk = if noise.once_in(2) { desk.file("wload.toml", &file(noise)) } else { desk };
        let env = Env { args: words(noise), ..desk.env.clone() };
        let Ok(Invocation::Run(typed)) = args::parse(&env) else { return };
        let (settings, mistakes) = resolve(&env, typed);
        for mistake in mistakes.lines() {
            assert!(mistake.contains(": "), "no layer in {mistake}");
            assert!(mistake.chars().count() <= MISTAKE_MAX, "{mistake}");
        }
        let Load::Constant { users, spawn_rate } = settings.plan.load else {
            panic!("no scenario was asked");
        };
        assert!((1..=USERS_MAX).contains(&users), "{users}");
        assert!(spawn_rate.is_finite() && spawn_rate > 0.0, "{spawn_rate}");
        assert!((1..=CORES_MAX).contains(&settings.plan.cores));
        assert!(settings.source.is_some() || !mistakes.lines().is_empty());
    });
}

#[test]
fn fuzz_time_spans() {
    wload_fuzz::run(RUNS * 10, |noise| {
        let text = value(noise);
        if let Ok(span) = parse_time_span(&text) {
            // Written in seconds it is the same.
            assert_eq!(parse_time_span(&span.as_secs().to_string()), Ok(span), "{text}");
        }
        if let Ok(duration) = parse_duration(&text) {
            assert!(!duration.is_zero(), "{text}");
            let millis = Duration::from_millis(duration.as_millis() as u64);
            if !millis.is_zero() && millis == duration && duration < Duration::from_secs(1 << 30) {
                assert_eq!(parse_duration(&duration_text(duration)), Ok(duration), "{text}");
            }
        }
        if let Ok(size) = parse_size(&text) {
            assert_eq!(parse_size(&size_text(size as u64)), Ok(size), "{text}");
        }
    });
}
