//! What ends a command early: message, details, chain of causes, hint, exit code.
//!
//! Upstream: every command. Downstream: `printer.rs`, which shows it, and `main.rs`, which exits
//! with its code.

use std::error::Error;

use crate::exit_code;
use crate::logging::plain;

/// An error as a person sees it.
#[derive(Debug)]
pub(crate) struct CliError {
    exit_code: u8,
    message: String,
    details: Vec<String>,
    causes: Vec<String>,
    hint: Option<String>,
}

impl CliError {
    /// The command line or the configuration is wrong.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(exit_code::USAGE, message)
    }

    /// Something could not start, or broke off.
    pub(crate) fn broken(message: impl Into<String>) -> Self {
        Self::new(exit_code::BROKEN, message)
    }

    fn new(exit_code: u8, message: impl Into<String>) -> Self {
        Self {
            exit_code,
            message: message.into(),
            details: Vec::new(),
            causes: Vec::new(),
            hint: None,
        }
    }

    /// Lines below the message, one for each mistake.
    pub(crate) fn with_details(mut self, details: Vec<String>) -> Self {
        self.details = details;
        self
    }

    /// The error below, and all below that.
    pub(crate) fn caused_by(mut self, error: &dyn Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            self.causes.push(error.to_string());
            next = error.source();
        }
        self
    }

    /// What to do about it.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The code of the process.
    pub(crate) fn exit_code(&self) -> u8 {
        self.exit_code
    }

    /// As it is printed, without the word `error`.
    pub(crate) fn text(&self) -> String {
        let mut text = self.message.clone();
        for detail in &self.details {
            text.push_str("\n  ");
            text.push_str(&detail.replace('\n', "\n    "));
        }
        for cause in &self.causes {
            text.push_str("\n  caused by: ");
            text.push_str(&cause.replace('\n', "\n    "));
        }
        if let Some(hint) = &self.hint {
            text.push_str("\nhint: ");
            text.push_str(hint);
        }
        // Parts of it were said by a scenario.
        text.split('\n').map(plain).collect::<Vec<_>>().join("\n")
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn it_reads_message_details_causes_hint() {
        let cause = io::Error::new(io::ErrorKind::NotFound, "no such file");
        let error = CliError::broken("failed to load scenario `a.wasm`")
            .with_details(vec!["first\nsecond line".to_owned()])
            .caused_by(&cause)
            .with_hint("build it");
        assert_eq!(error.exit_code(), 3);
        assert_eq!(
            error.text(),
            "failed to load scenario `a.wasm`\n  first\n    second line\n  caused by: no such \
             file\nhint: build it"
        );
    }

    #[test]
    fn what_a_scenario_says_cannot_reach_the_terminal() {
        let error = CliError::broken("failed").caused_by(&io::Error::other("\u{1b}[2Jgone\nmore"));
        assert_eq!(error.text(), "failed\n  caused by: \\u{1b}[2Jgone\n    more");
    }
}
