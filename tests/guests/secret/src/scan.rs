//! What a secret looks like, and the search for all that are in the memory of this instance.
//!
//! Upstream: `lib.rs`. Downstream: memory as bytes. Invariant: the pattern that is looked for stands nowhere in
//! clear, so whatever is found was written by a user.

#![expect(unsafe_code, reason = "no safe code can look at all of memory")]

use std::arch::wasm32::memory_size;
use std::collections::BTreeSet;

/// What every secret begins with, each byte changed by `MASK`.
const MASKED: [u8; 10] = *b"TheSecret/";
const MASK: u8 = 0x5a;
/// Hexadecimal digits of the user's id.
const DIGITS: usize = 8;
/// Bytes of a secret.
pub(crate) const SECRET_LEN: usize = MASKED.len() + DIGITS;
const WASM_PAGE: usize = 64 << 10;

/// What no other user may see.
#[derive(Clone, Copy)]
pub(crate) struct Secret([u8; SECRET_LEN]);

/// Which part of memory.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Stack,
    Static,
    Heap,
}

unsafe extern "C" {
    static __global_base: u8;
    static __heap_base: u8;
}

impl Place {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Stack => "the stack",
            Self::Static => "static data",
            Self::Heap => "the heap",
        }
    }

    fn of(address: usize) -> Self {
        if address < (&raw const __global_base).addr() {
            Self::Stack
        } else if address < (&raw const __heap_base).addr() {
            Self::Static
        } else {
            Self::Heap
        }
    }
}

impl Secret {
    pub(crate) fn of(id: u64) -> Self {
        let mut bytes = [0; SECRET_LEN];
        for (byte, masked) in bytes.iter_mut().zip(MASKED) {
            *byte = masked ^ MASK;
        }
        for (place, digit) in bytes[MASKED.len()..].iter_mut().rev().enumerate() {
            let nibble = (id >> (4 * place)) as u8 & 0xf;
            *digit = b"0123456789abcdef"[usize::from(nibble)];
        }
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8; SECRET_LEN] {
        &self.0
    }

    /// As it may stand in a header or a cookie: digits only, because the rest is not always text.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A block of so many bytes, full of it.
    pub(crate) fn fill(&self, size: usize) -> Vec<u8> {
        self.0.iter().copied().cycle().take(size).collect()
    }
}

/// Whose secrets are in which part of memory.
pub(crate) fn memory() -> BTreeSet<(Place, u64)> {
    let mut found = BTreeSet::new();
    let end = memory_size(0) * WASM_PAGE;
    let mut address = size_of::<u64>();
    while address + SECRET_LEN <= end {
        if let Some(id) = secret_at(address) {
            found.insert((Place::of(address), id));
            address += SECRET_LEN;
        } else if address.is_multiple_of(size_of::<u64>()) && is_zero(address) {
            // No secret begins with a zero, and most of memory is zero.
            address += size_of::<u64>();
        } else {
            address += 1;
        }
    }
    found
}

fn secret_at(address: usize) -> Option<u64> {
    let begins =
        MASKED.iter().enumerate().all(|(place, masked)| byte(address + place) ^ MASK == *masked);
    if !begins {
        return None;
    }
    (0..DIGITS).try_fold(0, |id, place| {
        let digit = char::from(byte(address + MASKED.len() + place)).to_digit(16)?;
        Some(id << 4 | u64::from(digit))
    })
}

fn is_zero(address: usize) -> bool {
    let bytes: *const u64 = std::ptr::with_exposed_provenance(address);
    // SAFETY: as in `byte`; the caller aligns it, and memory ends at a page.
    unsafe { bytes.read_volatile() == 0 }
}

fn byte(address: usize) -> u8 {
    let byte: *const u8 = std::ptr::with_exposed_provenance(address);
    // SAFETY: the caller stays below the size of memory and above address 0; a byte is good whatever it is.
    unsafe { byte.read_volatile() }
}
