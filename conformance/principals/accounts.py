"""Two accounts: what one lets the other do, and that both sides have to."""

from world import ACCOUNT, OTHER_ACCOUNT, Key, allow, denied, document, expect, refused

NO_RESOURCE_POLICY = "because no resource-based policy allows the {} action"


def both_sides(world):
    url, queue = world.queue("orders")
    abroad = world.abroad()
    ann, bob = abroad.user("ann", allow("sqs:*")), abroad.user("bob")
    send = {"QueueUrl": url, "MessageBody": "hello"}
    with denied(ann.arn, "sqs:SendMessage", queue, NO_RESOURCE_POLICY):
        ann.client("sqs").send_message(**send)
    root = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    with denied(root, "sqs:SendMessage", queue, NO_RESOURCE_POLICY):
        abroad.sqs.send_message(**send)
    policy = document({**allow("sqs:*", queue), "Principal": {"AWS": root}})
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    ann.client("sqs").send_message(**send)
    abroad.sqs.send_message(**send)
    with denied(bob.arn, "sqs:SendMessage", queue):
        bob.client("sqs").send_message(**send)
    # Whatever the policy says, some actions are for the account itself.
    for call, given in (
        (ann.client("sqs").set_queue_attributes, {"Attributes": {"DelaySeconds": "9"}}),
        (ann.client("sqs").delete_queue, {}),
        (ann.client("sqs").tag_queue, {"Tags": {"a": "b"}}),
    ):
        with refused("AccessDenied"):
            call(QueueUrl=url, **given)
    expect(sorted(set(world.received(url))), ["hello"])


def permission(world):
    """AddPermission is the short way to such a policy."""
    url, queue = world.queue("orders")
    abroad = world.abroad()
    send = {"QueueUrl": url, "MessageBody": "hello"}
    named = {"QueueUrl": url, "Label": "abroad"}
    world.sqs.add_permission(**named, AWSAccountIds=[OTHER_ACCOUNT], Actions=["SendMessage"])
    abroad.sqs.send_message(**send)
    root = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    with denied(root, "sqs:ReceiveMessage", queue, NO_RESOURCE_POLICY):
        abroad.sqs.receive_message(QueueUrl=url)
    world.sqs.remove_permission(**named)
    with denied(root, "sqs:SendMessage", queue, NO_RESOURCE_POLICY):
        abroad.sqs.send_message(**send)
    expect(world.received(url), ["hello"])


def role_for_another(world):
    url, _ = world.queue("orders")
    abroad = world.abroad()
    ann, bob = abroad.user("ann", allow("sts:AssumeRole")), abroad.user("bob")
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{OTHER_ACCOUNT}:root"},
        "Action": "sts:AssumeRole",
        "Condition": {"StringEquals": {"sts:ExternalId": "tide-7"}},
    }
    role = world.role("guest", trust, allow("sqs:SendMessage"))
    wanted = {"RoleArn": role, "RoleSessionName": "visit"}
    for user, more in ((ann, {}), (bob, {"ExternalId": "tide-7"})):
        with refused("AccessDenied"):
            user.client("sts").assume_role(**wanted, **more)
    assumed = ann.client("sts").assume_role(**wanted, ExternalId="tide-7")
    key = Key.of_session(assumed["Credentials"])
    expect(key.client("sts").get_caller_identity()["Account"], ACCOUNT)
    key.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    expect(world.received(url), ["hello"])


def topic_for_another(world):
    """A topic that another account publishes to, and subscribes a queue of its own to."""
    topic = world.topic("news")
    abroad = world.abroad()
    url, queue = abroad.queue("orders")
    ann = abroad.user("ann", allow("sns:*"))
    root = f"arn:aws:iam::{OTHER_ACCOUNT}:root"
    with denied(ann.arn, "sns:Publish", topic, NO_RESOURCE_POLICY):
        ann.client("sns").publish(TopicArn=topic, Message="rumour")
    actions = ["sns:Publish", "sns:Subscribe"]
    policy = document({**allow(actions, topic), "Principal": {"AWS": root}})
    world.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    lets = {
        **allow("sqs:SendMessage", queue),
        "Principal": {"Service": "sns.amazonaws.com"},
        "Condition": {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    }
    abroad.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": document(lets)})
    raw = {"RawMessageDelivery": "true"}
    made = ann.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=raw
    )
    # Who subscribes a queue of their own account has nothing to confirm.
    expect(made["SubscriptionArn"].startswith(topic + ":"), True)
    ann.client("sns").publish(TopicArn=topic, Message="hello")
    expect(abroad.received(url), ["hello"])
    with denied(ann.arn, "sns:SetTopicAttributes", topic, NO_RESOURCE_POLICY):
        ann.client("sns").set_topic_attributes(
            TopicArn=topic, AttributeName="DisplayName", AttributeValue="Tines"
        )


CHECKS = {
    "another account is let in by both sides": both_sides,
    "a permission lets another account in, and no longer": permission,
    "a role is assumed from another account": role_for_another,
    "another account publishes and subscribes": topic_for_another,
}
