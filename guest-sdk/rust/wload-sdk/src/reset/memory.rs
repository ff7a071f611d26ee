//! The memory of this instance as bytes: copied, compared with zero, and put back.
//!
//! Upstream and invariants: `reset.rs`. The only code of the SDK below the language.

#![expect(unsafe_code, reason = "a memory is put back as a whole, which no safe code can do")]

use std::arch::wasm32::{memory_grow, memory_size, u64x2_splat, v128, v128_any_true, v128_or};
use std::hint::black_box;
use std::ptr::{with_exposed_provenance, with_exposed_provenance_mut};
use std::sync::atomic::{AtomicUsize, Ordering, compiler_fence};

/// Memory grows by pages of this size.
const WASM_PAGE: usize = 64 << 10;
/// What is copied or made zero at once.
const PIECE: usize = 4 << 10;
/// What is compared with zero at once; pieces, and where data begin, are multiples of it.
const STEP: usize = 128;
/// Heap that is there before anything is remembered, so that users who need no more than this do not
/// make it grow. To see that it is zero costs a microsecond and no memory.
const HEAP_SPARE: usize = 64 << 10;
/// A stack is made zero from its top down to where so much of it has been zero. Looking at all of the
/// megabyte that rustc gives it takes longer than a new instance.
const STACK_GAP: usize = 32 << 10;
/// More than the stack that the functions of this file use, also without optimisation. So much below
/// the stack pointer is made zero by [`scrub_stack`], all below that by its address.
const STACK_MARGIN: usize = 4 << 10;

/// Where the snapshot begins, which is where the heap ends. 0: nothing is remembered.
static SNAPSHOT: AtomicUsize = AtomicUsize::new(0);

unsafe extern "C" {
    /// Where static data begin: a symbol of the linker, which has an address and no value.
    static __global_base: u8;
}

/// Remembers what a new instance looks like; false where that is not possible.
#[inline(never)]
pub(crate) fn remember() -> bool {
    let base = data_base();
    // The stack must lie below the data, as rustc asks the linker for.
    if stack_pointer() > base || !base.is_multiple_of(STEP) {
        return false;
    }
    drop(black_box(Vec::<u8>::with_capacity(HEAP_SPARE)));
    let end = memory_size(0) * WASM_PAGE;
    // Before it is made, so that it is in it.
    SNAPSHOT.store(end, Ordering::Relaxed);
    let pieces = pieces(base, end).filter(|piece| !is_zero(piece)).count();
    let snapshot = Snapshot { start: end, pieces };
    if memory_grow(0, (snapshot.end() - end).div_ceil(WASM_PAGE)) != end / WASM_PAGE {
        SNAPSHOT.store(0, Ordering::Relaxed);
        return false;
    }
    make(snapshot, base);
    true
}

/// Makes this instance like a new one; false where that is not possible.
#[inline(never)]
pub(crate) fn go_back() -> bool {
    let end = SNAPSHOT.load(Ordering::Relaxed);
    if end == 0 {
        return false;
    }
    let snapshot = Snapshot { start: end, pieces: read(end) };
    if memory_size(0) * WASM_PAGE != snapshot.end().next_multiple_of(WASM_PAGE) {
        return false;
    }
    scrub_stack();
    put_back(snapshot, stack_pointer().saturating_sub(STACK_MARGIN), data_base());
    true
}

/// Where the snapshot has what: the number of pieces, their addresses, their bytes.
#[derive(Clone, Copy)]
struct Snapshot {
    start: usize,
    pieces: usize,
}

impl Snapshot {
    /// Where the address of this piece stands.
    fn address_of(self, piece: usize) -> usize {
        self.start + size_of::<usize>() * (1 + piece)
    }

    fn bytes_of(self, piece: usize) -> usize {
        self.address_of(self.pieces) + PIECE * piece
    }

    fn end(self) -> usize {
        self.bytes_of(self.pieces)
    }
}

/// A part of memory; the last one before `end` may be shorter than the others.
#[derive(Clone, Copy)]
struct Piece {
    start: usize,
    len: usize,
}

fn pieces(start: usize, end: usize) -> impl Iterator<Item = Piece> {
    (start..end).step_by(PIECE).map(move |start| Piece { start, len: PIECE.min(end - start) })
}

