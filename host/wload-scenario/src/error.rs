//! Why a scenario could not be loaded or started.
//!
//! Upstream: every module here. Downstream: the command line prints them, message and causes.
//! What a guest does wrong during a run is not here: that is a [`TaskFailure`](crate::TaskFailure).

use std::path::PathBuf;

use wload_core::describe_check::InfoProblem;

/// A scenario that cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// The file could not be read.
    #[error("failed to read scenario `{}`", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The file is larger than wload takes.
    #[error("scenario has more than {allowed} bytes")]
    TooLarge {
        /// The limit.
        allowed: u64,
    },
    /// The bytes are something else.
    #[error("scenario is {found}, not a WebAssembly component")]
    NotAComponent {
        /// What they look like.
        found: &'static str,
    },
    /// It is a component, but not a scenario.
    #[error(
        "component does not export `wload:scenario/users`, so it has no users; it exports {found}"
    )]
    NotAScenario {
        /// Its exports.
        found: String,
    },
    /// It was built for another contract.
    #[error("component uses `{found}`, this wload offers `wload:scenario@{offered}`")]
    WrongContract {
        /// The import or export with its version.
        found: String,
        /// Our version.
        offered: &'static str,
    },
    /// Compiling it took more than it may.
    #[error("compiling the component took more than {allowed}")]
    CompileLimit {
        /// The limit, for people.
        allowed: String,
        /// Its name for `--limit`.
        limit: &'static str,
    },
    /// It needs something that we do not have.
    #[error("component imports what this wload does not offer")]
    UnknownImport {
        /// What wasmtime says.
        #[source]
        source: Cause,
    },
    /// It is malformed.
    #[error("failed to compile the component")]
    Compile {
        /// What wasmtime says.
        #[source]
        source: Cause,
    },
    /// The machine does not carry so many users.
    #[error("failed to reserve memory for {users} users")]
    Pool {
        /// How many were asked for.
        users: u32,
        /// What wasmtime says.
        #[source]
        source: Cause,
    },
    /// An instance could not be made.
    #[error("failed to instantiate the component")]
    Instantiate {
        /// What wasmtime says.
        #[source]
        source: Cause,
    },
    /// An export failed before the run.
    #[error("the scenario's `{export}` failed: {message}")]
    Export {
        /// Which export.
        export: &'static str,
        /// Its error or trap.
        message: String,
    },
    /// `describe` says something that cannot be.
    #[error("the scenario's `describe` is wrong: {}", list(problems))]
    Info {
        /// All that is wrong.
        problems: Vec<InfoProblem>,
    },
    /// A table of test data could not be loaded.
    #[error("failed to load table `{table}` from `{}`: {message}", path.display())]
    Table {
        /// Its name.
        table: String,
        /// Which file was tried.
        path: PathBuf,
        /// Why.
        message: String,
    },
    /// A granted folder could not be opened.
    #[error("failed to open `{}` for the scenario", path.display())]
    Grant {
        /// Which folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
}

/// An error of wasmtime, as a source.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Cause(pub(crate) String);

impl Cause {
    /// What another process said.
    #[must_use]
    pub fn said(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The error with its causes on one line, without backtraces.
    pub(crate) fn of(error: &wasmtime::Error) -> Self {
        let mut parts: Vec<String> = Vec::new();
        for cause in error.chain() {
            let text = cause.to_string();
            if parts.last() != Some(&text) {
                parts.push(text);
            }
        }
        Self(parts.join(": "))
    }
}

impl ScenarioError {
    /// What to do about it, when there is something.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotAComponent { found } if found.contains("module") => Some(
                "build it for the target `wasm32-wasip2`, or make a component of it with `wasm-tools component new`".into(),
            ),
            Self::WrongContract { offered, .. } => Some(format!(
                "rebuild the scenario with an SDK for contract {offered}, or use a wload that offers its version"
            )),
            Self::NotAScenario { .. } => {
                Some("`wload new --lang rust NAME` makes a scenario that works".into())
            }
            Self::TooLarge { .. } => Some("`--limit component-size=SIZE` allows more".into()),
            Self::CompileLimit { limit, .. } => {
                Some(format!("`--limit {limit}=...` allows more, if you trust the component"))
            }
            Self::Pool { .. } => Some("fewer users, or a smaller `--memory-limit`".into()),
            _ => None,
        }
    }
}

fn list(problems: &[InfoProblem]) -> String {
    problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}
