"""Makes users and roles by IAM and STS, and does with them what they may and what they may not.

The contract with the runner is in conformance/README.md.
"""

import contextlib
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import accounts
import by_hand
import keys
import managed
import resources
import roles
import users
from world import OTHER_ACCOUNT, World

CHECKS = {**users.CHECKS, **roles.CHECKS, **resources.CHECKS, **managed.CHECKS, **by_hand.CHECKS, **keys.CHECKS}
if OTHER_ACCOUNT:
    CHECKS |= accounts.CHECKS
# Each makes all that it needs for itself.
AT_ONCE = 4


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    passed = True
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for name, reason in zip(CHECKS, pool.map(check, CHECKS.values()), strict=True):
            print(f"not ok {name}: {reason}" if reason else f"ok {name}", flush=True)
            passed = passed and not reason
    return 0 if passed else 1


def check(verify):
    """Returns what is wrong, if anything."""
    try:
        with contextlib.ExitStack() as closing:
            verify(World(closing))
    except Exception as error:
        return " ".join(f"{type(error).__name__} {error}".split())
    return None


if __name__ == "__main__":
    sys.exit(main())
