//! Log lines and standard output of one user: bounded, line by line.
//!
//! Upstream: `interfaces/log.rs` and the guest's stdout and stderr. Downstream: the core's log.
//! Remembers the last lines that say why a guest is about to panic, for `trap.rs`.

use std::cell::{Cell, RefCell};
use std::pin::Pin;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use bytes::Bytes;
use send_wrapper::SendWrapper;
use tokio::io::AsyncWrite;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};
use wasmtime_wasi::p2::{OutputStream, Pollable, StreamResult};
use wload_core::event::LogLevel;
use wload_core::limits::{LOG_LINE_BYTES_MAX, MESSAGE_BYTES_MAX};
use wload_core::request_key::cut;

use crate::core_context::{CoreContext, GuestLine};
use crate::loader::Shared;
use crate::store_state::Identity;

/// Bytes that a guest may write to its output at once.
const WRITE_MAX: usize = 64 << 10;

/// Whose lines they are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Origin {
    User(Identity),
    Export(&'static str),
}

/// The log of one instance, with the name of the user that lives in it.
pub(crate) struct GuestLog {
    core: Rc<CoreContext>,
    shared: Arc<Shared>,
    origin: Cell<Origin>,
    lines_per_second_max: u32,
    second: Cell<u64>,
    lines: Cell<u32>,
    last_panic: RefCell<Option<String>>,
}

impl GuestLog {
    pub(crate) fn new(
        core: Rc<CoreContext>,
        shared: Arc<Shared>,
        origin: Origin,
        lines_per_second_max: u32,
    ) -> Rc<Self> {
        Rc::new(Self {
            core,
            shared,
            origin: Cell::new(origin),
            lines_per_second_max,
            second: Cell::new(0),
            lines: Cell::new(0),
            last_panic: RefCell::new(None),
        })
    }

    /// One line, unless this second has had its share.
    pub(crate) fn line(&self, level: LogLevel, message: &str) {
        let message = cut(message.trim_end(), LOG_LINE_BYTES_MAX);
        if level == LogLevel::Error {
            follow_panic(&mut self.last_panic.borrow_mut(), message);
        }
        let second = self.core.clock.elapsed().as_secs();
        if second != self.second.replace(second) {
            self.lines.set(0);
        }
        let lines = self.lines.get().saturating_add(1);
        self.lines.set(lines);
        if lines > self.lines_per_second_max {
            self.core.log_lines_dropped.set(self.core.log_lines_dropped.get() + 1);
            return;
        }
        (self.core.log)(GuestLine { level, origin: self.origin(), message: message.to_owned() });
    }

    /// Another user lives in the instance now; its lines are its own.
    pub(crate) fn set_origin(&self, user: Option<Identity>) {
        if let Some(user) = user {
            self.origin.set(Origin::User(user));
            self.lines.set(0);
        }
    }

    /// `class/user id`, or the name of the export.
    fn origin(&self) -> String {
        match self.origin.get() {
            Origin::User(user) => {
                format!("{}/{}", self.shared.info.class(user.class).name, user.id)
            }
            Origin::Export(name) => name.to_owned(),
        }
    }

    /// What a panic said, once.
    pub(crate) fn take_panic(&self) -> Option<String> {
        self.last_panic.borrow_mut().take()
    }
}

/// A panic begins with the line that has its place; what it says are the lines after it, up to Rust's
/// note about backtraces.
fn follow_panic(panic: &mut Option<String>, line: &str) {
    if line.contains("panicked at") {
        *panic = Some(line.to_owned());
    } else if let Some(said) = panic
        && said.len() < MESSAGE_BYTES_MAX
        && !line.starts_with("note: ")
    {
        said.push('\n');
        said.push_str(line);
    }
}

/// Where lines of a guest's output go.
pub(crate) trait LineSink: Clone + Send + Sync + Unpin + 'static {
    /// One line, perhaps with its end.
    fn line(&self, line: &str);
}

/// To the log of a user.
#[derive(Clone)]
pub(crate) struct LogLines {
    log: SendWrapper<Rc<GuestLog>>,
    level: LogLevel,
}

impl LogLines {
    pub(crate) fn new(log: Rc<GuestLog>, level: LogLevel) -> Output<Self> {
        Output(Self { log: SendWrapper::new(log), level })
    }
}

impl LineSink for LogLines {
    fn line(&self, line: &str) {
        self.log.line(self.level, line);
    }
}

/// Nowhere; only a panic is remembered. For `describe`, which has no log.
#[derive(Clone, Debug, Default)]
pub(crate) struct PanicLines(Arc<Mutex<Option<String>>>);

impl PanicLines {
    pub(crate) fn output(&self) -> Output<Self> {
        Output(self.clone())
    }

    /// What a panic said, once.
    pub(crate) fn take(&self) -> Option<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl LineSink for PanicLines {
    fn line(&self, line: &str) {
        let mut panic = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        follow_panic(&mut panic, cut(line.trim_end(), LOG_LINE_BYTES_MAX));
    }
}

/// Standard output or error of a guest, line by line.
#[derive(Clone)]
pub(crate) struct Output<S>(S);

impl<S: LineSink> Output<S> {
    fn stream(&self) -> LineStream<S> {
        LineStream { sink: self.0.clone(), pending: Vec::new() }
    }
}

impl<S> IsTerminal for Output<S> {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl<S: LineSink> StdoutStream for Output<S> {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.stream())
    }

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.stream())
    }
}

/// Collects bytes to lines. A line that is too long is cut and the rest of it dropped.
struct LineStream<S> {
    sink: S,
    pending: Vec<u8>,
}

impl<S: LineSink> LineStream<S> {
    fn take(&mut self, bytes: &[u8]) {
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let room = LOG_LINE_BYTES_MAX.saturating_sub(self.pending.len());
            self.pending.extend_from_slice(&part[..part.len().min(room)]);
            if part.ends_with(b"\n") {
                self.emit();
            }
        }
    }

    fn emit(&mut self) {
        let line = String::from_utf8_lossy(&self.pending);
        if !line.trim().is_empty() {
            self.sink.line(&line);
        }
        self.pending.clear();
    }
}

#[wasmtime_wasi::async_trait]
impl<S: LineSink> Pollable for LineStream<S> {
    async fn ready(&mut self) {}
}

impl<S: LineSink> OutputStream for LineStream<S> {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes);
        Ok(())
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        Ok(WRITE_MAX)
    }
}

impl<S: LineSink> AsyncWrite for LineStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        self.take(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_that_is_written_line_by_line_is_remembered_without_the_note() {
        let mut panic = None;
        for line in [
            "before",
            "thread '<unnamed>' panicked at src/lib.rs:7:9:",
            "assertion failed",
            "  left: 1",
            "note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace",
        ] {
            follow_panic(&mut panic, line);
        }
        let said = "thread '<unnamed>' panicked at src/lib.rs:7:9:\nassertion failed\n  left: 1";
        assert_eq!(panic.as_deref(), Some(said));
    }
}
