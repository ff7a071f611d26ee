//! Where this repository is, and in whose hands.
//!
//! Everything that depends on the place is asked here, so that tasks name paths once.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// The checkout that this program was built from.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
}

impl Repository {
    /// The repository of this program's source.
    ///
    /// # Errors
    /// When it has moved away since this program was built.
    pub fn here() -> Result<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let root = root
            .canonicalize()
            .with_context(|| format!("failed to find the repository at `{}`", root.display()))?;
        Ok(Self { root })
    }

    /// The folder of the root manifest.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A path in the repository.
    pub(crate) fn path(&self, relative: &str) -> PathBuf {
        self.root.join(relative)
    }

    /// Whether this is a git checkout, and not the content of an archive.
    pub(crate) fn is_git_checkout(&self) -> bool {
        self.root.join(".git").exists()
    }
}

/// Whether a machine runs this, which wants errors where a person would like to go on.
pub(crate) fn is_ci() -> bool {
    means_ci(std::env::var_os("CI"))
}

fn means_ci(value: Option<OsString>) -> bool {
    value.is_some_and(|value| !["", "0", "false"].iter().any(|no| value == *no))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_value_that_says_yes_means_ci() {
        assert!(!means_ci(None));
        for (value, expected) in [("", false), ("false", false), ("0", false), ("true", true)] {
            assert_eq!(means_ci(Some(value.into())), expected, "`{value}`");
        }
    }

    #[test]
    fn the_repository_has_the_root_manifest() {
        let repository = Repository::here().unwrap();
        assert!(repository.path("Cargo.toml").is_file());
        assert!(repository.path("xtask/src/lib.rs").is_file());
    }
}
