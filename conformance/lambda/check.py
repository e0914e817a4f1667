"""Functions by boto3 and the AWS CLI, on a server that runs them.

The contract with the runner is in conformance/README.md. The server is one of this program's own.
"""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from base64 import b64decode
from pathlib import Path

from botocore.config import Config
from botocore.exceptions import ClientError
from own_server import OwnServer, run

WAIT_SECONDS = 30
ROLE = "arn:aws:iam::000000000000:role/runs"
REGION = "us-east-1"


class Server(OwnServer):
    """A server of our own that runs functions."""

    wait_seconds = WAIT_SECONDS

    def start(self):
        self.serve(["--functions-hosting"])
        config = Config(retries={"total_max_attempts": 1})
        for service in ("lambda", "sqs", "sns", "iam"):
            client = self.client(service, region_name=REGION, config=config)
            setattr(self, service.replace("lambda", "functions"), client)

    def aws(self, *words):
        """What a command of the AWS CLI answers; an AssertionError if it fails."""
        aws = Path(sys.executable).parent / "aws"
        done = subprocess.run(
            [aws, "--endpoint-url", self.endpoint, "--region", REGION, "--output", "json", *words],
            env={
                **os.environ,
                **{name.upper(): value for name, value in self._key.items()},
                "AWS_MAX_ATTEMPTS": "1",
            },
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr.strip()
        return json.loads(done.stdout or "{}")

    def create(self, name, **more):
        return self.functions.create_function(
            **{
                "FunctionName": name,
                "Runtime": "provided.al2023",
                "Handler": "bootstrap",
                "Role": ROLE,
                "Timeout": 20,
                "Environment": {"Variables": {"GREETING": "hello"}},
                "Code": {"ZipFile": archive()},
                **more,
            }
        )

    def invoke(self, name, event, **more):
        answer = self.functions.invoke(
            FunctionName=name, Payload=json.dumps(event).encode(), **more
        )
        answer["Payload"] = answer["Payload"].read()
        return answer

    def queue(self, name):
        url = self.sqs.create_queue(QueueName=name)["QueueUrl"]
        wanted = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
        return url, wanted["Attributes"]["QueueArn"]

    def next(self, url):
        """The next message of a queue, which is removed."""
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            given = self.sqs.receive_message(
                QueueUrl=url, WaitTimeSeconds=5, MessageAttributeNames=["All"]
            )
            for message in given.get("Messages", []):
                self.sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
                return message
        raise TimeoutError(f"nothing in {url}")


def archive(comment=""):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as writer:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o100755 << 16
        writer.writestr(entry, Path(__file__).with_name("bootstrap.py").read_text())
        writer.writestr("comment", comment)
    return packed.getvalue()


@contextlib.contextmanager
def refused(code, text=""):
    try:
        yield
    except ClientError as error:
        told = error.response["Error"]
        assert told["Code"] == code and text in told["Message"], told
    else:
        raise AssertionError(f"it was not refused with {code}")


def expect(value, expected):
    assert value == expected, f"{value!r} instead of {expected!r}"


def life(server):
    """a function is created, waited for, read back, changed and deleted"""
    functions = server.functions
    made = server.create("life")
    functions.get_waiter("function_active_v2").wait(FunctionName="life")
    expect(functions.get_function_configuration(FunctionName="life")["CodeSha256"], made["CodeSha256"])
    with refused("ResourceConflictException", "Function already exist: life"):
        server.create("life")
    changed = functions.update_function_code(FunctionName="life", ZipFile=archive("other"))
    assert changed["CodeSha256"] != made["CodeSha256"]
    functions.get_waiter("function_updated_v2").wait(FunctionName="life")
    functions.update_function_configuration(FunctionName="life", MemorySize=256)
    expect(functions.get_function(FunctionName="life")["Configuration"]["MemorySize"], 256)
    names = [
        function["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate(MaxItems=1)
        for function in page["Functions"]
    ]
    assert "life" in names, names
    functions.delete_function(FunctionName="life")
    with refused("ResourceNotFoundException", "Function not found: arn:aws:lambda:"):
        functions.get_function(FunctionName="life")


def versions(server):
    """versions stay as they are, and aliases lead to them"""
    functions = server.functions
    server.create("versions", Publish=True)
    functions.update_function_configuration(
        FunctionName="versions", Environment={"Variables": {"GREETING": "again"}}
    )
    functions.publish_version(FunctionName="versions", Description="second")
    functions.create_alias(FunctionName="versions", Name="live", FunctionVersion="1")
    for qualifier, greeting, version in (
        ("live", "hello", "1"),
        ("2", "again", "2"),
        ("$LATEST", "again", "$LATEST"),
    ):
        answer = server.invoke("versions", 1, Qualifier=qualifier)
        expect(json.loads(answer["Payload"])["greeting"], greeting)
        expect(answer["ExecutedVersion"], version)
    functions.update_alias(
        FunctionName="versions",
        Name="live",
        FunctionVersion="1",
        RoutingConfig={"AdditionalVersionWeights": {"2": 1.0}},
    )
    expect(server.invoke("versions:live", 1)["ExecutedVersion"], "2")
    listed = functions.list_versions_by_function(FunctionName="versions")["Versions"]
    expect([version["Version"] for version in listed], ["$LATEST", "1", "2"])
    with refused("ResourceConflictException"):
        functions.delete_function(FunctionName="versions", Qualifier="1")
    with refused("PreconditionFailedException"):
        functions.update_alias(FunctionName="versions", Name="live", RevisionId="old")


def invoking(server):
    """an invocation has its answer, its error, its log"""
    server.create("invoking", Timeout=1)
    answer = server.invoke("invoking", {"room": 7}, LogType="Tail")
    expect(json.loads(answer["Payload"])["event"], {"room": 7})
    log = b64decode(answer["LogResult"]).decode()
    request_id = answer["ResponseMetadata"]["RequestId"]
    for line in (f"START RequestId: {request_id}", f"given {request_id}", "REPORT"):
        assert line in log, log
    failed = server.invoke("invoking", {"fail": "as told"})
    expect((failed["StatusCode"], failed["FunctionError"]), (200, "Unhandled"))
    expect(json.loads(failed["Payload"])["errorMessage"], "as told")
    late = server.invoke("invoking", {"sleep": 20})
    assert "Task timed out after 1.00 seconds" in late["Payload"].decode(), late
    crashed = server.invoke("invoking", {"crash": 3})
    assert "Runtime exited with error: exit status 3" in crashed["Payload"].decode(), crashed
    expect(server.invoke("invoking", 1, InvocationType="DryRun")["StatusCode"], 204)
    with refused("InvalidRequestContentException", "Could not parse request body into json"):
        server.functions.invoke(FunctionName="invoking", Payload=b"{")
    server.functions.put_function_concurrency(
        FunctionName="invoking", ReservedConcurrentExecutions=0
    )
    with refused("TooManyRequestsException", "Rate Exceeded"):
        server.invoke("invoking", 1)


def events(server):
    """an event is run once it is accepted, and its end is recorded"""
    (done, done_arn), (failed, failed_arn) = server.queue("done"), server.queue("failed")
    server.create("events")
    server.functions.put_function_event_invoke_config(
        FunctionName="events",
        MaximumRetryAttempts=0,
        DestinationConfig={
            "OnSuccess": {"Destination": done_arn},
            "OnFailure": {"Destination": failed_arn},
        },
    )
    accepted = server.invoke("events", {"room": 7}, InvocationType="Event")
    expect((accepted["StatusCode"], accepted["Payload"]), (202, b""))
    record = json.loads(server.next(done)["Body"])
    expect(record["requestContext"]["condition"], "Success")
    expect(record["requestContext"]["requestId"], accepted["ResponseMetadata"]["RequestId"])
    expect(record["requestPayload"], {"room": 7})
    server.invoke("events", {"fail": "as told"}, InvocationType="Event")
    record = json.loads(server.next(failed)["Body"])
    expect(record["requestContext"]["condition"], "RetriesExhausted")
    expect(record["responsePayload"]["errorMessage"], "as told")


def killed(server):
    """events that were accepted are run after the server was killed"""
    done, done_arn = server.queue("survivors")
    server.create("killed")
    server.functions.put_function_event_invoke_config(
        FunctionName="killed", DestinationConfig={"OnSuccess": {"Destination": done_arn}}
    )
    for number in range(5):
        server.invoke("killed", {"number": number, "sleep": 1}, InvocationType="Event")
    server.stop(signal.SIGKILL)
    server.start()
    seen = set()
    while seen != set(range(5)):
        seen.add(json.loads(server.next(done)["Body"])["requestPayload"]["number"])


def topics(server):
    """a topic's message becomes an event, if the function's policy lets the topic in"""
    (done, done_arn), (dead, dead_arn) = server.queue("told"), server.queue("dead")
    function = server.create("topics")["FunctionArn"]
    server.functions.put_function_event_invoke_config(
        FunctionName="topics", DestinationConfig={"OnSuccess": {"Destination": done_arn}}
    )
    topic = server.sns.create_topic(Name="bookings")["TopicArn"]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": dead_arn,
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow]})
    server.sqs.set_queue_attributes(QueueUrl=dead, Attributes={"Policy": policy})
    subscription = server.sns.subscribe(
        TopicArn=topic,
        Protocol="lambda",
        Endpoint=function,
        Attributes={"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead_arn})},
    )["SubscriptionArn"]
    server.sns.publish(TopicArn=topic, Message="not yet")
    expect(json.loads(server.next(dead)["Body"])["Message"], "not yet")
    added = server.functions.add_permission(
        FunctionName="topics",
        StatementId="bookings",
        Action="lambda:InvokeFunction",
        Principal="sns.amazonaws.com",
        SourceArn=topic,
    )
    expect(json.loads(added["Statement"])["Condition"], {"ArnLike": {"AWS:SourceArn": topic}})
    server.sns.publish(TopicArn=topic, Message="now", Subject="Room")
    event = json.loads(server.next(done)["Body"])["requestPayload"]
    [record] = event["Records"]
    expect(record["EventSubscriptionArn"], subscription)
    expect((record["Sns"]["Message"], record["Sns"]["Subject"]), ("now", "Room"))
    expect(record["Sns"]["MessageAttributes"], {})


def by_hand(server):
    """the AWS CLI does the same"""
    zipped = server.folder / "function.zip"
    zipped.write_bytes(archive())
    out = server.folder / "out.json"
    made = server.aws(
        "lambda", "create-function", "--function-name", "by-hand", "--runtime", "provided.al2023",
        "--handler", "bootstrap", "--role", ROLE, "--timeout", "20",
        "--zip-file", f"fileb://{zipped}",
    )  # fmt: skip
    expect((made["State"], made["LastUpdateStatus"]), ("Active", "Successful"))
    told = server.aws(
        "lambda", "invoke", "--function-name", made["FunctionArn"], "--log-type", "Tail",
        "--payload", '{"room": 7}', str(out),
    )  # fmt: skip
    expect((told["StatusCode"], told["ExecutedVersion"]), (200, "$LATEST"))
    expect(json.loads(out.read_text())["event"], {"room": 7})
    name = ("--function-name", "by-hand")
    for state in ("function-active-v2", "function-updated-v2"):
        server.aws("lambda", "wait", state, *name)
    server.aws("lambda", "put-function-concurrency", *name, "--reserved-concurrent-executions", "2")
    expect(server.aws("lambda", "get-function", *name)["Concurrency"]["ReservedConcurrentExecutions"], 2)
    server.aws("lambda", "tag-resource", "--resource", made["FunctionArn"], "--tags", "team=rooms")
    tags = server.aws("lambda", "list-tags", "--resource", made["FunctionArn"])["Tags"]
    expect(tags, {"team": "rooms"})
    server.aws(
        "lambda", "add-permission", *name, "--statement-id", "s", "--action",
        "lambda:InvokeFunction", "--principal", "sns.amazonaws.com",
    )  # fmt: skip
    server.aws("lambda", "get-policy", *name)
    server.aws("lambda", "remove-permission", *name, "--statement-id", "s")
    server.aws("lambda", "publish-version", *name)
    server.aws("lambda", "delete-function", *name)


CHECKS = (life, versions, invoking, events, killed, topics, by_hand)

if __name__ == "__main__":
    sys.exit(run(Server, None, CHECKS))
