"""What two runs have in common and what not.

Upstream: two `Run`s of a case. Downstream: __main__.py, which looks for the reason of each difference. Pure.
"""

import re
from collections import Counter
from dataclasses import dataclass
from math import sqrt

from cases import Case
from run import Run, authors_lines

# Two samples of the same chance differ by more in one of some 15 000 comparisons.
DEVIATIONS_MAX = 4.0
# What is another number in each run, and what stands in its place.
NUMBERS = [
    (re.compile(r"127\.0\.0\.1:\d+"), "target"),
    (re.compile(r"port=\d+"), "port=.."),
    (re.compile(r"0x[0-9a-f]{6,}"), "0x.."),
    (re.compile(r"\?_=\d+"), "?_=.."),
]


@dataclass(frozen=True)
class Difference:
    """One aspect in which the runs differ."""

    aspect: str
    text: str


def compare(case: Case, locust: Run, wload: Run) -> tuple[list[str], list[Difference]]:
    """The aspects that were looked at, and those that differ."""
    aspects = {"exit code": lambda run: Counter({str(run.code): 1})}
    if not case.is_random:
        aspects["requests"] = sequences
        aspects["stats"] = statistics
    aspects |= {"failures": failures, "exceptions": exceptions}
    aspects["lines seen"] = lambda run: Counter(plain(line) for line in run.seen())
    for text in case.shows:
        aspects[f"shows `{text}`"] = lambda run, text=text: Counter({str(text in run.output): 1})
    found = {aspect: difference(view(locust), view(wload)) for aspect, view in aspects.items()}
    if case.is_random:
        found["shares"] = shares(locust, wload)
    looked = [name for name in found if name in ("exit code", "shares") or name.startswith("shows")
              or aspects[name](locust) or aspects[name](wload)]
    return looked, [Difference(aspect, text) for aspect, text in found.items() if text]


def difference(locust: Counter, wload: Counter) -> str:
    """What only one of them has."""
    only = [f"locust only, {count}x: {key}" for key, count in (locust - wload).items()]
    only += [f"wload only, {count}x: {key}" for key, count in (wload - locust).items()]
    return "\n".join(only)


def sequences(run: Run) -> Counter:
    """The requests of each user in order; which user is first does not matter."""
    users: dict[str, list[str]] = {}
    for request in run.requests:
        users.setdefault(request.visitor, []).append(plain(request.line()))
    return Counter("\n    ".join(lines) for lines in users.values())


def statistics(run: Run) -> Counter:
    """Rows with what is no time."""
    rows = (f"{row['Type']} {row['Name']}: {row['Request Count']} requests, {row['Failure Count']} failures, "
            f"{float(row['Average Content Size']):.2f} bytes" for row in run.tables["stats"])
    return Counter(plain(row) for row in rows)


def failures(run: Run) -> Counter:
    """Rows as they stand."""
    rows = (f"{row['Method']} {row['Name']}: {row['Error']}: {row['Occurrences']}" for row in run.tables["failures"])
    return Counter(plain(row) for row in rows)


def exceptions(run: Run) -> Counter:
    """Messages, how often, and the lines of the author's files."""
    rows = (f"{row['Message']}: {row['Count']}: {', '.join(authors_lines(row['Traceback']))}"
            for row in run.tables["exceptions"])
    return Counter(plain(row) for row in rows)


def plain(text: str) -> str:
    """Without what is another number each time."""
    for pattern, stand_in in NUMBERS:
        text = pattern.sub(stand_in, text)
    return text


def shares(locust: Run, wload: Run) -> str:
    """Each path's share, as two samples of one chance."""
    left, right = (Counter(request.path for request in run.requests) for run in (locust, wload))
    total_left, total_right = left.total(), right.total()
    if total_left != total_right:
        return f"locust made {total_left} requests, wload {total_right}"
    wrong = []
    for path in sorted(left | right):
        share = (left[path] + right[path]) / (total_left + total_right)
        deviation = sqrt(share * (1 - share) * (1 / total_left + 1 / total_right))
        if deviation and abs(left[path] - right[path]) / total_left > DEVIATIONS_MAX * deviation:
            wrong.append(f"{path}: locust {left[path]}, wload {right[path]} of {total_left}")
    return "\n".join(wrong)
