//! Files that are no scenarios, too large, cut off, damaged, or bombs: refused, in time and in memory.
//!
//! Upstream: bytes. Downstream: the error on stderr and the exit code 3.

use std::fs;
use std::time::{Duration, Instant};

use wload_tests::guest::guest;
use wload_tests::process::{Wload, empty_folder, under_load};
use wload_tests::target;

use crate::bomb::compile_bomb;
use crate::row::{Row, for_each, print};
use crate::run::{COMPUTE, Run};

/// Reading, asking and refusing takes little.
pub(crate) const MEMORY_MAX: u64 = 160 << 20;
/// Compiling a guest, on a busy machine.
const TIME: Duration = Duration::from_secs(10);
/// Damaged components that are tried.
const DAMAGED: u64 = 24;
/// Bytes that are changed in each.
const DAMAGES: usize = 8;

struct FileKind {
    name: &'static str,
    does: &'static str,
    limit: &'static str,
    args: &'static str,
    says: &'static str,
    bytes: fn() -> Vec<u8>,
}

const KINDS: [FileKind; 11] = [
    FileKind {
        name: "text",
        does: "is a text",
        limit: "",
        args: "",
        says: "scenario is a text file, not a WebAssembly component",
        bytes: || b"from locust import HttpUser\n".to_vec(),
    },
    FileKind {
        name: "empty",
        does: "is empty",
        limit: "",
        args: "",
        says: "scenario is empty, not a WebAssembly component",
        bytes: Vec::new,
    },
    FileKind {
        name: "module",
        does: "is a core module",
        limit: "",
        args: "",
        says: "scenario is a core WebAssembly module, not a WebAssembly component",
        bytes: || b"\0asm\x01\0\0\0".to_vec(),
    },
    FileKind {
        name: "no-users",
        does: "is a component that exports nothing",
        limit: "",
        args: "",
        says: "component does not export `wload:scenario/users`",
        bytes: || b"\0asm\x0d\0\x01\0".to_vec(),
    },
    FileKind {
        name: "wrong-world",
        does: "is a component for another contract",
        limit: "",
        args: "",
        says: "this wload offers `wload:scenario@0.1.0`",
        bytes: || read("other-contract"),
    },
    FileKind {
        name: "cut-off",
        does: "is a component without its second half",
        limit: "",
        args: "",
        says: "failed to compile the component",
        bytes: || half("lies"),
    },
    FileKind {
        name: "malformed",
        does: "is a component of random bytes",
        limit: "",
        args: "",
        says: "failed to compile the component",
        bytes: noise,
    },
    FileKind {
        name: "oversized",
        does: "is larger than the limit",
        limit: "component-size",
        args: "--limit component-size=32KiB",
        says: "scenario has more than 32768 bytes",
        bytes: || read("lies"),
    },
    FileKind {
        name: "memory-at-start",
        does: "begins with 128 MiB of memory",
        limit: "memory",
        args: "",
        says: "needs more than 65536 KiB of memory (`--limit memory`)",
        bytes: || read("greedy"),
    },
    FileKind {
        name: "compile-time-bomb",
        does: "is small, and compiles for minutes",
        limit: "compile-time",
        args: "--limit compile-time=1s",
        says: "compiling the component took more than 1s",
        bytes: compile_bomb,
    },
    FileKind {
        name: "compile-memory-bomb",
        does: "is small, and needs much memory to compile",
        limit: "compile-memory",
        args: "--limit compile-memory=192MiB",
        says: "compiling the component took more than 192MiB",
        bytes: compile_bomb,
    },
];

fn read(package: &str) -> Vec<u8> {
    fs::read(guest(package)).unwrap()
}

fn half(package: &str) -> Vec<u8> {
    let mut bytes = read(package);
    bytes.truncate(bytes.len() / 2);
    bytes
}

/// A component by its first bytes, and nothing by the others.
fn noise() -> Vec<u8> {
    let mut random = Random(1);
    let mut bytes = b"\0asm\x0d\0\x01\0".to_vec();
    bytes.extend((0..10_000).map(|_| random.next() as u8));
    bytes
}

/// A small generator (splitmix64): the same damage in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).unwrap()
    }
}

/// For the page.
pub(crate) fn rows() -> Vec<Row> {
    let row = |kind: &FileKind| Row {
        kind: kind.name,
        does: kind.does,
        limit: kind.limit,
        says: format!("`{}`", kind.says),
    };
    KINDS.iter().map(row).collect()
}

/// A run of these bytes without a target.
pub(crate) fn refused(name: &str, bytes: &[u8], args: &str) -> Run {
    let folder = empty_folder(&format!("misbehaviour/files/{name}"));
    let file = folder.join("scenario.wasm");
    fs::write(&file, bytes).unwrap();
    Run::without_target(&format!("{name}/run"), &file, args)
}

fn complaints(kind: &FileKind) -> Vec<String> {
    let run = refused(kind.name, &(kind.bytes)(), &format!("--no-cache {}", kind.args));
    let mut wrong = run.complaints(3, TIME, MEMORY_MAX);
    if !run.finished.stderr.contains(kind.says) {
        wrong.push(format!("`{}` is not said: {}", kind.says, run.finished));
    }
    wrong.into_iter().map(|what| format!("{}: {what}", kind.name)).collect()
}

#[test]
fn a_file_that_is_no_scenario_is_refused_in_time_and_in_memory() {
    let _turn = under_load();
    for_each(&KINDS, complaints);
    print("files that are no scenarios", &rows());
}

#[test]
fn a_file_without_an_end_is_refused_at_the_limit() {
    let endless = Wload::new("run /dev/zero -u 1 -t 1s --limit component-size=1MiB").expect(3);
    assert!(endless.stderr.contains("more than 1048576 bytes"), "{endless}");
}

#[test]
fn a_damaged_component_never_breaks_wload() {
    let _turn = under_load();
    let target = target::start();
    let whole = read("raw-contract");
    let seeds: Vec<u64> = (0..DAMAGED).collect();
    for_each(&seeds, |&seed| {
        let (mut random, mut bytes) = (Random(seed), whole.clone());
        for _ in 0..DAMAGES {
            // The first bytes say what it is; a damage there is another kind.
            let place = 8 + random.below(bytes.len() - 8);
            bytes[place] ^= 1 << random.below(8);
        }
        let folder = empty_folder(&format!("misbehaviour/damaged/{seed}"));
        let file = folder.join("scenario.wasm");
        fs::write(&file, bytes).unwrap();
        let start = Instant::now();
        let args = format!("-u 1 -i 5 -t 1s --skip-log-setup --no-cache {COMPUTE}");
        let run = Wload::run(&file, &target.url(), &args).output();
        let mut wrong = Vec::new();
        if !matches!(run.code, Some(0..=3)) || run.stderr.contains("panicked") {
            wrong.push(format!("seed {seed}: {run}"));
        }
        if start.elapsed() > TIME {
            wrong.push(format!("seed {seed} took {:?}", start.elapsed()));
        }
        wrong
    });
}
