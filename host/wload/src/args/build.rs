//! What may be typed after `wload build`.

use std::path::PathBuf;

use clap::{Args, Command};

/// The subcommand.
pub(crate) fn command() -> Command {
    BuildArgs::augment_args(Command::new("build"))
        .about("Build a scenario's source to one component that runs anywhere")
        .long_about(None)
}

/// Arguments of `wload build`.
#[derive(Clone, Debug, Args)]
pub(crate) struct BuildArgs {
    /// Python files by comma, or the folder of a Cargo package [default: locustfile.py]
    #[arg(value_name = "SOURCE")]
    pub(crate) source: Option<String>,
    /// The component to write [default: the source's name, with `.wasm`, here]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Put these files below the locustfile's folder into the component; may be given several times
    #[arg(long, value_name = "PATTERN")]
    pub(crate) include: Vec<String>,
    /// The pure-Python packages that the locustfile needs [default: requirements.txt beside it]
    #[arg(long, value_name = "FILE")]
    pub(crate) requirements: Option<String>,
    /// Fetch nothing: say what is missing instead
    #[arg(long)]
    pub(crate) offline: bool,
}
