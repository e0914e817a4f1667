"""Tells the outcome: a line per failure and per skip, a summary per driver, and a closing line."""

import threading
import time
from collections import Counter


class Report:
    def __init__(self):
        self._lock = threading.Lock()
        self._counts = {}
        self._seconds = {}
        self._began = time.monotonic()

    def started(self):
        self._began = time.monotonic()

    def ended(self, driver):
        self._seconds[driver] = time.monotonic() - self._began

    def passed(self, driver, _title):
        self._count(driver, "passed")

    def failed(self, driver, text):
        self._count(driver, "failed", f"FAIL [{driver}] {text}")

    def skipped(self, driver, text):
        self._count(driver, "skipped", f"SKIP [{driver}] {text}")

    def unavailable(self, driver, count, reason, may_skip):
        """A driver that cannot run: all its scenarios are skipped, or failed where that matters."""
        verdict, mark = ("skipped", "SKIP") if may_skip else ("failed", "FAIL")
        self._count(driver, verdict, f"{mark} [{driver}] all {count}: {reason}", count)

    def close(self):
        """Prints the summary; returns the exit code."""
        total = Counter()
        print()
        for driver, counts in sorted(self._counts.items()):
            seconds = f", {self._seconds[driver]:.0f} s" if driver in self._seconds else ""
            print(f"{driver:16}{describe(counts)}{seconds}")
            total += counts
        print(describe(total), flush=True)
        return self.exit_code()

    def exit_code(self):
        return 1 if any(counts["failed"] for counts in self._counts.values()) else 0

    def _count(self, driver, verdict, line=None, count=1):
        with self._lock:
            self._counts.setdefault(driver, Counter())[verdict] += count
            if line:
                print(line.replace("\n", "\n    "), flush=True)


def describe(counts):
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("passed", "failed", "skipped"))
