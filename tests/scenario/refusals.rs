//! What is no scenario is refused before the run, with what it is and what to do.
//!
//! Upstream: files that are something else. Downstream: the error on stderr, exit code 3.

use std::fs;

use wload_tests::guest::guest;
use wload_tests::process::{Finished, Wload, empty_folder};

/// The first eight bytes of a core module, and of a component: magic number, version, layer.
const MODULE: [u8; 8] = *b"\0asm\x01\0\0\0";
const COMPONENT: [u8; 8] = *b"\0asm\x0d\0\x01\0";

/// `wload run` and `wload check` refuse this file alike; answers what `run` said.
fn refused(name: &str, bytes: &[u8]) -> Finished {
    let folder = empty_folder(&format!("refusals/{name}"));
    let file = format!("{name}.wasm");
    fs::write(folder.join(&file), bytes).unwrap();
    let check = Wload::new("check").arg(&file).in_folder(&folder).expect(3);
    let run = Wload::run(file.as_ref(), "http://127.0.0.1:1", "-u 1 -t 1s");
    let run = run.in_folder(&folder).expect(3);
    assert_eq!(run.stdout, "", "{run}");
    let error = |finished: &Finished| finished.stderr.lines().last().map(str::to_owned);
    assert_eq!(error(&check), error(&run));
    assert!(run.stderr.contains(&file), "the file is named: {run}");
    run
}

fn check(name: &str, bytes: &[u8], parts: &[&str]) {
    let refused = refused(name, bytes);
    for part in parts {
        assert!(refused.stderr.contains(part), "no `{part}` in {refused}");
    }
}

#[test]
fn a_component_for_another_contract_is_refused_with_both_versions_and_the_remedy() {
    let bytes = fs::read(guest("other-contract")).unwrap();
    check("future", &bytes, &["wload:scenario/", "@0.2.0", "0.1.0", "hint: rebuild the scenario"]);
}

#[test]
fn a_text_is_no_component() {
    check("text", b"from locust import HttpUser\n", &["not a WebAssembly component"]);
    check("empty", b"", &["not a WebAssembly component"]);
}

#[test]
fn a_core_module_is_refused_with_the_remedy() {
    let hint = "hint: build it for the target `wasm32-wasip2`";
    check("module", &MODULE, &["module", "not a WebAssembly component", hint]);
}

#[test]
fn a_component_without_users_is_refused() {
    let parts = ["does not export `wload:scenario/users`", "hint: `wload new --lang rust NAME`"];
    check("no_users", &COMPONENT, &parts);
}

#[test]
fn a_component_that_was_cut_off_is_refused() {
    let bytes = fs::read(guest("raw-contract")).unwrap();
    for length in [9, bytes.len() / 2, bytes.len() - 1] {
        check("cut_off", &bytes[..length], &["failed to compile the component"]);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let missing = Wload::new("run nowhere.wasm -H http://127.0.0.1:1 -u 1 -t 1s").output();
    assert!(matches!(missing.code, Some(2 | 3)), "{missing}");
    assert!(missing.stderr.contains("nowhere.wasm"), "{missing}");
}
