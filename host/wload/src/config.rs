//! Options before they mean anything: texts, and where each came from.
//!
//! Control. Upstream: `args/run.rs` (flags), `config/environment.rs`, `config/file.rs`. Downstream:
//! `resolve.rs`. Invariant: no layer interprets a value, so that every mistake is found in one
//! place and said with the layer it came from.

pub(crate) mod environment;
pub(crate) mod file;

use std::collections::BTreeMap;
use std::fmt;

use crate::options::{Key, Kind};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// `--users`.
    Flag(&'static str),
    /// A word on the command line.
    Argument(&'static str),
    /// `WLOAD_USERS`.
    Variable(String),
    /// `wload.toml:12`.
    File { path: String, line: usize },
}

impl fmt::Display for Origin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Flag(long) => write!(out, "--{long}"),
            Self::Argument(name) => out.write_str(name),
            Self::Variable(name) => out.write_str(name),
            Self::File { path, line } => write!(out, "{path}:{line}"),
        }
    }
}

/// A text and where it came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sourced {
    pub(crate) text: String,
    pub(crate) origin: Origin,
}

/// What one layer, or several combined, say. An option that is there with no texts was set to
/// nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct PartialOptions {
    given: BTreeMap<Key, Vec<Sourced>>,
}

impl PartialOptions {
    /// Sets an option.
    pub(crate) fn set(&mut self, key: Key, values: Vec<Sourced>) {
        self.given.insert(key, values);
    }

    /// The texts of an option; none when no layer set it.
    pub(crate) fn all(&self, key: Key) -> Option<&[Sourced]> {
        self.given.get(&key).map(Vec::as_slice)
    }

    /// The text of an option that takes one.
    pub(crate) fn one(&self, key: Key) -> Option<&Sourced> {
        self.given.get(&key)?.last()
    }

    /// This layer over a lower one. Pairs add up: a lower one stays when its name is new.
    pub(crate) fn combine(mut self, lower: Self) -> Self {
        for (key, values) in lower.given {
            let Some(own) = self.given.get_mut(&key) else {
                self.given.insert(key, values);
                continue;
            };
            if matches!(key.spec().kind, Kind::Pairs(_)) {
                let names: Vec<String> =
                    own.iter().map(|value| pair_name(key, &value.text).to_owned()).collect();
                own.extend(
                    values
                        .into_iter()
                        .filter(|value| !names.iter().any(|n| n == pair_name(key, &value.text))),
                );
            }
        }
        self
    }
}

/// What tells two pairs of an option apart: the name, or for a folder the place where the scenario
/// sees it.
pub(crate) fn pair_name(key: Key, text: &str) -> &str {
    match key {
        Key::Dir => text.split("::").nth(1).unwrap_or(text),
        Key::Resolve => text,
        _ => text.split_once('=').map_or(text, |(name, _)| name),
    }
}

/// Mistakes of all layers, collected to be said together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mistakes {
    lines: Vec<String>,
}

impl Mistakes {
    /// A mistake in something that a layer said.
    pub(crate) fn add(&mut self, origin: impl fmt::Display, text: impl fmt::Display) {
        self.lines.push(format!("{origin}: {text}"));
    }

    /// The same, for what is looked at more than once.
    pub(crate) fn add_once(&mut self, origin: impl fmt::Display, text: impl fmt::Display) {
        let line = format!("{origin}: {text}");
        if !self.lines.contains(&line) {
            self.lines.push(line);
        }
    }

    /// All of them, one line each.
    pub(crate) fn lines(&self) -> &[String] {
        &self.lines
    }

    /// There is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}

/// The candidate that a person most probably meant.
pub(crate) fn closest<'a>(
    found: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(found, candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layer(origin: &'static str, values: &[(Key, &[&str])]) -> PartialOptions {
        let mut layer = PartialOptions::default();
        for (key, texts) in values {
            let origin = Origin::Variable(origin.to_owned());
            let sourced =
                |text: &&str| Sourced { text: (*text).to_owned(), origin: origin.clone() };
            layer.set(*key, texts.iter().map(sourced).collect());
        }
        layer
    }

    #[test]
    fn the_higher_layer_wins_and_keeps_its_origin() {
        let high = layer("HIGH", &[(Key::Users, &["5"]), (Key::Tags, &[])]);
        let low = layer("LOW", &[(Key::Users, &["7"]), (Key::Tags, &["a"]), (Key::Csv, &["x"])]);
        let both = high.combine(low);
        let users = both.one(Key::Users).unwrap();
        assert_eq!((users.text.as_str(), users.origin.to_string()), ("5", "HIGH".to_owned()));
        assert_eq!(both.all(Key::Tags), Some(&[][..]), "set to nothing is set");
        assert_eq!(both.one(Key::Csv).unwrap().origin.to_string(), "LOW");
        assert_eq!(both.all(Key::Json), None);
    }

    #[test]
    fn pairs_of_lower_layers_stay_when_their_name_is_new() {
        let high = layer("HIGH", &[(Key::Option, &["a=1"]), (Key::Dir, &["x::/data"])]);
        let low =
            layer("LOW", &[(Key::Option, &["a=2", "b=3"]), (Key::Dir, &["y::/data", "x::/y"])]);
        let both = high.combine(low);
        let texts = |key| -> Vec<String> {
            both.all(key).unwrap().iter().map(|value| value.text.clone()).collect()
        };
        assert_eq!(texts(Key::Option), ["a=1", "b=3"]);
        assert_eq!(texts(Key::Dir), ["x::/data", "x::/y"]);
    }

    #[test]
    fn only_what_is_close_is_suggested() {
        assert_eq!(closest("user", ["users", "host"]), Some("users"));
        assert_eq!(closest("spawnrate", ["spawn-rate", "run-time"]), Some("spawn-rate"));
        assert_eq!(closest("zzz", ["users", "host"]), None);
    }
}
