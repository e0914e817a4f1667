"""A server of our own that runs functions in one language, and clients of it."""

import io
import json
import os
import subprocess
import sys
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

from botocore.config import Config
from own_server import OwnServer

FOLDER = Path(__file__).resolve().parent
BUILT = FOLDER.parent / ".env/functions"
CLI = Path(sys.executable).with_name("aws")
ROLE = "arn:aws:iam::000000000000:role/runs"
WAIT_SECONDS = 60
# Long enough for an answer, as short as can be for those that hang.
TIMEOUT_SECONDS = 2
# More than a call takes with the start of its process, or a batch would stay invisible for longer.
VISIBILITY_SECONDS = 4


@dataclass(frozen=True)
class Language:
    """How a handler is given to the service, and what its runtime says of an error."""

    runtime: str
    handler: str
    # What is in the archive, and where it is kept here.
    name: str
    file: Path
    # What the runtime calls an error that says `no such room`: a pattern.
    error_type: str
    # How the server starts the runtime; None if the archive has it.
    command: tuple = None


LANGUAGES = {
    "python": Language(
        runtime="python3.13",
        handler="app.handler",
        name="app.py",
        file=FOLDER / "python/app.py",
        error_type="ValueError",
        command=(BUILT / "python/bin/python", "-m", "awslambdaric", "{handler}"),
    ),
    "node": Language(
        runtime="nodejs22.x",
        handler="index.handler",
        name="index.mjs",
        file=FOLDER / "node/index.mjs",
        error_type="Error",
        command=(FOLDER / "node/node_modules/.bin/aws-lambda-ric", "{handler}"),
    ),
    "go": Language(
        runtime="provided.al2023",
        handler="bootstrap",
        name="bootstrap",
        file=BUILT / "go/bootstrap",
        error_type="errorString",
    ),
    "rust": Language(
        runtime="provided.al2023",
        handler="bootstrap",
        name="bootstrap",
        file=BUILT / "rust/debug/bootstrap",
        error_type=r"&alloc::boxed::Box<dyn core::error::Error( \+ [a-z:]+marker::\w+)*>",
    ),
}


class Stage(OwnServer):
    """A server of ours, and clients of it."""

    wait_seconds = WAIT_SECONDS

    def __init__(self, binary, language):
        super().__init__(binary)
        self.language = LANGUAGES[language]

    def start(self):
        settings = self.folder / "settings.toml"
        settings.write_text(self._settings())
        archive = self.folder / "function.zip"
        archive.write_bytes(archive_of(self.language))
        self.archive = archive
        self.serve([f"--config={settings}"])
        config = Config(retries={"total_max_attempts": 1})
        self.aws_lambda = self.client("lambda", config=config)
        self.sqs, self.sns = self.client("sqs", config=config), self.client("sns", config=config)

    def _settings(self):
        hosting = "[functions]\nhosting = true\n"
        if not self.language.command:
            return hosting
        # JSON's lists of text are TOML's, too.
        command = json.dumps([str(word) for word in self.language.command])
        return f'{hosting}[functions.runtimes]\n"{self.language.runtime}" = {command}\n'

    def cli(self, *words):
        """What `aws lambda` answers."""
        key = {name.upper(): value for name, value in self._key.items()}
        done = subprocess.run(
            [CLI, "--endpoint-url", self.endpoint, "--output", "json", "lambda", *words],
            env={**os.environ, **key, "AWS_MAX_ATTEMPTS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=WAIT_SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stderr.strip()
        return json.loads(done.stdout or "{}")

    def create_by_cli(self, name):
        """A function that does what its events say."""
        return self.cli(
            "create-function",
            *("--function-name", name, "--role", ROLE),
            *("--runtime", self.language.runtime, "--handler", self.language.handler),
            *("--timeout", str(TIMEOUT_SECONDS), "--zip-file", f"fileb://{self.archive}"),
        )

    def invoke_by_cli(self, name, event, *words):
        """What the CLI answers, and what it wrote into its file."""
        out = self.folder / f"{name}.out"
        payload = ("--payload", json.dumps(event))
        told = self.cli("invoke", "--function-name", name, *payload, *words, str(out))
        return told, out.read_text()

    def function(self, name, do, **more):
        """A function that does the same with all events; its ARN."""
        return self.aws_lambda.create_function(
            FunctionName=name,
            Runtime=self.language.runtime,
            Handler=self.language.handler,
            Role=ROLE,
            Timeout=TIMEOUT_SECONDS,
            Environment={"Variables": {"DO": do}},
            Code={"ZipFile": self.archive.read_bytes()},
            **more,
        )["FunctionArn"]

    def records(self, function, **settings):
        """A queue that gets a record of each event of a function when it is over."""
        url, arn = self.queue(f"{function}-records")
        destination = {"Destination": arn}
        self.aws_lambda.put_function_event_invoke_config(
            FunctionName=function,
            DestinationConfig={"OnSuccess": destination, "OnFailure": destination},
            **settings,
        )
        return url

    def subscribed(self, function, arn):
        """A topic whose messages the function gets."""
        topic = self.sns.create_topic(Name=function)["TopicArn"]
        self.aws_lambda.add_permission(
            FunctionName=function,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=topic,
        )
        self.sns.subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
        return topic

    def queue(self, name, **attributes):
        """The queue's URL and ARN."""
        url = self.sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, shown["Attributes"]["QueueArn"]

    def source(self, name, bodies, **settings):
        """A queue whose messages the function of its name gets, and the one where they end after two
        tries. These messages are there from the beginning, so that they are one batch."""
        dead, dead_arn = self.queue(f"{name}-dead")
        policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
        visibility = {"VisibilityTimeout": str(VISIBILITY_SECONDS)}
        url, arn = self.queue(name, RedrivePolicy=policy, **visibility)
        entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
        self.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        self.aws_lambda.create_event_source_mapping(
            EventSourceArn=arn, FunctionName=name, **settings
        )
        return url, dead

    def counts(self, url):
        """How many messages are visible, and how many in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        shown = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        return tuple(int(shown[name]) for name in names)

    def next(self, url):
        """The next message of a queue, which is removed."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            given = self.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=10)
            for message in given.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return message["Body"]
        raise TimeoutError(f"nothing in {url}")

    def until_empty(self, url):
        deadline = time.monotonic() + WAIT_SECONDS
        while (counts := self.counts(url)) != (0, 0):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{counts} messages are left in {url}")
            time.sleep(0.05)


def archive_of(language):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as files:
        entry = zipfile.ZipInfo(language.name)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o100755 << 16
        files.writestr(entry, language.file.read_bytes())
    return packed.getvalue()
