//! Kinds that talk without end.
//!
//! Upstream: `kinds.rs`. They say much, but do not compute for long: it is the log that they are after.

use std::io::Write;

use crate::Ended;
use crate::exports::wload::scenario::users::Outcome;
use crate::wload::scenario::log::{self, Level};

/// Lines of one task.
const LINES: u32 = 2_000;

/// Lines by the contract's log.
pub fn log() -> Ended {
    for line in 0..LINES {
        log::log(Level::Warn, &format!("logged {line}"));
    }
    Ok(Outcome::Next)
}

/// Lines to the standard output.
pub fn print() -> Ended {
    for line in 0..LINES {
        println!("printed {line}");
    }
    Ok(Outcome::Next)
}

/// A line of eight mebibytes to the standard error, which ends with a word of its own.
pub fn print_one_line() -> Ended {
    let part = [b'x'; 4 << 10];
    let mut out = std::io::stderr();
    for _ in 0..2_000 {
        // What is over the limit is dropped without an error.
        let _ = out.write_all(&part);
    }
    let _ = out.write_all(b"tail of the line\n");
    Ok(Outcome::Next)
}
