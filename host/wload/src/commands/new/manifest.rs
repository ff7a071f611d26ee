//! Manifests of a new scenario: the template's with its name, the SDK's without the workspace.
//!
//! Upstream: manifests as they stand in the repository. Downstream: `Cargo.toml` files that mean the
//! same outside of it. The template's text is kept, comments and all; the SDK's is rewritten.

use toml::de::DeTable;
use toml::{Table, Value};

/// Where the workspace keeps the packages of the SDK.
const SDK_FOLDER: &str = "guest-sdk/rust/";
/// Tables of dependencies that a user of the package needs.
const DEPENDENCIES: [&str; 2] = ["dependencies", "build-dependencies"];

/// The template's manifest as that of the package `name`, with the SDK in the folder beside it.
pub(super) fn of_scenario(manifest: &str, name: &str) -> Result<String, String> {
    let table = DeTable::parse(manifest).map_err(|error| error.to_string())?;
    let table = table.get_ref();
    let at = |path: &[&str]| {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(table.get(*first)?, |value, key| value.get_ref().get(*key))
    };
    let package = at(&["package", "name"]).ok_or("the template has no name")?;
    let sdk = at(&["dependencies", "wload-sdk"]).ok_or("the template does not use wload-sdk")?;
    let (sdk, replacement) = match at(&["dependencies", "wload-sdk", "path"]) {
        Some(path) => (path, "\"wload-sdk\""),
        None => (sdk, "{ path = \"wload-sdk\" }"),
    };
    let mut edits = vec![(package.span(), format!("\"{name}\"")), (sdk.span(), replacement.into())];
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let is_root = table.contains_key("workspace");
    let mut text = manifest.to_owned();
    for (span, replacement) in edits {
        text.replace_range(span, &replacement);
    }
    if !is_root {
        text.push_str("\n# A workspace of its own, wherever this folder stands.\n[workspace]\n");
    }
    Ok(text)
}

/// A manifest with everything filled in that it inherits from the workspace.
pub(super) fn standalone(manifest: &str, workspace: &str) -> Result<String, String> {
    let parse = |text: &str| text.parse::<Table>().map_err(|error| error.to_string());
    let mut table = parse(manifest)?;
    let workspace = parse(workspace)?;
    let workspace = workspace.get("workspace").and_then(Value::as_table);
    let workspace = workspace.ok_or("the workspace's manifest has no workspace")?;
    // Lints and tests are the repository's.
    table.remove("lints");
    table.remove("dev-dependencies");
    if let Some(package) = table.get_mut("package").and_then(Value::as_table_mut) {
        fill_package(package, workspace)?;
    }
    for name in DEPENDENCIES {
        if let Some(dependencies) = table.get_mut(name).and_then(Value::as_table_mut) {
            for (name, dependency) in dependencies.iter_mut() {
                fill_dependency(name, dependency, workspace)?;
            }
        }
    }
    toml::to_string(&table).map_err(|error| error.to_string())
}

fn fill_package(package: &mut Table, workspace: &Table) -> Result<(), String> {
    for (key, value) in package.iter_mut() {
        if inherits(value) {
            let shared = workspace.get("package").and_then(|shared| shared.get(key));
            *value = shared.cloned().ok_or_else(|| format!("the workspace has no `{key}`"))?;
        }
    }
    Ok(())
}

fn fill_dependency(name: &str, value: &mut Value, workspace: &Table) -> Result<(), String> {
    if inherits(value) {
        let shared = workspace.get("dependencies").and_then(|shared| shared.get(name));
        let mut filled = match shared.ok_or_else(|| format!("the workspace has no `{name}`"))? {
            Value::Table(table) => table.clone(),
            version => Table::from_iter([("version".to_owned(), version.clone())]),
        };
        let own = value.as_table().cloned().unwrap_or_default();
        for (key, own) in own.into_iter().filter(|(key, _)| key != "workspace") {
            match (filled.get_mut(&key), own) {
                (Some(Value::Array(all)), Value::Array(more)) => all.extend(more),
                (_, own) => drop(filled.insert(key, own)),
            }
        }
        *value = Value::Table(filled);
    }
    let path = value.as_table_mut().and_then(|table| table.get_mut("path"));
    if let Some(Value::String(path)) = path
        && let Some(package) = path.strip_prefix(SDK_FOLDER)
    {
        *path = format!("../{package}");
    }
    Ok(())
}

fn inherits(value: &Value) -> bool {
    value.get("workspace") == Some(&Value::Boolean(true))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORKSPACE: &str = r#"
[workspace.package]
version = "0.0.0"
edition = "2024"

[workspace.dependencies]
wload-sdk-macros = { path = "guest-sdk/rust/wload-sdk-macros" }
wit-bindgen = { version = "0.61", default-features = false, features = ["macros"] }
semver = "1"
"#;

    #[test]
    fn what_is_inherited_is_filled_in() {
        let manifest = r#"
[package]
name = "wload-sdk"
version.workspace = true
edition.workspace = true

[lints]
workspace = true

[dependencies]
wload-sdk-macros.workspace = true
wit-bindgen = { workspace = true, features = ["realloc"] }
semver = { workspace = true, optional = true }
own = "2"

[dev-dependencies]
proptest.workspace = true
"#;
        let expected = r#"
[package]
name = "wload-sdk"
version = "0.0.0"
edition = "2024"

[dependencies]
wload-sdk-macros = { path = "../wload-sdk-macros" }
wit-bindgen = { version = "0.61", default-features = false, features = ["macros", "realloc"] }
semver = { version = "1", optional = true }
own = "2"
"#;
        let found = standalone(manifest, WORKSPACE).unwrap();
        assert_eq!(found.parse::<Table>().unwrap(), expected.parse::<Table>().unwrap(), "{found}");
    }

    #[test]
    fn what_the_workspace_does_not_have_is_named() {
        let error = standalone("[dependencies]\nserde.workspace = true\n", WORKSPACE).unwrap_err();
        assert!(error.contains("`serde`"), "{error}");
    }

    #[test]
    fn the_templates_text_is_kept() {
        let manifest = "# A scenario.\n[package]\nname = \"template\" # yours\n\n[dependencies]\n\
                        wload-sdk = { path = \"../wload-sdk\", features = [\"x\"] }\n";
        let expected = "# A scenario.\n[package]\nname = \"shop\" # yours\n\n[dependencies]\n\
                        wload-sdk = { path = \"wload-sdk\", features = [\"x\"] }\n\n\
                        # A workspace of its own, wherever this folder stands.\n[workspace]\n";
        assert_eq!(of_scenario(manifest, "shop").unwrap(), expected);
        let versioned =
            "[workspace]\n[dependencies]\nwload-sdk = \"0.1\"\n[package]\nname = \"t\"\n";
        let expected = "[workspace]\n[dependencies]\nwload-sdk = { path = \"wload-sdk\" }\n\
                        [package]\nname = \"shop\"\n";
        assert_eq!(of_scenario(versioned, "shop").unwrap(), expected);
        assert!(of_scenario("[package]\nname = \"t\"\n", "shop").is_err());
    }
}
