"""The server that an example talks to, and clients for it."""

import argparse
import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import boto3

WORKSPACE = Path(__file__).resolve().parents[2]
REGION = "us-east-1"
STOP_SECONDS = 30
# How much of the server's log is shown when an example ends with an error.
LOG_LINES = 30
# What a server prints when it is started for the first time.
KEY = re.compile(r"aws configure set (aws_access_key_id|aws_secret_access_key) (\S+)")


def client(service, endpoint):
    """A client as for AWS, but for the endpoint.

    Its credentials are found as always: in the environment, or by AWS_PROFILE.
    """
    return boto3.client(service, endpoint_url=endpoint, region_name=REGION)


def command_line(description):
    """What the example was told."""
    parser = argparse.ArgumentParser(
        description=description, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--endpoint", metavar="URL", help="a server that is running already")
    parser.add_argument("--binary", metavar="PATH", help="start this build (else: build one)")
    return parser.parse_args()


@contextlib.contextmanager
def server(options, settings=None, secrets=None):
    """Yields the endpoint that the command line names, or that of a server of our own.

    Our own is set up by a file of settings, and by secrets in variables of the environment.
    """
    # Being ended is an exit like any other, so that the server does not stay behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("ended by SIGTERM"))
    # Nothing here is behind a proxy.
    os.environ["no_proxy"] = "*"
    if options.endpoint:
        yield options.endpoint.rstrip("/")
    else:
        with own_server(options.binary, settings, secrets) as endpoint:
            yield endpoint


@contextlib.contextmanager
def own_server(binary, settings, secrets):
    """A server on a free loopback port, with a data folder that goes with it."""
    program = [Path(binary).resolve()] if binary else build()
    with tempfile.TemporaryDirectory(prefix="tidings-example-") as folder:
        log = Path(folder, "server.log")
        arguments = ["--listen", "127.0.0.1:0", "--data", Path(folder, "data")]
        if settings:
            arguments += ["--config", settings]
        with log.open("w") as log_file:
            process = subprocess.Popen(
                [*program, "serve", *arguments],
                cwd=WORKSPACE,
                env={**os.environ, **(secrets or {})},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log_file,
                text=True,
            )
        try:
            # "Tidings 0.1.0 is listening on http://127.0.0.1:40123"
            greeting = process.stdout.readline()
            key = first_key(process.stdout)
            if not key:
                sys.exit("the server did not start")
            os.environ.pop("AWS_PROFILE", None)
            os.environ.update(key)
            yield greeting.split()[-1]
        except SystemExit:
            print("".join(log.open().readlines()[-LOG_LINES:]), end="", file=sys.stderr)
            raise
        finally:
            ended_with = stop(process)
        if ended_with != 0:
            sys.exit(f"the server ended with {ended_with}:\n{log.read_text()}")


def first_key(lines):
    """The root user's access key, which a first start shows: as the SDK wants it in variables."""
    key = {}
    for line in lines:
        if found := KEY.search(line):
            key[found[1].upper()] = found[2]
        if len(key) == 2:
            return key
    return {}


def stop(process):
    process.terminate()
    try:
        return process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()


def build():
    """Builds the server, and says what starts it."""
    print("Building the server, which takes minutes the first time …", flush=True)
    package = ["--quiet", "--locked", "--package", "tidings"]
    subprocess.run(["cargo", "build", *package], cwd=WORKSPACE, check=True)
    return ["cargo", "run", *package, "--"]
