//! A scenario's source to a component: a Cargo package is built with the person's own cargo; Python in `python.rs`.
//!
//! Upstream: `resolve.rs` decided that it is a package. Downstream: the path of the component. What
//! cargo says goes to stderr as it is; its messages on stdout name what was built.

pub(crate) mod python;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde::Deserialize;

use crate::env::Env;
use crate::error::CliError;

/// What scenarios are compiled to.
const WASM_TARGET: &str = "wasm32-wasip2";

/// Builds the package in `folder` and answers its component.
///
/// # Errors
/// When cargo is missing or fails, and when it builds no component or several.
pub(crate) fn component(env: &Env, folder: &Path) -> Result<PathBuf, CliError> {
    let cargo = env.variable("CARGO").unwrap_or("cargo");
    let mut child = Command::new(cargo)
        .args(["build", "--release", "--target", WASM_TARGET])
        .arg("--message-format=json-render-diagnostics")
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| {
            CliError::broken(format!("failed to run `{cargo}` in `{}`", folder.display()))
                .caused_by(&error)
                .with_hint("install Rust from https://rustup.rs, or name a `.wasm` component")
        })?;
    let stdout = child.stdout.take().expect("stdout is piped a few lines above");
    let artifacts = read_artifacts(BufReader::new(stdout), folder);
    let status = child
        .wait()
        .map_err(|error| CliError::broken("failed to wait for cargo").caused_by(&error))?;
    if !status.success() {
        let error = CliError::broken(format!(
            "failed to build the scenario in `{}`: cargo ended with {status}",
            folder.display()
        ));
        return Err(if has_wasm_target(env, folder) == Some(false) {
            error.with_hint(format!("run `rustup target add {WASM_TARGET}`"))
        } else {
            error
        });
    }
    single(artifacts, folder)
}

/// A line of cargo's messages, as far as we read it.
#[derive(Deserialize)]
struct Message {
    reason: String,
    #[serde(default)]
    manifest_path: PathBuf,
    #[serde(default)]
    filenames: Vec<PathBuf>,
}

/// A component that cargo built, and the manifest it belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Artifact {
    is_of_folder: bool,
    path: PathBuf,
}

/// Lines that are not messages are a build script's or a newer cargo's: they are passed over.
fn read_artifacts(lines: impl BufRead, folder: &Path) -> Vec<Artifact> {
    let manifest = folder.join("Cargo.toml").canonicalize().ok();
    lines
        .lines()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_str::<Message>(&line).ok())
        .filter(|message| message.reason == "compiler-artifact")
        .flat_map(|message| {
            let is_of_folder =
                manifest.is_some() && message.manifest_path.canonicalize().ok() == manifest;
            message.filenames.into_iter().map(move |path| Artifact { is_of_folder, path })
        })
        .filter(|artifact| artifact.path.extension().is_some_and(|extension| extension == "wasm"))
        .collect()
}

/// The folder's own package wins over others of its workspace.
fn single(artifacts: Vec<Artifact>, folder: &Path) -> Result<PathBuf, CliError> {
    let has_own = artifacts.iter().any(|artifact| artifact.is_of_folder);
    let mut paths: Vec<PathBuf> = artifacts
        .into_iter()
        .filter(|artifact| artifact.is_of_folder || !has_own)
        .map(|artifact| artifact.path)
        .collect();
    let shown = folder.display();
    match paths.len() {
        1 => Ok(paths.remove(0)),
        0 => Err(CliError::broken(format!("the package in `{shown}` has no component"))
            .with_hint("its Cargo.toml should say `[lib]` and `crate-type = [\"cdylib\"]`")),
        _ => Err(CliError::broken(format!("the packages in `{shown}` have several components"))
            .with_details(paths.iter().map(|path| path.display().to_string()).collect())
            .with_hint("name the one to run")),
    }
}

/// Whether the compiler has a standard library for scenarios; none when it does not say.
fn has_wasm_target(env: &Env, folder: &Path) -> Option<bool> {
    let output = Command::new(env.variable("RUSTC").unwrap_or("rustc"))
        .args(["--print", "target-libdir", "--target", WASM_TARGET])
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let libraries = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| Path::new(libraries.trim()).is_dir())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn message(manifest: &Path, files: &[&str]) -> String {
        serde_json::json!({
            "reason": "compiler-artifact",
            "manifest_path": manifest,
            "filenames": files,
        })
        .to_string()
    }

    #[test]
    fn the_component_of_the_folder_is_found_among_the_messages() {
        let folder = tempfile::tempdir().unwrap();
        let manifest = folder.path().join("Cargo.toml");
        fs::write(&manifest, "").unwrap();
        let lines = [
            message(Path::new("/dep/Cargo.toml"), &["/t/libdep.rlib"]),
            message(Path::new("/other/Cargo.toml"), &["/t/other.wasm"]),
            "a build script printed this".to_owned(),
            message(&manifest, &["/t/shop.wasm", "/t/shop.d"]),
            r#"{"reason":"build-finished","success":true}"#.to_owned(),
        ];
        let artifacts = read_artifacts(lines.join("\n").as_bytes(), folder.path());
        assert_eq!(artifacts.len(), 2);
        assert_eq!(single(artifacts, folder.path()).unwrap(), Path::new("/t/shop.wasm"));
    }

    #[test]
    fn none_and_several_components_are_errors_that_say_so() {
        let folder = Path::new("/shop");
        let text = single(Vec::new(), folder).unwrap_err().text();
        assert!(text.contains("has no component") && text.contains("cdylib"), "{text}");
        let artifact = |path: &str| Artifact { is_of_folder: false, path: path.into() };
        let text =
            single(vec![artifact("/a.wasm"), artifact("/b.wasm")], folder).unwrap_err().text();
        assert!(text.contains("/a.wasm") && text.contains("/b.wasm"), "{text}");
    }
}
