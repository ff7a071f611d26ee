"""Times as on the command line: `90`, `20s`, `1h30m`."""

import re

PARTS = re.compile(r"(?:(?P<hours>\d+)h)?(?:(?P<minutes>\d+)m)?(?:(?P<seconds>\d+)s?)?")
SECONDS = {"hours": 3600, "minutes": 60, "seconds": 1}


def parse_timespan(time_str: str) -> int:
    """Seconds."""
    found = PARTS.fullmatch(time_str)
    if not time_str or not found:
        raise ValueError(f"{time_str!r} is no time span; write 20, 20s, 3m, 2h, 1h20m or 3h30m10s")
    return sum(int(amount) * SECONDS[unit] for unit, amount in found.groupdict(default="0").items())
