//! The second step of `resolve.rs`: what only the scenario can confirm.
//!
//! Control. Upstream: [`Settings`] and the scenario's declarations. Downstream: the plan of the run.

use wload_core::plan::Load;
use wload_core::user_class::{OptionSpec, ScenarioInfo};

use crate::config::{Mistakes, Sourced, closest};
use crate::settings::Settings;

/// Completes the plan with what the scenario declares; adds what it does not confirm. Answers what
/// the person should know.
pub(crate) fn fit(
    settings: &mut Settings,
    info: &ScenarioInfo,
    mistakes: &mut Mistakes,
) -> Vec<String> {
    let mut warnings = Vec::new();
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
    if settings.plan.target_host.is_none() {
        warnings.extend(default_host(settings, info));
    }
    warnings
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

fn tables(settings: &Settings, info: &ScenarioInfo, mistakes: &mut Mistakes) {
    let names = || info.tables.iter().map(|table| table.name.as_str());
    for (pair, _) in &settings.claims.data {
        let (name, _) = name_and_value(pair);
        if !names().any(|table| table == name) {
            mistakes.add(&pair.origin, unknown("table", name, names()));
        }
    }
}

/// The host of the configuration file holds only where the scenario declares none. The plan has one
/// host for all classes, so a scenario in which only some declare one keeps its own.
fn default_host(settings: &mut Settings, info: &ScenarioInfo) -> Option<String> {
    let host = settings.claims.default_host.clone()?;
    let chosen = &settings.plan.classes;
    let (with, without): (Vec<_>, Vec<_>) = info
        .classes
        .iter()
        .filter(|class| chosen.is_empty() || chosen.contains(&class.name))
        .partition(|class| class.target_host.is_some());
    if with.is_empty() {
        settings.plan.target_host = Some(host);
        return None;
    }
    (!without.is_empty()).then(|| {
        let names = quoted(without.iter().map(|class| class.name.as_str()));
        format!(
            "other classes declare a host, so `{host}` of the configuration file is not used for \
             {names}; give it as --host to use it for all"
        )
    })
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
