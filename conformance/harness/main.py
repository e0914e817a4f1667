"""The command line: installs, starts the server, runs everything, tells the outcome."""

import argparse
import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from . import scenarios as expectations
from .drivers import SDKS, regions_in_use
from .install import ENV, InstallError, install, missing_tools
from .programs import PROGRAMS
from .report import Report
from .server import AccessKey, Place, Server, ServerError, find_binary
from .suite import Suite

# A run that takes longer hangs somewhere.
RUN_SECONDS_MAX = 20 * 60


class Interrupted(Exception):
    pass


def main(arguments):
    options = parse(arguments)
    scenarios = [s for s in expectations.load() if (options.scenario or "") in s.title]
    if options.list:
        print("\n".join(scenario.title for scenario in scenarios))
        return 0
    report = Report()
    sdks = [sdk for sdk in SDKS if sdk.name in options.drivers]
    # A program is no scenario: naming one leaves the programs out.
    programs = [p for p in PROGRAMS if p.name in options.drivers and not options.scenario]
    if options.endpoint:
        sdks, programs = for_given_server(sdks, programs, scenarios, report)
    sdks, programs = prepare(sdks, programs, scenarios, options, report)
    if options.install:
        return report.exit_code()
    log_folder = ENV / "logs"
    log_folder.mkdir(parents=True, exist_ok=True)
    suite = Suite(sdks, programs, scenarios, options.region, log_folder, report)
    try:
        bound_in_time()
        run(suite, options, log_folder, report)
    except ServerError as error:
        report.failed("server", str(error))
    except (Interrupted, KeyboardInterrupt) as error:
        report.failed("run", str(error) or "interrupted")
    return report.close()


def parse(arguments):
    names = [part.name for part in (*SDKS, *PROGRAMS)]
    parser = argparse.ArgumentParser(
        prog="conformance/run",
        description="Runs the conformance suite through official SDKs.",
    )
    add = parser.add_argument
    add("--drivers", metavar="A,B", help=f"only these, of: {', '.join(names)}")
    add("--scenario", metavar="TEXT", help="only scenarios with this in their title")
    add("--endpoint", metavar="URL", help="use a server that is running")
    add("--binary", metavar="PATH", help="the server to start (else the newest in target/)")
    add("--region", help="one region for all drivers, in place of one for each")
    add(
        "--require-all",
        action="store_true",
        default=os.environ.get("CI") == "true",
        help="fail where a toolchain is missing (as with CI=true)",
    )
    add("--install", action="store_true", help="install what is missing, run nothing")
    add("--list", action="store_true", help="print the scenarios' titles, run nothing")
    options = parser.parse_args(arguments)
    options.drivers = options.drivers.split(",") if options.drivers else names
    unknown = set(options.drivers) - set(names)
    if unknown:
        parser.error(f"no such driver: {', '.join(sorted(unknown))}")
    return options


def for_given_server(sdks, programs, scenarios, report):
    """Leaves out what a server that runs already, and nobody knows here, is not enough for."""

    def is_enough(thing, count, needs_own, needs_key=False):
        if needs_own:
            reason = "it needs a server of its own, and --endpoint names one that is running"
        elif needs_key and not has_key():
            reason = "it needs an access key, and AWS_ACCESS_KEY_ID is not set"
        else:
            return True
        report.unavailable(thing.name, count, reason, may_skip=True)
        return False

    sdks = [s for s in sdks if is_enough(s, sum(map(s.runs, scenarios)), s.is_open)]
    programs = [
        p for p in programs if is_enough(p, p.checks, p.starts_server, p.needs_authentication)
    ]
    return sdks, programs


def has_key():
    return "AWS_ACCESS_KEY_ID" in os.environ


def prepare(sdks, programs, scenarios, options, report):
    """Installs what is wanted; what cannot be had is reported and left out."""
    parts = list(dict.fromkeys(thing.part for thing in (*sdks, *programs)))
    with ThreadPoolExecutor(2) as pool:
        problems = dict(zip(parts, pool.map(prepare_part, parts), strict=True))

    def usable(thing, count):
        problem = problems[thing.part]
        if problem:
            reason, may_skip = problem
            may_skip = may_skip and not options.require_all
            report.unavailable(thing.name, count, reason, may_skip)
        return not problem

    sdks = [sdk for sdk in sdks if usable(sdk, sum(sdk.runs(s) for s in scenarios))]
    return sdks, [program for program in programs if usable(program, program.checks)]


def prepare_part(part):
    """Returns what is wrong, if anything: the reason, and whether it may be skipped."""
    missing = missing_tools(part)
    if missing:
        return f"this machine has no {' and no '.join(missing)}", True
    began = time.monotonic()
    try:
        if install(part):
            print(f"installed {part} in {time.monotonic() - began:.0f} s", flush=True)
    except InstallError as error:
        return f"could not be installed: {error}", False
    return None


def bound_in_time():
    """Being ended, and taking too long, clean up as an interrupt does."""

    def interrupt(number, _):
        raise Interrupted(
            f"took longer than {RUN_SECONDS_MAX} s" if number == signal.SIGALRM else "ended"
        )

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGALRM, interrupt)
    signal.alarm(RUN_SECONDS_MAX)


def run(suite, options, log_folder, report):
    if options.endpoint:
        # The server stays: leave nothing behind.
        suite.run(place_given(options.endpoint.rstrip("/")), tidy=True)
        return
    binary = Path(options.binary or find_binary()).resolve()
    regions = {options.region, *regions_in_use(SDKS)} - {None}
    with contextlib.ExitStack() as closing:

        def start(is_open):
            server = Server(binary, sorted(regions), log_folder, is_open)
            closing.callback(stop, server, report)
            return server

        wanted = [False, True] if any(sdk.is_open for sdk in suite.sdks) else [False]
        servers = [start(is_open) for is_open in wanted]
        suite.run(*(server.place() for server in servers))


def place_given(endpoint):
    """A server that runs already, and who we are there: as the usual variables say, or anybody."""
    account = os.environ.get("CONFORMANCE_ACCOUNT", Server.ACCOUNT)
    key_id = os.environ.get("AWS_ACCESS_KEY_ID", account)
    key = AccessKey(key_id, os.environ.get("AWS_SECRET_ACCESS_KEY", "secret"))
    return Place(endpoint, key, account, authenticates=has_key())


def stop(server, report):
    problem = server.stop()
    if problem:
        report.failed("server", problem)
    else:
        report.passed("server", "ends with 0 on SIGTERM")
