//! Fuzzers: run one of them with seeds that no test run has had, until it fails or is stopped.
//!
//! Upstream: `cargo xtask fuzz NAME [SEED]`. Downstream: `cargo test`, which runs the fuzzer for some
//! seconds at a time, with its seeds in the environment (`tests/fuzz`). Before each round its first seed is
//! said; a failure says the seed that repeats it.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{cargo, run};
use crate::printer;
use crate::repository::Repository;

/// One fuzzer: a test function named `fuzz_NAME`.
struct Fuzzer {
    name: &'static str,
    what: &'static str,
    package: &'static str,
    /// Seeds of one round: some seconds.
    runs: u64,
}

const FUZZERS: [Fuzzer; 8] = [
    Fuzzer {
        name: "responses",
        what: "servers that send noise",
        package: "wload-http",
        runs: 2_000,
    },
    Fuzzer {
        name: "redirects",
        what: "chains of redirects, with cookies",
        package: "wload-http",
        runs: 2_000,
    },
    Fuzzer {
        name: "describe",
        what: "what a scenario may declare",
        package: "wload-core",
        runs: 200_000,
    },
    Fuzzer {
        name: "shapes",
        what: "what a load shape may answer",
        package: "wload-core",
        runs: 20_000,
    },
    Fuzzer {
        name: "loader",
        what: "components with wrong bytes",
        package: "wload-scenario",
        runs: 200,
    },
    Fuzzer { name: "tables", what: "files of test data", package: "wload-scenario", runs: 500 },
    Fuzzer {
        name: "options",
        what: "command lines, variables, wload.toml",
        package: "wload",
        runs: 20_000,
    },
    Fuzzer { name: "time_spans", what: "times and sizes", package: "wload", runs: 1_000_000 },
];

/// Runs a fuzzer from this seed on; without a name, shows which there are.
///
/// # Errors
/// When there is no such fuzzer, or it fails.
pub(crate) fn fuzz(repository: &Repository, name: Option<&str>, seed: Option<u64>) -> Result<()> {
    let Some(name) = name else {
        printer::data("Fuzzers, for `cargo xtask fuzz NAME [SEED]`:");
        for Fuzzer { name, what, .. } in FUZZERS {
            printer::data(&format!("  {name:<11} {what}"));
        }
        return Ok(());
    };
    let Some(fuzzer) = FUZZERS.iter().find(|fuzzer| fuzzer.name == name) else {
        bail!("there is no fuzzer `{name}`; `cargo xtask fuzz` lists them");
    };
    // Seeds from 0 on are those of every test run.
    let mut first = seed.unwrap_or(1_000_000);
    loop {
        printer::talk(&format!("{name}: seeds {first} to {}", first.wrapping_add(fuzzer.runs - 1)));
        run(round(repository, fuzzer, first))
            .with_context(|| format!("the fuzzer `{name}` found something; its seed is above"))?;
        first = first.wrapping_add(fuzzer.runs);
    }
}

fn round(repository: &Repository, fuzzer: &Fuzzer, first: u64) -> Command {
    let test = format!("fuzz_{}", fuzzer.name);
    let words = ["test", "--quiet", "--package", fuzzer.package, &test];
    let mut command = cargo(repository.root(), words);
    command.env("FUZZ_SEED", first.to_string()).env("FUZZ_RUNS", fuzzer.runs.to_string());
    command
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn every_fuzzer_is_a_test_of_its_package() {
        let repository = Repository::here().unwrap();
        for fuzzer in FUZZERS {
            let places = ["tests/it/fuzz.rs", "src/resolve/fuzz.rs"];
            let paths =
                places.map(|place| repository.path(&format!("host/{}/{place}", fuzzer.package)));
            let text = paths.iter().find_map(|path| fs::read_to_string(path).ok()).unwrap();
            assert!(text.contains(&format!("\nfn fuzz_{}()", fuzzer.name)), "{}", fuzzer.name);
        }
    }

    #[test]
    fn a_fuzzer_that_is_not_there_is_an_error() {
        let repository = Repository::here().unwrap();
        let error = fuzz(&repository, Some("nothing"), None).unwrap_err();
        assert!(error.to_string().contains("`nothing`"), "{error}");
    }
}
