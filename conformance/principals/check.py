"""Makes users and roles by IAM and STS, and does with them what they may and what they may not.

The contract with the runner is in conformance/README.md.
"""

import contextlib
import signal
import sys
from concurrent.futures import ThreadPoolExecutor

import accounts
import by_hand
import managed
import resources
import roles
import users
from world import OTHER_ACCOUNT, World

CHECKS = {**users.CHECKS, **roles.CHECKS, **resources.CHECKS, **managed.CHECKS, **by_hand.CHECKS}
if OTHER_ACCOUNT:
    CHECKS |= accounts.CHECKS
# Each makes all that it needs for itself.
AT_ONCE = 4


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return 0 if all(list(pool.map(lambda item: check(*item), CHECKS.items()))) else 1


def check(name, verify):
    try:
        with contextlib.ExitStack() as closing:
            verify(World(closing))
    except Exception as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        print(f"not ok {name}: {reason}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
