//! Texts of all layers to [`Settings`]; collects every mistake, so that they are reported together.
//!
//! Control. Upstream: the layers of `config.rs`. Downstream: commands. Two steps, because some
//! things only the scenario can confirm: [`resolve`] before it is loaded, [`claims::fit`] after.

pub(crate) mod claims;
mod http;
mod limits;
mod selection;
mod values;

use std::fs;
use std::path::Path;
use std::time::Duration;

use tracing::Level;
use wload_core::limits::{CORES_MAX, USERS_MAX};
use wload_core::plan::{Load, RunPlan, SPAWN_RATE_DEFAULT, STOP_TIMEOUT_DEFAULT, USERS_DEFAULT};

pub(crate) use limits::value_text;

use crate::args::run::Typed;
use crate::build::python::PythonSource;
use crate::config::environment::{locust_layer, own_layer};
use crate::config::{Mistakes, Origin, PartialOptions, file};
use crate::env::Env;
use crate::exit_code;
use crate::options::Key;
use crate::resolve::values::{
    Reader, base_url, isolation, log_level, number_from, one_of, spawn_rate,
};
use crate::settings::{
    Claims, Grants, InsteadOfRun, LogSettings, Output, ScenarioSource, Settings,
};
use crate::time_span::{parse_duration, parse_time_span};

/// The configuration file that is read when none is named.
const CONFIG_FILE: &str = "wload.toml";
/// Bytes of a configuration file: one that is larger is none.
const CONFIG_BYTES_MAX: u64 = 1 << 20;
/// The scenario when none is named, as in Locust.
const LOCUSTFILE: &str = "locustfile.py";
/// Between two tables (locust-plugins: 2 seconds).
const STATS_INTERVAL_DEFAULT: Duration = Duration::from_secs(2);

/// Gives everything that was said its meaning. The settings are complete even when there are
/// mistakes, so that the scenario can still be asked about the rest.
pub(crate) fn resolve(env: &Env, typed: Typed) -> (Settings, Mistakes) {
    let (mut mistakes, extras) = (typed.mistakes, typed.extras);
    let own = own_layer(env, &mut mistakes);
    let locust = locust_layer(env, &mut mistakes);
    let above = typed.options.combine(own).combine(locust);
    let file = config_file(env, &above, &mut mistakes);
    let options = above.combine(file);
    let mut reader = Reader { env, options: &options, mistakes };
    let mut settings = settings(&mut reader);
    settings.claims.extras = extras;
    (settings, reader.mistakes)
}

fn config_file(env: &Env, above: &PartialOptions, mistakes: &mut Mistakes) -> PartialOptions {
    let named = above.one(Key::Config);
    let name = named.map_or(CONFIG_FILE, |value| &value.text);
    let path = env.path(name);
    let is_too_large = fs::metadata(&path).is_ok_and(|data| data.len() > CONFIG_BYTES_MAX);
    match fs::read_to_string(&path) {
        _ if is_too_large => {
            mistakes.add(name, format_args!("is larger than {CONFIG_BYTES_MAX} bytes"));
            PartialOptions::default()
        }
        Ok(text) => file::parse(name, &text, mistakes),
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => {
            PartialOptions::default()
        }
        Err(error) => {
            let origin = named.map_or(name.to_owned(), |value| value.origin.to_string());
            mistakes.add(origin, format_args!("failed to read `{name}`: {error}"));
            PartialOptions::default()
        }
    }
}

fn settings(reader: &mut Reader<'_>) -> Settings {
    let limits = limits::limits(reader);
    let plan = RunPlan { statistics: limits.statistics, ..plan(reader) };
    Settings {
        source: scenario(reader),
        claims: claims(reader, &plan),
        plan,
        data_dir: reader.folder(Key::DataDir),
        grants: Grants { dirs: reader.dirs(), env: reader.environment() },
        http: http::http(reader),
        limits,
        isolation: reader.parsed(Key::Isolation, isolation).unwrap_or_default(),
        has_cache: !reader.flag(Key::NoCache),
        output: output(reader),
        log: log(reader),
        code_on_error: reader
            .parsed(Key::ExitCodeOnError, |text| number_from(text, 0, 255))
            .and_then(|code| u8::try_from(code).ok())
            .unwrap_or(exit_code::FAILED),
        fail_on_saturation: reader.flag(Key::FailOnSaturation),
    }
}

