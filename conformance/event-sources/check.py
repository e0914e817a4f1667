"""Has queues' messages given to functions, and looks at what they got, and what stayed.

The contract with the runner is in conformance/README.md. The server is one of this program's own.
"""

import json
import signal
import sys

from own_server import run
from stage import Stage, until

REPORTING = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}


def same(found, expected):
    assert found == expected, f"{found!r} instead of {expected!r}"


def said(do, times, **more):
    return json.dumps({"do": do, "times": times, **more})


def mappings_are_read_back(stage):
    """what boto3 writes the AWS CLI reads, and the other way round"""
    stage.function("read-back")
    _, arn = stage.queue("read-back")
    pattern = '{"body": {"kind": ["good"]}}'
    made = stage.aws_lambda.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName="read-back",
        BatchSize=50,
        MaximumBatchingWindowInSeconds=3,
        FilterCriteria={"Filters": [{"Pattern": pattern}]},
        ScalingConfig={"MaximumConcurrency": 4},
        **REPORTING,
    )
    uuid = made["UUID"]
    same(made["ResponseMetadata"]["HTTPStatusCode"], 202)
    stage.until_state(uuid, "Enabled")
    shown = stage.cli("get-event-source-mapping", "--uuid", uuid)
    for member, value in {
        "BatchSize": 50,
        "MaximumBatchingWindowInSeconds": 3,
        "EventSourceArn": arn,
        "FilterCriteria": {"Filters": [{"Pattern": pattern}]},
        "ScalingConfig": {"MaximumConcurrency": 4},
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }.items():
        same(shown[member], value)
    words = ("update-event-source-mapping", "--uuid", uuid, "--no-enabled", "--batch-size", "7")
    stage.cli(*words, "--filter-criteria", "{}")
    stage.until_state(uuid, "Disabled")
    shown = stage.aws_lambda.get_event_source_mapping(UUID=uuid)
    same((shown["BatchSize"], shown.get("FilterCriteria")), (7, None))
    listed = stage.cli("list-event-source-mappings", "--event-source-arn", arn)
    same([mapping["UUID"] for mapping in listed["EventSourceMappings"]], [uuid])
    stage.cli("delete-event-source-mapping", "--uuid", uuid)
    until(lambda: not stage.aws_lambda.list_event_source_mappings(EventSourceArn=arn)["EventSourceMappings"])


def mistakes_are_exceptions(stage):
    """mistakes come as the exceptions that SDKs know"""
    stage.function("mistaken")
    _, arn = stage.queue("mistaken")
    create = stage.aws_lambda.create_event_source_mapping
    known = stage.aws_lambda.exceptions
    uuid = stage.map(arn, "mistaken")
    for fault, words in (
        (known.ResourceConflictException, {"EventSourceArn": arn}),
        (known.InvalidParameterValueException, {"EventSourceArn": arn + "-absent"}),
        (known.InvalidParameterValueException, {"EventSourceArn": arn, "BatchSize": 100}),
    ):
        try:
            create(FunctionName="mistaken", **words)
        except fault:
            continue
        raise AssertionError(f"{words} was taken")
    try:
        stage.aws_lambda.get_event_source_mapping(UUID=uuid[:-1] + "x")
    except known.ResourceNotFoundException:
        return
    raise AssertionError("a mapping was found that is none")


