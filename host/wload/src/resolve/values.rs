//! What single values mean, and what is said when they mean nothing.
//!
//! Control: the lower half of `resolve.rs`. Texts read after the origin: `--users: ...`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use tracing::Level;
use url::Url;
use wload_core::isolation::Isolation;
use wload_core::limits::TABLE_BYTES_MAX;

use crate::config::environment::boolean;
use crate::config::{Mistakes, Origin, PartialOptions, Sourced, pair_name};
use crate::env::Env;
use crate::options::Key;
use crate::settings::DirGrant;

/// Reads options and keeps the mistakes.
pub(super) struct Reader<'a> {
    pub(super) env: &'a Env,
    pub(super) options: &'a PartialOptions,
    pub(super) mistakes: Mistakes,
}

impl Reader<'_> {
    /// The value of an option that takes one text; none when it is not there or wrong.
    pub(super) fn parsed<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        let value = self.options.one(key)?;
        match parse(&value.text) {
            Ok(parsed) => Some(parsed),
            Err(mistake) => {
                self.mistakes.add(&value.origin, mistake);
                None
            }
        }
    }

    /// The values of an option that may be given several times; wrong ones are left out.
    pub(super) fn each<T>(
        &mut self,
        key: Key,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Vec<T> {
        let mut parsed = Vec::new();
        for value in self.options.all(key).unwrap_or_default() {
            match parse(&value.text) {
                Ok(value) => parsed.push(value),
                Err(mistake) => self.mistakes.add(&value.origin, mistake),
            }
        }
        parsed
    }

    /// Whether an option is on. May be asked twice; a mistake is kept once.
    pub(super) fn flag(&mut self, key: Key) -> bool {
        let Some(value) = self.options.one(key) else { return false };
        boolean(&value.text).unwrap_or_else(|| {
            let text = format!("`{}` is neither on nor off; expected true or false", value.text);
            self.mistakes.add_once(&value.origin, text);
            false
        })
    }

    /// The value that counts is that of the configuration file.
    pub(super) fn is_from_file(&self, key: Key) -> bool {
        self.options.one(key).is_some_and(|value| matches!(value.origin, Origin::File { .. }))
    }

    /// Texts of a list.
    pub(super) fn texts(&self, key: Key) -> Vec<String> {
        let values = self.options.all(key).unwrap_or_default();
        values.iter().map(|value| value.text.clone()).collect()
    }

    /// The same name twice in one layer: only one can be meant.
    pub(super) fn refuse_duplicates(&mut self, key: Key) {
        let mut seen = BTreeSet::new();
        for value in self.options.all(key).unwrap_or_default() {
            let name = pair_name(key, &value.text);
            if !seen.insert(name) {
                self.mistakes.add(&value.origin, format_args!("`{name}` is given twice"));
            }
        }
    }

    /// Pairs `name=value`.
    pub(super) fn pairs(&mut self, key: Key) -> Vec<Sourced> {
        let mut pairs = Vec::new();
        for value in self.options.all(key).unwrap_or_default() {
            match value.text.split_once('=') {
                Some((name, _)) if !name.is_empty() => pairs.push(value.clone()),
                _ => {
                    let text = format!("`{}` has no name; expected name=value", value.text);
                    self.mistakes.add(&value.origin, text);
                }
            }
        }
        pairs
    }

    /// Files of the scenario's tables.
    pub(super) fn data_files(&mut self) -> Vec<(Sourced, PathBuf)> {
        let mut files = Vec::new();
        for pair in self.pairs(Key::Data) {
            let typed = pair.text.split_once('=').map_or("", |(_, file)| file);
            let path = self.env.path(typed);
            match fs::File::open(&path).and_then(|file| file.metadata()) {
                Err(error) => {
                    self.mistakes
                        .add(&pair.origin, format_args!("failed to read `{typed}`: {error}"));
                }
                Ok(data) if !data.is_file() => {
                    self.mistakes.add(&pair.origin, format_args!("`{typed}` is not a file"));
                }
                Ok(data) if data.len() > TABLE_BYTES_MAX => {
                    let text = format!(
                        "`{typed}` has {} bytes; a table may have {TABLE_BYTES_MAX}",
                        data.len()
                    );
                    self.mistakes.add(&pair.origin, text);
                }
                Ok(_) => files.push((pair, path)),
            }
        }
        files
    }

    /// A folder that is there.
    pub(super) fn folder(&mut self, key: Key) -> Option<PathBuf> {
        let env = self.env;
        self.parsed(key, |typed| existing_folder(env, typed))
    }

    /// Folders for the scenario: `host::guest`, `host::guest::rw`.
    pub(super) fn dirs(&mut self) -> Vec<DirGrant> {
        self.refuse_duplicates(Key::Dir);
        let mut dirs = Vec::new();
        for value in self.options.all(Key::Dir).unwrap_or_default() {
            match dir_grant(self.env, &value.text) {
                Ok(grant) => dirs.push(grant),
                Err(mistake) => self.mistakes.add(&value.origin, mistake),
            }
        }
        dirs
    }

    /// Environment variables for the scenario: `name=value`, or `name` as it is here.
    pub(super) fn environment(&mut self) -> Vec<(String, String)> {
        self.refuse_duplicates(Key::Env);
        let mut variables = Vec::new();
        for value in self.options.all(Key::Env).unwrap_or_default() {
            let name = pair_name(Key::Env, &value.text);
            let given = match value.text.split_once('=') {
                Some((_, given)) => Some(given),
                None => self.env.variables.get(name).and_then(|here| here.to_str()),
            };
            match given {
                _ if name.is_empty() => {
                    self.mistakes.add(&value.origin, "there is no name; expected name=value");
                }
                Some(given) => variables.push((name.to_owned(), given.to_owned())),
                None => {
                    let text = format!("`{name}` is not set here, or is not UTF-8");
                    self.mistakes.add(&value.origin, text);
                }
            }
        }
        variables
    }

    /// A PEM file with certificates.
    pub(super) fn certificates(&mut self, key: Key) -> Option<Vec<u8>> {
        self.pem(key, "CERTIFICATE", "certificate")
    }

    /// The bytes of a PEM file with a private key.
    pub(super) fn private_key(&mut self, key: Key) -> Option<Vec<u8>> {
        self.pem(key, "PRIVATE KEY", "private key")
    }

    fn pem(&mut self, key: Key, mark: &str, what: &str) -> Option<Vec<u8>> {
        let env = self.env;
        self.parsed(key, |typed| {
            let bytes = fs::read(env.path(typed))
                .map_err(|error| format!("failed to read `{typed}`: {error}"))?;
            // A key may say of which kind it is: `BEGIN EC PRIVATE KEY`.
            let end = format!("{mark}-----");
            if bytes.windows(end.len()).any(|window| window == end.as_bytes()) {
                Ok(bytes)
            } else {
                Err(format!("`{typed}` has no {what} in it; expected a PEM file"))
            }
        })
    }

    /// The name of a file that will be written.
    pub(super) fn file_to_write(&mut self, key: Key) -> Option<PathBuf> {
        let env = self.env;
        self.parsed(key, |typed| {
            if typed.is_empty() {
                return Err("there is no name".to_owned());
            }
            let path = env.path(typed);
            // A name that ends in a slash is a folder, and `join` would hide that.
            if typed.ends_with('/') || path.is_dir() {
                return Err(format!("`{typed}` is a folder; expected the name of a file"));
            }
            Ok(path)
        })
    }
}

