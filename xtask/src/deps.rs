//! The rules of crates: who may depend on whom, which versions stand twice, which licences.
//!
//! Upstream: `metadata`. Downstream: `cargo xtask deps`, the gate, and `tests/tidy`.
//! The tables are the rules: a new edge is a reviewed change to a table. Each check is a pure function
//! from packages to complaints.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, bail};

use crate::metadata::{self, Package};
use crate::repository::Repository;
use crate::{licence, printer};

/// Packages that stand twice, with the reasons.
const DUPLICATES: &str = "xtask/duplicate-versions.txt";

/// Our crates, and which of our crates each may depend on. Data goes up and control goes down: an edge
/// against the flow would let a lower part know its users.
const EDGES: [(&str, &[&str]); 13] = [
    ("wload-core", &["wload-fuzz"]),
    ("wload-http", &["wload-core", "wload-fuzz"]),
    ("wload-scenario", &["wload-core", "wload-fuzz", "wload-http"]),
    ("wload-engine", &["wload-core", "wload-http", "wload-scenario"]),
    ("wload-report", &["wload-core"]),
    ("wload-demo-target", &[]),
    (
        "wload",
        &[
            "wload-core",
            "wload-demo-target",
            "wload-engine",
            "wload-fuzz",
            "wload-http",
            "wload-report",
            "wload-scenario",
        ],
    ),
    // For tests only.
    ("wload-fuzz", &[]),
    ("wload-instructions", &["wload-core"]),
    ("wload-sdk", &["wload-sdk-macros"]),
    ("wload-sdk-macros", &[]),
    // They drive the binary; the target is theirs to ask what it really received.
    ("wload-tests", &["wload-core", "wload-demo-target", "xtask"]),
    ("xtask", &[]),
];

/// Packages that only some of our crates may name, tests included.
const OWNERS: [(&str, &[&str]); 12] = [
    ("wasmparser", &["wload"]),
    ("wasmtime", &["wload-scenario"]),
    ("wasmtime-wasi", &["wload-scenario"]),
    ("clap", &["wload"]),
    ("toml", &["wload"]),
    ("indicatif", &["wload"]),
    ("hyper", &["wload-http", "wload-demo-target", "wload-tests"]),
    ("h2", &["wload-http", "wload-demo-target"]),
    ("rustls", &["wload-http", "wload-demo-target", "wload-tests"]),
    ("wit-bindgen", &["wload-sdk"]),
    // Errors of a library have types.
    ("anyhow", &["wload", "xtask", "wload-tests"]),
    // Types of the flows are not serialised: files and wires have types of their own.
    ("serde", &["wload-report", "wload-demo-target", "wload", "wload-sdk", "wload-tests"]),
];

/// All that the pure crate may depend on, its tests aside.
const OF_CORE: [&str; 3] = ["hdrhistogram", "thiserror", "tokio"];

/// Checks everything, and says what it found.
///
/// # Errors
/// When a rule is broken, or the packages cannot be read.
pub(crate) fn check(repository: &Repository) -> Result<()> {
    let complaints = complaints(repository)?;
    if complaints.is_empty() {
        printer::talk("dependencies: edges, versions and licences are as they should be");
        return Ok(());
    }
    bail!("dependencies break the rules:\n  {}", complaints.join("\n  "))
}

/// What breaks the rules, one line each.
///
/// # Errors
/// When cargo or the list of reasons cannot be read.
pub fn complaints(repository: &Repository) -> Result<Vec<String>> {
    let packages = metadata::packages(repository)?;
    let path = repository.path(DUPLICATES);
    let reasons = fs::read_to_string(&path)
        .with_context(|| format!("failed to read `{}`", path.display()))?;
    let mut complaints = edges(&packages);
    complaints.extend(owners(&packages));
    complaints.extend(duplicates(&packages, &reasons));
    complaints.extend(licences(&packages));
    Ok(complaints)
}

/// Edges between our crates that the table does not have, and crates that it does not know.
fn edges(packages: &[Package]) -> Vec<String> {
    let ours: Vec<&Package> = packages.iter().filter(|package| package.is_ours).collect();
    let names: BTreeSet<&str> = ours.iter().map(|package| package.name.as_str()).collect();
    let mut complaints = Vec::new();
    for package in &ours {
        let name = &package.name;
        let Some((_, allowed)) = EDGES.iter().find(|(from, _)| from == name) else {
            complaints
                .push(format!("`{name}` has no row in the table of edges (xtask/src/deps.rs)"));
            continue;
        };
        for (to, _) in &package.dependencies {
            if names.contains(to.as_str()) && !allowed.contains(&to.as_str()) {
                complaints.push(format!("`{name}` may not depend on `{to}`"));
            }
        }
    }
    for (name, _) in EDGES {
        if !names.contains(name) {
            complaints.push(format!("the table of edges has a row for `{name}`, which is gone"));
        }
    }
    complaints
}

/// Packages named by a crate that may not know them.
fn owners(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages.iter().filter(|package| package.is_ours) {
        let name = package.name.as_str();
        for (to, is_for_tests) in &package.dependencies {
            let owners = OWNERS.iter().find(|(owned, _)| owned == to).map(|(_, owners)| owners);
            if let Some(owners) = owners.filter(|owners| !owners.contains(&name)) {
                let owners = owners.join("`, `");
                complaints.push(format!("`{name}` may not depend on `{to}`, only `{owners}` may"));
            }
            if name == "wload-core" && !is_for_tests && !OF_CORE.contains(&to.as_str()) {
                complaints.push(format!("`{name}` is pure and may not depend on `{to}`"));
            }
        }
    }
    complaints
}

