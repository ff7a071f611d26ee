//! The world around the process, read once at the start: arguments, variables, terminals, folder.
//!
//! Control: made by `main.rs`, handed down. Invariant: nothing else in wload reads `std::env` or
//! ends the process, so that everything else can be tested with an [`Env`] of its own.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// What a command may know about its surroundings.
#[derive(Clone, Debug, Default)]
pub(crate) struct Env {
    /// With the program's name first.
    pub(crate) args: Vec<OsString>,
    /// Environment variables whose name is UTF-8.
    pub(crate) variables: BTreeMap<String, OsString>,
    /// This binary.
    pub(crate) program: PathBuf,
    /// The current folder.
    pub(crate) folder: PathBuf,
    /// stderr is a terminal.
    pub(crate) stderr_is_terminal: bool,
    /// Name of this machine up to the first dot.
    pub(crate) host_name: String,
    /// Cores that this process may use; at least 1.
    pub(crate) cores: u16,
    /// A number that is another one in each process.
    pub(crate) seed: u64,
}

impl Env {
    /// Reads it.
    pub(crate) fn read() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            args: std::env::args_os().collect(),
            variables: std::env::vars_os()
                .filter_map(|(name, value)| Some((name.into_string().ok()?, value)))
                .collect(),
            program: std::env::current_exe().unwrap_or_else(|_| PathBuf::from("wload")),
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stderr_is_terminal: std::io::stderr().is_terminal(),
            host_name: host_name(),
            cores: u16::try_from(cores).unwrap_or(u16::MAX),
            seed: RandomState::new().build_hasher().finish(),
        }
    }

    /// A variable that is set, is UTF-8 and is not empty.
    pub(crate) fn variable(&self, name: &str) -> Option<&str> {
        self.variables.get(name)?.to_str().filter(|value| !value.is_empty())
    }

    /// A path that was typed, seen from the current folder.
    pub(crate) fn path(&self, typed: &str) -> PathBuf {
        self.folder.join(Path::new(typed))
    }

    /// Colour on stderr: on a terminal, unless <https://no-color.org> says otherwise.
    pub(crate) fn wants_colour(&self) -> bool {
        self.stderr_is_terminal
            && self.variable("NO_COLOR").is_none()
            && self.variable("TERM") != Some("dumb")
    }
}

/// Ends the process now, without unwinding: for the third Ctrl-C.
#[expect(clippy::exit, reason = "the third Ctrl-C asks for exactly this")]
pub(crate) fn exit_now(code: u8) -> ! {
    std::process::exit(i32::from(code))
}

fn host_name() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    name.split('.').next().filter(|name| !name.is_empty()).unwrap_or("localhost").to_owned()
}