fn dir_grant(env: &Env, text: &str) -> Result<DirGrant, String> {
    let (host, guest, is_writable) = match *text.split("::").collect::<Vec<_>>() {
        [host, guest] => (host, guest, false),
        [host, guest, "ro"] => (host, guest, false),
        [host, guest, "rw"] => (host, guest, true),
        _ => return Err(format!("`{text}` is not of the form HOST::GUEST or HOST::GUEST::rw")),
    };
    if guest.is_empty() {
        return Err(format!("`{text}` has no folder after `::`"));
    }
    Ok(DirGrant { host: existing_folder(env, host)?, guest: guest.to_owned(), is_writable })
}

fn existing_folder(env: &Env, typed: &str) -> Result<PathBuf, String> {
    let path = env.path(typed);
    if !typed.is_empty() && path.is_dir() {
        Ok(path)
    } else {
        Err(format!("`{typed}` is not a folder"))
    }
}

/// A whole number in a range, both ends included.
pub(super) fn number_from(text: &str, min: u64, max: u64) -> Result<u64, String> {
    let number = text.trim().parse::<u64>().ok();
    number.filter(|number| (min..=max).contains(number)).ok_or_else(|| {
        if max == u64::MAX {
            format!("`{text}` is not a whole number of at least {min}")
        } else {
            format!("`{text}` is not a whole number from {min} to {max}")
        }
    })
}

/// Users per second.
pub(super) fn spawn_rate(text: &str) -> Result<f64, String> {
    let rate = text.trim().parse::<f64>().ok();
    rate.filter(|rate| rate.is_finite() && *rate > 0.0)
        .ok_or_else(|| format!("`{text}` is not a number of users per second; must be > 0"))
}

/// A base URL, as it was typed: paths are appended to it.
pub(super) fn base_url(text: &str) -> Result<String, String> {
    let hint = || match text.contains("://") {
        true => String::from("expected for example `https://shop.example`"),
        false => format!("did you mean `http://{text}`?"),
    };
    let url =
        Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}; {}", hint()))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{text}` does not begin with `http://` or `https://`; {}", hint()));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!(
            "`{text}` has a `?` or `#`, and paths are appended to it; leave it out"
        ));
    }
    Ok(text.to_owned())
}

/// Locust's names of levels; the most severe that we have is `ERROR`.
pub(super) fn log_level(text: &str) -> Result<Level, String> {
    match text.to_ascii_uppercase().as_str() {
        "DEBUG" => Ok(Level::DEBUG),
        "INFO" => Ok(Level::INFO),
        "WARNING" => Ok(Level::WARN),
        "ERROR" | "CRITICAL" => Ok(Level::ERROR),
        _ => Err(format!(
            "`{text}` is not a level; expected DEBUG, INFO, WARNING, ERROR or CRITICAL"
        )),
    }
}

pub(super) fn isolation(text: &str) -> Result<Isolation, String> {
    let known = Isolation::ALL.into_iter().find(|mode| mode.name() == text);
    known.ok_or_else(|| format!("`{text}` is no isolation; expected pinned, reuse or fresh"))
}

/// The second of the pair whose first is `name`.
pub(super) fn one_of<'a>(name: &str, pairs: &[(&str, &'a str)]) -> Option<&'a str> {
    pairs.iter().find(|(first, _)| *first == name).map(|(_, second)| *second)
}
