//! What stands after `wload compile-child`, which only wload itself types.

use clap::{Args, Command};

/// The subcommand's name.
pub(crate) const NAME: &str = "compile-child";

/// The subcommand; not in the help.
pub(crate) fn command() -> Command {
    CompileChildArgs::augment_args(Command::new(NAME))
        .about("Compile the component on stdin; machine code goes to stdout")
        .hide(true)
}

/// What decides the machine code, and what the process may take.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct CompileChildArgs {
    #[arg(long)]
    pub(crate) users: u32,
    #[arg(long)]
    pub(crate) memory: usize,
    #[arg(long)]
    pub(crate) stack: usize,
    /// Bytes of address space.
    #[arg(long)]
    pub(crate) address_space: u64,
}
