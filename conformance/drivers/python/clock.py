"""A clock for signatures that may be wrong, in each thread by another offset."""

import datetime
import threading

import botocore.auth

local = threading.local()


def set_offset(seconds):
    """What this thread signs from now on is signed so many seconds later than it is."""
    local.offset = datetime.timedelta(seconds=seconds)


def offset():
    return getattr(local, "offset", datetime.timedelta())


class Shifted(datetime.datetime):
    @classmethod
    def utcnow(cls):
        return super().now(datetime.timezone.utc).replace(tzinfo=None) + offset()


class ShiftedModule:
    """What an older botocore takes for the module `datetime`."""

    datetime = Shifted


if hasattr(botocore.auth, "get_current_datetime"):
    real = botocore.auth.get_current_datetime
    botocore.auth.get_current_datetime = lambda *given, **named: real(*given, **named) + offset()
else:
    botocore.auth.datetime = ShiftedModule
