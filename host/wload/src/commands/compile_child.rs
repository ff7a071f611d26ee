//! Compiling in a process of its own, with limits of time and memory: both sides.
//!
//! Upstream: `load.rs`, when the cache has no machine code. Downstream: a child, `wload compile-child`,
//! which is this very binary: the component on its stdin, machine code on its stdout, its error on
//! stderr. Invariant: whatever a component does to the compiler, the parent gets an answer in time;
//! the child ends with its parent.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit};
use wload_core::limits::{GuestLimits, LoadLimits};
use wload_scenario::{Cause, CompileJob, Compiler, ScenarioError, compile_here};

use crate::args::compile_child::{CompileChildArgs, NAME};
use crate::exit_code;
use crate::printer::Printer;
use crate::time_span::{duration_text, size_text};

/// What a child says of an error; more is cut.
const ERROR_BYTES_MAX: u64 = 64 << 10;
/// The child's exit code when the component is at fault, and its stderr says how.
const REFUSED: u8 = exit_code::USAGE;

/// Compiles by a child process.
#[derive(Clone, Debug)]
pub(super) struct CompileApart {
    /// This binary.
    pub(super) program: PathBuf,
    pub(super) limits: LoadLimits,
}

impl Compiler for CompileApart {
    fn compile(&self, component: &[u8], job: CompileJob) -> Result<Vec<u8>, ScenarioError> {
        let mut child = self.start(job)?;
        let (code, said) = thread::scope(|scope| {
            let mut stdin = child.stdin.take().expect("stdin is piped in `start`");
            // A child that died does not read to the end; its exit says why.
            scope.spawn(move || drop(stdin.write_all(component)));
            let mut stderr = child.stderr.take().expect("stderr is piped in `start`");
            let mut stdout = child.stdout.take().expect("stdout is piped in `start`");
            let (ended, end) = channel();
            let said = scope.spawn(move || {
                let mut said = String::new();
                let _ = stderr.by_ref().take(ERROR_BYTES_MAX).read_to_string(&mut said);
                // What is over must not block the child.
                let _ = std::io::copy(&mut stderr, &mut std::io::sink());
                said
            });
            let code = scope.spawn(move || {
                let mut code = Vec::new();
                let read = stdout.read_to_end(&mut code).map(|_| code);
                let _ = ended.send(());
                read
            });
            if end.recv_timeout(self.limits.compile_time_max) == Err(RecvTimeoutError::Timeout) {
                // It may have ended just now; then there is nothing to kill.
                let _ = child.kill();
                return Err(self.too_slow());
            }
            let code = code.join().unwrap_or_else(|_| Ok(Vec::new()));
            Ok((code, said.join().unwrap_or_default()))
        })
        .inspect_err(|_| drop(child.wait()))?;
        let status =
            child.wait().map_err(|error| failed(&format!("no word of its end: {error}")))?;
        let code =
            code.map_err(|error| failed(&format!("its answer could not be read: {error}")))?;
        if status.success() { Ok(code) } else { Err(self.refusal(status, &said)) }
    }
}

impl CompileApart {
    fn start(&self, job: CompileJob) -> Result<Child, ScenarioError> {
        Command::new(&self.program)
            .arg(NAME)
            .arg(format!("--users={}", job.users_hint))
            .arg(format!("--memory={}", job.limits.memory_bytes_max))
            .arg(format!("--stack={}", job.limits.stack_bytes_max))
            .arg(format!("--address-space={}", self.limits.compile_memory_bytes_max))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                let program = Path::display(&self.program);
                failed(&format!("`{program}` could not be started: {error}"))
            })
    }

    fn too_slow(&self) -> ScenarioError {
        ScenarioError::CompileLimit {
            allowed: duration_text(self.limits.compile_time_max),
            limit: "compile-time",
        }
    }

    /// Why there is no code: the component's fault, or that of a limit.
    fn refusal(&self, status: ExitStatus, said: &str) -> ScenarioError {
        if status.code() == Some(i32::from(REFUSED)) {
            return failed(said.trim());
        }
        let is_out_of_memory = [
            "memory allocation of",
            "Cannot allocate memory",
            "os error 12",
            "can't spawn thread",
            // A thread that finds no room for its stack.
            "Resource temporarily unavailable",
        ];
        if is_out_of_memory.iter().any(|text| said.contains(text)) {
            return ScenarioError::CompileLimit {
                allowed: size_text(self.limits.compile_memory_bytes_max),
                limit: "compile-memory",
            };
        }
        let last = said.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or("no word");
        failed(&format!("the compiler ended with {status}: {last}"))
    }
}

