//! `wload new`: a starter scenario that builds and runs as it is.
//!
//! Upstream: templates and the Rust SDK's sources, embedded in the binary. Downstream: a new folder: the template, for
//! Rust below it `wload-sdk` (with the contract in its `wit`) and `wload-sdk-macros`, so that nothing of wload has to be
//! fetched. Invariant: nothing that exists is touched; what cannot be finished is taken away.

mod manifest;

use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, File, include_dir};

use crate::args::new::NewArgs;
use crate::env::Env;
use crate::error::CliError;
use crate::exit_code;
use crate::printer::Printer;

/// The Rust SDK with the contract, its macros, and the template.
static SDK: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/rust");
/// Versions of what the SDK depends on.
static WORKSPACE: &str = include_str!("../../../../Cargo.toml");

/// The template of a locustfile: its SDK is in every wload.
static PYTHON: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../../guest-sdk/python/template");
/// What stands for the scenario's name in it.
const NAME: &str = "{name}";

/// Languages that there is a template for.
const LANGUAGES: [&str; 2] = ["rust", "python"];
/// Packages of the SDK: folders in it, and beside the new scenario.
const PACKAGES: [&str; 2] = ["wload-sdk", "wload-sdk-macros"];
/// Folders of a package that its users do not need.
const LEFT_OUT: [&str; 5] = ["target", "tests", "examples", "benches", "__pycache__"];
/// Names that cargo or the compiler have taken.
const TAKEN: [&str; 7] =
    ["test", "core", "std", "alloc", "proc_macro", "wload-sdk", "wload-sdk-macros"];
/// Words that cannot name a Rust library.
const KEYWORDS: [&str; 51] = [
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate",
    "do", "dyn", "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl",
    "in", "let", "loop", "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref",
    "return", "self", "static", "struct", "super", "trait", "true", "try", "type", "typeof",
    "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Writes a new scenario; answers the exit code.
pub(super) fn new(env: &Env, printer: &Printer, args: &NewArgs) -> Result<u8, CliError> {
    if !LANGUAGES.contains(&args.lang.as_str()) {
        return Err(CliError::usage(format!(
            "there is no template for `{}`; there is: {}",
            args.lang,
            LANGUAGES.join(", ")
        )));
    }
    let is_python = args.lang == "python";
    let folder = env.folder.join(&args.path);
    let name = word(&args.path).map_err(CliError::usage)?;
    if !is_python {
        check_package(name).map_err(CliError::usage)?;
    }
    if folder.symlink_metadata().is_ok() {
        return Err(CliError::usage(format!("`{}` exists already", args.path.display()))
            .with_hint("choose another name, or remove it"));
    }
    let files = if is_python {
        locustfile(&PYTHON, name)
    } else {
        Sources { sdk: &SDK, workspace: WORKSPACE }.files(name)
    };
    let files = files.map_err(|why| {
        CliError::broken(format!("failed to make a scenario of the template: {why}"))
            .with_hint("this is a bug in wload")
    })?;
    write(&folder, &files)?;
    let shown = args.path.display().to_string();
    printer.talk(&if is_python { python_next(&shown) } else { rust_next(&shown) });
    Ok(exit_code::PASSED)
}

fn rust_next(shown: &str) -> String {
    format!(
        "Created `{shown}`, a scenario in Rust. Next:\n  \
         wload demo-target                                  (a shop to test against; it prints its URL)\n  \
         wload check {shown} --host http://127.0.0.1:8080\n  \
         wload run {shown} --host http://127.0.0.1:8080 --users 10 --run-time 30s\n\
         The scenario is `{shown}/src/lib.rs`. Building it needs `rustup target add wasm32-wasip2`."
    )
}

fn python_next(shown: &str) -> String {
    format!(
        "Created `{shown}`, a scenario in Python. Next:\n  \
         wload demo-target                                  (a shop to test against; it prints its URL)\n  \
         cd {shown}\n  \
         wload check --host http://127.0.0.1:8080\n  \
         wload run --host http://127.0.0.1:8080 --users 10 --run-time 30s\n\
         The scenario is `{shown}/locustfile.py`. Building it needs Python 3.10 or newer, and PyPI once."
    )
}

/// The last part of the path, when it can name a package.
fn word(path: &Path) -> Result<&str, String> {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
    let shown = path.display();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    let begins_well = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if !begins_well || !name.chars().all(is_word) || name.chars().all(|c| c == '_') {
        return Err(format!(
            "`{shown}` cannot name a package; expected letters, digits, `-` and `_`, beginning \
             with a letter"
        ));
    }
    Ok(name)
}

/// Whether cargo takes the name.
fn check_package(name: &str) -> Result<(), String> {
    if TAKEN.contains(&name) || KEYWORDS.contains(&name) {
        return Err(format!(
            "`{name}` cannot name a package: the name is taken by Rust or by wload"
        ));
    }
    Ok(())
}

/// All files of a scenario in Python.
fn locustfile(template: &Dir<'_>, name: &str) -> Result<Vec<NewFile>, String> {
    let mut files = Vec::new();
    collect(template, &mut files);
    let named = |file: &File<'_>| {
        Ok((file.path().to_owned(), text(file)?.replace(NAME, name).into_bytes()))
    };
    files.into_iter().map(named).collect()
}

