//! The only place that writes to stdout and stderr: data and talk.
//!
//! Upstream: commands, the log (`logging.rs`). Invariants: stdout carries nothing but data that was
//! asked for; everything else goes to stderr; colour only where [`Env::wants_colour`].

use std::io::{self, Write};

use crate::env::Env;
use crate::error::CliError;

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
