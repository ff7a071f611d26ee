//! One run: a tool loads the target, and this is what it cost.
//!
//! Upstream: `bench` says who and what. Downstream: [`Run`], which tables and JSON are made of.
//!
//! The figures are those of a window. It opens when the tool is in its stride: some time after the target has counted
//! as many requests as there are users. It closes before the tool ends. CPU time and the target's count are
//! read at both ends, so what a tool takes to start is in nobody's cost of a request. A tool whose own report
//! is not needed is stopped then.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use super::machine::Machine;
use super::process;
use super::statistics;
use super::target::{Target, Total};
use super::tools::{Job, Said, Tool};
use super::workload::{Case, Measure};

/// From the first requests to the window: all users are up and all connections are open.
const WARM_UP: Duration = Duration::from_secs(2);
/// How much longer than the window a tool is told to go on: some count from before their first request.
const AFTER: Duration = Duration::from_secs(2);
/// How many users a tool that has to come to its end starts in a second, at least.
const USERS_STARTED_PER_SECOND: u32 = 1_000;
/// Longest time until there were as many requests as there are users.
const START_MAX: Duration = Duration::from_secs(120);
/// Longest time from the window to the tool's own end.
const END_MAX: Duration = Duration::from_secs(60);
/// How often the target is asked whether it has begun.
const POLL: Duration = Duration::from_millis(20);
/// How often memory is looked at.
const LOOK: Duration = Duration::from_millis(250);
/// Most lines of a tool's talk that an error shows.
const TALK_LINES_MAX: usize = 3;

/// What one run cost.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    /// Which round it belongs to, from 1.
    pub(super) round: usize,
    /// Length of the window.
    pub(super) seconds: f64,
    /// What the target counted in it.
    pub(super) requests: u64,
    /// Of these, answered with a status from 400 on.
    pub(super) failed: u64,
    /// CPU time of the tool in the window.
    pub(super) cpu_seconds: f64,
    /// CPU time of the target in the window.
    pub(super) target_cpu_seconds: f64,
    /// From the start of the process until there were as many requests as there are users.
    pub(super) start_seconds: f64,
    /// CPU time of the tool until then.
    pub(super) start_cpu_seconds: f64,
    /// The most memory that the tool had resident.
    pub(super) peak_rss_kib: u64,
    /// The memory that was its alone in the window: the median of what was seen.
    pub(super) private_kib: f64,
    /// Percentiles that the tool reported, in microseconds.
    pub(super) reported_us: Option<[f64; 2]>,
    /// The same of the target's own times.
    pub(super) true_us: Option<[f64; 2]>,
    /// How late its own timers were, as the tool says.
    pub(super) lag_p99_us: Option<f64>,
    /// Whether it said that it was the bottleneck itself.
    pub(super) says_saturated: Option<bool>,
    /// Everything the target counted, outside of the window as well.
    pub(super) all_requests: u64,
    /// What the tool ended with; none when it was stopped.
    pub(super) exit_code: Option<i32>,
}

impl Run {
    /// Requests per second.
    pub(super) fn rate(&self) -> f64 {
        self.requests as f64 / self.seconds
    }

    /// CPU microseconds per request; none without requests.
    pub(super) fn cpu_us(&self) -> Option<f64> {
        (self.requests > 0).then(|| self.cpu_seconds * 1e6 / self.requests as f64)
    }
}

/// Where and how long.
#[derive(Clone, Copy, Debug)]
pub(super) struct Setting<'a> {
    pub(super) machine: &'a Machine,
    /// Where tools leave what they say.
    pub(super) folder: &'a Path,
    /// Length of the window.
    pub(super) seconds: u64,
    pub(super) round: usize,
}

impl Setting<'_> {
    /// How long a tool is told to run: as long as it takes to measure it, and some more.
    pub(super) fn run_seconds(&self, case: Case) -> u64 {
        let start = if case.measure.needs_report() {
            Duration::from_secs((case.users / USERS_STARTED_PER_SECOND).into())
        } else {
            START_MAX
        };
        (start + WARM_UP + AFTER).as_secs() + self.seconds
    }
}

/// Makes the run.
///
/// # Errors
/// When the tool does not start, does not send what it should, or ends before it was measured.
pub(super) fn run(
    setting: Setting<'_>,
    tool: &dyn Tool,
    job: &Job<'_>,
    words: &[std::ffi::OsString],
    target: &mut Target,
) -> Result<Run> {
    target.reset()?;
    let mut generator = Generator::start(setting, job.program, words)?;
    let is_memory = job.case.measure == Measure::Memory;
    let expected = u64::from(job.case.users);
    let started = Instant::now();
    while target.total()?.received < expected {
        generator.expect_alive("before its load was there")?;
        let received = target.total()?.received;
        ensure!(
            started.elapsed() < START_MAX,
            "{received} of {expected} requests after {START_MAX:?}: {}",
            generator.talk()
        );
        thread::sleep(POLL);
    }
    let (start_seconds, start_cpu_seconds) =
        (started.elapsed().as_secs_f64(), process::cpu_seconds(generator.pid())?);
    thread::sleep(WARM_UP);
    let begin = Reading::take(&generator, target)?;
    let mut private = look(&mut generator, setting.seconds, is_memory)?;
    let end = Reading::take(&generator, target)?;
    // The peak only grows, so it is enough to read it last.
    let peak_rss_kib = process::peak_rss_kib(generator.pid()).context("its memory is not shown")?;
    private.extend(process::private_kib(generator.pid()).map(|kib| kib as f64));
    let private = statistics::Spread::of(private).context("its memory is not shown")?;
    let needs_report = job.case.measure.needs_report();
    let exit_code = if needs_report { generator.finish()? } else { generator.stop() };
    let has_true_times = job.case.measure.has_true_times();
    let times = if has_true_times { target.service_times_us()? } else { Vec::new() };
    let said = generator.said();
    Ok(Run {
        round: setting.round,
        seconds: (end.at - begin.at).as_secs_f64(),
        requests: end.total.received - begin.total.received,
        failed: end.total.failed - begin.total.failed,
        cpu_seconds: end.cpu_seconds - begin.cpu_seconds,
        target_cpu_seconds: end.target_cpu_seconds - begin.target_cpu_seconds,
        start_seconds,
        start_cpu_seconds,
        peak_rss_kib,
        private_kib: private.median,
        reported_us: has_true_times.then(|| tool.percentiles_us(&said)).flatten(),
        true_us: statistics::percentiles(times),
        lag_p99_us: needs_report.then(|| tool.lag_p99_us(&said)).flatten(),
        says_saturated: needs_report.then(|| tool.says_saturated(&said)).flatten(),
        all_requests: target.total()?.received,
        exit_code,
    })
}

