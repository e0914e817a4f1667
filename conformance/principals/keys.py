"""Keys of KMS, and the queues and topics that are encrypted with them."""

import json

from resources import let_in
from world import ACCOUNT, REGION, allow, document, expect, refused

THROUGH_SQS = {"StringEquals": {"kms:ViaService": f"sqs.{REGION}.amazonaws.com"}}


def key(world, *statements):
    """A key of the root user's, that these statements let others use."""
    root = {**allow("kms:*"), "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}}
    made = world.kms.create_key(Policy=document(root, *statements))["KeyMetadata"]
    given = {"KeyId": made["KeyId"], "PendingWindowInDays": 7}
    world.finally_do(world.kms.schedule_key_deletion, **given)
    return made["Arn"]


def senders_and_receivers(world):
    """Whoever sends needs a data key, and whoever receives what opens it."""
    arn = key(world)
    url, _ = world.queue("orders", KmsMasterKeyId=arn)
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    ann = world.user("ann", allow("sqs:*"), allow(both, arn, Condition=THROUGH_SQS))
    bob = world.user("bob", allow("sqs:*"))
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    for call, given in (("send_message", {"MessageBody": "rumour"}), ("receive_message", {})):
        with refused("KMS.AccessDeniedException"):
            getattr(bob.client("sqs"), call)(QueueUrl=url, **given)
    got = ann.client("sqs").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    expect([message["Body"] for message in got], ["hello"])
    # The key itself is none of hers, but through the queue.
    with refused("AccessDeniedException"):
        ann.client("kms").generate_data_key(KeyId=arn, KeySpec="AES_256")


def disabled(world):
    """A disabled key is said in both protocols, and nothing is lost."""
    arn = key(world)
    url, _ = world.queue("orders", KmsMasterKeyId=arn)
    topic = world.topic("news", KmsMasterKeyId=arn)
    world.sqs.send_message(QueueUrl=url, MessageBody="hello")
    world.kms.disable_key(KeyId=arn)
    for call, given in (("send_message", {"MessageBody": "more"}), ("receive_message", {})):
        with refused("KMS.DisabledException"):
            getattr(world.sqs, call)(QueueUrl=url, **given)
    status, body = world.root.by_query("ReceiveMessage", QueueUrl=url)
    expect((status, "<Code>KMS.DisabledException</Code>" in body), (400, True))
    with refused("KMSDisabled"):
        world.sns.publish(TopicArn=topic, Message="more")
    world.kms.enable_key(KeyId=arn)
    expect(world.received(url), ["hello"])


def topics_of_keys(world):
    """A topic sends to an encrypted queue if the queue's key lets SNS in."""
    sns = {**allow(["kms:GenerateDataKey*", "kms:Decrypt"])}
    arn = key(world, {**sns, "Principal": {"Service": "sns.amazonaws.com"}})
    topic = world.topic("news")
    dead_url, dead = world.queue("dead")
    let_in(world, dead_url, dead, topic)
    redrive = json.dumps({"deadLetterTargetArn": dead})
    attributes = {"RawMessageDelivery": "true", "RedrivePolicy": redrive}
    urls = {}
    for name, its_key in (("open", arn), ("closed", key(world)), ("managed", "alias/aws/sqs")):
        urls[name], queue = world.queue(name, KmsMasterKeyId=its_key)
        let_in(world, urls[name], queue, topic)
        given = {"Protocol": "sqs", "Endpoint": queue, "Attributes": attributes}
        world.sns.subscribe(TopicArn=topic, **given)
    world.sns.publish(TopicArn=topic, Message="hello")
    expect(world.received(urls["open"]), ["hello"])
    expect(world.received(dead_url), ["hello", "hello"])
    expect([world.is_empty(urls[name]) for name in ("closed", "managed")], [True, True])


CHECKS = {
    "who sends to an encrypted queue, and who receives": senders_and_receivers,
    "a disabled key, in both protocols": disabled,
    "a topic and the keys of its queues": topics_of_keys,
}
