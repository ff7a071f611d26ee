//! Other programs: how they are started, shown and judged.
//!
//! Upstream: the tasks. Downstream: cargo, rustup, git, Python. Invariants: nobody reads our stdin;
//! what a program prints is passed on while it runs; a program that fails is an error which shows the
//! command to repeat.

use std::env;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, anyhow, bail};

use crate::printer;

/// What `cargo run` tells the program it runs. Some build scripts, ring's among them, are run again when
/// these change, so a build from here would throw away what a build by hand made, and the other way round.
const OF_CARGO_RUN: [&str; 5] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_NAME",
    "CARGO_CRATE_NAME",
    "CARGO_PRIMARY_PACKAGE",
];

/// The cargo that runs us, in this folder.
pub(crate) fn cargo<S: AsRef<OsStr>>(
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.args(arguments).current_dir(folder);
    for (name, _) in env::vars_os() {
        let is_of_cargo_run =
            name.to_str().is_some_and(|name| OF_CARGO_RUN.iter().any(|of| name.starts_with(of)));
        if is_of_cargo_run {
            command.env_remove(name);
        }
    }
    command
}

/// Any other program, in this folder.
pub(crate) fn program<S: AsRef<OsStr>>(
    name: impl AsRef<OsStr>,
    folder: &Path,
    arguments: impl IntoIterator<Item = S>,
) -> Command {
    let mut command = Command::new(name);
    command.args(arguments).current_dir(folder);
    command
}

/// Runs it with its output on the terminal.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn run(mut command: Command) -> Result<()> {
    let line = shown(&command);
    printer::talk(&format!("$ {line}"));
    let status = command
        .stdin(Stdio::null())
        .status()
        .with_context(|| format!("failed to start `{line}`"))?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{line}` ended with {status}")) }
}

/// Runs it with its output on the terminal, and shows each line of its stdout to `observe` as well.
///
/// # Errors
/// When it cannot be started or does not succeed.
pub(crate) fn run_observed(mut command: Command, mut observe: impl FnMut(&str)) -> Result<()> {
    let line = shown(&command);
    printer::talk(&format!("$ {line}"));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("failed to start `{line}`"))?;
    let stdout = child.stdout.take().expect("stdout is piped a few lines above");
    let mut reader = BufReader::new(stdout);
    let mut bytes = Vec::new();
    while reader.read_until(b'\n', &mut bytes).context("failed to read the test runner")? > 0 {
        let text = String::from_utf8_lossy(&bytes);
        let text = text.trim_end_matches(['\n', '\r']);
        printer::data(text);
        observe(text);
        bytes.clear();
    }
    let status = child.wait().with_context(|| format!("failed to wait for `{line}`"))?;
    if status.success() { Ok(()) } else { Err(anyhow!("`{line}` ended with {status}")) }
}

/// Runs it with its talk on the terminal, and answers its stdout.
///
/// # Errors
/// When it cannot be started, does not succeed, or prints what is not text.
pub(crate) fn run_for_output(mut command: Command) -> Result<String> {
    printer::talk(&format!("$ {}", shown(&command)));
    command.stderr(Stdio::inherit());
    output(command)
}

/// Runs it and answers its stdout; what it says on stderr is shown only in the error.
///
/// # Errors
/// When it cannot be started, does not succeed, or prints what is not text.
pub(crate) fn output(mut command: Command) -> Result<String> {
    let line = shown(&command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("failed to start `{line}`"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim();
        let colon = if said.is_empty() { "" } else { ": " };
        bail!("`{line}` ended with {}{colon}{said}", output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("`{line}` printed what is not text"))
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    // The path of a toolchain says nothing, a path in the repository does.
    let is_cargo = program.file_stem().is_some_and(|stem| stem == "cargo");
    let program = if is_cargo { "cargo".into() } else { program.to_string_lossy() };
    let quoted = |word: &str| match word.contains(' ') || word.is_empty() {
        true => format!("'{word}'"),
        false => word.to_owned(),
    };
    let words = command.get_args().map(|argument| quoted(&argument.to_string_lossy()));
    std::iter::once(quoted(&program)).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        program("sh", Path::new("."), ["-c", script])
    }

    #[test]
    fn a_command_that_fails_is_shown_as_it_would_be_typed() {
        let error = run(shell("exit 3")).unwrap_err().to_string();
        assert_eq!(error, "`sh -c 'exit 3'` ended with exit status: 3");
        let error = output(shell("echo no >&2; exit 1")).unwrap_err().to_string();
        assert!(error.ends_with("exit status: 1: no"), "{error}");
        let missing = program("a-program-that-is-not-there", Path::new("."), [""; 0]);
        assert!(run(missing).unwrap_err().to_string().starts_with("failed to start"));
    }

    #[test]
    fn every_line_is_observed_even_when_the_command_fails() {
        let mut lines = Vec::new();
        let result =
            run_observed(shell("echo one; printf two; exit 1"), |line| lines.push(line.to_owned()));
        assert!(result.is_err());
        assert_eq!(lines, ["one", "two"]);
    }

    #[test]
    fn cargo_does_not_hear_what_another_cargo_said_to_us() {
        // This test is run by cargo, which says at least this.
        assert!(env::var_os("CARGO_MANIFEST_DIR").is_some());
        let command = cargo(Path::new("."), ["build"]);
        let removed = command.get_envs().any(|pair| pair == ("CARGO_MANIFEST_DIR".as_ref(), None));
        assert!(removed);
    }
}
