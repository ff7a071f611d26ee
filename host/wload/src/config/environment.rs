//! The layer of environment variables: `WLOAD_*`, below it `LOCUST_*`.
//!
//! Control. Upstream: [`Env`]. Downstream: `resolve.rs`. An empty variable counts as not set, as
//! shells and CI systems often cannot remove one.

use crate::config::{Mistakes, Origin, PartialOptions, Sourced, closest};
use crate::env::Env;
use crate::env_vars;
use crate::options::{Kind, OptionSpec, TABLE};
use crate::refused::REFUSED;

/// What `WLOAD_*` says.
pub(crate) fn own_layer(env: &Env, mistakes: &mut Mistakes) -> PartialOptions {
    layer(env, OptionSpec::own_variable, mistakes)
}

/// What `LOCUST_*` says.
pub(crate) fn locust_layer(env: &Env, mistakes: &mut Mistakes) -> PartialOptions {
    for refused in REFUSED {
        let Some((name, value)) =
            refused.variable.and_then(|name| Some((name, env.variable(name)?)))
        else {
            continue;
        };
        if refused.has_value || boolean(value) != Some(false) {
            mistakes.add(name, format_args!("`--{}` {}", refused.long, refused.why));
        }
    }
    layer(env, |spec| spec.locust_variable().map(str::to_owned), mistakes)
}

/// Variables that look like wload's and are not.
pub(crate) fn unknown_variables(env: &Env) -> Vec<String> {
    let known = env_vars::names();
    env.variables
        .keys()
        .filter(|name| name.starts_with("WLOAD_") && !known.contains(*name))
        .map(|name| match closest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("`{name}` means nothing to wload; did you mean `{meant}`?"),
            None => format!("`{name}` means nothing to wload"),
        })
        .collect()
}

/// On or off, in the words of Locust's configuration.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

fn layer(
    env: &Env,
    variable: impl Fn(&OptionSpec) -> Option<String>,
    mistakes: &mut Mistakes,
) -> PartialOptions {
    let mut layer = PartialOptions::default();
    for spec in TABLE {
        let Some(name) = variable(spec) else { continue };
        let Some(value) = env.variables.get(&name).filter(|value| !value.is_empty()) else {
            continue;
        };
        let Some(value) = value.to_str() else {
            mistakes.add(&name, "the value is not UTF-8");
            continue;
        };
        let origin = Origin::Variable(name);
        let sourced = |text: &str| Sourced { text: text.to_owned(), origin: origin.clone() };
        let values = match spec.kind {
            Kind::Flag | Kind::Text(_) => vec![sourced(value)],
            Kind::List(_) | Kind::Pairs(_) => {
                list(value).into_iter().map(|text| sourced(&text)).collect()
            }
            Kind::Words(_) => value.split_whitespace().map(sourced).collect(),
        };
        layer.set(spec.key, values);
    }
    layer
}

/// One value, or `[a, b]`.
fn list(value: &str) -> Vec<String> {
    match value.trim().strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        None => vec![value.to_owned()],
        Some(inner) => inner
            .split(',')
            .map(|item| item.trim().trim_matches(['"', '\'']).to_owned())
            .filter(|item| !item.is_empty())
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::Key;

    fn env(variables: &[(&str, &str)]) -> Env {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.into()));
        Env { variables: variables.collect(), ..Env::default() }
    }

    fn texts(layer: &PartialOptions, key: Key) -> Vec<&str> {
        layer.all(key).unwrap_or_default().iter().map(|value| value.text.as_str()).collect()
    }

    #[test]
    fn lists_are_one_value_or_bracketed_and_classes_are_words() {
        let env = env(&[
            ("LOCUST_TAGS", "[a, 'b']"),
            ("LOCUST_EXCLUDE_TAGS", "slow ones"),
            ("LOCUST_USER_CLASSES", "Buyer  Browser"),
            ("LOCUST_USERS", "12"),
            ("LOCUST_CSV", ""),
        ]);
        let mut mistakes = Mistakes::default();
        let layer = locust_layer(&env, &mut mistakes);
        assert_eq!(texts(&layer, Key::Tags), ["a", "b"]);
        assert_eq!(texts(&layer, Key::ExcludeTags), ["slow ones"]);
        assert_eq!(texts(&layer, Key::UserClasses), ["Buyer", "Browser"]);
        assert_eq!(texts(&layer, Key::Users), ["12"]);
        assert_eq!(layer.all(Key::Csv), None, "an empty variable is not set");
        assert!(mistakes.is_empty());
    }

    #[test]
    fn variables_of_options_that_are_not_there_are_refused_unless_off() {
        let env = env(&[
            ("LOCUST_MODE_MASTER", "true"),
            ("LOCUST_MODE_WORKER", "false"),
            ("LOCUST_HTML", "report.html"),
        ]);
        let mut mistakes = Mistakes::default();
        locust_layer(&env, &mut mistakes);
        let lines = mistakes.lines();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].starts_with("LOCUST_MODE_MASTER: `--master` "), "{lines:?}");
        assert!(lines[1].starts_with("LOCUST_HTML: `--html` "), "{lines:?}");
    }

    #[test]
    fn a_variable_with_a_typing_error_is_named() {
        let env = env(&[("WLOAD_USER", "5"), ("WLOAD_USERS", "5"), ("LOCUST_X", "1")]);
        assert_eq!(
            unknown_variables(&env),
            ["`WLOAD_USER` means nothing to wload; did you mean `WLOAD_USERS`?"]
        );
    }
}