fn plan(reader: &mut Reader<'_>) -> RunPlan {
    let users = reader
        .parsed(Key::Users, |text| number_from(text, 1, u64::from(USERS_MAX)))
        .and_then(|users| u32::try_from(users).ok());
    let spawn_rate = reader.parsed(Key::SpawnRate, spawn_rate);
    let run_time = reader.parsed(Key::RunTime, parse_time_span);
    let cores = reader
        .parsed(Key::Cores, |text| number_from(text, 1, u64::from(CORES_MAX)))
        .and_then(|cores| u16::try_from(cores).ok());
    let host = reader.parsed(Key::Host, base_url);
    // Accepted words that change nothing still have to be true or false.
    reader.flag(Key::Headless);
    reader.flag(Key::PrintStats);
    RunPlan {
        load: Load::Constant {
            users: users.unwrap_or(USERS_DEFAULT),
            spawn_rate: spawn_rate.unwrap_or(SPAWN_RATE_DEFAULT),
        },
        // Locust: a run time of 0 is none.
        run_time: run_time.filter(|time| !time.is_zero()),
        target_host: host.filter(|_| !reader.is_from_file(Key::Host)),
        stop_timeout: reader
            .parsed(Key::StopTimeout, parse_time_span)
            .unwrap_or(STOP_TIMEOUT_DEFAULT),
        classes: Vec::new(),
        tags: reader.texts(Key::Tags),
        exclude_tags: reader.texts(Key::ExcludeTags),
        equal_weights: reader.flag(Key::EqualWeights),
        iterations: reader.parsed(Key::Iterations, |text| number_from(text, 1, u64::MAX)),
        reset_stats: reader.flag(Key::ResetStats),
        full_history: reader.flag(Key::CsvFullHistory),
        cores: cores.unwrap_or(reader.env.cores).max(1),
        seed: reader
            .parsed(Key::Seed, |text| number_from(text, 0, u64::MAX))
            .unwrap_or(reader.env.seed),
        options: std::collections::BTreeMap::new(),
        ..RunPlan::default()
    }
}

fn claims(reader: &mut Reader<'_>, plan: &RunPlan) -> Claims {
    reader.refuse_duplicates(Key::Option);
    reader.refuse_duplicates(Key::Data);
    let load_options = [Key::Users, Key::SpawnRate, Key::RunTime]
        .into_iter()
        .filter_map(|key| Some(reader.options.one(key)?.origin.to_string()))
        .collect();
    Claims {
        extras: Vec::new(),
        classes: reader.options.all(Key::UserClasses).unwrap_or_default().to_vec(),
        options: reader.pairs(Key::Option),
        data: reader.data_files(),
        default_host: reader
            .is_from_file(Key::Host)
            .then(|| reader.options.one(Key::Host).map(|host| host.text.clone()))
            .flatten(),
        users: match plan.load {
            Load::Constant { users, .. } => reader.options.one(Key::Users).map(|_| users),
            Load::ScenarioShape => None,
        },
        load_options,
    }
}

fn output(reader: &mut Reader<'_>) -> Output {
    if reader.flag(Key::CsvFullHistory) && reader.options.one(Key::Csv).is_none() {
        let origin = reader.options.one(Key::CsvFullHistory).map(|value| value.origin.to_string());
        reader.mistakes.add(origin.unwrap_or_default(), "needs --csv, too: it adds to its files");
    }
    let instead = [
        (Key::List, InsteadOfRun::List),
        (Key::ShowTaskRatio, InsteadOfRun::TaskRatio),
        (Key::ShowTaskRatioJson, InsteadOfRun::TaskRatioJson),
    ];
    Output {
        csv: reader.file_to_write(Key::Csv),
        json: reader.flag(Key::Json),
        json_file: reader.file_to_write(Key::JsonFile),
        only_summary: reader.flag(Key::OnlySummary),
        interval: reader
            .parsed(Key::ConsoleStatsInterval, parse_duration)
            .unwrap_or(STATS_INTERVAL_DEFAULT),
        instead: instead.into_iter().find(|(key, _)| reader.flag(*key)).map(|(_, what)| what),
    }
}

