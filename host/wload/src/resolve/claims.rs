//! The second step of `resolve.rs`: what only the scenario can confirm.
//!
//! Control. Upstream: [`Settings`] and the scenario's declarations. Downstream: the plan of the run.

use wload_core::plan::Load;
use wload_core::user_class::{OptionKind, OptionSpec, ScenarioInfo};

use crate::args::extra::{Extra, meant};
use crate::config::{Mistakes, Origin, Sourced, closest};
use crate::options::is_locusts_flag;
use crate::resolve::selection::{NOBODY, select};
use crate::settings::Settings;

/// What is wrong with a flag that a scenario cannot have.
const LOCUSTS_FLAG: &str = "the scenario declares this argument, which Locust and wload have themselves: \
                            give it another name";

/// Completes the plan with what the scenario declares; adds what it does not confirm. Answers the
/// part of the declaration that runs, and what the person should know.
pub(crate) fn fit(
    settings: &mut Settings,
    info: &ScenarioInfo,
    mistakes: &mut Mistakes,
) -> (ScenarioInfo, Vec<String>) {
    let mut warnings = Vec::new();
    flags(info, mistakes);
    extras(settings, info, mistakes);
    classes(settings, info, mistakes);
    options(settings, info, mistakes);
    tables(settings, info, mistakes);
    if info.has_shape {
        settings.plan.load = Load::ScenarioShape;
        settings.plan.run_time = None;
        let given = settings.claims.load_options.join(", ");
        if !given.is_empty() {
            warnings.push(format!("the scenario has a load shape: {given} have no effect"));
        }
    }
    let (mut selected, without_tasks) = select(info, &settings.plan);
    for name in without_tasks {
        warnings.push(format!("{name} had no tasks left after filtering: it gets no users"));
    }
    if mistakes.is_empty() && selected.classes.iter().all(|class| class.share == NOBODY) {
        mistakes.add("SCENARIO", nothing_left(settings));
    }
    if let Some(host) = &settings.claims.default_host {
        for class in &mut selected.classes {
            class.target_host.get_or_insert_with(|| host.clone());
        }
    }
    (selected, warnings)
}

fn nothing_left(settings: &Settings) -> &'static str {
    if settings.plan.tags.is_empty() && settings.plan.exclude_tags.is_empty() {
        "no user class is left that may have users: the weights of all are 0"
    } else {
        "no task is left to run; look at --tags and --exclude-tags"
    }
}

fn classes(settings: &mut Settings, info: &ScenarioInfo, mistakes: &mut Mistakes) {
    let names = || info.classes.iter().map(|class| class.name.as_str());
    for class in &settings.claims.classes {
        if !names().any(|name| name == class.text) {
            mistakes.add(&class.origin, unknown("user class", &class.text, names()));
        } else if !settings.plan.classes.contains(&class.text) {
            settings.plan.classes.push(class.text.clone());
        }
    }
}

