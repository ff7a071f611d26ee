//! The real binary with an environment of its own, a deadline, and everything it said.
//!
//! Upstream: tests. Downstream: `target/debug/wload`. Invariants: a process ends with its [`Running`];
//! nothing of the tester's own environment reaches it; runs under load take turns.

#![expect(clippy::panic, reason = "what the kit finds is a test that failed")]

use std::ffi::{OsStr, OsString};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::guest::repository;

/// Longest time that a command may take, unless the test says otherwise. Generous: it only ends what hangs.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often a running process is looked at.
const POLL: Duration = Duration::from_millis(5);
/// Variables without which neither a program nor cargo can be found.
const KEPT_VARIABLES: [&str; 5] = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];

static LOAD: Mutex<()> = Mutex::new(());

/// Held while a run puts this machine under load, so that no other run of this test binary is disturbed.
pub fn under_load() -> MutexGuard<'static, ()> {
    // A test that failed under load leaves nothing behind.
    LOAD.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The binary under test, whatever the target folder is called. `cargo test` does not build it.
///
/// # Panics
/// When it is missing or older than one of its sources.
fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a process knows its executable");
        let folder =
            test.parent().and_then(Path::parent).expect("a test is in target/PROFILE/deps");
        let path = folder.join(format!("wload{}", std::env::consts::EXE_SUFFIX));
        assert!(path.is_file(), "`{}` is missing: run `cargo build --bin wload`", path.display());
        if let Some(source) = newer_source(&path) {
            panic!("`{source}` is newer than `wload`: run `cargo build --bin wload`");
        }
        path
    })
}

/// A source that is newer than the binary made of it, by the list that cargo writes beside it.
fn newer_source(binary: &Path) -> Option<String> {
    let changed = |path: &Path| path.metadata().and_then(|file| file.modified()).ok();
    let built = changed(binary)?;
    let list = std::fs::read_to_string(binary.with_extension("d")).ok()?;
    // A space in a path is written with a backslash before it.
    let list = list.replace("\\ ", "\0");
    let sources = list.split_whitespace().map(|path| path.replace('\0', " "));
    let is_code = |path: &String| path.ends_with(".rs") || path.ends_with(".wit");
    let mut sources = sources.filter(is_code);
    sources.find(|path| changed(Path::new(path)).is_some_and(|changed| changed > built))
}

/// What becomes this wrapper, and then the binary. Tests that run in the background, or under `nohup`, ignore signals,
/// and so would everything that they start.
fn wrapped(wrapper: &str) -> Command {
    let mut command = Command::new("env");
    command.arg("--default-signal=HUP,INT").args(wrapper.split_whitespace());
    command
}

/// A command line to run.
#[derive(Debug)]
pub struct Wload {
    command: Command,
    deadline: Duration,
}

impl Wload {
    /// `wload ARGS`, split at spaces: values with spaces are added by [`Wload::arg`].
    #[must_use]
    pub fn new(args: &str) -> Self {
        Self::under("", args)
    }

    /// `WRAPPER wload ARGS`, for a program that changes what a process may do and then becomes it.
    #[must_use]
    pub fn under(wrapper: &str, args: &str) -> Self {
        let mut command = wrapped(wrapper);
        command.arg(binary());
        Self::of(command, args)
    }

    /// `WRAPPER SCRIPT wload ARGS`: the binary is the script's `$0`, what follows are its arguments.
    #[must_use]
    pub fn script_under(wrapper: &str, script: &str, args: &str) -> Self {
        let mut command = wrapped(wrapper);
        command.arg(script).arg(binary());
        Self::of(command, args)
    }

