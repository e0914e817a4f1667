"""What a subscriber has received."""

import threading
import time


class Inbox:
    """Stock changes by their number. Delivery is at least once: one that comes again is known."""

    def __init__(self):
        self._lock = threading.Lock()
        self._changes = {}
        self._arrived_at = {}

    def put(self, change):
        with self._lock:
            self._changes.setdefault(change["number"], change)
            self._arrived_at.setdefault(change["number"], time.monotonic())

    def changes(self):
        with self._lock:
            return dict(self._changes)

    def slowest(self, published_at):
        """The most seconds that a change took from its publication to here."""
        with self._lock:
            return max(
                (at - published_at[number] for number, at in self._arrived_at.items()), default=0
            )