/// Packages in several versions without a reason, and reasons without several versions.
fn duplicates(packages: &[Package], reasons: &str) -> Vec<String> {
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in packages {
        versions.entry(&package.name).or_default().push(&package.version);
    }
    versions.retain(|_, versions| versions.len() > 1);
    let mut complaints = Vec::new();
    let mut explained = BTreeSet::new();
    for line in reasons.lines().filter(|line| !line.starts_with('#')) {
        match line.split_once(": ") {
            Some((name, reason)) if !reason.trim().is_empty() => {
                explained.insert(name);
                if !versions.contains_key(name) {
                    complaints
                        .push(format!("`{name}` stands once now; remove it from {DUPLICATES}"));
                }
            }
            _ => complaints.push(format!("{DUPLICATES}: `{line}` should be `name: reason`")),
        }
    }
    for (name, versions) in &versions {
        if !explained.contains(name) {
            let versions = versions.join(" and ");
            complaints.push(format!(
                "`{name}` stands twice, as {versions}; use one, or add a reason to {DUPLICATES} \
                 (`cargo tree --duplicates` shows who needs it)"
            ));
        }
    }
    complaints
}

/// Licences that we do not know or cannot accept.
fn licences(packages: &[Package]) -> Vec<String> {
    let complaint = |package: &Package| {
        let Package { name, version, .. } = package;
        let Some(license) = &package.license else {
            return Some(format!("`{name}` {version} does not say its licence"));
        };
        match licence::is_accepted(license) {
            Ok(true) => None,
            Ok(false) => Some(format!(
                "`{name}` {version} has the licence `{license}`, which is not among the accepted \
                 ones (xtask/src/licence.rs)"
            )),
            Err(word) => Some(format!(
                "`{name}` {version} has the licence `{license}`, which breaks off at `{word}`"
            )),
        }
    };
    packages.iter().filter_map(complaint).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, dependencies: &[&str]) -> Package {
        Package {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            license: Some("MIT".to_owned()),
            is_ours: name.starts_with("wload") || name == "xtask",
            dependencies: dependencies.iter().map(|name| ((*name).to_owned(), false)).collect(),
        }
    }

    /// All of our crates, without edges but for these of one of them.
    fn workspace(name: &str, dependencies: &[&str]) -> Vec<Package> {
        let of = |of: &str| if of == name { dependencies } else { &[] };
        EDGES.iter().map(|(crate_name, _)| package(crate_name, of(crate_name))).collect()
    }

    #[test]
    fn an_edge_against_the_flow_is_found() {
        assert_eq!(edges(&workspace("wload-engine", &["wload-core", "tokio"])), [""; 0]);
        let found = edges(&workspace("wload-core", &["wload-http"]));
        assert_eq!(found, ["`wload-core` may not depend on `wload-http`"]);
    }

    #[test]
    fn the_table_of_edges_has_exactly_our_crates() {
        let mut packages = workspace("", &[]);
        packages.push(package("wload-new", &[]));
        packages.retain(|package| package.name != "wload-sdk");
        let found = edges(&packages);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("wload-new") && found[1].contains("wload-sdk"), "{found:?}");
    }

    #[test]
    fn only_the_owner_of_a_package_may_name_it() {
        assert_eq!(owners(&workspace("wload-scenario", &["wasmtime"])), [""; 0]);
        let found = owners(&workspace("wload-engine", &["wasmtime"]));
        assert_eq!(
            found,
            ["`wload-engine` may not depend on `wasmtime`, only `wload-scenario` may"]
        );
        let found = owners(&workspace("wload-core", &["thiserror", "url"]));
        assert_eq!(found, ["`wload-core` is pure and may not depend on `url`"]);
    }

    #[test]
    fn core_may_use_more_in_its_tests() {
        let mut packages = workspace("wload-core", &["proptest"]);
        packages[0].dependencies[0].1 = true;
        assert_eq!(owners(&packages), [""; 0]);
    }

    #[test]
    fn two_versions_need_a_reason_and_a_reason_two_versions() {
        let packages = [package("syn", &[]), package("syn", &[]), package("url", &[])];
        assert_eq!(duplicates(&packages, "# list\nsyn: derives\n"), [""; 0]);
        let found = duplicates(&packages, "url: old\nbad");
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[0].starts_with("`url` stands once"), "{found:?}");
        assert!(found[1].contains("`bad` should be"), "{found:?}");
        assert!(found[2].starts_with("`syn` stands twice"), "{found:?}");
    }

    #[test]
    fn a_licence_must_be_said_read_and_accepted() {
        let with = |license: Option<&str>| Package {
            license: license.map(str::to_owned),
            ..package("url", &[])
        };
        assert_eq!(licences(&[with(Some("MIT OR GPL-3.0-only"))]), [""; 0]);
        for (license, expected) in [
            (None, "does not say"),
            (Some("SSPL-1.0"), "not among"),
            (Some("MIT OR"), "breaks off"),
        ] {
            let found = licences(&[with(license)]);
            assert!(found.len() == 1 && found[0].contains(expected), "{found:?}");
        }
    }
}