/// Waits for the end of the window; answers the memory seen meanwhile. Looking walks the tables of a
/// process's memory, so it is done only where memory is what is asked for.
fn look(generator: &mut Generator, seconds: u64, is_memory: bool) -> Result<Vec<f64>> {
    let until = Instant::now() + Duration::from_secs(seconds);
    let mut private = Vec::new();
    loop {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(private);
        }
        thread::sleep(if is_memory { left.min(LOOK) } else { left });
        generator.expect_alive("while it was measured")?;
        if is_memory {
            private.extend(process::private_kib(generator.pid()).map(|kib| kib as f64));
        }
    }
}

/// Both ends of a window.
struct Reading {
    at: Instant,
    cpu_seconds: f64,
    target_cpu_seconds: f64,
    total: Total,
}

impl Reading {
    fn take(generator: &Generator, target: &mut Target) -> Result<Self> {
        let total = target.total()?;
        Ok(Self {
            at: Instant::now(),
            cpu_seconds: process::cpu_seconds(generator.pid())?,
            target_cpu_seconds: target.cpu_seconds()?,
            total,
        })
    }
}

/// A tool while it runs. It is killed when it is dropped.
struct Generator {
    child: Child,
    folder: PathBuf,
}

impl Generator {
    fn start(setting: Setting<'_>, program: &Path, words: &[std::ffi::OsString]) -> Result<Self> {
        let folder = setting.folder.to_owned();
        fs::create_dir_all(&folder)
            .with_context(|| format!("failed to make `{}`", folder.display()))?;
        let file = |name: &str| {
            let path = folder.join(name);
            File::create(&path).with_context(|| format!("failed to make `{}`", path.display()))
        };
        let [taskset, rest @ ..] = setting.machine.on_generator_core();
        // `taskset` becomes the program, so that its process is the one we count.
        let child = Command::new(taskset)
            .args(rest)
            .arg(program)
            .args(words)
            .current_dir(&folder)
            .stdin(Stdio::null())
            .stdout(file(STDOUT)?)
            .stderr(file(STDERR)?)
            .spawn()
            .with_context(|| format!("failed to start `{}`", program.display()))?;
        Ok(Self { child, folder })
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn expect_alive(&mut self, when: &str) -> Result<()> {
        match self.child.try_wait().context("failed to look after a tool")? {
            None => Ok(()),
            Some(status) => bail!("it ended {when}, with {status}: {}", self.talk()),
        }
    }

    /// Waits for its own end.
    fn finish(&mut self) -> Result<Option<i32>> {
        let until = Instant::now() + END_MAX;
        loop {
            if let Some(status) = self.child.try_wait().context("failed to wait for a tool")? {
                return Ok(status.code());
            }
            ensure!(Instant::now() < until, "it did not end by itself: {}", self.talk());
            thread::sleep(POLL);
        }
    }

    fn stop(&mut self) -> Option<i32> {
        // One that has just ended needs no signal.
        let _ = self.child.kill();
        let _ = self.child.wait();
        None
    }

    fn said(&self) -> Said {
        // What is not text says nothing that is asked for.
        let read = |name| fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        Said { stdout: read(STDOUT), stderr: read(STDERR), folder: self.folder.clone() }
    }

    /// The end of what it said, for an error.
    fn talk(&self) -> String {
        let Said { stdout, stderr, .. } = self.said();
        let text = if stderr.trim().is_empty() { stdout } else { stderr };
        let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(TALK_LINES_MAX)..];
        if last.is_empty() { "it said nothing".to_owned() } else { last.join(" / ") }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Files of what a tool says.
const STDOUT: &str = "stdout.txt";
const STDERR: &str = "stderr.txt";

#[cfg(test)]
mod tests {
    use super::super::results::tests::run;
    use super::*;

    #[test]
    fn cost_is_time_by_what_the_target_counted() {
        let run = Run { cpu_seconds: 4.5, ..run(1.0) };
        assert_eq!(run.rate(), 100_000.0);
        assert_eq!(run.cpu_us(), Some(9.0));
        assert_eq!(Run { requests: 0, ..run }.cpu_us(), None);
    }
}
