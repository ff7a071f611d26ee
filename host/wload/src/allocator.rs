//! The allocator of the binary, and the one thing that it is asked beside memory.
//!
//! Upstream: `commands/run.rs`, once what a run needs is loaded.

/// A hundred thousand users come and go: what they leave must go back to the system, and a request
/// allocates often enough to feel how long that takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Gives what this thread has freed back to the system. By itself the allocator does so when it is asked for more, which
/// after loading a large component may be never: 100 MiB and more that nobody uses.
pub(crate) fn give_back() {
    // SAFETY: it takes no pointer and may be called at any time, from any thread.
    #[expect(
        unsafe_code,
        reason = "the allocator has no safe function for it; see the SAFETY comment"
    )]
    unsafe {
        libmimalloc_sys::mi_collect(true);
    }
}
