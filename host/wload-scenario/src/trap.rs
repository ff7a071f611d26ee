//! From a trap to a message that a scenario's author understands.
//!
//! Upstream: errors of wasmtime calls. Downstream: rows of the exceptions table. The message is the
//! same for the same cause, because rows are counted by it.

use wasmtime::{Trap, WasmBacktrace};
use wload_core::limits::{MESSAGE_BYTES_MAX, TRACE_BYTES_MAX};

use crate::compute::ComputeLimit;
use crate::error::ScenarioError;
use crate::store_state::Misuse;

/// A call into the guest that did not end well.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFailure {
    /// One line.
    pub message: String,
    /// Where; may be empty.
    pub trace: String,
    /// The instance is dead: the user needs a fresh one.
    pub is_trap: bool,
}

impl TaskFailure {
    /// An error that the guest returned.
    pub(crate) fn exception(message: String, trace: Option<String>) -> Self {
        Self {
            message: cut(message, MESSAGE_BYTES_MAX),
            trace: cut(trace.unwrap_or_default(), TRACE_BYTES_MAX),
            is_trap: false,
        }
    }

    /// Something that is not the guest's doing: the user needs a fresh instance.
    pub(crate) fn broken(message: &str) -> Self {
        Self { message: message.into(), trace: String::new(), is_trap: true }
    }

    /// A saved user could not go on: it begins anew.
    pub(crate) fn not_restored(failure: Self) -> Self {
        let message = cut(format!("could not be restored: {}", failure.message), MESSAGE_BYTES_MAX);
        Self { message, is_trap: true, ..failure }
    }

    /// The instance could not be made.
    pub(crate) fn before_start(error: &ScenarioError) -> Self {
        let message = match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        };
        Self { message, trace: String::new(), is_trap: true }
    }

    /// What a trap was, with what the guest said before it died.
    pub(crate) fn from_trap(error: &wasmtime::Error, panic: Option<String>) -> Self {
        let message = panic.map_or_else(|| trap_message(error), |text| panic_message(&text));
        let trace = error.downcast_ref::<WasmBacktrace>().map(trace).unwrap_or_default();
        Self {
            message: cut(message, MESSAGE_BYTES_MAX),
            trace: cut(trace, TRACE_BYTES_MAX),
            is_trap: true,
        }
    }
}

fn trap_message(error: &wasmtime::Error) -> String {
    if let Some(misuse) = error.downcast_ref::<Misuse>() {
        return format!("trap: {misuse}");
    }
    if let Some(limit) = error.downcast_ref::<ComputeLimit>() {
        return format!("trap: {limit}");
    }
    if let Some(exit) = error.downcast_ref::<wasmtime_wasi::I32Exit>() {
        // WASI tells success from error, and nothing else about the code.
        let how = if exit.0 == 0 { "" } else { " with an error" };
        return format!("trap: the scenario exited{how}; a task ends by returning");
    }
    match error.downcast_ref::<Trap>() {
        Some(Trap::StackOverflow) => "trap: call stack exhausted (endless recursion?)".into(),
        Some(Trap::UnreachableCodeReached) => {
            "trap: unreachable code was reached (a panic or an abort without a message)".into()
        }
        Some(Trap::MemoryOutOfBounds) => "trap: memory access out of bounds".into(),
        Some(trap) => format!("trap: {trap}"),
        None => host_message(&error.root_cause().to_string()),
    }
}

/// Errors of wasmtime and of WASI that have a limit of ours behind them, but no type of their own.
fn host_message(text: &str) -> String {
    const LIMITS: [(&str, &str); 3] = [
        (
            "fuel allocated for hostcalls has been exhausted",
            "hands over too much in one call (`--limit call-size`)",
        ),
        ("requested len ", "asks for more random bytes than it may have memory (`--limit memory`)"),
        ("table has no free keys", "holds too many handles (`--limit open-handles`)"),
    ];
    let known = LIMITS.iter().find(|(part, _)| text.contains(part));
    format!("trap: {}", known.map_or(text, |(_, message)| message))
}

/// `panicked at src/lib.rs:7:9:\nmessage`, in the form that Rust has, on one line.
fn panic_message(text: &str) -> String {
    let text = text.split_once("panicked at ").map_or(text, |(_, rest)| rest);
    match text.split_once('\n').or_else(|| text.split_once(": ")) {
        Some((place, message)) if !message.trim().is_empty() => {
            format!("panic: {} ({})", one_line(message), place.trim_end_matches(':'))
        }
        _ => format!("panic: {}", one_line(text)),
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The frames that have a name, innermost first, without the machinery of a panic.
fn trace(backtrace: &WasmBacktrace) -> String {
    let mut lines = Vec::new();
    for frame in backtrace.frames() {
        let symbol = frame.symbols().first();
        let name = symbol.and_then(wasmtime::FrameSymbol::name).or_else(|| frame.func_name());
        let Some(name) = name else { continue };
        // Without the hash: the same place reads the same in every build.
        let name = format!("{:#}", rustc_demangle::demangle(name));
        if is_machinery(&name) {
            continue;
        }
        let place = symbol.and_then(|symbol| Some((symbol.file()?, symbol.line()?)));
        match place {
            Some((file, line)) => lines.push(format!("  {name} ({file}:{line})")),
            None => lines.push(format!("  {name}")),
        }
    }
    lines.join("\n")
}

/// Whether Rust's library, not the scenario, is in this frame when a guest panics.
fn is_machinery(name: &str) -> bool {
    const PANIC: [&str; 6] = [
        "abort",
        "__rustc::",
        "core::panicking::",
        "std::panicking::",
        "std::sys::",
        "std::process::",
    ];
    PANIC.iter().any(|prefix| name.trim_start_matches('<').starts_with(prefix))
}

fn cut(mut text: String, bytes: usize) -> String {
    text.truncate(text.floor_char_boundary(bytes));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_reads_as_one_line_with_its_place() {
        for (said, shown) in [
            (
                "thread '<unnamed>' panicked at src/lib.rs:7:9:\nno stock",
                "panic: no stock (src/lib.rs:7:9)",
            ),
            ("panicked at src/lib.rs:7:9: no stock", "panic: no stock (src/lib.rs:7:9)"),
            ("panicked at src/lib.rs:7:9:", "panic: src/lib.rs:7:9:"),
        ] {
            assert_eq!(panic_message(said), shown);
        }
    }

    #[test]
    fn only_the_machinery_of_a_panic_is_left_out_of_a_trace() {
        assert!(is_machinery("core::panicking::panic_fmt"));
        assert!(is_machinery("std::panicking::panic_handler::{closure#0}"));
        assert!(!is_machinery("shop::checkout"));
        assert!(!is_machinery("core::str::slice_error_fail"));
    }

    #[test]
    fn traps_have_messages_of_their_own() {
        let error = wasmtime::Error::new(Trap::StackOverflow);
        let failure = TaskFailure::from_trap(&error, None);
        assert_eq!(failure.message, "trap: call stack exhausted (endless recursion?)");
        assert!(failure.is_trap);
    }
}
