//! What cargo knows about the packages of this workspace.
//!
//! Upstream: `cargo metadata`, for this machine's platform, so that nothing is downloaded that is never
//! built. Downstream: [`deps`](crate::deps). Only what can be reached from our own packages is here: a
//! lock file also names optional packages that nobody asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::env;

use anyhow::{Context, Result};
use serde_json::Value;

use crate::command::{cargo, output, program};
use crate::repository::Repository;

/// One package, ours or somebody's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    /// The SPDX expression, when there is one.
    pub(crate) license: Option<String>,
    /// Whether it is one of ours.
    pub(crate) is_ours: bool,
    /// Names of packages that its manifest names, each with whether only its tests need it.
    pub(crate) dependencies: Vec<(String, bool)>,
}

/// All packages that are built, or needed to build.
///
/// # Errors
/// When cargo fails, or says what we do not understand.
pub(crate) fn packages(repository: &Repository) -> Result<Vec<Package>> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let version = output(program(rustc, repository.root(), ["-vV"]))?;
    let platform = version
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .context("`rustc -vV` does not say its host")?;
    let words = ["metadata", "--format-version", "1", "--filter-platform", platform];
    let text = output(cargo(repository.root(), words))?;
    let metadata: Value = serde_json::from_str(&text).context("failed to read cargo's metadata")?;
    read(&metadata).context("cargo's metadata has a form that is not known here")
}

fn read(metadata: &Value) -> Option<Vec<Package>> {
    let members: BTreeSet<&str> =
        metadata["workspace_members"].as_array()?.iter().filter_map(Value::as_str).collect();
    let mut edges: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array()? {
        let to = node["dependencies"].as_array()?.iter().filter_map(Value::as_str).collect();
        edges.insert(node["id"].as_str()?, to);
    }
    let mut reached = members.clone();
    let mut open: Vec<&str> = members.iter().copied().collect();
    while let Some(id) = open.pop() {
        let new = edges.get(id)?.iter().copied().filter(|id| reached.insert(id));
        open.extend(new);
    }
    metadata["packages"]
        .as_array()?
        .iter()
        .filter(|package| package["id"].as_str().is_some_and(|id| reached.contains(id)))
        .map(|package| read_package(package, &members))
        .collect()
}

fn read_package(package: &Value, members: &BTreeSet<&str>) -> Option<Package> {
    let dependency = |dependency: &Value| {
        Some((dependency["name"].as_str()?.to_owned(), dependency["kind"] == "dev"))
    };
    Some(Package {
        name: package["name"].as_str()?.to_owned(),
        version: package["version"].as_str()?.to_owned(),
        license: package["license"].as_str().map(str::to_owned),
        is_ours: members.contains(package["id"].as_str()?),
        dependencies: package["dependencies"]
            .as_array()?
            .iter()
            .map(dependency)
            .collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_packages_that_can_be_reached_from_ours_are_read() {
        let package = |id: &str, dependencies: Value| {
            json!({ "id": id, "name": id, "version": "1.0.0", "license": "MIT",
                    "dependencies": dependencies })
        };
        let node = |id: &str, to: &[&str]| json!({ "id": id, "dependencies": to });
        let metadata = json!({
            "workspace_members": ["ours"],
            "packages": [
                package("ours", json!([{ "name": "used", "kind": null }, { "name": "kit", "kind": "dev" }])),
                package("used", json!([])), package("kit", json!([])), package("unused", json!([])),
            ],
            "resolve": { "nodes": [
                node("ours", &["used", "kit"]), node("used", &[]), node("kit", &["ours"]),
                node("unused", &["used"]),
            ] },
        });
        let packages = read(&metadata).unwrap();
        let names: Vec<&str> = packages.iter().map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["ours", "used", "kit"]);
        assert!(packages[0].is_ours && !packages[1].is_ours);
        assert_eq!(
            packages[0].dependencies,
            [("used".to_owned(), false), ("kit".to_owned(), true)]
        );
        assert_eq!(read(&json!({})), None);
    }
}
