//! Everything the command line decides, with its meaning: what `resolve.rs` makes.
//!
//! Control. Upstream: `resolve.rs`. Downstream: commands. Invariants: values are checked as far as
//! that is possible without the scenario; files that are named here could be read.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use tracing::Level;
use wload_core::isolation::Isolation;
use wload_core::limits::Limits;
use wload_core::plan::RunPlan;
use wload_http::{Http1Engine, Protocol, ProxySettings, ResolveRule};

use crate::args::extra::Extra;
use crate::build::python::PythonSource;
use crate::config::Sourced;

/// Settings of `wload run` and `wload check`.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// None: it was not named, or it is not there.
    pub(crate) source: Option<ScenarioSource>,
    /// The plan as far as it does not depend on the scenario.
    pub(crate) plan: RunPlan,
    /// What depends on the scenario.
    pub(crate) claims: Claims,
    pub(crate) data_dir: Option<PathBuf>,
    pub(crate) grants: Grants,
    pub(crate) http: HttpSettings,
    pub(crate) limits: Limits,
    pub(crate) isolation: Isolation,
    pub(crate) has_cache: bool,
    pub(crate) output: Output,
    pub(crate) log: LogSettings,
    /// `--exit-code-on-error`.
    pub(crate) code_on_error: u8,
    pub(crate) fail_on_saturation: bool,
}

/// Where the scenario comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ScenarioSource {
    /// A component that is there.
    Component(PathBuf),
    /// The folder of a Cargo package that is built first.
    Package(PathBuf),
    /// Locustfiles that are built first.
    Python(PythonSource),
}

/// What only the scenario can confirm.
#[derive(Clone, Debug, Default)]
pub(crate) struct Claims {
    pub(crate) classes: Vec<Sourced>,
    /// Flags of the scenario's own.
    pub(crate) extras: Vec<Extra>,
    /// `name=value`.
    pub(crate) options: Vec<Sourced>,
    /// `name=file`, with the file's path.
    pub(crate) data: Vec<(Sourced, PathBuf)>,
    /// A base URL that holds only for classes that declare none.
    pub(crate) default_host: Option<String>,
    /// The number of users that was asked for.
    pub(crate) users: Option<u32>,
    /// Options that a load shape makes meaningless, and that were given.
    pub(crate) load_options: Vec<String>,
}

/// What the scenario may use of this machine; nothing by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Grants {
    pub(crate) dirs: Vec<DirGrant>,
    /// Environment variables.
    pub(crate) env: Vec<(String, String)>,
}

/// A folder that the scenario may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DirGrant {
    /// Here.
    pub(crate) host: PathBuf,
    /// Its name in the scenario.
    pub(crate) guest: String,
    /// The scenario may also write there.
    pub(crate) is_writable: bool,
}

/// How requests are made.
#[derive(Clone, Debug, Default)]
pub(crate) struct HttpSettings {
    /// Certificates do not matter.
    pub(crate) is_insecure: bool,
    /// More certificates to trust: a PEM file's bytes.
    pub(crate) ca_pem: Option<Vec<u8>>,
    /// Certificate and key, PEM files' bytes.
    pub(crate) client_certificate: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) protocol: Protocol,
    pub(crate) http1: Http1Engine,
    pub(crate) tls_session_reuse: bool,
    pub(crate) resolve: Vec<ResolveRule>,
    pub(crate) local_addresses: Vec<IpAddr>,
    pub(crate) proxy: ProxySettings,
}

/// What is written, and where.
#[derive(Clone, Debug, Default)]
pub(crate) struct Output {
    /// Prefix of the four CSV files.
    pub(crate) csv: Option<PathBuf>,
    pub(crate) json: bool,
    /// `.json` is appended to it.
    pub(crate) json_file: Option<PathBuf>,
    pub(crate) only_summary: bool,
    /// Between two tables.
    pub(crate) interval: Duration,
    /// Print this instead of a run.
    pub(crate) instead: Option<InsteadOfRun>,
}

/// What can be printed instead of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InsteadOfRun {
    List,
    TaskRatio,
    TaskRatioJson,
}

/// Where log lines go.
#[derive(Clone, Debug)]
pub(crate) struct LogSettings {
    pub(crate) level: Level,
    pub(crate) file: Option<PathBuf>,
    /// No log lines and no tables.
    pub(crate) is_off: bool,
}
