"""A server of our own that runs functions, and what checks need of it."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

from own_server import OwnServer

WAIT_SECONDS = 60
BOOTSTRAP = Path(__file__).with_name("bootstrap")
CLI = Path(sys.executable).with_name("aws")


class Stage(OwnServer):
    """A server of ours, and clients of it."""

    wait_seconds = WAIT_SECONDS

    def start(self):
        self.serve(["--functions-hosting"])
        self.aws_lambda, self.sqs = self.client("lambda"), self.client("sqs")

    def cli(self, *words):
        """What the AWS CLI answers."""
        key = {name.upper(): value for name, value in self._key.items()}
        done = subprocess.run(
            [CLI, "--endpoint-url", self.endpoint, "--output", "json", "lambda", *words],
            env={**os.environ, **key},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout else None

    def function(self, name, timeout=2):
        """A function with a file of its own to write into."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as files:
            entry = zipfile.ZipInfo("bootstrap")
            entry.external_attr = 0o100755 << 16
            files.writestr(entry, BOOTSTRAP.read_bytes())
        self._written(name).touch()
        self.aws_lambda.create_function(
            FunctionName=name,
            Runtime="provided.al2023",
            Handler="bootstrap",
            Role="arn:aws:iam::000000000000:role/runs",
            Timeout=timeout,
            Environment={"Variables": {"WRITTEN": str(self._written(name))}},
            Code={"ZipFile": archive.getvalue()},
        )

    def _written(self, name):
        return self.folder / f"{name}.jsonl"

    def invocations(self, name):
        """The records of each invocation of a function, in order."""
        lines = self._written(name).read_text().splitlines()
        return [json.loads(line)["records"] for line in lines]

    def bodies(self, name):
        return [record["body"] for records in self.invocations(name) for record in records]

    def queue(self, name, **attributes):
        """The queue's URL and ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, shown["Attributes"]["QueueArn"]

    def counts(self, url):
        """How many messages are visible, and how many in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return tuple(int(shown[name]) for name in names)

    def map(self, arn, function, **settings):
        """The id of a mapping that is enabled."""
        made = self.aws_lambda.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=function, **settings
        )
        self.until_state(made["UUID"], "Enabled")
        return made["UUID"]

    def until_state(self, uuid, state):
        until(lambda: self.aws_lambda.get_event_source_mapping(UUID=uuid)["State"] == state)

    def until_empty(self, url):
        until(lambda: self.counts(url) == (0, 0))


def until(is_so):
    deadline = time.monotonic() + WAIT_SECONDS
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came to that")
        time.sleep(0.05)
