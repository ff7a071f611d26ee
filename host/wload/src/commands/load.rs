//! From what was typed to a scenario: build, read, compile, ask. Shared by `run` and `check`.
//!
//! Upstream: `resolve.rs`. Downstream: `wload-scenario`. Invariant: mistakes of all steps that can be
//! made without building anything are reported together.

use std::error::Error;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use wload_core::user_class::{OptionSpec, ScenarioInfo};
use wload_http::HttpShared;
use wload_scenario::{
    CompileOptions, Compiled, DataSource, DirGrant, Grants, RunSettings, Scenario, ScenarioError,
};

use crate::args::{self, run::Typed};
use crate::build;
use crate::build::python::{PythonComponent, PythonSource};
use crate::commands::compile_child::CompileApart;
use crate::commands::refuse;
use crate::config::environment::unknown_variables;
use crate::env::Env;
use crate::env_vars::CACHE_DIR;
use crate::error::CliError;
use crate::printer::Printer;
use crate::resolve::{claims, resolve};
use crate::settings::{ScenarioSource, Settings};

/// A scenario that has said what it is, and settings that agree with it.
pub(super) struct Loaded {
    pub(super) settings: Settings,
    pub(super) compiled: Compiled,
    /// What runs: the chosen classes and tasks.
    pub(super) info: Arc<ScenarioInfo>,
    /// For people: the component's path.
    pub(super) component: PathBuf,
    /// Of locustfiles.
    folder: Option<PathBuf>,
    /// What the person should know.
    pub(super) warnings: Vec<String>,
}

/// Does everything up to the point where the machine is asked for memory.
///
/// # Errors
/// All mistakes at once; or the first thing that broke.
pub(super) async fn load(
    env: &Env,
    printer: &Printer,
    typed: Typed,
    users_hint: impl Fn(&Settings) -> u32,
) -> Result<Loaded, CliError> {
    let (mut settings, mut mistakes) = resolve(env, typed);
    if matches!(settings.source, None | Some(ScenarioSource::Package(_))) {
        // Nobody can declare them any more, or in Rust at all.
        for extra in &settings.claims.extras {
            mistakes.add(&extra.flag, claims::unexpected(extra, &ScenarioInfo::default()));
        }
        settings.claims.extras.clear();
    }
    let (mut shared, mut folder) = (Vec::new(), None);
    let component = match &settings.source {
        Some(ScenarioSource::Component(path)) => path.clone(),
        // Nobody wants to wait for a build to hear of a typing error.
        Some(ScenarioSource::Package(folder)) if mistakes.is_empty() => {
            build::component(env, folder)?
        }
        Some(ScenarioSource::Python(source)) if mistakes.is_empty() => {
            let built = python_component(env, printer, source)?;
            (shared, folder) = (built.shared, Some(built.folder));
            built.path
        }
        _ => return Err(refuse(&mistakes)),
    };
    let compiled = match compile(env, printer, &settings, &component, users_hint(&settings)).await {
        Ok(compiled) => compiled,
        Err(error) if mistakes.is_empty() => return Err(error),
        Err(error) => {
            mistakes.add("SCENARIO", error.text());
            return Err(refuse(&mistakes));
        }
    };
    if let Some(typed) = args::parse_for(env, &compiled.info().options) {
        match typed {
            Ok(typed) => (settings, mistakes) = resolve(env, typed),
            Err(error) => mistakes.add("SCENARIO", first_line(&error)),
        }
    }
    let (info, mut warnings) = claims::fit(&mut settings, compiled.info(), &mut mistakes);
    if !mistakes.is_empty() {
        return Err(refuse(&mistakes));
    }
    warnings.extend(shared);
    warnings.extend(unknown_variables(env));
    warnings.extend(
        compiled.cache_problem().map(|why| format!("failed to keep the compiled scenario: {why}")),
    );
    Ok(Loaded { settings, compiled, info: Arc::new(info), component, folder, warnings })
}

/// What clap says, without its usage.
fn first_line(error: &clap::Error) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.strip_prefix("error: ").unwrap_or(line).to_owned()
}

/// The component of locustfiles.
///
/// # Errors
/// When it cannot be built, and when there is no place for it.
pub(super) fn python_component(
    env: &Env,
    printer: &Printer,
    source: &PythonSource,
) -> Result<PythonComponent, CliError> {
    let cache = cache_folder(env).ok_or_else(|| {
        CliError::broken("there is no cache folder to build in")
            .with_hint("name one by WLOAD_CACHE_DIR")
    })?;
    build::python::component(env, printer, source, &cache)
}

async fn compile(
    env: &Env,
    printer: &Printer,
    settings: &Settings,
    component: &Path,
    users_hint: u32,
) -> Result<Compiled, CliError> {
    let shown = component.display();
    let bytes =
        read_at_most(component, settings.limits.load.component_bytes_max).map_err(|error| {
            CliError::broken(format!("failed to read scenario `{shown}`")).caused_by(&error)
        })?;
    let cache_folder = settings.has_cache.then(|| cache_folder(env)).flatten();
    let load = settings.limits.load;
    let options = CompileOptions {
        users_hint,
        load,
        limits: settings.limits.guest,
        cache_folder: cache_folder.as_deref(),
        compiler: &CompileApart { program: env.program.clone(), limits: load },
    };
    let _notice = printer.notice_when_slow(format!("Compiling {shown} ..."));
    Compiled::new(&bytes, &options)
        .await
        .map_err(|error| scenario_error(&format!("failed to load scenario `{shown}`"), &error))
}

