//! The first run of the README: a shop to test against, and users who buy there.
//!
//! Upstream: `cargo xtask demo`. Downstream: two processes of the `wload` that was just built, the
//! target and the run. The target ends when its stdin is closed, so it ends with us, however we end.
//! Ctrl-C belongs to the run, which shows its summary; we wait for it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, Result, ensure};
use serde_json::Value;
use signal_hook::consts::SIGINT;

use crate::command::{cargo, program, run_for_output};
use crate::printer;
use crate::repository::Repository;
use crate::setup;

/// The scenario, a Cargo package that `wload run` builds.
const SCENARIO: &str = "examples/checkout";
/// Where the files go, and how their names begin.
const FOLDER: &str = "target/demo";
const PREFIX: &str = "shop";
/// What the README promises; arguments that come later win.
const OPTIONS: [&str; 6] = ["--users", "1000", "--spawn-rate", "100", "--run-time", "30s"];

/// Runs the demo, and answers the exit code of `wload run`.
///
/// # Errors
/// When something cannot be built or started.
pub(crate) fn run(repository: &Repository, arguments: &[String]) -> Result<ExitCode> {
    setup::wasm_target(repository)?;
    let wload = build(repository)?;
    empty(&repository.path(FOLDER))?;
    let prefix = format!("{FOLDER}/{PREFIX}");
    // Replaces the default, which would end us before the run has shown its summary.
    signal_hook::flag::register(SIGINT, Arc::new(AtomicBool::new(false)))
        .context("failed to leave Ctrl-C to the run")?;
    let target = Target::start(repository, &wload)?;
    let mut command = program(&wload, repository.root(), ["run", SCENARIO]);
    command.args(OPTIONS).args(["--host", &target.url]);
    command.args(["--csv", &prefix, "--json-file", &prefix]).args(arguments);
    let words = command.get_args().map(|word| word.to_string_lossy()).collect::<Vec<_>>();
    printer::talk(&format!("$ wload {}", words.join(" ")));
    let status = command.status().context("failed to start `wload run`")?;
    target.stop()?;
    show_files(repository)?;
    // A signal has no code.
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Builds the binary, and asks cargo where it is.
///
/// # Errors
/// When it does not build.
pub(crate) fn build(repository: &Repository) -> Result<PathBuf> {
    // All packages have a say in the features of dependencies, so that this build and the one of the
    // tests share wasmtime; only what the binary needs is built.
    let words = ["build", "--workspace", "--bin", "wload"];
    let mut command = cargo(repository.root(), words);
    command.arg("--message-format=json-render-diagnostics");
    let messages = run_for_output(command)?;
    executable(&messages, "wload").context("cargo built `wload` and does not say where")
}

/// The path of a binary that cargo has built, among its messages.
pub(crate) fn executable(messages: &str, name: &str) -> Option<PathBuf> {
    messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == name)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
}

/// Makes the folder, without the files of an earlier demo.
fn empty(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("failed to empty `{}`", folder.display()));
        }
        _ => {}
    }
    fs::create_dir_all(folder).with_context(|| format!("failed to make `{}`", folder.display()))
}

/// The shop, while it serves.
struct Target {
    child: Child,
    url: String,
}

impl Target {
    fn start(repository: &Repository, wload: &Path) -> Result<Self> {
        let words = ["demo-target", "--port", "0", "--threads", "1", "--until-stdin-closes"];
        printer::talk(&format!("$ wload {}", words.join(" ")));
        let mut command = program(wload, repository.root(), words);
        // A group of its own: Ctrl-C should reach the run only.
        command.process_group(0).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().context("failed to start the demo target")?;
        let stdout = child.stdout.take().expect("stdout is piped two lines above");
        let mut url = String::new();
        BufReader::new(stdout).read_line(&mut url).context("failed to read the target's URL")?;
        let url = url.trim().to_owned();
        if url.is_empty() {
            let status = child.wait().context("failed to wait for the demo target")?;
            anyhow::bail!("the demo target ended with {status} before it said its URL");
        }
        Ok(Self { child, url })
    }

    /// Closes its stdin, and waits for its end.
    fn stop(mut self) -> Result<()> {
        drop(self.child.stdin.take());
        let status = self.child.wait().context("failed to wait for the demo target")?;
        ensure!(status.success(), "the demo target ended with {status}");
        Ok(())
    }
}

fn show_files(repository: &Repository) -> Result<()> {
    let folder = repository.path(FOLDER);
    let shown = || format!("failed to list `{}`", folder.display());
    let mut names = Vec::new();
    for entry in fs::read_dir(&folder).with_context(shown)? {
        let entry = entry.with_context(shown)?;
        let bytes = entry.metadata().with_context(shown)?.len();
        names.push(format!("  {FOLDER}/{} ({bytes} bytes)", entry.file_name().display()));
    }
    names.sort();
    printer::talk(&format!("\nFiles of this run:\n{}", names.join("\n")));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_executable_is_found_among_cargos_messages() {
        let messages = concat!(
            r#"{"reason":"compiler-artifact","target":{"name":"wload"},"executable":null}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"other"},"executable":"/t/other"}"#,
            "\n",
            r#"{"reason":"compiler-artifact","target":{"name":"wload"},"executable":"/t/wload"}"#,
            "\n",
            r#"{"reason":"build-finished","success":true}"#,
        );
        assert_eq!(executable(messages, "wload"), Some(PathBuf::from("/t/wload")));
        assert_eq!(executable("", "wload"), None);
    }
}