/// What a scenario is made of.
struct Sources<'a> {
    sdk: &'a Dir<'a>,
    workspace: &'a str,
}

/// A file to write: its path in the new folder, and its content.
type NewFile = (PathBuf, Vec<u8>);

impl Sources<'_> {
    /// All files of the scenario with this name.
    fn files(&self, name: &str) -> Result<Vec<NewFile>, String> {
        let mut files = Vec::new();
        for (path, file) in package(self.sdk, "template")? {
            let content = if path == Path::new("Cargo.toml") {
                manifest::of_scenario(text(file)?, name)?.into_bytes()
            } else {
                file.contents().to_vec()
            };
            files.push((path, content));
        }
        for package_name in PACKAGES {
            for (path, file) in package(self.sdk, package_name)? {
                let content = if path == Path::new("Cargo.toml") {
                    manifest::standalone(text(file)?, self.workspace)?.into_bytes()
                } else {
                    file.contents().to_vec()
                };
                files.push((Path::new(package_name).join(path), content));
            }
        }
        Ok(files)
    }
}

/// The files of one folder of the SDK, with paths relative to it.
fn package<'a>(sdk: &'a Dir<'a>, name: &str) -> Result<Vec<(PathBuf, &'a File<'a>)>, String> {
    let folder = sdk.get_dir(name).ok_or_else(|| format!("there is no `{name}` in this wload"))?;
    let mut files = Vec::new();
    collect(folder, &mut files);
    let relative = |file: &'a File<'a>| {
        let path = file.path().strip_prefix(name).unwrap_or(file.path());
        (path.to_owned(), file)
    };
    let is_lock = |path: &Path| path == Path::new("Cargo.lock");
    Ok(files.into_iter().map(relative).filter(|(path, _)| !is_lock(path)).collect())
}

fn collect<'a>(folder: &'a Dir<'a>, files: &mut Vec<&'a File<'a>>) {
    files.extend(folder.files());
    for below in folder.dirs() {
        let name = below.path().file_name().and_then(|name| name.to_str()).unwrap_or("");
        if !LEFT_OUT.contains(&name) {
            collect(below, files);
        }
    }
}

fn text<'a>(file: &'a File<'a>) -> Result<&'a str, String> {
    file.contents_utf8().ok_or_else(|| format!("`{}` is not UTF-8", file.path().display()))
}

/// Writes all files, or none.
fn write(folder: &Path, files: &[NewFile]) -> Result<(), CliError> {
    let failed = |path: &Path, error: std::io::Error| {
        CliError::broken(format!("failed to write `{}`", path.display())).caused_by(&error)
    };
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| failed(parent, error))?;
    }
    fs::create_dir(folder).map_err(|error| failed(folder, error))?;
    for (path, content) in files {
        let path = folder.join(path);
        let made = path.parent().map_or(Ok(()), fs::create_dir_all);
        if let Err(error) = made.and_then(|()| fs::write(&path, content)) {
            // The folder is ours: it was not there a moment ago.
            let _ = fs::remove_dir_all(folder);
            return Err(failed(&path, error));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
