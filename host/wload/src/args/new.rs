//! What may be typed after `wload new`.

use std::path::PathBuf;

use clap::{Args, Command};

/// The subcommand.
pub(crate) fn command() -> Command {
    NewArgs::augment_args(Command::new("new"))
        .about("Write a starter scenario that builds and runs as it is")
        .long_about(None)
}

/// Arguments of `wload new`.
#[derive(Clone, Debug, Args)]
pub(crate) struct NewArgs {
    /// The language of the scenario: rust or python
    #[arg(long, value_name = "LANGUAGE", default_value = "rust")]
    pub(crate) lang: String,
    /// Folder to make; its last part is the name of the package
    #[arg(value_name = "NAME")]
    pub(crate) path: PathBuf,
}