/// A file up to the limit and one byte, so that it can be told that it is larger: a file may have no end.
fn read_at_most(path: &Path, limit: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let mut bytes = Vec::new();
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// How an option of the scenario is given.
fn ways_to_give(option: &OptionSpec) -> String {
    option
        .flags
        .iter()
        .cloned()
        .chain([format!("--option {}=VALUE", option.name)])
        .collect::<Vec<_>>()
        .join(", ")
}

/// Reserves the machine's memory for this many users.
///
/// # Errors
/// When the machine does not carry them, or a file of the scenario cannot be read.
pub(super) fn prepare(
    env: &Env,
    loaded: Loaded,
    users_max: u32,
) -> Result<(Settings, Scenario), CliError> {
    let Loaded { settings, compiled, info, component, folder, .. } = loaded;
    let shown = component.display();
    let scenario_folder = match &settings.source {
        Some(ScenarioSource::Package(folder)) => Some(folder.clone()),
        Some(ScenarioSource::Python(_)) => folder,
        _ => component.parent().map(Path::to_owned),
    };
    let files = settings.claims.data.iter().map(|(pair, path)| {
        let name = pair.text.split_once('=').map_or(pair.text.as_str(), |(name, _)| name);
        (name.to_owned(), path.clone())
    });
    let options = options(env, &settings, &info);
    let missing =
        info.options.iter().find(|option| option.required && !options.contains_key(&option.name));
    if let Some(option) = missing {
        return Err(CliError::usage(format!(
            "the scenario needs a value of `{}`: {}",
            option.name,
            ways_to_give(option)
        )));
    }
    let run = RunSettings {
        users_max,
        info: info.clone(),
        grants: grants(&settings),
        data: DataSource {
            folder: settings.data_dir.clone().or(scenario_folder),
            files: files.collect(),
        },
        options,
        target_host: settings.plan.target_host.clone(),
        seed: settings.plan.seed,
        isolation: settings.isolation,
        instances: settings.limits.instances,
    };
    let scenario = compiled.prepare(run).map_err(|error| {
        scenario_error(&format!("failed to prepare scenario `{shown}`"), &error)
    })?;
    Ok((settings, scenario))
}

fn grants(settings: &Settings) -> Grants {
    let dir = |dir: &crate::settings::DirGrant| DirGrant {
        host: dir.host.clone(),
        guest: dir.guest.clone(),
        is_writable: dir.is_writable,
    };
    Grants {
        dirs: settings.grants.dirs.iter().map(dir).collect(),
        env: settings.grants.env.clone(),
    }
}

/// What was set, and the defaults of the rest.
fn options(
    env: &Env,
    settings: &Settings,
    info: &ScenarioInfo,
) -> std::collections::BTreeMap<String, String> {
    let defaults = info
        .options
        .iter()
        .filter_map(|option| Some((option.name.clone(), option.default_value.clone()?)));
    let variables = info.options.iter().filter_map(|option| {
        let value = env.variable(option.variable.as_deref()?)?;
        Some((option.name.clone(), value.to_owned()))
    });
    defaults.chain(variables).chain(settings.plan.options.clone()).collect()
}

/// What all users share about HTTP.
///
/// # Errors
/// When the certificates are none.
pub(super) fn http(settings: &Settings) -> Result<Arc<HttpShared>, CliError> {
    let http = &settings.http;
    HttpShared::new(wload_http::HttpSettings {
        limits: settings.limits.http,
        extra_roots_pem: http.ca_pem.clone().unwrap_or_default(),
        insecure: http.is_insecure,
        client_certificate: http.client_certificate.clone().map(|(certificates_pem, key_pem)| {
            wload_http::ClientCertificate { certificates_pem, key_pem }
        }),
        tls_session_reuse: http.tls_session_reuse,
        protocol: http.protocol,
        http1: http.http1,
        resolve: http.resolve.clone(),
        local_addresses: http.local_addresses.clone(),
        proxy: http.proxy.clone(),
    })
    .map_err(|error| CliError::broken("failed to set up HTTP").caused_by(&error))
}

fn scenario_error(message: &str, error: &ScenarioError) -> CliError {
    let cli = CliError::broken(message).caused_by(error as &dyn Error);
    match error.hint() {
        Some(hint) => cli.with_hint(hint),
        None => cli,
    }
}

/// The user's cache folder, as the system has it.
fn cache_folder(env: &Env) -> Option<PathBuf> {
    let named = env.variable(CACHE_DIR).map(|folder| env.path(folder));
    let system =
        || env.variable("XDG_CACHE_HOME").or(env.variable("LOCALAPPDATA")).map(PathBuf::from);
    let home = || env.variable("HOME").map(|home| Path::new(home).join(".cache"));
    named.or_else(|| Some(system().or_else(home)?.join("wload")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ways_to_give_an_option_are_named() {
        let flags = ["-i", "--iterations", "--my-argument"].map(str::to_owned).to_vec();
        let option = OptionSpec { name: "rounds".to_owned(), flags, ..OptionSpec::default() };
        assert_eq!(ways_to_give(&option), "-i, --iterations, --my-argument, --option rounds=VALUE");
    }
}