def records_are_as_documented(stage):
    """a record has what ReceiveMessage would have told"""
    stage.function("records")
    url, arn = stage.queue("records")
    attributes = {
        "colour": {"DataType": "String", "StringValue": "blue"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x01\x02"},
    }
    sent = stage.sqs.send_message(QueueUrl=url, MessageBody='ü "x"', MessageAttributes=attributes)
    stage.map(arn, "records")
    stage.until_empty(url)
    record = stage.invocations("records")[0][0]
    same(record["messageId"], sent["MessageId"])
    same(record["body"], 'ü "x"')
    same(record["md5OfBody"], sent["MD5OfMessageBody"])
    same(record["md5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
    none = {"stringListValues": [], "binaryListValues": []}
    same(
        record["messageAttributes"],
        {
            "colour": {"stringValue": "blue", "dataType": "String", **none},
            "raw": {"binaryValue": "AQI=", "dataType": "Binary", **none},
        },
    )
    same((record["eventSource"], record["eventSourceARN"]), ("aws:sqs", arn))
    same(record["awsRegion"], arn.split(":")[3])
    names = ["ApproximateFirstReceiveTimestamp", "ApproximateReceiveCount", "SenderId", "SentTimestamp"]
    same(sorted(record["attributes"]), names)


def partial_failures_come_again(stage):
    """what a function reports as failed comes again, and nothing else"""
    stage.function("part")
    url, arn = stage.queue("part", VisibilityTimeout="2")
    bodies = ["one", said("part", 1), "three"]
    entries = [{"Id": str(n), "MessageBody": body} for n, body in enumerate(bodies)]
    stage.sqs.send_message_batch(QueueUrl=url, Entries=entries)
    stage.map(arn, "part", **REPORTING)
    stage.until_empty(url)
    same(sorted(stage.bodies("part")), sorted([*bodies, said("part", 1)]))


def failures_end_in_the_dead_letter_queue(stage):
    """who fails, crashes or hangs gets a message again, until it is a dead letter"""
    stage.function("failing", timeout=1)
    dead, dead_arn = stage.queue("dead")
    policy = json.dumps({"deadLetterTargetArn": dead_arn, "maxReceiveCount": 2})
    url, arn = stage.queue("failing", VisibilityTimeout="2", RedrivePolicy=policy)
    stage.map(arn, "failing", BatchSize=1)
    for do in ("fail", "crash", "hang"):
        stage.sqs.send_message(QueueUrl=url, MessageBody=said(do, 1))
        stage.sqs.send_message(QueueUrl=url, MessageBody=said(do, 1000))
    until(lambda: stage.counts(dead) == (3, 0))
    stage.until_empty(url)
    bodies = stage.bodies("failing")
    for do in ("fail", "crash", "hang"):
        same((bodies.count(said(do, 1)), bodies.count(said(do, 1000))), (2, 2))


def groups_keep_their_order(stage):
    """a FIFO queue keeps the order of its groups through failures"""
    stage.function("groups")
    url, arn = stage.queue("groups.fifo", FifoQueue="true", VisibilityTimeout="2")
    for n in range(24):
        group = "abc"[n % 3]
        body = said("part", 1 if n in (4, 9, 20) else 0, group=group, number=n)
        stage.sqs.send_message(
            QueueUrl=url, MessageBody=body, MessageGroupId=group, MessageDeduplicationId=str(n)
        )
    stage.map(arn, "groups.fifo".removesuffix(".fifo"), **REPORTING)
    stage.until_empty(url)
    done = {}
    for records in stage.invocations("groups"):
        failed = set()
        for record in records:
            body = json.loads(record["body"])
            if int(record["attributes"]["ApproximateReceiveCount"]) <= body["times"]:
                failed.add(body["group"])
            if body["group"] not in failed:
                done.setdefault(body["group"], []).append(body["number"])
    same(done, {group: list(range(n, 24, 3)) for n, group in enumerate("abc")})


def filters_delete(stage):
    """what no filter wants is deleted, and nobody is invoked for it"""
    stage.function("filtered")
    url, arn = stage.queue("filtered")
    pattern = json.dumps({"body": {"price": [{"numeric": [">", 10]}]}})
    stage.map(arn, "filtered", FilterCriteria={"Filters": [{"Pattern": pattern}]})
    for body in ('{"price": 5}', "no JSON", '{"price": 50}', "{}"):
        stage.sqs.send_message(QueueUrl=url, MessageBody=body)
    stage.until_empty(url)
    same(stage.bodies("filtered"), ['{"price": 50}'])


def nothing_is_lost_when_the_server_is_killed(stage):
    """nothing is lost when the server is killed, and a batch that waits is whole"""
    stage.function("killed")
    url, arn = stage.queue("killed", VisibilityTimeout="3")
    stage.map(arn, "killed", BatchSize=3)
    sent = [f"message {n}" for n in range(200)]
    for n in range(0, 200, 10):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(sent[n : n + 10])]
        stage.sqs.send_message_batch(QueueUrl=url, Entries=entries)
        if n in (60, 130):
            stage.stop(signal.SIGKILL)
            stage.start()
    stage.until_empty(url)
    bodies = stage.bodies("killed")
    same(sorted(set(bodies)), sorted(sent))
    # Of each of two kills no more than what was under way: five batches of three, and one.
    repeats = len(bodies) - len(sent)
    assert repeats <= 2 * 6 * 3, f"{repeats} repeats"


def a_mapping_that_goes_leaves_messages(stage):
    """a mapping that is deleted leaves the messages that come later"""
    stage.function("gone")
    url, arn = stage.queue("gone")
    uuid = stage.map(arn, "gone")
    stage.sqs.send_message(QueueUrl=url, MessageBody="early")
    stage.until_empty(url)
    stage.aws_lambda.delete_event_source_mapping(UUID=uuid)
    until(lambda: not stage.aws_lambda.list_event_source_mappings(FunctionName="gone")["EventSourceMappings"])
    stage.sqs.send_message(QueueUrl=url, MessageBody="late")
    received = stage.sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)
    same([message["Body"] for message in received["Messages"]], ["late"])
    same(stage.bodies("gone"), ["early"])


CHECKS = [
    mappings_are_read_back,
    mistakes_are_exceptions,
    records_are_as_documented,
    partial_failures_come_again,
    failures_end_in_the_dead_letter_queue,
    groups_keep_their_order,
    filters_delete,
    nothing_is_lost_when_the_server_is_killed,
    a_mapping_that_goes_leaves_messages,
]

if __name__ == "__main__":
    sys.exit(run(Stage, None, CHECKS))
