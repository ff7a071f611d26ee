"""Random generators that were made while the component was built: without this all users would draw the same.

Upstream: `wload_app`, before it imports the author's modules; `state.py`, which puts the author's globals back. Invariants:
a generator that was given a seed keeps it; all others are seeded anew for each user, by the run's seed, and pickle as
themselves, so that what is put back has the ones that are seeded.
"""

import copyreg
import random
from typing import Any

UNSEEDED: dict[int, random.Random] = {}
_seed = random.Random.seed


def _recorded(self: random.Random, a: Any = None, version: int = 2) -> None:
    """`Random.seed`, which every new generator calls."""
    if a is None and not isinstance(self, random.SystemRandom):
        UNSEEDED[id(self)] = self
    else:
        UNSEEDED.pop(id(self), None)
    _seed(self, a, version)


def watch() -> None:
    """From now on."""
    random.Random.seed = _recorded


def unwatch() -> None:
    """The component is built: what users make is theirs."""
    random.Random.seed = _seed


def dispatch_table() -> dict[Any, Any]:
    """For a pickler of what was there when the component was built."""
    return copyreg.dispatch_table | {random.Random: _reduced}


def _reduced(generator: random.Random) -> Any:
    if id(generator) in UNSEEDED:
        return _unseeded, (list(UNSEEDED).index(id(generator)),)
    return generator.__reduce__()


def _unseeded(number: int) -> random.Random:
    return list(UNSEEDED.values())[number]


def reseed(seed: int) -> None:
    """Gives each generator a seed of its own."""
    random.seed(seed)
    for generator in UNSEEDED.values():
        generator.seed(random.getrandbits(64))
