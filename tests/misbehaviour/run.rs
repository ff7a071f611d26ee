//! One run beside steady users, its time and its memory.
//!
//! Upstream: the tables of kinds. Invariant: the memory is that of the process itself, from the kernel.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use wload_tests::files::Report;
use wload_tests::process::{Finished, Wload, empty_folder};

/// Steady users of every run, as the guests declare them.
pub(crate) const STEADY_USERS: u64 = 40;
/// Time between two of their requests.
pub(crate) const STEADY_PACE: Duration = Duration::from_millis(500);
/// Share of their requests that steady users must send whatever stands beside them.
const STEADY_SHARE: f64 = 0.95;
/// What ending a run may take beside its time: the grace of users who do not stop, and a busy machine.
const END_TIME_MAX: Duration = Duration::from_secs(5);
/// How often the kernel is asked for the memory of a process.
const POLL: Duration = Duration::from_millis(20);

/// Time that a guest may compute in these runs: short, so that a run meets it often.
pub(crate) const COMPUTE: &str = "--limit compute-time=200ms";

/// A run that has ended.
pub(crate) struct Run {
    pub(crate) finished: Finished,
    pub(crate) time: Duration,
    /// The most memory that the process had; 0 when it had ended before it could be asked.
    pub(crate) peak_bytes: u64,
    /// Where its files are.
    pub(crate) folder: PathBuf,
    /// Absent where the run was refused.
    pub(crate) report: Option<Report>,
}

impl Run {
    /// Runs this guest in a folder of its own.
    pub(crate) fn of(name: &str, component: &Path, host: &str, args: &str) -> Self {
        let folder = empty_folder(&format!("misbehaviour/{name}"));
        let command = Wload::run(component, host, "--only-summary --csv run --json-file run")
            .args(args)
            .in_folder(&folder);
        let mut run = Self::measured(command, folder.clone());
        run.report = folder.join("run.json").is_file().then(|| Report::read(&folder));
        run
    }

    /// Runs this file without a target, for one that will be refused.
    pub(crate) fn without_target(name: &str, component: &Path, args: &str) -> Self {
        let folder = empty_folder(&format!("misbehaviour/files/{name}"));
        let command = Wload::new("run").arg(component).args("-u 1 -t 1s").args(args);
        Self::measured(command.in_folder(&folder), folder)
    }

    fn measured(command: Wload, folder: PathBuf) -> Self {
        let start = Instant::now();
        let running = command.spawn();
        let peak = watch(child());
        let finished = running.finish();
        let time = start.elapsed();
        let peak_bytes = peak.join().expect("the watcher does not panic");
        Self { finished, time, peak_bytes, folder, report: None }
    }

    /// Requests of the steady users.
    pub(crate) fn steady_requests(&self) -> u64 {
        let Some(report) = &self.report else { return 0 };
        let rows = report.stats.rows();
        let of_steady = rows.filter(|row| row.text("Name") == "/ok" && row.text("Type") == "GET");
        of_steady.map(|row| row.count("Request Count")).sum()
    }

    /// What is wrong with the run as a whole: its exit code, its end, its output, its memory.
    pub(crate) fn complaints(&self, code: i32, time: Duration, bytes_max: u64) -> Vec<String> {
        let mut complaints = Vec::new();
        if self.finished.code != Some(code) {
            complaints.push(format!("it ended with {:?}, not with {code}", self.finished.code));
        }
        if self.time > time + END_TIME_MAX {
            complaints.push(format!("it took {:?} instead of {time:?}", self.time));
        }
        if self.finished.stderr.contains('\u{1b}') {
            complaints.push("an escape reaches the terminal".to_owned());
        }
        if self.peak_bytes > bytes_max {
            complaints.push(format!("it took {} KiB of memory", self.peak_bytes >> 10));
        }
        complaints
    }

    /// What is wrong with the rate of the steady users, who should have had this time.
    pub(crate) fn steady_complaints(&self, time: Duration) -> Vec<String> {
        let rounds = u32::try_from(time.as_millis() / STEADY_PACE.as_millis()).unwrap();
        let expected = STEADY_USERS * u64::from(rounds);
        assert!(self.peak_bytes > 0, "a process that runs for seconds was seen while it ran");
        let found = self.steady_requests();
        if (found as f64) < expected as f64 * STEADY_SHARE {
            return vec![format!("steady users sent {found} requests, expected {expected}")];
        }
        Vec::new()
    }
}

/// The process that this thread has just started; it has no other.
fn child() -> u32 {
    let path = "/proc/thread-self/children";
    let children = std::fs::read_to_string(path)
        .unwrap_or_else(|error| panic!("failed to read `{path}`: {error}"));
    let child = children.split_whitespace().next_back();
    child.and_then(|child| child.parse().ok()).expect("the process has just been started")
}

/// Watches the memory of a process until it ends; answers its peak.
fn watch(process: u32) -> JoinHandle<u64> {
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Some(bytes) = peak_so_far(process) {
            peak = peak.max(bytes);
            std::thread::sleep(POLL);
        }
        peak
    })
}

/// None: it has ended.
fn peak_so_far(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