fn failed(why: &str) -> ScenarioError {
    ScenarioError::Compile { source: Cause::said(why) }
}

/// The child: reads a component, writes machine code; answers the exit code.
pub(super) fn compile_child(printer: &Printer, args: &CompileChildArgs) -> u8 {
    match compile(args) {
        Ok(code) => match printer.bytes(&code) {
            Ok(()) => exit_code::PASSED,
            // Nobody listens any more.
            Err(_) => exit_code::BROKEN,
        },
        Err(why) => {
            printer.talk(&why);
            REFUSED
        }
    }
}

fn compile(args: &CompileChildArgs) -> Result<Vec<u8>, String> {
    set_parent_process_death_signal(Some(Signal::KILL)).map_err(|error| error.to_string())?;
    let limit = Rlimit { current: Some(args.address_space), maximum: Some(args.address_space) };
    setrlimit(Resource::As, limit).map_err(|error| error.to_string())?;
    let mut component = Vec::new();
    std::io::stdin().read_to_end(&mut component).map_err(|error| error.to_string())?;
    let limits = GuestLimits {
        memory_bytes_max: args.memory,
        stack_bytes_max: args.stack,
        ..GuestLimits::default()
    };
    compile_here(&component, CompileJob { users_hint: args.users, limits }).map_err(|error| {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        cause.unwrap_or_else(|| error.to_string())
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    /// Long enough for a child that was killed to be gone.
    const SOON: Duration = Duration::from_secs(20);

    fn job() -> CompileJob {
        CompileJob { users_hint: 1, limits: GuestLimits::default() }
    }

    fn shell(script: &str, limits: LoadLimits) -> (tempfile::TempDir, CompileApart) {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("child");
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        (folder, CompileApart { program, limits })
    }

    fn refused(script: &str) -> String {
        let (_folder, apart) = shell(script, LoadLimits::default());
        let error = apart.compile(&[0; 1 << 20], job()).unwrap_err();
        match std::error::Error::source(&error) {
            Some(cause) => cause.to_string(),
            None => error.to_string(),
        }
    }

    #[test]
    fn a_child_that_takes_too_long_is_ended_and_the_limit_named() {
        let limits =
            LoadLimits { compile_time_max: Duration::from_millis(50), ..LoadLimits::default() };
        let (_folder, apart) = shell("exec sleep 60", limits);
        let start = Instant::now();
        let error = apart.compile(b"", job()).unwrap_err();
        assert_eq!(error.to_string(), "compiling the component took more than 50ms");
        assert!(error.hint().unwrap().contains("compile-time"));
        assert!(start.elapsed() < SOON);
    }

    #[test]
    fn what_ended_a_child_is_said() {
        assert_eq!(refused("cat >/dev/null; echo 'bad magic' >&2; exit 2"), "bad magic");
        let text = refused("echo 'memory allocation of 8 bytes failed' >&2; kill -ABRT $$");
        assert_eq!(text, "compiling the component took more than 8GiB");
        let text = refused("kill -KILL $$");
        assert!(text.contains("signal: 9") && text.contains("no word"), "{text}");
    }

    #[test]
    fn the_answer_is_what_the_child_writes() {
        let (_folder, apart) = shell("cat", LoadLimits::default());
        let component: Vec<u8> = (0..1_000_000_u32).map(|byte| byte as u8).collect();
        assert_eq!(apart.compile(&component, job()).unwrap(), component);
    }
}
