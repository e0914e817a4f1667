"""The requests of the guests, and how many nights each is for: once with a bug, once without."""

from datetime import date, timedelta

FIRST_ARRIVAL = date(2027, 1, 10)


def booking_requests():
    """Forty requests, of which a few stay over the end of a month."""
    for number in range(40):
        arrival = FIRST_ARRIVAL + timedelta(days=2 * number)
        departure = arrival + timedelta(days=2 + number % 4)
        yield {
            "booking_id": f"booking-{number:02}",
            "arrival": arrival.isoformat(),
            "departure": departure.isoformat(),
        }


def nights_by_day_of_month(request):
    """The bug: from 30 January to 2 February are -28 nights."""
    arrival, departure = stay(request)
    return departure.day - arrival.day


def nights(request):
    arrival, departure = stay(request)
    return (departure - arrival).days


def stays_over_end_of_month(request):
    arrival, departure = stay(request)
    return arrival.month != departure.month


def stay(request):
    return date.fromisoformat(request["arrival"]), date.fromisoformat(request["departure"])
