//! componentize-py in a virtual environment of wload's own: made on first use, and used by everybody after that.
//!
//! Upstream: `python.rs`. Downstream: the person's `python3` and, once, PyPI.
//! Invariant: an environment in its place is complete, because it was moved there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::unwritable;
use crate::env::Env;
use crate::env_vars::PYTHON;
use crate::error::CliError;
use crate::printer::Printer;

/// The version of componentize-py that the SDK was made for.
pub(super) const VERSION: &str = "0.25.1";
/// Starts it where it stands: its own script knows only the folder in which it was installed.
const START: &str =
    "import sys; from componentize_py import script; sys.argv[:1] = ['componentize-py']; script()";
/// Lines of a tool's output that are shown.
const LINES_SHOWN: usize = 8;

/// An environment that is there.
pub(super) struct Tool {
    folder: PathBuf,
}

impl Tool {
    pub(super) fn python(&self) -> PathBuf {
        python_of(&self.folder)
    }

    pub(super) fn componentize(&self) -> Command {
        let mut command = Command::new(self.python());
        command.args(["-I", "-c", START]).env("RUST_BACKTRACE", "0").env("NO_COLOR", "1");
        command
    }
}

fn python_of(folder: &Path) -> PathBuf {
    folder.join("bin").join("python3")
}

/// The environment; made when it is not there.
pub(super) fn ready(
    env: &Env,
    printer: &Printer,
    cache: &Path,
    is_offline: bool,
) -> Result<Tool, CliError> {
    let folder = cache.join("tools").join(format!("componentize-py-{VERSION}"));
    if python_of(&folder).is_file() {
        return Ok(Tool { folder });
    }
    if is_offline {
        let shown = folder.display();
        let message = format!(
            "componentize-py {VERSION} is not in `{shown}`, and --offline forbids to fetch it"
        );
        return Err(CliError::broken(message).with_hint(
            "run once without --offline, or copy this folder from a machine like this",
        ));
    }
    install(env, printer, &folder)?;
    Ok(Tool { folder })
}

fn install(env: &Env, printer: &Printer, folder: &Path) -> Result<(), CliError> {
    printer.talk(&format!(
        "Fetching componentize-py {VERSION} from PyPI into {} (once) ...",
        folder.display()
    ));
    let parent = folder.parent().unwrap_or(folder);
    fs::create_dir_all(parent).map_err(|error| unwritable(parent, &error))?;
    let unfinished = parent.join(format!("unfinished-{}", std::process::id()));
    let moved = fill(env, &unfinished).and_then(|()| match fs::rename(&unfinished, folder) {
        // Another wload was faster.
        Err(_) if python_of(folder).is_file() => Ok(()),
        moved => moved.map_err(|error| unwritable(folder, &error)),
    });
    // Only what a failure left; after the move there is nothing.
    let _ = fs::remove_dir_all(&unfinished);
    moved
}

fn fill(env: &Env, folder: &Path) -> Result<(), CliError> {
    let python = env.variable(PYTHON).unwrap_or("python3");
    let made = run(Command::new(python).args(["-m", "venv"]).arg(folder)).map_err(|error| {
        CliError::broken(format!("failed to run `{python}`, which builds locustfiles"))
            .caused_by(&error)
            .with_hint(format!("install Python 3.10 or newer, or name it by {PYTHON}"))
    })?;
    if !made.status.success() {
        let message = format!("`{python}` cannot make a virtual environment");
        return Err(CliError::broken(message)
            .with_details(vec![last_lines(&made)])
            .with_hint("on Debian and Ubuntu: `apt install python3-venv`"));
    }
    let package = format!("componentize-py=={VERSION}");
    let mut pip = Command::new(python_of(folder));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--quiet"])
        .args(["--only-binary", ":all:"])
        .arg(&package);
    let fetched =
        run(&mut pip).map_err(|error| CliError::broken("failed to run pip").caused_by(&error))?;
    if fetched.status.success() {
        return Ok(());
    }
    let hint =
        "this is needed once; look at the network, or at pip's settings for a proxy or an index";
    Err(CliError::broken(format!("failed to fetch {package} from PyPI"))
        .with_details(vec![last_lines(&fetched)])
        .with_hint(hint))
}

fn run(command: &mut Command) -> std::io::Result<Output> {
    command.stdin(Stdio::null()).output()
}

/// What a tool said last: the reason is there.
fn last_lines(output: &Output) -> String {
    let said = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    let lines: Vec<&str> = said.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(LINES_SHOWN)..].join("\n")
}
