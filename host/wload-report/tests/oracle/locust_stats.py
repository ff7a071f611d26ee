"""Feeds requests to Locust's own statistics and writes what Locust's own reporters make of them.

Reads a JSON object from standard input:
  started        when the run started, seconds since 1970
  now            when the reports are written, seconds since 1970
  user_count     users at that time
  name_width     width of the console's column with names
  full_history   as --csv-full-history
  prefix         of the CSV files
  requests       [{at, method, name, ms, length, failure}], in order; `failure` is null,
                 {"judged": text} or {"status": number, "reason": text}
  exceptions     [{count, message, trace}]
Writes the CSV files, and to standard output a JSON object:
  version        of Locust
  periodic       lines of the console's table while the run goes on
  final          lines of the console at the end
  json           what --json prints
"""

import json
import logging
import sys
from types import SimpleNamespace

import locust
from locust import stats as locust_stats
from locust.exception import CatchResponseError
from requests import HTTPError, Response


class Clock:
    """Stands in for the module `time` inside locust.stats."""

    def __init__(self, now):
        self.now = now

    def time(self):
        return self.now


def error_of(failure, name):
    if "judged" in failure:
        return CatchResponseError(failure["judged"])
    response = Response()
    response.status_code = failure["status"]
    response.reason = failure["reason"]
    response.url = name
    try:
        response.raise_for_status()
    except HTTPError as error:
        return error
    raise SystemExit(f"status {failure['status']} is no failure")


def printed(print_lines):
    """What a function says through Locust's console logger."""
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logger = locust_stats.console_logger
    logger.setLevel(logging.INFO)
    logger.propagate = False
    logger.addHandler(handler)
    print_lines()
    logger.removeHandler(handler)
    return lines


def stop_after_one_round(_seconds):
    # The writers end quietly on this one.
    raise KeyboardInterrupt


def main():
    job = json.load(sys.stdin)
    clock = Clock(job["started"])
    locust_stats.time = clock
    locust_stats.gevent = SimpleNamespace(sleep=stop_after_one_round)
    locust_stats.STATS_NAME_WIDTH = job["name_width"]
    stats = locust_stats.RequestStats()
    for request in job["requests"]:
        clock.now = request["at"]
        stats.log_request(request["method"], request["name"], request["ms"], request["length"])
        if request["failure"] is not None:
            error = error_of(request["failure"], request["name"])
            stats.log_error(request["method"], request["name"], error)
    clock.now = job["now"]

    exceptions = {
        index: {
            "count": row["count"],
            "msg": row["message"],
            "traceback": row["trace"],
            "nodes": {"local"},
        }
        for index, row in enumerate(job["exceptions"])
    }
    runner = SimpleNamespace(user_count=job["user_count"], exceptions=exceptions)
    writer = locust_stats.StatsCSVFileWriter(
        SimpleNamespace(stats=stats, runner=runner),
        locust_stats.PERCENTILES_TO_REPORT,
        job["prefix"],
        job["full_history"],
    )
    writer()
    writer.close_files()

    def print_final():
        locust_stats.print_stats(stats, current=False)
        locust_stats.print_percentile_stats(stats)
        locust_stats.print_error_report(stats)

    answer = {
        "version": locust.__version__,
        "periodic": printed(lambda: locust_stats.print_stats(stats)),
        "final": printed(print_final),
        # Last: it resets the statistics.
        "json": json.loads(json.dumps(stats.serialize_stats())),
    }
    json.dump(answer, sys.stdout)


main()
