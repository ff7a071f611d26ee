//! A run on paper: requests and exceptions, and the events that a run with them sends.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use wload_core::cancel::StopReason;
use wload_core::event::{RunEvent, RunSummary};
use wload_core::failure::{http_status_failure, judged_failure};
use wload_core::recorder::Recorder;
use wload_core::sample::{Exception, Sample};
use wload_core::snapshot::{GeneratorHealth, Snapshot};
use wload_core::statistics::{SnapshotInput, Statistics};
use wload_report::Reporter;

/// Start of every run on paper, seconds since 1970: 2023-11-14T22:13:20Z.
pub(crate) const STARTED: u64 = 1_700_000_000;

#[derive(Clone, Debug)]
pub(crate) enum Verdict {
    Good,
    Judged(&'static str),
    Status(u16, &'static str),
}

#[derive(Clone, Debug)]
pub(crate) struct Request {
    /// Since the start of the run.
    pub(crate) at_ms: u64,
    pub(crate) method: &'static str,
    pub(crate) name: &'static str,
    pub(crate) us: Option<u64>,
    pub(crate) length: u64,
    pub(crate) verdict: Verdict,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Scene {
    pub(crate) requests: Vec<Request>,
    /// Class, task, message, trace.
    pub(crate) exceptions: Vec<[&'static str; 4]>,
    pub(crate) now_ms: u64,
    pub(crate) user_count: u32,
}

impl Scene {
    pub(crate) fn statistics(&self) -> Statistics {
        let mut recorder = Recorder::new(true);
        for request in &self.requests {
            let key = recorder.intern(request.method, request.name);
            let failure = match &request.verdict {
                Verdict::Good => None,
                Verdict::Judged(text) => Some(judged_failure(text)),
                Verdict::Status(status, reason) => {
                    Some(http_status_failure(*status, reason, request.name))
                }
            };
            recorder.record(&Sample {
                key,
                ended: Duration::from_millis(request.at_ms),
                response_time: request.us.map(Duration::from_micros),
                response_length: request.length,
                failure: failure.as_deref(),
            });
        }
        for [class, task, message, trace] in &self.exceptions {
            let at = Duration::from_secs(1);
            recorder.record_exception(&Exception { class, task, message, trace, at });
        }
        let mut statistics = Statistics::new(true);
        statistics.apply(recorder.take_delta());
        statistics
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        self.snapshot_of(&mut self.statistics())
    }

    fn snapshot_of(&self, statistics: &mut Statistics) -> Snapshot {
        statistics.snapshot(SnapshotInput {
            elapsed: Duration::from_millis(self.now_ms),
            user_count: self.user_count,
            user_target: self.user_count,
            health: GeneratorHealth::default(),
        })
    }

    pub(crate) fn summary(&self) -> RunSummary {
        let mut statistics = self.statistics();
        RunSummary {
            exit_code: None,
            reason: StopReason::RunTime,
            snapshot: self.snapshot_of(&mut statistics),
            rows: statistics.details(),
            saturation: None,
        }
    }
}

pub(crate) fn started() -> RunEvent {
    RunEvent::Started { at: SystemTime::UNIX_EPOCH + Duration::from_secs(STARTED) }
}

pub(crate) fn tick(snapshot: Snapshot) -> RunEvent {
    RunEvent::Snapshot(Arc::new(snapshot))
}

pub(crate) fn ended(summary: RunSummary) -> RunEvent {
    RunEvent::Ended(Arc::new(summary))
}

/// Gives events to a reporter that must take them.
pub(crate) fn give(reporter: &mut dyn Reporter, events: &[RunEvent]) {
    for event in events {
        reporter.on_event(event).unwrap();
    }
}

/// The example of the statistics' documentation: three GET of 12.345 ms, 147.2 ms and without a
/// time, one failed; one failed POST.
pub(crate) fn example() -> Scene {
    let get = |at_ms, us, verdict| Request {
        at_ms,
        method: "GET",
        name: "/",
        us,
        length: 205 / 3,
        verdict,
    };
    Scene {
        requests: vec![
            Request {
                at_ms: 3_500,
                method: "POST",
                name: "/login",
                us: Some(3_432_900),
                length: 20,
                verdict: Verdict::Judged("bad body"),
            },
            get(4_000, Some(12_345), Verdict::Good),
            get(4_250, Some(147_200), Verdict::Status(404, "Not Found")),
            get(4_500, None, Verdict::Good),
        ],
        exceptions: vec![["U", "t", "boom", "  File \"a.py\", line 3, in t\n    raise X\n"]; 2],
        now_ms: 4_900,
        user_count: 2,
    }
}

/// A stream whose bytes a test can look at.
#[derive(Clone, Default)]
pub(crate) struct Paper(Arc<Mutex<Vec<u8>>>);

impl Paper {
    pub(crate) fn stream(&self) -> Box<dyn Write + Send> {
        Box::new(self.clone())
    }

    /// Everything since the last time.
    pub(crate) fn take(&self) -> String {
        String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap()
    }
}

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
