"""A gate of the kind that people have in their CI: reads Locust's `PREFIX_stats.csv`, knows nothing of wload.

    python gate.py PREFIX P95_MS ERROR_RATE REQUESTS_PER_SECOND

Prints what is wrong and exits with 1 when there is anything.
"""

import csv
import sys


def main(prefix, p95_max, error_rate_max, rps_min):
    with open(f"{prefix}_stats.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    total = next(row for row in rows if row["Name"] == "Aggregated" and row["Type"] == "")
    slow = [row["Name"] for row in rows if row["95%"] == "N/A" or int(row["95%"]) > int(p95_max)]
    error_rate = int(total["Failure Count"]) / int(total["Request Count"])
    wrong = [f"p95 of {name}" for name in slow]
    if error_rate > float(error_rate_max):
        wrong.append(f"error rate {error_rate:.4f}")
    if float(total["Requests/s"]) < float(rps_min):
        wrong.append("requests per second")
    print("failed: " + ", ".join(wrong) if wrong else "passed")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
