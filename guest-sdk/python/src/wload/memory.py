"""The memory of an instance: what is written in a run lies close together; what is left in circles is bounded.

Upstream: `wload_app` and `rehearsal.py`: `pack` and `settle` at build time, `tidy` between two tasks. All instances
share the pages of the image until they write to them, so an instance costs the pages that it writes. Invariants: once
`settle` has run, new objects do not lie between those of the image; the automatic collector, which in CPython 3.14
writes to frozen objects too, runs only when one task makes more than `RUBBISH_MAX` objects.
"""

import gc
from typing import Any

from wload import immortal

# Larger than any hole that imports leave, so that two of them side by side stand where the heap has ended so far.
BLOCK = 1 << 20
# What the C library keeps for itself beside a block, at most.
BLOCK_OVERHEAD = 64
# The smallest `bytes` that makes a chunk of the C library's is so much smaller than the chunk.
BYTES_OVERHEAD = 21
# Below this size each size of a chunk is tried, above it those that are an eighth smaller than the last.
SMALL = 512
SMALLEST_BYTES = 24
# Made and not given back: after so many the young objects are looked through between two tasks.
YOUNG_MAX = 2_000
# One in so many times looks through all that was made in the run, too.
ROUNDS_PER_FULL = 16
RUBBISH_MAX = 50_000

_filling: list[Any] = []
_rounds = 0


def pack() -> None:
    """Fills the holes of the heap, for ever: the C library would give them out first, each on another page."""
    gc.collect()
    blocks = [bytes(BLOCK), bytes(BLOCK)]
    while not 0 < id(blocks[-1]) - id(blocks[-2]) < BLOCK + BLOCK_OVERHEAD:
        blocks.append(bytes(BLOCK))
    end = id(blocks[-2])
    size = BLOCK // 2
    while size >= SMALLEST_BYTES:
        _fill(lambda: bytes(size - BYTES_OVERHEAD), end)
        size = size - size // 8 if size > SMALL else size - 8
    _fill(object, end)


def _fill(make: Any, end: int) -> None:
    """Keeps what lies before `end`, until something does not."""
    while True:
        # A list of a fixed size: one that grows would leave holes.
        page: list[Any] = [None] * 250
        _filling.append(page)
        for place in range(len(page)):
            made = make()
            if id(made) >= end:
                return
            page[place] = made


def settle() -> None:
    """The last step of the build, when what it has needed itself is gone."""
    immortal.note()
    pack()
    gc.freeze()
    gc.set_threshold(RUBBISH_MAX)


def tidy() -> None:
    """Collects what is left in circles, when it may be worth it."""
    global _rounds
    if gc.get_count()[0] < YOUNG_MAX:
        return
    _rounds += 1
    gc.collect(0 if _rounds % ROUNDS_PER_FULL else 2)
