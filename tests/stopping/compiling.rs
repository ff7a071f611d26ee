//! Signals while a component is being compiled: nothing was measured, and nothing is left behind.
//!
//! Upstream: a component that takes seconds to compile, made here. Downstream: the end of the process
//! by the signal, and of its compiling child.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::process::Pid;
use wload_tests::process::{Running, Wload, empty_folder};

/// How long a process may take to appear or to be gone.
const SOON: Duration = Duration::from_secs(20);
/// How often it is looked for.
const POLL: Duration = Duration::from_millis(5);
/// Functions of the slow component, and additions in each: some ten seconds of two cores.
const FUNCTIONS: u32 = 3 * 4_000;
const ADDITIONS: usize = 2_000;

/// An unsigned number as WebAssembly writes it.
fn leb(mut number: u32, out: &mut Vec<u8>) {
    loop {
        let low = (number & 0x7f) as u8;
        number >>= 7;
        if number == 0 {
            return out.push(low);
        }
        out.push(low | 0x80);
    }
}

fn section(id: u8, content: &[u8], out: &mut Vec<u8>) {
    out.push(id);
    leb(u32::try_from(content.len()).unwrap(), out);
    out.extend_from_slice(content);
}

/// A component with one core module of many long functions.
fn slow_component() -> Vec<u8> {
    // No locals, `local.get 0` doubled and multiplied again and again, `end`.
    let mut body = vec![0, 0x20, 0];
    for _ in 0..ADDITIONS {
        body.extend_from_slice(&[0x20, 0, 0x6a, 0x20, 0, 0x6c]);
    }
    body.push(0x0b);
    let (mut functions, mut code) = (Vec::new(), Vec::new());
    leb(FUNCTIONS, &mut functions);
    // All of the first type.
    functions.resize(functions.len() + FUNCTIONS as usize, 0);
    leb(FUNCTIONS, &mut code);
    for _ in 0..FUNCTIONS {
        leb(u32::try_from(body.len()).unwrap(), &mut code);
        code.extend_from_slice(&body);
    }
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    // One type: an i32 to an i32.
    section(1, &[1, 0x60, 1, 0x7f, 1, 0x7f], &mut module);
    section(3, &functions, &mut module);
    section(10, &code, &mut module);
    let mut component = b"\0asm\x0d\0\x01\0".to_vec();
    section(1, &module, &mut component);
    component
}

/// The child that compiles for this process.
fn compiler_of(parent: Pid) -> Option<u32> {
    let parent = parent.as_raw_nonzero().to_string();
    fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse::<u32>().ok()?;
        let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
        // `PID (NAME) STATE PARENT ...`; the name may have spaces.
        let is_child = stat.rsplit_once(") ")?.1.split(' ').nth(1) == Some(parent.as_str());
        let words = fs::read(entry.path().join("cmdline")).ok()?;
        let is_compiler = String::from_utf8_lossy(&words).contains("compile-child");
        (is_child && is_compiler).then_some(pid)
    })
}

/// Whether it still computes: one that nobody has waited for is as good as gone.
fn is_alive(pid: u32) -> bool {
    let stat = fs::read_to_string(Path::new("/proc").join(pid.to_string()).join("stat"));
    stat.is_ok_and(|stat| !stat.contains(") Z ") && !stat.contains(") X "))
}

#[track_caller]
fn check(name: &str, stop: impl Fn(&Running)) {
    let folder = empty_folder(&format!("stopping/{name}"));
    fs::write(folder.join("slow.wasm"), slow_component()).unwrap();
    let args = "run slow.wasm --no-cache --host http://127.0.0.1:1 --csv run";
    let run = Wload::new(args).in_folder(&folder).spawn();
    let deadline = Instant::now() + SOON;
    let compiler = loop {
        if let Some(compiler) = compiler_of(run.pid()) {
            break compiler;
        }
        assert!(Instant::now() < deadline, "nobody compiles");
        std::thread::sleep(POLL);
    };
    let stopped = Instant::now();
    stop(&run);
    let finished = run.finish();
    assert_eq!(finished.code, None, "ended by the signal: {finished}");
    while is_alive(compiler) {
        assert!(stopped.elapsed() < SOON, "the compiler goes on without its parent");
        std::thread::sleep(POLL);
    }
    assert!(!folder.join("run_stats.csv").exists(), "nothing was measured");
}

#[test]
fn a_ctrl_c_while_compiling_leaves_no_compiler_behind() {
    check("compiling_interrupt", Running::interrupt);
}

#[test]
fn sigterm_while_compiling_leaves_no_compiler_behind() {
    check("compiling_terminate", Running::terminate);
}
