"""Locust as the oracle: each locustfile by the real Locust and by wload, against the same kind of target.

    python agreement --wload PATH --folder PATH [--differences FILE] [--only TEXT] [--self]

Run with the Python that has Locust. Upstream: `cargo xtask agreement`. Prints a table; ends with 1 when something
differs for which `docs/locust-differences.md` has no reason, or when a reason there is for a difference that is gone.
`--self` compares Locust with itself, which shows what the comparison itself would find by chance.
"""

import argparse
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from cases import CASES, Case
from compare import Difference, compare
from run import run

# Runs at a time: they mostly wait.
AT_ONCE = 3
# How many times the run's time a case gets, try after try. Only what differs pays for the later ones.
PATIENCE = (1, 4, 12)
# A row of the table of differences: | `case` | `aspect` | what differs | why |
REASON = re.compile(r"^\| `([^`]+)` \| ([^|]+?) \| ([^|]+?) \| ([^|]+?) \|$", re.M)


def reasons(path: Path) -> dict[tuple[str, str], str]:
    """The differences that the documentation explains, by case and aspect."""
    rows = REASON.findall(path.read_text())
    return {(case, aspect): why for case, aspect, _, why in rows}


def pair(case: Case, options) -> tuple[list[str], list[Difference], int]:
    """Both runs of a case, one after the other, and how they compare.

    Most runs end by their time, and on a machine that does other work Locust may not be through by then: what differs
    is looked at again with more time, and only what differs each time counts.
    """
    other = "locust" if options.self else "wload"
    for patience in PATIENCE:
        runs = [run(program, options.wload, case, options.folder / case.name / f"{place}-{program}", patience)
                for place, program in enumerate(["locust", other])]
        looked, differences = compare(case, *runs)
        if {one.aspect for one in differences} <= {aspect for name, aspect in options.known if name == case.name}:
            break
    return looked, differences, patience


def build_order(cases: list[Case]) -> tuple[list[Case], list[Case]]:
    """The first case of each build, which pays for it, and the others."""
    first = {case.build: case for case in reversed(cases)}
    return list(first.values()), [case for case in cases if first[case.build] is not case]


def parse():
    parser = argparse.ArgumentParser(description="Compares Locust and wload on the same locustfiles.")
    parser.add_argument("--wload", default="wload", help="the binary")
    parser.add_argument("--folder", type=Path, required=True, help="where the runs are kept")
    parser.add_argument("--differences", type=Path, help="the documentation with the reasons")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--self", action="store_true", help="compare Locust with itself")
    return parser.parse_args()


def main() -> int:
    options = parse()
    cases = [case for case in CASES if options.only in case.name]
    if not cases:
        print(f"no case has `{options.only}` in its name; there are {', '.join(case.name for case in CASES)}")
        return 2
    shutil.rmtree(options.folder, ignore_errors=True)
    known = options.known = reasons(options.differences) if options.differences else {}
    results = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for group in build_order(cases):
            results |= zip([case.name for case in group], pool.map(lambda case: pair(case, options), group))
    return report(cases, results, known)


def report(cases, results, known) -> int:
    """The table, then each difference in full."""
    unexplained, met = [], set()
    width = max(len(case.name) for case in cases)
    for case in cases:
        looked, differences, patience = results[case.name]
        for difference in differences:
            key = (case.name, difference.aspect)
            met.add(key) if key in known else unexplained.append((case, difference))
        differing = [f"{one.aspect}{' (explained)' if (case.name, one.aspect) in known else ''}" for one in differences]
        verdict = "DIFFERS: " + ", ".join(differing) if differing else "agrees"
        verdict += " (with more time)" if patience > 1 else ""
        print(f"{case.name:<{width}}  {case.feature:<58}  {verdict}  [{', '.join(looked)}]")
    for case, difference in unexplained:
        print(f"\n{case.name}: {difference.aspect}\n  " + difference.text.replace("\n", "\n  "))
    compared = {case.name for case in cases}
    stale = [key for key in known if key[0] in compared and key not in met]
    for name, aspect in stale:
        print(f"\n{name}: {aspect}: the documentation explains a difference that is gone")
    agreeing = sum(not differences for _, differences, _ in results.values())
    print(f"\n{len(cases)} cases: {agreeing} agree, {len(met)} explained differences, "
          f"{len(unexplained)} unexplained, {len(stale)} explanations without a difference")
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