/// Copies every piece of data and heap that is not zero.
fn make(snapshot: Snapshot, base: usize) {
    write(snapshot.start, snapshot.pieces);
    let used = pieces(base, snapshot.start).filter(|piece| !is_zero(piece));
    for (place, piece) in used.take(snapshot.pieces).enumerate() {
        write(snapshot.address_of(place), piece.start);
        move_bytes(snapshot.bytes_of(place), piece);
    }
}

/// Puts data and heap back, and makes the stack below `stack_end` zero. Not inlined, and with nothing
/// on the stack that it makes zero: [`STACK_MARGIN`] is its own.
#[inline(never)]
fn put_back(snapshot: Snapshot, stack_end: usize, base: usize) {
    compiler_fence(Ordering::SeqCst);
    let mut end = stack_end / STEP * STEP;
    let mut zeros = 0;
    // Address 0 is no place for Rust. A stack that comes so far overflows with its next frame.
    while end > STEP && zeros < STACK_GAP {
        let start = end.saturating_sub(PIECE).max(STEP);
        let piece = Piece { start, len: end - start };
        if is_zero(&piece) {
            zeros += piece.len;
        } else {
            zeros = 0;
            make_zero(piece);
        }
        end = start;
    }
    let mut place = 0;
    for piece in pieces(base, snapshot.start) {
        if place < snapshot.pieces && read(snapshot.address_of(place)) == piece.start {
            move_bytes(piece.start, Piece { start: snapshot.bytes_of(place), ..piece });
            place += 1;
        } else if !is_zero(&piece) {
            make_zero(piece);
        }
    }
    compiler_fence(Ordering::SeqCst);
}

/// Makes the next frames of the stack zero, with an array that lies there.
#[inline(never)]
fn scrub_stack() {
    black_box(&mut [0_u8; STACK_MARGIN + STACK_MARGIN / 4]);
}

/// An address in the frame of the caller's next call.
#[inline(never)]
fn stack_pointer() -> usize {
    let here = 0_u8;
    std::ptr::from_ref(black_box(&here)).addr()
}

fn data_base() -> usize {
    // Only its address is taken.
    (&raw const __global_base).expose_provenance()
}

#[target_feature(enable = "simd128")]
fn is_zero(piece: &Piece) -> bool {
    let mut found = [u64x2_splat(0); 4];
    let mut address = piece.start;
    let end = piece.start + piece.len;
    while address < end {
        let lanes: *const [v128; STEP / size_of::<v128>()] = with_exposed_provenance(address);
        // SAFETY: a piece lies within memory and begins at a multiple of `STEP`, as its length is one.
        // Whatever stands there, bytes are good as lanes.
        let lanes = unsafe { &*lanes };
        for (found, pair) in found.iter_mut().zip(lanes.as_chunks::<2>().0) {
            *found = v128_or(*found, v128_or(pair[0], pair[1]));
        }
        address += STEP;
    }
    let [a, b, c, d] = found;
    !v128_any_true(v128_or(v128_or(a, b), v128_or(c, d)))
}

fn make_zero(piece: Piece) {
    let start: *mut u8 = with_exposed_provenance_mut(piece.start);
    // SAFETY: it lies within memory, and is one of these: stack that no frame uses, heap that the
    // allocator, as it is put back, takes for free and untouched, or static data that are zero in the
    // beginning. No reference into it is alive: the user was dropped, and its call has returned.
    unsafe { start.write_bytes(0, piece.len) };
}

fn move_bytes(to: usize, from: Piece) {
    let source: *const u8 = with_exposed_provenance(from.start);
    let target: *mut u8 = with_exposed_provenance_mut(to);
    // SAFETY: one of the two lies within the pages of the snapshot, which nothing else was given, and the
    // other before them, so they do not overlap. When data and heap are put back no reference into
    // them is alive, as in `make_zero`; static data that Rust takes for constant do not change by it.
    unsafe { target.copy_from_nonoverlapping(source, from.len) };
}

fn read(address: usize) -> usize {
    let source: *const usize = with_exposed_provenance(address);
    // SAFETY: it lies within the pages of the snapshot, which begin at a page: a multiple of the size.
    unsafe { source.read() }
}

fn write(address: usize, value: usize) {
    let target: *mut usize = with_exposed_provenance_mut(address);
    // SAFETY: as in `read`.
    unsafe { target.write(value) };
}
