//! Fuzzers: components with wrong bytes, and files of tables.
//!
//! Upstream: seeds of `wload_fuzz`, a guest of the tests. Downstream: the loader. What must hold: no
//! panic; what is refused is refused with a bounded text; what is accepted declares what can be run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use wload_core::isolation::Isolation;
use wload_core::limits::InstanceLimits;
use wload_core::limits::{GuestLimits, LoadLimits};
use wload_core::user_class::TableSpec;
use wload_fuzz::Noise;
use wload_scenario::{
    CompileHere, CompileOptions, Compiled, DataSource, Grants, RunSettings, ScenarioError,
};

/// Seeds of a test run: most mutations are refused before they are compiled, some are not.
const LOADER_RUNS: u64 = 40;
/// Seeds of a test run.
const TABLE_RUNS: u64 = 100;
/// Characters of an error with its causes.
const TEXT_MAX: usize = 20_000;

/// The component of a guest that stands on the contract alone.
fn guest() -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../target/guests/wasm32-wasip2/release/raw_contract.wasm");
    std::fs::read(&path)
        .unwrap_or_else(|error| panic!("`{}`: {error}: run `cargo xtask guests`", path.display()))
}

fn compile(bytes: &[u8], cache: Option<&Path>) -> Result<Compiled, ScenarioError> {
    let limits =
        GuestLimits { compute_time_max: Duration::from_millis(500), ..GuestLimits::default() };
    let options = CompileOptions {
        users_hint: 1,
        load: LoadLimits::default(),
        limits,
        cache_folder: cache,
        compiler: &CompileHere,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Compiled::new(bytes, &options))
}

fn check(error: &ScenarioError) {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    assert!(!text.trim().is_empty() && text.len() <= TEXT_MAX, "{text}");
}

#[test]
fn fuzz_loader() {
    let guest = guest();
    wload_fuzz::run(LOADER_RUNS, |noise| {
        let mut bytes = match noise.below(8) {
            0 => noise.bytes(300),
            1 => [&b"\0asm\x0d\0\x01\0"[..], &noise.bytes(300)].concat(),
            _ => guest.clone(),
        };
        noise.mutate(&mut bytes);
        match compile(&bytes, None) {
            Ok(compiled) => {
                compiled.info().check(&LoadLimits::default()).unwrap();
                let needs = compiled.machine_needs(1, 1);
                assert!(needs.maps > 0 && needs.address_space_bytes > 0);
            }
            Err(error) => check(&error),
        }
    });
}

fn csv(noise: &mut Noise) -> Vec<u8> {
    let pieces =
        ["a", "b", ",", ",", "\n", "\r\n", "\"", "\"\"", "\r", " ", "\u{feff}", "\u{e9}", "\0"];
    let mut bytes = noise.words(&pieces, 60).into_bytes();
    if noise.once_in(4) {
        noise.mutate(&mut bytes);
    }
    bytes
}

#[test]
fn fuzz_tables() {
    let (guest, folder) = (guest(), tempfile::tempdir().unwrap());
    let file: PathBuf = folder.path().join("t.csv");
    wload_fuzz::run(TABLE_RUNS, |noise| {
        std::fs::write(&file, csv(noise)).unwrap();
        let compiled = compile(&guest, Some(folder.path())).unwrap();
        let mut info = compiled.info().clone();
        let has_header = noise.once_in(2);
        info.tables = vec![TableSpec { name: "t".into(), path: "t.csv".into(), has_header }];
        let settings = RunSettings {
            users_max: 1,
            isolation: Isolation::default(),
            instances: InstanceLimits::default(),
            info: Arc::new(info),
            grants: Grants::default(),
            data: DataSource { folder: Some(folder.path().to_owned()), files: BTreeMap::new() },
            options: BTreeMap::new(),
            target_host: None,
            seed: 1,
        };
        if let Err(error) = compiled.prepare(settings) {
            check(&error);
            assert!(error.to_string().contains("t.csv"), "the file is named: {error}");
        }
    });
}