fn options(settings: &mut Settings, info: &ScenarioInfo, mistakes: &mut Mistakes) {
    let names = || info.options.iter().map(|option| option.name.as_str());
    for pair in &settings.claims.options {
        let (name, value) = name_and_value(pair);
        match info.options.iter().find(|option| option.name == name) {
            None => mistakes.add(&pair.origin, unknown("option", name, names())),
            Some(option) if !is_choice(option, value) => {
                let shown = if option.secret { "the value" } else { &format!("`{value}`") };
                let choices = quoted(option.choices.iter().map(String::as_str));
                let text = format!("{shown} is no choice of option `{name}`; expected {choices}");
                mistakes.add(&pair.origin, text);
            }
            Some(_) => {
                settings.plan.options.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

/// Flags that a scenario cannot have.
fn flags(info: &ScenarioInfo, mistakes: &mut Mistakes) {
    for flag in info.options.iter().flat_map(|option| &option.flags) {
        if is_locusts_flag(flag) {
            mistakes.add(flag, LOCUSTS_FLAG);
        }
    }
}

/// Flags of the scenario's own; words that they do not take are user classes.
fn extras(settings: &mut Settings, info: &ScenarioInfo, mistakes: &mut Mistakes) {
    for extra in std::mem::take(&mut settings.claims.extras) {
        let has_flag = |option: &&OptionSpec| option.flags.contains(&extra.flag);
        let Some(option) = info.options.iter().find(has_flag) else {
            mistakes.add(&extra.flag, unexpected(&extra, info));
            continue;
        };
        match value_of(option, &extra) {
            Ok((value, words)) => {
                let class = |text: &String| Sourced {
                    text: text.clone(),
                    origin: Origin::Argument("UserClass"),
                };
                settings.claims.classes.extend(words.iter().map(class));
                settings.plan.options.insert(option.name.clone(), value);
            }
            Err(mistake) => mistakes.add(&extra.flag, mistake),
        }
    }
}

/// A flag that nobody has.
pub(crate) fn unexpected(extra: &Extra, info: &ScenarioInfo) -> String {
    let text =
        format!("unexpected argument '{}': neither wload nor the scenario has it", extra.flag);
    let flags = info.options.iter().flat_map(|option| option.flags.iter().map(String::as_str));
    match closest(&extra.flag, flags).map(str::to_owned).or_else(|| meant(&extra.flag)) {
        Some(meant) => format!("{text}; did you mean '{meant}'?"),
        None => text,
    }
}

/// The value that was typed, and the words behind it.
fn value_of<'a>(option: &OptionSpec, extra: &'a Extra) -> Result<(String, &'a [String]), String> {
    let words = extra.words.as_slice();
    let (value, rest) = match (option.kind, &extra.inline) {
        (OptionKind::Flag | OptionKind::InverseFlag, Some(_)) => {
            return Err("takes no value".to_owned());
        }
        (OptionKind::Flag, None) => ("true".to_owned(), words),
        (OptionKind::InverseFlag, None) => ("false".to_owned(), words),
        (OptionKind::Several, None) => (words.join("\n"), &words[words.len()..]),
        (_, Some(value)) => (value.clone(), words),
        (_, None) => match words.split_first() {
            Some((value, rest)) => (value.clone(), rest),
            None => return Err("expected a value".to_owned()),
        },
    };
    let shown = if option.secret { "the value" } else { &format!("`{value}`") };
    match option.kind {
        OptionKind::Integer if value.trim().parse::<i128>().is_err() => {
            Err(format!("{shown} is not a whole number"))
        }
        OptionKind::Number if value.trim().parse::<f64>().is_err() => {
            Err(format!("{shown} is not a number"))
        }
        OptionKind::Several => Ok((value, rest)),
        _ if !is_choice(option, &value) => {
            let choices = quoted(option.choices.iter().map(String::as_str));
            Err(format!("{shown} is no choice; expected {choices}"))
        }
        _ => Ok((value, rest)),
    }
}

fn tables(settings: &Settings, info: &ScenarioInfo, mistakes: &mut Mistakes) {
    let names = || info.tables.iter().map(|table| table.name.as_str());
    for (pair, _) in &settings.claims.data {
        let (name, _) = name_and_value(pair);
        if !names().any(|table| table == name) {
            mistakes.add(&pair.origin, unknown("table", name, names()));
        }
    }
}

fn name_and_value(pair: &Sourced) -> (&str, &str) {
    pair.text.split_once('=').unwrap_or((&pair.text, ""))
}

fn is_choice(option: &OptionSpec, value: &str) -> bool {
    option.choices.is_empty() || option.choices.iter().any(|choice| choice == value)
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str> + Clone) -> String {
    let text = format!("the scenario has no {what} `{name}`");
    match closest(name, known.clone()) {
        Some(meant) => format!("{text}; did you mean `{meant}`?"),
        None if known.clone().next().is_none() => format!("{text}; it has none at all"),
        None => format!("{text}; it has {}", quoted(known)),
    }
}

fn quoted<'a>(names: impl Iterator<Item = &'a str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