    fn of(mut command: Command, args: &str) -> Self {
        command.args(args.split_whitespace()).env_clear();
        for name in KEPT_VARIABLES {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        command.env("WLOAD_CACHE_DIR", repository().join("target/tests/cache"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A folder without a `wload.toml`.
        command.current_dir(folder("work"));
        Self { command, deadline: DEADLINE }
    }

    /// `wload run` of this component against this target.
    #[must_use]
    pub fn run(component: &Path, host: &str, args: &str) -> Self {
        Self::new("run").arg(component).arg("--host").arg(host).args(args)
    }

    /// The same under a wrapper.
    #[must_use]
    pub fn run_under(wrapper: &str, component: &Path, host: &str, args: &str) -> Self {
        Self::under(wrapper, "run").arg(component).arg("--host").arg(host).args(args)
    }

    /// One more argument.
    #[must_use]
    pub fn arg(mut self, arg: impl AsRef<OsStr>) -> Self {
        self.command.arg(arg);
        self
    }

    /// More arguments, split at spaces.
    #[must_use]
    pub fn args(mut self, args: &str) -> Self {
        self.command.args(args.split_whitespace());
        self
    }

    /// A variable of its environment.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// The folder that it runs in.
    #[must_use]
    pub fn in_folder(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    /// Another deadline than a minute.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// A stdin that stays open until [`Running::close_stdin`].
    #[must_use]
    pub fn with_stdin(mut self) -> Self {
        self.command.stdin(Stdio::piped());
        self
    }

    /// Data go there, and not to the test.
    #[must_use]
    pub fn with_stdout(mut self, stdout: impl Into<Stdio>) -> Self {
        self.command.stdout(stdout);
        self
    }

    /// Talk goes there, and not to the test.
    #[must_use]
    pub fn with_stderr(mut self, stderr: impl Into<Stdio>) -> Self {
        self.command.stderr(stderr);
        self
    }

    /// This is its terminal: where it reads and talks.
    ///
    /// # Panics
    /// When the terminal cannot be had twice.
    #[must_use]
    pub fn with_terminal(mut self, terminal: std::os::fd::OwnedFd) -> Self {
        let second = terminal.try_clone().expect("another descriptor of the terminal");
        self.command.stdin(terminal).stderr(second);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it cannot be started.
    #[must_use]
    pub fn spawn(mut self) -> Running {
        let words = self.command.get_args().map(OsString::from).collect();
        let mut child =
            self.command.spawn().unwrap_or_else(|error| panic!("failed to start wload: {error}"));
        let stdout = child.stdout.take().map_or_else(Reader::of_nothing, Reader::start);
        let stderr = child.stderr.take().map_or_else(Reader::of_nothing, Reader::start);
        Running { child, words, stdout, stderr, deadline: Instant::now() + self.deadline }
    }

    /// Runs it to its end.
    ///
    /// # Panics
    /// When it does not end in time.
    #[must_use]
    pub fn output(self) -> Finished {
        self.spawn().finish()
    }

    /// Runs it to its end, which must be this exit code.
    ///
    /// # Panics
    /// When it ends otherwise, or not in time.
    pub fn expect(self, code: i32) -> Finished {
        let finished = self.output();
        assert_eq!(finished.code, Some(code), "{finished}");
        finished
    }
}

/// A process that runs; it is killed when it is dropped.
#[derive(Debug)]
pub struct Running {
    child: Child,
    words: Vec<OsString>,
    stdout: Reader,
    stderr: Reader,
    deadline: Instant,
}

impl Running {
    /// Ctrl-C.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn interrupt(&self) {
        self.signal(Signal::INT);
    }

    /// What `kill` sends.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// What a terminal sends when it is closed.
    ///
    /// # Panics
    /// When the process is gone.
    pub fn hang_up(&self) {
        self.signal(Signal::HUP);
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the process is ours");
    }

    /// Its id.
    ///
    /// # Panics
    /// Never: a process has an id until it is waited for.
    #[must_use]
    pub fn pid(&self) -> Pid {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        pid.expect("a process has an id")
    }

    /// Writes to its stdin.
    ///
    /// # Panics
    /// When it has none, or does not read it.
    pub fn say(&mut self, text: &str) {
        let stdin = self.child.stdin.as_mut().expect("it was started with a stdin");
        stdin.write_all(text.as_bytes()).expect("it reads its stdin");
    }

    /// The end of its stdin.
    pub fn close_stdin(&mut self) {
        drop(self.child.stdin.take());
    }

    /// Waits for the first line of stdout.
    ///
    /// # Panics
    /// When the process ends or the deadline passes before.
    #[must_use]
    pub fn first_line(&mut self) -> String {
        self.wait("its first line", |this| {
            let text = this.stdout.text();
            text.split_once('\n').map(|(line, _)| line.to_owned())
        })
    }

    /// Waits until stderr has this text.
    ///
    /// # Panics
    /// When the process ends or the deadline passes before.
    pub fn wait_for(&mut self, text: &str) {
        self.wait(text, |this| this.stderr.text().contains(text).then_some(()));
    }

    fn wait<T>(&mut self, what: &str, look: impl Fn(&Self) -> Option<T>) -> T {
        loop {
            let ended = self.child.try_wait().expect("the process is ours");
            if let Some(found) = look(self) {
                return found;
            }
            let is_late = Instant::now() >= self.deadline;
            assert!(
                ended.is_none() && !is_late,
                "waited for `{what}`, found ({ended:?}):\n{}\n{}",
                self.stdout.text(),
                self.stderr.text()
            );
            std::thread::sleep(POLL);
        }
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When the deadline passes before.
    #[must_use]
    pub fn finish(mut self) -> Finished {
        let status = loop {
            match self.child.try_wait().expect("the process is ours") {
                Some(status) => break status,
                None if Instant::now() < self.deadline => std::thread::sleep(POLL),
                None => panic!("{:?} does not end:\n{}", self.words, self.stderr.text()),
            }
        };
        self.stdout.join();
        self.stderr.join();
        Finished::new(status, &self.words, self.stdout.text(), self.stderr.text())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Either it has ended already, or the test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A process that has ended.
#[derive(Debug)]
pub struct Finished {
    /// Its exit code; none when a signal killed it.
    pub code: Option<i32>,
    /// All of stdout.
    pub stdout: String,
    /// All of stderr.
    pub stderr: String,
    words: Vec<OsString>,
}

impl Finished {
    fn new(status: ExitStatus, words: &[OsString], stdout: String, stderr: String) -> Self {
        Self { code: status.code(), stdout, stderr, words: words.to_vec() }
    }

    /// The line of stderr with the verdict, without the word `verdict`, and without what it says of the machine that
    /// runs the tests.
    ///
    /// # Panics
    /// When there is none.
    #[must_use]
    pub fn verdict(&self) -> &str {
        let line = self.stderr.lines().find_map(|line| line.strip_prefix("verdict: "));
        let line = line.unwrap_or_else(|| panic!("no verdict: {self}"));
        line.strip_suffix("; but the generator was saturated").unwrap_or(line)
    }

    /// How many requests were on the wire when their users were stopped, as the summary says.
    #[must_use]
    pub fn interrupted(&self) -> u64 {
        let mark = [" requests were on the wire when", " request was on the wire when"];
        let count = |line: &str| {
            let (count, _) = mark.iter().find_map(|mark| line.split_once(mark))?;
            count.trim().parse().ok()
        };
        self.stderr.lines().find_map(count).unwrap_or(0)
    }
}

impl std::fmt::Display for Finished {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { code, stdout, stderr, words } = self;
        write!(out, "{words:?} ended with {code:?}\nstdout:\n{stdout}\nstderr:\n{stderr}")
    }
}

/// Gathers what a pipe says, so that the process never waits for us.
#[derive(Debug)]
struct Reader {
    bytes: Arc<Mutex<Vec<u8>>>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    fn start(pipe: impl Read + Send + 'static) -> Self {
        let bytes = Arc::new(Mutex::new(Vec::new()));
        let gathered = bytes.clone();
        let thread = std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            // A pipe that breaks is a process that has ended.
            while let Ok(chunk) = pipe.fill_buf() {
                if chunk.is_empty() {
                    return;
                }
                let length = chunk.len();
                gathered.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(chunk);
                pipe.consume(length);
            }
        });
        Self { bytes, thread: Some(thread) }
    }

    /// Of what goes elsewhere.
    fn of_nothing() -> Self {
        Self { bytes: Arc::default(), thread: None }
    }

    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            thread.join().expect("a reader does not panic");
        }
    }
}

/// An empty folder for this name, below `target/tests`.
///
/// # Panics
/// When it cannot be made.
#[must_use]
pub fn empty_folder(name: &str) -> PathBuf {
    let path = repository().join("target/tests").join(name);
    if let Err(error) = std::fs::remove_dir_all(&path) {
        let is_new = error.kind() == std::io::ErrorKind::NotFound;
        assert!(is_new, "failed to empty `{}`: {error}", path.display());
    }
    folder(name)
}

fn folder(name: &str) -> PathBuf {
    let path = repository().join("target/tests").join(name);
    std::fs::create_dir_all(&path)
        .unwrap_or_else(|error| panic!("failed to make `{}`: {error}", path.display()));
    path
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::SystemTime;

    use super::*;

    #[test]
    fn a_source_that_is_newer_than_the_binary_is_found_by_cargos_list() {
        let folder = empty_folder("newer source");
        let (binary, source) = (folder.join("wload"), folder.join("main.rs"));
        for path in [&binary, &source, &folder.join("note.txt")] {
            fs::write(path, "").unwrap();
        }
        let listed = |name: &str| folder.join(name).display().to_string().replace(' ', "\\ ");
        let list = format!("wload: {} {}\n", listed("note.txt"), listed("main.rs"));
        fs::write(folder.join("wload.d"), list).unwrap();
        let built = SystemTime::now();
        let touch = |path: &Path, time| File::open(path).unwrap().set_modified(time).unwrap();
        touch(&binary, built);
        touch(&folder.join("note.txt"), built + Duration::from_secs(1));
        touch(&source, built);
        assert_eq!(newer_source(&binary), None);
        touch(&source, built + Duration::from_secs(1));
        assert_eq!(newer_source(&binary), Some(source.display().to_string()));
    }
}
