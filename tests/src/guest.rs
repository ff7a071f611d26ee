//! Where the guests are, once they are built.
//!
//! Upstream: tests. Downstream: `target/guests`, which `cargo xtask guests` fills.

#![expect(clippy::panic, reason = "what the kit finds is a test that failed")]

use std::path::{Path, PathBuf};

/// The root of the repository.
#[must_use]
pub fn repository() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the package is a folder of the repository")
}

/// The component of a package in `tests/guests`.
///
/// # Panics
/// When it is not built.
#[must_use]
pub fn guest(package: &str) -> PathBuf {
    let file = format!("{}.wasm", package.replace('-', "_"));
    let path = repository().join("target/guests/wasm32-wasip2/release").join(file);
    assert!(
        path.is_file(),
        "the guest `{package}` is not built ({}): run `cargo xtask guests`",
        path.display()
    );
    path
}

/// The packages in `tests/guests`, sorted.
///
/// # Panics
/// When the folder cannot be read.
#[must_use]
pub fn packages() -> Vec<String> {
    let folder = repository().join("tests/guests");
    let mut packages: Vec<String> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("failed to list `{}`: {error}", folder.display()))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.join("Cargo.toml").is_file())
        .filter_map(|path| Some(path.file_name()?.to_str()?.to_owned()))
        .collect();
    packages.sort();
    packages
}
