"""The pages that 28_own_modules.py visits; a name with `_` is no locustfile."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Page:
    path: str
    name: str = field(default="/module/[page]")


def pages():
    yield Page("/module/first")
    yield Page("/module/second")
    yield Page("/module/last", name="/module/last")
