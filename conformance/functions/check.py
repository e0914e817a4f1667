"""Has a handler, made with AWS's runtime for one language, invoked by the AWS CLI, by topics and by
queues: one that answers, fails, crashes, hangs, and fails on a part of its batch.

    check.py LANGUAGE

The contract with the runner is in conformance/README.md. The server is one of this program's own.
"""

import functools
import json
import re
import sys
from base64 import b64decode

from own_server import run
from stage import TIMEOUT_SECONDS, Stage

UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
TIMED_OUT = f"Task timed out after {TIMEOUT_SECONDS}.00 seconds"
EXITED = "Runtime exited with error: exit status 1"
# What there is to say of an event that is not tried again.
ONCE = {"MaximumRetryAttempts": 0}


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def ended(error, error_type, what):
    """Whether an error is the host's, about a process that came to an end."""
    same(error["errorType"], error_type)
    assert re.fullmatch(f"RequestId: {UUID} Error: {re.escape(what)}", error["errorMessage"]), error


def crashed(error):
    ended(error, "Runtime.ExitError", EXITED)


def timed_out(error):
    ended(error, "Sandbox.Timedout", TIMED_OUT)


def the_cli_invokes(stage):
    """the AWS CLI creates a function and has its answer and its log"""
    made = stage.create_by_cli("cli")
    same((made["State"], made["Runtime"]), ("Active", stage.language.runtime))
    event = {"do": "echo", "room": 7}
    told, answer = stage.invoke_by_cli("cli", event, "--log-type", "Tail")
    same((told["StatusCode"], told["ExecutedVersion"]), (200, "$LATEST"))
    assert "FunctionError" not in told, told
    same(json.loads(answer), event)
    log = b64decode(told["LogResult"]).decode()
    for line in ("START", "END", "REPORT"):
        assert re.search(f"^{line} RequestId: {UUID}", log, re.MULTILINE), log
    told, answer = stage.invoke_by_cli("cli", event, "--invocation-type", "DryRun")
    same((told["StatusCode"], answer), (204, ""))
    records = stage.records("cli", **ONCE)
    told, answer = stage.invoke_by_cli("cli", event, "--invocation-type", "Event")
    same((told["StatusCode"], answer), (202, ""))
    record = json.loads(stage.next(records))
    same(record["requestContext"]["condition"], "Success")
    same((record["requestPayload"], record["responsePayload"]), (event, event))


def errors_are_told(stage):
    """an error, a crash and a time-out are told to who invokes, and the next event is served"""
    stage.create_by_cli("errors")

    def error(do):
        words = ("--invocation-type", "RequestResponse", "--log-type", "Tail")
        told, answer = stage.invoke_by_cli("errors", {"do": do}, *words)
        same((told["StatusCode"], told["FunctionError"]), (200, "Unhandled"))
        return json.loads(answer), b64decode(told["LogResult"]).decode()

    failed, _ = error("fail")
    same(failed["errorMessage"], "no such room")
    assert re.fullmatch(stage.language.error_type, failed["errorType"]), failed
    crash, log = error("crash")
    crashed(crash)
    assert EXITED in log, log
    hang, log = error("hang")
    timed_out(hang)
    assert TIMED_OUT in log, log
    _, answer = stage.invoke_by_cli("errors", {"do": "echo"})
    same(json.loads(answer), {"do": "echo"})


def topics_invoke(stage):
    """a topic's messages become events; those that fail are recorded at the failure destination"""
    for do in ("echo", "fail", "crash", "hang"):
        name = f"topic-{do}"
        arn = stage.function(name, do)
        records = stage.records(name, **ONCE)
        topic = stage.subscribed(name, arn)
        message = stage.sns.publish(TopicArn=topic, Message=f"to {do}")["MessageId"]
        record = json.loads(stage.next(records))
        context, answer = record["requestContext"], record["responsePayload"]
        [sent] = record["requestPayload"]["Records"]
        same((sent["EventSource"], sent["Sns"]["MessageId"]), ("aws:sns", message))
        same((sent["Sns"]["TopicArn"], sent["Sns"]["Message"]), (topic, f"to {do}"))
        same(context["approximateInvokeCount"], 1)
        if do == "echo":
            same((context["condition"], answer), ("Success", record["requestPayload"]))
            continue
        same(context["condition"], "RetriesExhausted")
        same(record["responseContext"]["functionError"], "Unhandled")
        if do == "fail":
            same(answer["errorMessage"], "no such room")
        else:
            {"crash": crashed, "hang": timed_out}[do](answer)


def queues_invoke(stage):
    """a queue's messages are deleted when they are done, else they come again and are dead letters"""
    sources = {}
    for do in ("echo", "fail", "crash", "hang"):
        stage.function(f"queue-{do}", do)
        sources[do] = stage.source(f"queue-{do}", [f"to {do}"])
    for do in ("fail", "crash", "hang"):
        url, dead = sources[do]
        same(stage.next(dead), f"to {do}")
        same(stage.counts(url), (0, 0))
    url, dead = sources["echo"]
    stage.until_empty(url)
    same(stage.counts(dead), (0, 0))


def parts_of_batches_fail(stage):
    """of a batch only what failed comes again"""
    stage.function("batch", "batch")
    reporting = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
    url, dead = stage.source("batch", ["one", "fail", "two", "fail", "three"], **reporting)
    same([stage.next(dead), stage.next(dead)], ["fail", "fail"])
    stage.until_empty(url)
    same(stage.counts(dead), (0, 0))


CHECKS = [the_cli_invokes, errors_are_told, topics_invoke, queues_invoke, parts_of_batches_fail]

if __name__ == "__main__":
    sys.exit(run(functools.partial(Stage, language=sys.argv[1]), None, CHECKS))
