"""Keys of KMS, and the queues and topics that are encrypted with them."""

import json

from resources import let_in
from roles import trust
from world import ACCOUNT, OTHER_ACCOUNT, REGION, Key, allow, document, expect, get, refused

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


def sessions_apart(world):
    """A data key that one session of a role has is none of another's, which the key keeps out."""
    red = {"StringEquals": {"aws:PrincipalTag/colour": "red", **THROUGH_SQS["StringEquals"]}}
    ann = world.user("ann", allow("sts:*"))
    trusted = {**trust(ann.arn), "Action": ["sts:AssumeRole", "sts:TagSession"]}
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    role = world.role("painter", trusted, allow("sqs:*"), allow(both, Condition=red))
    url, _ = world.queue("orders", KmsMasterKeyId=key(world))

    def session(colour):
        given = {"RoleArn": role, "RoleSessionName": "shift"}
        tags = [{"Key": "colour", "Value": colour}]
        assumed = ann.client("sts").assume_role(**given, Tags=tags)
        return Key.of_session(assumed["Credentials"]).client("sqs")

    session("red").send_message(QueueUrl=url, MessageBody="hello")
    blue = session("blue")
    for call, given in (("send_message", {"MessageBody": "rumour"}), ("receive_message", {})):
        with refused("KMS.AccessDeniedException"):
            getattr(blue, call)(QueueUrl=url, **given)
    got = session("red").receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"]
    expect([message["Body"] for message in got], ["hello"])


def abroad(world):
    """Another account sends and receives if the queue, the key and its own policies let it."""
    there = world.abroad()
    root = {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"}
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    urls = {}
    for name, statements in (
        ("open", [{**allow(both), "Principal": root}]),
        ("closed", []),
    ):
        arn = key(world, *statements)
        urls[name], queue = world.queue(name, KmsMasterKeyId=arn)
        policy = document({**allow("sqs:*", queue), "Principal": root})
        world.sqs.set_queue_attributes(QueueUrl=urls[name], Attributes={"Policy": policy})
    ann = there.user("ann", allow("sqs:*"), allow(both)).client("sqs")
    bob = there.user("bob", allow("sqs:*")).client("sqs")
    ann.send_message(QueueUrl=urls["open"], MessageBody="hello")
    for sqs, name in ((ann, "closed"), (bob, "open")):
        for call, given in (("send_message", {"MessageBody": "rumour"}), ("receive_message", {})):
            with refused("KMS.AccessDeniedException"):
                getattr(sqs, call)(QueueUrl=urls[name], **given)
    got = ann.receive_message(QueueUrl=urls["open"], WaitTimeSeconds=5)["Messages"]
    expect([message["Body"] for message in got], ["hello"])


def anonymous(world):
    """Whoever has no name uses a key that lets everybody in, and no other."""
    both = ["kms:GenerateDataKey", "kms:Decrypt"]
    everybody = {**allow(both), "Principal": "*"}
    for name, statements, answer in (
        ("open", [everybody], (200, True)),
        ("closed", [], (400, False)),
    ):
        url, queue = world.queue(name, KmsMasterKeyId=key(world, *statements))
        policy = document({**allow("sqs:*", queue), "Principal": "*"})
        world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
        # The owner's data key is there already.
        world.sqs.send_message(QueueUrl=url, MessageBody="hello")
        status, body = get(f"{url}?Action=ReceiveMessage&WaitTimeSeconds=5")
        expect((status, "<Body>hello</Body>" in body), answer)
        status, body = get(f"{url}?Action=SendMessage&MessageBody=more")
        expect((status, "KMS.AccessDeniedException" not in body), answer)


CHECKS = {
    "who sends to an encrypted queue, and who receives": senders_and_receivers,
    "a disabled key, in both protocols": disabled,
    "a topic and the keys of its queues": topics_of_keys,
    "a session does not use what another's key opened": sessions_apart,
    "another account, and what its key lets it": abroad,
    "a key for everybody, and one that is not": anonymous,
}
