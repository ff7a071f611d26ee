//! No guest without a test.
//!
//! Upstream: the folders in `tests/guests`. Downstream: the sources of the tests.

use std::path::{Path, PathBuf};

use wload_tests::guest::{packages, repository};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.ends_with("guests") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_guest_has_a_test() {
    let mut files = Vec::new();
    sources(&repository().join("tests"), &mut files);
    let texts: Vec<String> =
        files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    let packages = packages();
    assert!(packages.len() >= 4, "the folder of guests was found: {packages:?}");
    for package in packages {
        let quoted = format!("\"{package}\"");
        let component = format!("{}.wasm", package.replace('-', "_"));
        let is_used = |text: &&String| text.contains(&quoted) || text.contains(&component);
        assert!(texts.iter().any(|text| is_used(&text)), "no test uses the guest `{package}`");
    }
}
