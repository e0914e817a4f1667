"""The hotel's register of bookings."""

import threading


class Register:
    """Stands for the hotel's database. A message can come twice, so a change can be made twice."""

    def __init__(self):
        self._lock = threading.Lock()
        self._nights = {}
        self._cancelled = set()

    def book(self, booking_id, nights):
        """Books, unless the guest has cancelled meanwhile."""
        if nights < 1:
            raise ValueError(f"{booking_id}: nobody stays for {nights} nights")
        with self._lock:
            if booking_id not in self._cancelled:
                self._nights[booking_id] = nights

    def cancel(self, booking_id):
        """Cancels, whether the request was worked off already or not."""
        with self._lock:
            self._cancelled.add(booking_id)
            self._nights.pop(booking_id, None)

    def is_cancelled(self, booking_id):
        with self._lock:
            return booking_id in self._cancelled

    def nights(self):
        """The nights of each booking."""
        with self._lock:
            return dict(self._nights)

    def cancelled(self):
        with self._lock:
            return set(self._cancelled)

    def settled(self):
        """The bookings that are booked or cancelled."""
        with self._lock:
            return self._nights.keys() | self._cancelled
