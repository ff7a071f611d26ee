//! Kinds that are after memory: that of the guest, and through it that of the host.
//!
//! Upstream: `kinds.rs`.

use std::hint::black_box;
use std::mem::ManuallyDrop;

use crate::Ended;
use crate::exports::wload::scenario::users::{Outcome, TaskError};
use crate::requests::get;
use crate::wload::scenario::http::{self, Recording};

const MIB: usize = 1 << 20;

/// Takes memory until there is none; untouched, so that it does not take long.
pub fn hoard() -> Ended {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(Vec::<u8>::with_capacity(MIB)));
    }
}

/// Asks for more than there can be, once.
pub fn want_it_all() -> Ended {
    black_box(vec![1_u8; 1 << 30]);
    Ok(Outcome::Next)
}

/// Lets the host make a list that no guest could hold.
pub fn ask_for_random_bytes() -> Ended {
    black_box(crate::wasi::wasi::random::random::get_random_bytes(1 << 40));
    Ok(Outcome::Next)
}

/// Hands over a list of headers that all lie in the same place: one mebibyte for the guest, a gibibyte
/// for a host that copies each.
pub fn repeat_one_text() -> Ended {
    let text = vec![b'x'; MIB];
    let fields = (0..1 << 10).map(|_| {
        // SAFETY: `text` outlives the list, nothing writes to it, and neither the list nor what is
        // in it is ever dropped.
        let value = unsafe { Vec::from_raw_parts(text.as_ptr().cast_mut(), MIB, MIB) };
        ("x".to_owned(), value)
    });
    let mut spec = ManuallyDrop::new(get("/ok", Recording::Automatic));
    spec.headers = fields.collect();
    let reply = http::send(&spec, None);
    Err(TaskError { message: format!("the host took it: status {}", reply.status), trace: None })
}

/// An exception with a message and a trace of many mebibytes.
pub fn err_at_length() -> Ended {
    Err(TaskError { message: "long ".repeat(MIB), trace: Some("deep\n".repeat(4 * MIB)) })
}
