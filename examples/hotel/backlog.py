"""A hotel takes booking requests at once, and works them off in the background.

Some guests cancel meanwhile. A bug makes the workers fail on some requests, which end in the
dead-letter queue. After the bug is fixed they are moved back, and worked off like the others.
"""

import time

from bookings import booking_requests, nights, nights_by_day_of_month, stays_over_end_of_month
from queues import HotelQueues
from register import Register
from server import client
from story import print_table, tell, wait_until
from worker import workers

WORKERS = 4
# What it takes to work off a request.
WORK_SECONDS = 0.05


class Backlog:
    """What happens, and what should have come of it."""

    @classmethod
    def at(cls, endpoint):
        """Runs it, and returns what is not as it should be."""
        sqs = client("sqs", endpoint)
        queues = HotelQueues(sqs)
        try:
            return cls(sqs, queues).run()
        finally:
            queues.delete()

    def __init__(self, sqs, queues):
        self.sqs = sqs
        self.queues = queues
        self.register = Register()
        self.requests = list(booking_requests())
        # Booking ids: those the bug is about, the others, and those whose guests cancel.
        self.failing = {r["booking_id"] for r in self.requests if stays_over_end_of_month(r)}
        self.working = {r["booking_id"] for r in self.requests} - self.failing
        self.cancelling = set(sorted(self.working)[::6])
        self.cancelling_late = min(self.failing)

    def run(self):
        """Returns what is not as it should be."""
        self.take_requests()
        with workers(1, self.sqs, self.queues.cancellations, self.cancel):
            failed = self.work_off_with_bug()
            self.cancel_a_failed_request()
            moved = self.work_off_after_fix()
        self.summarise(failed, moved)
        return list(self.problems(failed, moved))

    def take_requests(self):
        began = time.monotonic()
        for request in self.requests:
            self.queues.request(request)
        took_ms = 1000 * (time.monotonic() - began)
        tell(f"{len(self.requests)} requests are taken, in {took_ms:.0f} ms. No worker runs yet.")

    def work_off_with_bug(self):
        """Returns how many requests went to the dead-letter queue."""
        tell(f"{WORKERS} workers begin, and {len(self.cancelling)} guests cancel …")
        with workers(WORKERS, self.sqs, self.queues.requests, self.book_with_bug) as crew:
            for booking_id in self.cancelling:
                self.queues.ask_to_cancel(booking_id)
            wait_until(
                lambda: (
                    self.register.settled() >= self.working
                    and self.queues.count(self.queues.failed) == len(self.failing)
                ),
                "every request is booked, cancelled or in the dead-letter queue",
            )
        failed = self.queues.count(self.queues.failed)
        failures = sum(worker.failures for worker in crew)
        tell(f"{failed} requests are in the dead-letter queue, after {failures} failures.")
        return failed

    def cancel_a_failed_request(self):
        self.queues.ask_to_cancel(self.cancelling_late)
        wait_until(
            lambda: self.register.is_cancelled(self.cancelling_late),
            "a guest whose request has failed has cancelled",
        )

    def work_off_after_fix(self):
        """Returns how many requests came back from the dead-letter queue."""
        tell("The bug is fixed. The failed requests are moved back …")
        with workers(WORKERS, self.sqs, self.queues.requests, self.book):
            moved = self.queues.move_failed_back()
            wait_until(self.queues.are_empty, "every queue is empty")
        return moved

    # What the workers do with a message.

    def book_with_bug(self, request):
        self.book(request, nights_by_day_of_month)

    def book(self, request, count_nights=nights):
        if self.register.is_cancelled(request["booking_id"]):
            return
        time.sleep(WORK_SECONDS)
        self.register.book(request["booking_id"], count_nights(request))

    def cancel(self, cancellation):
        self.register.cancel(cancellation["booking_id"])

    # What came of it.

    def summarise(self, failed, moved):
        tell("")
        print_table(
            ["requests", "number"],
            [
                ["taken", len(self.requests)],
                ["failed, in the dead-letter queue", failed],
                ["moved back after the fix", moved],
                ["cancelled in the end", len(self.register.cancelled())],
                ["booked in the end", len(self.register.nights())],
            ],
        )

    def problems(self, failed, moved):
        booked = self.register.nights()
        cancelled = self.cancelling | {self.cancelling_late}
        for request in self.requests:
            booking_id = request["booking_id"]
            expected = None if booking_id in cancelled else nights(request)
            if booked.get(booking_id) != expected:
                yield f"{booking_id}: expected nights {expected}, got {booked.get(booking_id)}"
        for count, what in ((failed, "have failed"), (moved, "were moved back")):
            if count != len(self.failing):
                yield f"{count} requests {what}, and not {len(self.failing)}"
        if not self.queues.are_empty():
            yield "a queue is not empty"
