"""The handler that conformance/functions/README.md describes, for awslambdaric."""

import os
import subprocess
import time


def handler(event, context):
    return ACTIONS[event.get("do") or os.environ["DO"]](event, context)


def echo(event, _context):
    return event


def about(_event, context):
    return {
        "requestId": context.aws_request_id,
        "arn": context.invoked_function_arn,
        "name": context.function_name,
        "version": context.function_version,
        "remainingMs": context.get_remaining_time_in_millis(),
        "pid": os.getpid(),
    }


def fail(_event, _context):
    raise ValueError("no such room")


def crash(_event, _context):
    os._exit(1)


def hang(_event, _context):
    time.sleep(600)


def child(_event, _context):
    return subprocess.Popen(["sleep", "600"]).pid


def print_without_end(_event, _context):
    while True:
        print("noise")


def large(_event, _context):
    return "x" * (7 * 1024 * 1024)


def batch(event, _context):
    failed = [record["messageId"] for record in event["Records"] if record["body"] == "fail"]
    return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in failed]}


ACTIONS = {
    "echo": echo,
    "about": about,
    "fail": fail,
    "crash": crash,
    "hang": hang,
    "child": child,
    "print": print_without_end,
    "large": large,
    "batch": batch,
}
