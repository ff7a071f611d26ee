//! Options that a scenario declares and the command line sets: `--option name=value`.
//!
//! Upstream: a `static` of the author, listed in [`scenario!`](crate::scenario). Downstream: the
//! host's command line.

use std::fmt::{self, Display};
use std::str::FromStr;

use crate::bindings::exports::wload::scenario::users;
use crate::bindings::wload::scenario::options;

/// An option of the scenario.
///
/// ```no_run
/// use wload_sdk::prelude::*;
///
/// static LIMIT: ScenarioOption =
///     ScenarioOption::new("limit").help("products on one page").default_value("20");
///
/// # #[derive(Default)] struct Shopper;
/// # impl User for Shopper { fn define() -> UserClass<Self> { UserClass::new("Shopper") } }
/// fn browse() -> TaskResult {
///     let limit: u32 = LIMIT.parse()?;
///     info!("{limit} products on one page");
///     Ok(())
/// }
///
/// scenario!(users: [Shopper], options: [LIMIT]);
/// # fn main() {}
/// ```
#[derive(Clone, Copy, Debug)]
pub struct ScenarioOption {
    name: &'static str,
    help: &'static str,
    default_value: Option<&'static str>,
    choices: &'static [&'static str],
    is_secret: bool,
}

impl ScenarioOption {
    /// An option without default that takes any value.
    pub const fn new(name: &'static str) -> Self {
        Self { name, help: "", default_value: None, choices: &[], is_secret: false }
    }

    /// What it is for, for who reads the list of options.
    #[must_use]
    pub const fn help(mut self, help: &'static str) -> Self {
        self.help = help;
        self
    }

    /// Its value when the command line has none.
    #[must_use]
    pub const fn default_value(mut self, value: &'static str) -> Self {
        self.default_value = Some(value);
        self
    }

    /// The only values that are allowed.
    #[must_use]
    pub const fn choices(mut self, choices: &'static [&'static str]) -> Self {
        self.choices = choices;
        self
    }

    /// Its value is not shown in reports.
    #[must_use]
    pub const fn secret(mut self) -> Self {
        self.is_secret = true;
        self
    }

    /// Its value, from the command line or by default.
    pub fn get(&self) -> Option<String> {
        options::get(self.name)
    }

    /// Its value as a `T`.
    ///
    /// # Errors
    /// When it has no value, and when the value is no `T`.
    pub fn parse<T: FromStr<Err: Display>>(&self) -> Result<T, OptionError> {
        parse(self.name, self.get())
    }

    pub(crate) fn to_contract(self) -> users::OptionSpec {
        users::OptionSpec {
            name: self.name.to_owned(),
            help: self.help.to_owned(),
            default_value: self.default_value.map(str::to_owned),
            choices: self.choices.iter().map(|choice| (*choice).to_owned()).collect(),
            secret: self.is_secret,
            flags: Vec::new(),
            kind: users::OptionKind::Text,
            variable: None,
            required: false,
        }
    }
}

fn parse<T: FromStr<Err: Display>>(
    name: &'static str,
    value: Option<String>,
) -> Result<T, OptionError> {
    let Some(text) = value else {
        let what = format!("it has no value; run with `--option {name}=VALUE`");
        return Err(OptionError { name, what });
    };
    text.parse().map_err(|error| OptionError { name, what: format!("`{text}`: {error}") })
}

/// An option whose value cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionError {
    name: &'static str,
    what: String,
}

impl Display for OptionError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "option `{}`: {}", self.name, self.what)
    }
}

impl std::error::Error for OptionError {}

/// All options with a value, by name.
pub fn all() -> Vec<(String, String)> {
    options::get_all()
}

/// The base URL of this user.
pub fn target_host() -> Option<String> {
    options::target_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_cannot_be_used_is_named_with_its_option() {
        assert_eq!(parse("limit", Some("20".into())), Ok(20_u8));
        let error = parse::<u8>("limit", Some("x".into())).unwrap_err().to_string();
        assert_eq!(error, "option `limit`: `x`: invalid digit found in string");
        let error = parse::<u8>("limit", None).unwrap_err().to_string();
        assert!(error.contains("run with `--option limit=VALUE`"), "{error}");
    }
}
