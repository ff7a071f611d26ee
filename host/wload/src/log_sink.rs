//! stderr shared by log lines and the live table: lines stand above the table and never in it.
//!
//! Upstream: `logging.rs` writes lines, the live console writes its table. Downstream: stderr, or the
//! log file. Invariants: while a table stands on the terminal, lines wait for its next redraw, which
//! begins by erasing it; there is a limit to what waits, and what is over it is counted and said; a
//! reader that went away (a closed terminal, a pipe to `head`) wants no more, which is no failure; any
//! other failure is kept for [`LogSink::failure`].

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// How a redraw of the live table erases the old one: the last thing before new text.
const ERASE_END: &[u8] = b"\x1b[J";
/// Bytes of lines that wait for a redraw, about a second's: more than anyone reads.
const PENDING_BYTES_MAX: usize = 1 << 20;

/// Takes log lines; may be cloned.
#[derive(Clone)]
pub(crate) struct LogSink(Arc<Mutex<State>>);

struct State {
    out: Box<dyn Write + Send>,
    /// A table stands on the terminal.
    has_table: bool,
    pending: Vec<u8>,
    left_out: u64,
    /// The first.
    failure: Option<io::Error>,
}

impl LogSink {
    /// Lines go to `out` at once, until there is a table.
    pub(crate) fn new(out: Box<dyn Write + Send>) -> Self {
        let state =
            State { out, has_table: false, pending: Vec::new(), left_out: 0, failure: None };
        Self(Arc::new(Mutex::new(state)))
    }

    /// What the live table writes to.
    pub(crate) fn table(&self) -> TableWriter {
        TableWriter(self.clone())
    }

    /// The table stands still from now on: lines go below it.
    pub(crate) fn end_table(&self) {
        let mut state = self.lock();
        state.has_table = false;
        let pending = state.take_pending();
        state.write(&pending);
        state.flush();
    }

    /// Why some of what was said is missing, once.
    pub(crate) fn failure(&self) -> Option<io::Error> {
        self.lock().failure.take()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Write for LogSink {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let mut state = self.lock();
        if !state.has_table {
            state.write(line);
        } else if state.pending.len() + line.len() <= PENDING_BYTES_MAX {
            state.pending.extend_from_slice(line);
        } else {
            state.left_out += 1;
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.lock().flush();
        Ok(())
    }
}

impl State {
    fn write(&mut self, bytes: &[u8]) {
        let written = self.out.write_all(bytes);
        self.keep(written);
    }

    fn flush(&mut self) {
        let flushed = self.out.flush();
        self.keep(flushed);
    }

    fn keep(&mut self, result: io::Result<()>) {
        if let Err(error) = result
            && !is_gone(&error)
        {
            self.failure.get_or_insert(error);
        }
    }

    fn take_pending(&mut self) -> Vec<u8> {
        let mut pending = std::mem::take(&mut self.pending);
        let left_out = std::mem::take(&mut self.left_out);
        if left_out > 0 {
            pending.extend_from_slice(format!("... {left_out} log lines left out\n").as_bytes());
        }
        pending
    }
}

/// What the live table writes to: each write is one redraw.
pub(crate) struct TableWriter(LogSink);

impl Write for TableWriter {
    fn write(&mut self, redraw: &[u8]) -> io::Result<usize> {
        let mut state = self.0.lock();
        state.has_table = true;
        let pending = state.take_pending();
        let erase = redraw.windows(ERASE_END.len()).position(|window| window == ERASE_END);
        let (erasing, table) = redraw.split_at(erase.map_or(0, |at| at + ERASE_END.len()));
        let redrawn = [erasing, &pending, table].concat();
        state.write(&redrawn);
        Ok(redraw.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().flush();
        Ok(())
    }
}

/// The reader went away: a pipe that is closed, or a terminal that was (`EIO`).
fn is_gone(error: &io::Error) -> bool {
    let of_terminal = rustix::io::Errno::IO.raw_os_error();
    error.kind() == io::ErrorKind::BrokenPipe || error.raw_os_error() == Some(of_terminal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Terminal(Arc<Mutex<Vec<u8>>>);

    impl Write for Terminal {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Terminal {
        fn take(&self) -> String {
            String::from_utf8(std::mem::take(&mut self.0.lock().unwrap())).unwrap()
        }
    }

    #[test]
    fn lines_wait_until_the_table_is_erased() {
        let terminal = Terminal::default();
        let mut sink = LogSink::new(Box::new(terminal.clone()));
        let mut table = sink.table();
        writeln!(sink, "before").unwrap();
        assert_eq!(terminal.take(), "before\n");
        table.write_all(b"table 1\n").unwrap();
        assert_eq!(terminal.take(), "table 1\n");
        writeln!(sink, "during").unwrap();
        assert_eq!(terminal.take(), "", "it would stand in the table");
        table.write_all(b"\x1b[1A\r\x1b[Jtable 2\n").unwrap();
        assert_eq!(terminal.take(), "\x1b[1A\r\x1b[Jduring\ntable 2\n");
        writeln!(sink, "late").unwrap();
        sink.end_table();
        writeln!(sink, "after").unwrap();
        assert_eq!(terminal.take(), "late\nafter\n");
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let terminal = Terminal::default();
        let mut sink = LogSink::new(Box::new(terminal.clone()));
        sink.table().write_all(b"table\n").unwrap();
        sink.write_all(&vec![b'x'; PENDING_BYTES_MAX]).unwrap();
        sink.write_all(b"one\n").unwrap();
        sink.write_all(b"two\n").unwrap();
        terminal.take();
        sink.end_table();
        let text = terminal.take();
        assert!(text.ends_with("x... 2 log lines left out\n"), "{}", &text[text.len() - 40..]);
    }

    /// Refuses everything with this error.
    struct Refuses(io::ErrorKind);

    impl Write for Refuses {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_went_away_is_no_failure_and_a_full_disk_is_one() {
        for (kind, is_failure) in
            [(io::ErrorKind::BrokenPipe, false), (io::ErrorKind::StorageFull, true)]
        {
            let mut sink = LogSink::new(Box::new(Refuses(kind)));
            writeln!(sink, "a line").unwrap();
            sink.table().write_all(b"table\n").unwrap();
            sink.end_table();
            assert_eq!(sink.failure().map(|error| error.kind()), is_failure.then_some(kind));
            assert!(sink.failure().is_none(), "it is told once");
        }
    }
}
