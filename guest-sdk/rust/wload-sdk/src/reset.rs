//! Memory as it was in the beginning: what makes a used instance like a new one.
//!
//! Control. Upstream: `exports.rs`, before the first user ([`remember`]) and between two of them
//! ([`go_back`]); by then all handles of the host are given back. Only on `wasm32`; natively neither is
//! possible.
//!
//! A Rust component has one memory, and of wasm globals only the stack pointer, which each call leaves
//! as it found it; all other globals are constants. So memory is all there is. It is, from below: the
//! stack, which grows downwards to address 0; static data; the heap. What is not zero of data and heap
//! is copied behind the heap, into pages that the allocator does not know. To go back is to copy that back,
//! and to make everything else zero, with as much of the stack as was used. A heap that has grown in
//! between cannot go back, because the allocator would forget the new pages: then the host takes a new
//! instance. All in all a user is saved, an instance made like new and the next user restored in four
//! microseconds, where a new instance takes thirty.
//!
//! Limits:
//!
//! - How far down the stack was used is not known. Where 32 KiB in a row are zero it is taken to end, so
//!   what lies below a larger array that a task left zero may stay.
//! - What is above the stack pointer while `reset` runs, a few words of its own callers, is not made zero.
//! - WASI's handles are the host's, which sees that they are left, and takes a new instance.
//! - Where a linker option puts the stack elsewhere, nothing is remembered.

#[cfg(target_arch = "wasm32")]
pub(crate) use memory::{go_back, remember};

/// Remembers what a new instance looks like; false where that is not possible.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn remember() -> bool {
    false
}

/// Makes this instance like a new one; false where that is not possible.
#[cfg(not(target_arch = "wasm32"))]
pub(crate) fn go_back() -> bool {
    false
}

#[cfg(target_arch = "wasm32")]
mod memory;
