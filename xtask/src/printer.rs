//! The only place of this crate that writes to the terminal.
//!
//! Talk goes to stderr, the results of the gate and lines of the test runner to stdout. A reader who
//! went away is no reason to stop a build, so errors of writing are passed over.

use std::io::Write;

/// A line of results.
pub(crate) fn data(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line for the person who waits.
pub(crate) fn talk(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// An error with its causes.
pub(crate) fn failure(error: &anyhow::Error) {
    talk(&format!("error: {error}"));
    for cause in error.chain().skip(1) {
        talk(&format!("  caused by: {cause}"));
    }
}