fn log(reader: &mut Reader<'_>) -> LogSettings {
    let level = reader.parsed(Key::Loglevel, log_level).unwrap_or(Level::INFO);
    LogSettings {
        level: if reader.flag(Key::Verbose) { level.max(Level::DEBUG) } else { level },
        file: reader.file_to_write(Key::Logfile),
        is_off: reader.flag(Key::SkipLogSetup),
    }
}

fn scenario(reader: &mut Reader<'_>) -> Option<ScenarioSource> {
    let python = PythonSource {
        files: Vec::new(),
        include: reader.texts(Key::Include),
        requirements: reader.options.one(Key::Requirements).map(|value| value.text.clone()),
        is_offline: reader.flag(Key::Offline),
    };
    let value = reader.options.one(Key::Locustfile);
    let typed = value.map(|value| value.text.as_str());
    let origin = value.map_or(Origin::Argument("SCENARIO"), |value| value.origin.clone());
    match source_of(reader.env, typed, python) {
        Ok(source) => Some(source),
        Err(mistake) => {
            reader.mistakes.add(origin, mistake);
            None
        }
    }
}

/// What was named, or `locustfile.py` where there is one; for Python with these settings.
///
/// # Errors
/// The mistake, for people.
pub(crate) fn source_of(
    env: &Env,
    typed: Option<&str>,
    python: PythonSource,
) -> Result<ScenarioSource, String> {
    let python = |files| ScenarioSource::Python(PythonSource { files, ..python });
    let Some(typed) = typed else {
        return if env.path(LOCUSTFILE).is_file() {
            Ok(python(vec![LOCUSTFILE.to_owned()]))
        } else {
            Err("no scenario, and no `locustfile.py` here; name a Python file, a `.wasm` component, or the folder of \
                 a Cargo package"
                .to_owned())
        };
    };
    match python_files(env, typed) {
        Some(files) => files.map(python),
        None => scenario_source(typed, &env.path(typed)),
    }
}

/// Python files and folders by comma; none when it is something else.
fn python_files(env: &Env, typed: &str) -> Option<Result<Vec<String>, String>> {
    let is_python = |name: &str| {
        let path = env.path(name);
        let is_file = path.extension().is_some_and(|extension| extension == "py");
        is_file || path.is_dir() && !path.join("Cargo.toml").is_file() && has_python(&path)
    };
    let names: Vec<String> = typed
        .split(',')
        .map(|name| name.trim().to_owned())
        .filter(|name| !name.is_empty())
        .collect();
    if !names.iter().any(|name| is_python(name)) {
        return None;
    }
    let problem = names.iter().find_map(|name| match env.path(name) {
        path if !path.exists() => Some(format!("there is no `{name}`")),
        _ if !is_python(name) => Some(format!("`{name}` is no Python file, and no folder of some")),
        _ => None,
    });
    Some(problem.map_or(Ok(names), Err))
}

fn has_python(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).any(|path| path.extension().is_some_and(|it| it == "py"))
}

fn scenario_source(typed: &str, path: &Path) -> Result<ScenarioSource, String> {
    let data = fs::metadata(path).map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => format!("there is no `{typed}`"),
        _ => format!("failed to look at `{typed}`: {error}"),
    })?;
    let is_manifest = path.file_name().is_some_and(|name| name == "Cargo.toml");
    let folder = if is_manifest { path.parent().unwrap_or(path) } else { path };
    if is_manifest || data.is_dir() {
        return if folder.join("Cargo.toml").is_file() {
            Ok(ScenarioSource::Package(folder.to_owned()))
        } else {
            Err(format!("`{typed}` is a folder without a `Cargo.toml`; expected a Cargo package"))
        };
    }
    let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or("");
    let language =
        [("js", "JavaScript"), ("ts", "TypeScript"), ("go", "Go"), ("c", "C"), ("rs", "Rust")];
    match one_of(extension, &language) {
        Some("Rust") => Err(format!("`{typed}` is one Rust file; name its package's folder")),
        Some(language) => Err(format!(
            "`{typed}` is {language}, which this wload does not build; name a `.wasm` component"
        )),
        None => Ok(ScenarioSource::Component(path.to_owned())),
    }
}

#[cfg(test)]
mod fuzz;
#[cfg(test)]
mod tests;
