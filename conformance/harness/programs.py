"""Programs built on an SDK, run whole: each is told the endpoint and reports its own checks.

A program prints `ok NAME` or `not ok NAME: reason` for each check and exits with 0 when all
passed. The contract is in conformance/README.md.
"""

import contextlib
import subprocess
from dataclasses import dataclass

from .drivers import clean_environment
from .install import MAIL_VENV, PUSH_VENV, ROOT, SMS_VENV, VALIDATORS_VENV, VENV

TIMEOUT_SECONDS = 180
# What a program gets to end what it has started itself.
GRACE_SECONDS = 10


@dataclass
class Program:
    name: str
    part: str
    command: list
    # How many checks it makes, so that one that ends early is seen.
    checks: int
    # How many more where there are two accounts.
    checks_of_two: int = 0
    # Whether it starts a server of its own instead of using the one there is.
    starts_server: bool = False
    # Whether it is of no use with a server that believes everybody.
    needs_authentication: bool = False


PROGRAMS = [
    Program(
        name="celery",
        part="python",
        command=[VENV / "bin/python", ROOT / "celery/check.py"],
        checks=8,
    ),
    Program(
        name="sqs-consumer",
        part="sqs-consumer",
        command=["node", ROOT / "sqs-consumer/check.js"],
        checks=6,
    ),
    Program(
        name="kombu",
        part="python",
        command=[VENV / "bin/python", ROOT / "kombu/check.py"],
        checks=4,
    ),
    Program(
        name="principals",
        part="python",
        command=[VENV / "bin/python", ROOT / "principals/check.py"],
        checks=28,
        checks_of_two=4,
        needs_authentication=True,
    ),
    Program(
        name="validators",
        part="validators",
        command=[VALIDATORS_VENV / "bin/python", ROOT / "validators/check.py"],
        checks=8,
        starts_server=True,
    ),
    Program(
        name="email",
        part="mail",
        command=[MAIL_VENV / "bin/python", ROOT / "mail/check.py"],
        checks=10,
        starts_server=True,
    ),
    Program(
        name="push",
        part="push",
        command=[PUSH_VENV / "bin/python", ROOT / "push/check.py"],
        checks=11,
        starts_server=True,
    ),
    Program(
        name="sms",
        part="sms",
        command=[SMS_VENV / "bin/python", ROOT / "sms/check.py"],
        checks=11,
        starts_server=True,
    ),
    Program(
        name="lambda",
        part="python",
        command=[VENV / "bin/python", ROOT / "lambda/check.py"],
        checks=7,
        starts_server=True,
    ),
    *(
        Program(
            name=f"function-{language}",
            part=f"function-{language}",
            command=[VENV / "bin/python", ROOT / "functions/check.py", language],
            checks=5,
            starts_server=True,
        )
        for language in ("python", "node", "go", "rust")
    ),
    Program(
        name="event-sources",
        part="python",
        command=[VENV / "bin/python", ROOT / "event-sources/check.py"],
        checks=9,
        starts_server=True,
    ),
]


class Running:
    """A program that has been started."""

    def __init__(self, program, place, region, log_folder):
        self.name = program.name
        self._checks = program.checks + (program.checks_of_two if place.other_key else 0)
        self._log_path = log_folder / f"{program.name}.log"
        with open(self._log_path, "w") as log:
            self._process = subprocess.Popen(
                [str(word) for word in program.command],
                env={
                    **clean_environment(),
                    "PYTHONPATH": str(ROOT / "support"),
                    "CONFORMANCE_ENDPOINT": place.endpoint,
                    "CONFORMANCE_BINARY": str(place.binary or ""),
                    "CONFORMANCE_ACCOUNT": place.account,
                    "AWS_REGION": region,
                    "AWS_DEFAULT_REGION": region,
                    "AWS_ACCESS_KEY_ID": place.key.id,
                    "AWS_SECRET_ACCESS_KEY": place.key.secret,
                    **other_account(place),
                },
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def finish(self):
        """Returns the checks that passed, and a line for each that did not."""
        try:
            printed, _ = self._process.communicate(timeout=TIMEOUT_SECONDS)
            ending = f"ended with {self._process.returncode}"
        except subprocess.TimeoutExpired:
            self.kill()
            printed, _ = self._process.communicate()
            ending = f"did not end within {TIMEOUT_SECONDS} s"
        lines = printed.splitlines()
        passed = [line.removeprefix("ok ") for line in lines if line.startswith("ok ")]
        failed = [line.removeprefix("not ok ") for line in lines if line.startswith("not ok ")]
        missing = self._checks - len(passed) - len(failed)
        reason = f"a check did not report: the program {ending}, see {self._log_path}"
        return passed, failed + [reason] * missing

    def kill(self):
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=GRACE_SECONDS)
        self._process.kill()


def other_account(place):
    """How a program finds a second account, if there is one."""
    if not place.other_key:
        return {}
    return {
        "CONFORMANCE_OTHER_ACCOUNT": place.other_account,
        "CONFORMANCE_OTHER_ACCESS_KEY_ID": place.other_key.id,
        "CONFORMANCE_OTHER_SECRET_ACCESS_KEY": place.other_key.secret,
    }
