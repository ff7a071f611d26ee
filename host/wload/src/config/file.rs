//! The layer of `wload.toml`: keys are the long names of options.
//!
//! Control. Upstream: the file's text. Downstream: `resolve.rs`. Invariant: every value remembers its
//! line; a key that wload does not know is a mistake, because it was meant to do something.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::config::{Mistakes, Origin, PartialOptions, Sourced, closest};
use crate::options::{Key, Kind, Layers, OptionSpec, TABLE};
use crate::refused::REFUSED;

/// Reads the text of the file that people know as `path`.
pub(crate) fn parse(path: &str, text: &str, mistakes: &mut Mistakes) -> PartialOptions {
    let file = File { path, text };
    let mut layer = PartialOptions::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().map_or(0, |span| span.start);
        mistakes.add(file.origin(at), error.message());
    }
    for (key, value) in table.get_ref() {
        let origin = file.origin(key.span().start);
        let name = key.get_ref().as_ref();
        let Some(spec) = spec_of(name) else {
            mistakes.add(origin, unknown_key(name));
            continue;
        };
        match file.values(spec, value) {
            Ok(values) => layer.set(spec.key, values),
            Err(mistake) => mistakes.add(origin, format_args!("`{name}` {mistake}")),
        }
    }
    layer
}

fn spec_of(name: &str) -> Option<&'static OptionSpec> {
    TABLE
        .iter()
        .find(|spec| spec.long == name && spec.layers != Layers::Flags && spec.key != Key::Config)
}

fn unknown_key(name: &str) -> String {
    if let Some(refused) = REFUSED.iter().find(|refused| refused.long == name) {
        return format!("`{name}` {}", refused.why);
    }
    if TABLE.iter().any(|spec| spec.long == name) {
        return format!("`{name}` can only be given as the flag `--{name}`");
    }
    let keys = TABLE.iter().map(|spec| spec.long).filter(|long| spec_of(long).is_some());
    match closest(name, keys) {
        Some(meant) => format!("unknown key `{name}`; did you mean `{meant}`?"),
        None => format!("unknown key `{name}`; keys are the long options of `wload run --help`"),
    }
}

struct File<'a> {
    path: &'a str,
    text: &'a str,
}

impl File<'_> {
    fn origin(&self, offset: usize) -> Origin {
        let before = self.text.as_bytes().get(..offset).unwrap_or(self.text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Origin::File { path: self.path.to_owned(), line }
    }

    /// The texts of one key, or what is wrong with it: reads after the key's name.
    fn values(
        &self,
        spec: &OptionSpec,
        value: &Spanned<DeValue<'_>>,
    ) -> Result<Vec<Sourced>, String> {
        let one = |value: &Spanned<DeValue<'_>>| -> Result<Sourced, String> {
            let text = scalar(value.get_ref())?;
            Ok(Sourced { text, origin: self.origin(value.span().start) })
        };
        match (spec.kind, value.get_ref()) {
            (Kind::Flag, DeValue::Boolean(_)) | (Kind::Text(_), _) => Ok(vec![one(value)?]),
            (Kind::Flag, other) => {
                Err(format!("is on or off; expected true or false, found {}", other.type_str()))
            }
            (Kind::Pairs(_), DeValue::Table(table)) if spec.key != Key::Dir => table
                .iter()
                .map(|(name, value)| {
                    let text = format!("{}={}", name.get_ref(), scalar(value.get_ref())?);
                    Ok(Sourced { text, origin: self.origin(name.span().start) })
                })
                .collect(),
            (_, DeValue::Array(array)) => array.iter().map(one).collect(),
            (_, _) => Ok(vec![one(value)?]),
        }
    }
}

fn scalar(value: &DeValue<'_>) -> Result<String, String> {
    match value {
        DeValue::String(text) => Ok(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => Ok(number.as_str().replace('_', "")),
        DeValue::Float(number) => Ok(number.as_str().replace('_', "")),
        DeValue::Boolean(value) => Ok(value.to_string()),
        other => Err(format!("takes a text or a number, found {}", other.type_str())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str) -> (PartialOptions, Vec<String>) {
        let mut mistakes = Mistakes::default();
        let layer = parse("wload.toml", text, &mut mistakes);
        (layer, mistakes.lines().to_vec())
    }

    fn texts(layer: &PartialOptions, key: Key) -> Vec<(&str, String)> {
        let values = layer.all(key).unwrap_or_default();
        values.iter().map(|value| (value.text.as_str(), value.origin.to_string())).collect()
    }

    #[test]
    fn values_keep_their_lines() {
        let (layer, mistakes) = check(
            "users = 1_000\nspawn-rate = 2.5\n\nreset-stats = true\ntags = [\"a\",\n  \"b\"]\n\
             option = { size = 3 }\ndata = [\"users=u.csv\"]\n[env]\nTOKEN = \"x\"\n",
        );
        assert_eq!(mistakes, Vec::<String>::new());
        assert_eq!(texts(&layer, Key::Users), [("1000", "wload.toml:1".to_owned())]);
        assert_eq!(texts(&layer, Key::SpawnRate), [("2.5", "wload.toml:2".to_owned())]);
        assert_eq!(texts(&layer, Key::ResetStats), [("true", "wload.toml:4".to_owned())]);
        let tags = [("a", "wload.toml:5".to_owned()), ("b", "wload.toml:6".to_owned())];
        assert_eq!(texts(&layer, Key::Tags), tags);
        assert_eq!(texts(&layer, Key::Option), [("size=3", "wload.toml:7".to_owned())]);
        assert_eq!(texts(&layer, Key::Data), [("users=u.csv", "wload.toml:8".to_owned())]);
        assert_eq!(texts(&layer, Key::Env), [("TOKEN=x", "wload.toml:10".to_owned())]);
    }

    #[test]
    fn every_mistake_has_its_line() {
        let (_, mut mistakes) = check(
            "user = 5\nweb-port = 1\nlist = true\njson = \"yes\"\nhost = [1979-05-27]\n\
             users = { a = 1 }\nzzzz = 1\n",
        );
        mistakes.sort();
        let expected = [
            "wload.toml:1: unknown key `user`; did you mean `users`?",
            "wload.toml:2: `web-port` is for a web page, and this wload has none: runs start at \
             once; leave it out",
            "wload.toml:3: `list` can only be given as the flag `--list`",
            "wload.toml:4: `json` is on or off; expected true or false, found string",
            "wload.toml:5: `host` takes a text or a number, found array",
            "wload.toml:6: `users` takes a text or a number, found table",
            "wload.toml:7: unknown key `zzzz`; keys are the long options of `wload run --help`",
        ];
        assert_eq!(mistakes, expected);
    }

    #[test]
    fn broken_toml_names_the_line_and_does_not_panic() {
        for text in ["users = \n", "= 5", "[[[", "a = \"\\u{110000}\"", "\u{0}", "users = 0x10"] {
            let (_, mistakes) = check(text);
            assert!(!mistakes.is_empty(), "{text:?}");
            assert!(mistakes.iter().all(|line| line.starts_with("wload.toml:1: ")), "{mistakes:?}");
        }
    }
}
