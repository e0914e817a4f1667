"""Runs Kombu's fanout exchanges, which its SQS transport builds of an SNS topic and queues.

The contract with the runner is in conformance/README.md.
"""

import contextlib
import os
import secrets
import socket
import sys
import time
from urllib.parse import quote

import boto3
from kombu import Connection, Consumer, Exchange, Producer, Queue

WAIT_SECONDS = 30
ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]
PREFIX = f"kombu-{secrets.token_hex(3)}-"


def main():
    checks = [
        ("a fanout exchange reaches every queue that is bound to it", reach_every_queue),
        ("an exchange that exists is declared again", declare_again),
        ("a fanout exchange may be FIFO", keep_order),
        ("a deleted queue's subscription is removed", remove_stale),
    ]
    return 0 if all([check(name, verify) for name, verify in checks]) else 1


def connect():
    # In a URL, where a secret's slashes and plus signs have to be escaped.
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    identity = ":".join(quote(os.environ[name], safe="") for name in names)
    return Connection(
        f"sqs://{identity}@{ENDPOINT.split('://', 1)[1]}",
        transport_options={
            "region": os.environ["AWS_REGION"],
            "is_secure": ENDPOINT.startswith("https:"),
            "queue_name_prefix": PREFIX,
            "supports_fanout": True,
            "wait_time_seconds": 1,
            "polling_interval": 0.1,
        },
    )


def reach_every_queue():
    exchange = Exchange("tides", type="fanout")
    queues = [Queue("tides-north", exchange), Queue("tides-south", exchange)]
    bodies = [{"depth": number, "sea": "Größe 👩‍🚀"} for number in range(5)]
    with connect() as connection, consuming(connection, queues) as received:
        publish(connection, exchange, bodies)
        drain(connection, received, len(bodies) * len(queues))
    for queue in queues:
        got = [body for name, body in received if name == queue.name]
        expect(sorted(got, key=lambda body: body["depth"]), bodies)
    expect(sorted(subscribed_queues("tides")), [PREFIX + "tides-north", PREFIX + "tides-south"])


def declare_again():
    exchange = Exchange("again", type="fanout")
    queue = Queue("again-only", exchange)
    for number in range(2):
        with connect() as connection, consuming(connection, [queue]) as received:
            publish(connection, exchange, [number])
            drain(connection, received, 1)
        expect(received, [(queue.name, number)])
    expect(subscribed_queues("again"), [PREFIX + "again-only"])


def keep_order():
    exchange = Exchange("ordered.fifo", type="fanout")
    queues = [Queue("ordered-north.fifo", exchange), Queue("ordered-south.fifo", exchange)]
    bodies = list(range(10))
    with connect() as connection, consuming(connection, queues) as received:
        publish(connection, exchange, bodies)
        drain(connection, received, len(bodies) * len(queues))
    for queue in queues:
        expect([body for name, body in received if name == queue.name], bodies)


def remove_stale():
    exchange = Exchange("stale", type="fanout")
    kept, deleted = Queue("stale-kept", exchange), Queue("stale-deleted", exchange)
    with connect() as connection:
        with consuming(connection, [kept, deleted]):
            expect(len(subscribed_queues("stale")), 2)
        sqs = client("sqs")
        sqs.delete_queue(
            QueueUrl=sqs.get_queue_url(QueueName=PREFIX + deleted.name)["QueueUrl"]
        )
        connection.default_channel.remove_stale_sns_subscriptions("stale")
    expect(subscribed_queues("stale"), [PREFIX + kept.name])


@contextlib.contextmanager
def consuming(connection, queues):
    """Consumes from queues; gives the list of what comes, each with the name of its queue."""
    received = []

    def keep_from(name):
        def keep(body, message):
            received.append((name, body))
            message.ack()

        return keep

    consumers = [
        Consumer(connection.channel(), [queue], callbacks=[keep_from(queue.name)])
        for queue in queues
    ]
    for consumer in consumers:
        consumer.consume()
    yield received
    for consumer in consumers:
        consumer.cancel()


def publish(connection, exchange, bodies):
    producer = Producer(connection.channel(), exchange)
    for body in bodies:
        producer.publish(body, serializer="json")


def drain(connection, received, count):
    deadline = time.monotonic() + WAIT_SECONDS
    while len(received) < count and time.monotonic() < deadline:
        try:
            connection.drain_events(timeout=1)
        except socket.timeout:
            pass
    expect(len(received), count)


def subscribed_queues(exchange):
    """The names of the queues that are subscribed to an exchange's topic, seen from outside."""
    topic = f"arn:aws:sns:{os.environ['AWS_REGION']}:{os.environ['CONFORMANCE_ACCOUNT']}:"
    topic += PREFIX + exchange
    listed = client("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    return [subscription["Endpoint"].rsplit(":", 1)[-1] for subscription in listed]


def client(service):
    return boto3.client(service, endpoint_url=ENDPOINT)


def check(name, verify):
    try:
        verify()
    except Exception as error:
        reason = " ".join(f"{type(error).__name__} {error}".split())
        print(f"not ok {name}: {reason}", flush=True)
        return False
    print(f"ok {name}", flush=True)
    return True


def expect(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


if __name__ == "__main__":
    sys.exit(main())
