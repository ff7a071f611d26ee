//! The only place that writes to stdout and stderr: data and talk.
//!
//! Upstream: commands, the log (`logging.rs`). Invariants: stdout carries nothing but data that was
//! asked for; everything else goes to stderr; colour only where [`Env::wants_colour`].

use std::io::{self, Write};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::env::Env;
use crate::error::CliError;

/// Work that is done sooner needs no notice.
const NOTICE_AFTER: Duration = Duration::from_millis(500);

/// Writes for people and for programs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printer {
    has_colour: bool,
}

/// How a word is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    Red,
    Green,
    Yellow,
}

impl Printer {
    /// As the terminal allows it.
    pub(crate) fn new(env: &Env) -> Self {
        Self { has_colour: env.wants_colour() }
    }

    /// Data on stdout, flushed: somebody may wait for this line.
    pub(crate) fn data(&self, text: &str) -> Result<(), CliError> {
        let mut stdout = io::stdout().lock();
        stdout
            .write_all(text.as_bytes())
            .and_then(|()| stdout.flush())
            .map_err(|error| CliError::broken("failed to write to stdout").caused_by(&error))
    }

    /// Data that is no text, for a program.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        let mut stdout = io::stdout().lock();
        stdout.write_all(bytes).and_then(|()| stdout.flush())
    }

    /// A line of talk on stderr. When nobody can read it any more there is nobody to tell.
    pub(crate) fn talk(&self, text: &str) {
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// An error with its causes and its hint.
    pub(crate) fn error(&self, error: &CliError) {
        self.talk(&format!("{}: {}", self.paint("error", Colour::Red), error.text()));
    }

    /// Something that should be known before or after a run.
    pub(crate) fn warning(&self, text: &str) {
        self.talk(&format!("{}: {text}", self.paint("warning", Colour::Yellow)));
    }

    /// Says this when the work that follows takes a while; ends with what it answers.
    pub(crate) fn notice_when_slow(&self, text: String) -> Notice {
        let printer = *self;
        let (done, is_done) = channel::<()>();
        let thread = std::thread::Builder::new().name("wload-notice".to_owned()).spawn(move || {
            if is_done.recv_timeout(NOTICE_AFTER) == Err(RecvTimeoutError::Timeout) {
                printer.talk(&text);
            }
        });
        // Without a thread there is no notice, and nothing else is missing.
        Notice { done: Some(done), thread: thread.ok() }
    }

    /// Columns and lines of the terminal at stderr; none when there is none.
    pub(crate) fn terminal_size(&self) -> Option<(usize, usize)> {
        let size = rustix::termios::tcgetwinsize(io::stderr()).ok()?;
        (size.ws_col > 0 && size.ws_row > 0)
            .then(|| (usize::from(size.ws_col), usize::from(size.ws_row)))
    }

    /// The word in a colour, where there are colours.
    pub(crate) fn paint(&self, word: &str, colour: Colour) -> String {
        let code = match colour {
            Colour::Red => 31,
            Colour::Green => 32,
            Colour::Yellow => 33,
        };
        if self.has_colour { format!("\x1b[1;{code}m{word}\x1b[0m") } else { word.to_owned() }
    }
}

/// Stands for work that may be slow.
#[derive(Debug)]
pub(crate) struct Notice {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for Notice {
    fn drop(&mut self) {
        drop(self.done.take());
        if let Some(thread) = self.thread.take() {
            // It can only have panicked, and then its message is out already.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_colour_only_where_it_is_wanted() {
        let on = Printer::new(&Env { stderr_is_terminal: true, ..Env::default() });
        assert_eq!(on.paint("x", Colour::Red), "\x1b[1;31mx\x1b[0m");
        let mut env = Env { stderr_is_terminal: true, ..Env::default() };
        env.variables.insert("NO_COLOR".to_owned(), "1".into());
        assert_eq!(Printer::new(&env).paint("x", Colour::Red), "x");
        assert_eq!(Printer::new(&Env::default()).paint("x", Colour::Green), "x");
    }
}
