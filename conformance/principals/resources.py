"""What the policies of topics and queues let in."""

import json

from world import ACCOUNT, allow, denied, deny, document, expect, refused, wait_until


def publishers_and_subscribers(world):
    """A topic that only these may publish to, and only those may subscribe to."""
    topic = world.topic("news")
    url, queue = world.queue("desk-ann")
    ann, bob = world.user("ann"), world.user("bob")
    carol = world.user("carol", allow("sns:*"))
    of_desks = {
        "StringEquals": {"sns:Protocol": "sqs"},
        "StringLike": {"sns:Endpoint": queue.removesuffix("ann") + "*"},
    }
    others = {"ArnNotEquals": {"aws:PrincipalArn": ann.arn}}
    policy = document(
        {**allow("sns:Publish", topic), "Principal": {"AWS": ann.arn}},
        {**allow("sns:Subscribe", topic), "Principal": {"AWS": bob.arn}, "Condition": of_desks},
        {**deny("sns:Publish", topic), "Principal": "*", "Condition": others},
    )
    world.sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
    let_in(world, url, queue, topic)

    subscribe, wanted = bob.client("sns").subscribe, {"TopicArn": topic, "Protocol": "sqs"}
    for other in (
        {**wanted, "Protocol": "http", "Endpoint": "http://127.0.0.1:9/desk"},
        {**wanted, "Endpoint": queue.replace("desk-ann", "cellar")},
    ):
        with denied(bob.arn, "sns:Subscribe", topic):
            subscribe(**other)
    subscribe(**wanted, Endpoint=queue, Attributes={"RawMessageDelivery": "true"})
    with denied(ann.arn, "sns:Subscribe", topic):
        ann.client("sns").subscribe(**wanted, Endpoint=queue)
    why = "with an explicit deny in a resource-based policy"
    for user in (bob, carol):
        with denied(user.arn, "sns:Publish", topic, why):
            user.client("sns").publish(TopicArn=topic, Message="rumour")
    ann.client("sns").publish(TopicArn=topic, Message="hello")
    entries = [{"Id": "a", "Message": "rumour"}]
    with denied(carol.arn, "sns:Publish", topic, why):
        carol.client("sns").publish_batch(TopicArn=topic, PublishBatchRequestEntries=entries)
    expect(world.received(url), ["hello"])


def one_topic_and_no_other(world):
    """A queue that lets one topic send: what the other sends goes to that one's dead letters."""
    url, queue = world.queue("orders")
    dead_url, dead = world.queue("dead")
    let_in(world, url, queue, own := world.topic("own"))
    let_in(world, dead_url, dead, other := world.topic("other"))
    raw = {"RawMessageDelivery": "true"}
    to_queue = {"Protocol": "sqs", "Endpoint": queue}
    world.sns.subscribe(TopicArn=own, **to_queue, Attributes=raw)
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": dead})}
    world.sns.subscribe(TopicArn=other, **to_queue, Attributes={**raw, **redrive})
    world.sns.publish(TopicArn=other, Message="of the other")
    expect(world.received(dead_url), ["of the other"])
    world.sns.publish(TopicArn=own, Message="of its own")
    expect(world.received(url), ["of its own"])


def only_through_the_topic(world):
    """A queue that nobody sends to but a topic, not even who may do everything."""
    url, queue = world.queue("orders")
    topic = world.topic("news")
    ann = world.user("ann", allow("sqs:*"))
    not_the_topic = {"ArnNotEquals": {"aws:SourceArn": topic}}
    closed = document(
        statement_for(queue, topic),
        {**deny("sqs:SendMessage", queue), "Principal": "*", "Condition": not_the_topic},
    )
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": closed})
    why = "with an explicit deny in a resource-based policy"
    with denied(ann.arn, "sqs:SendMessage", queue, why):
        ann.client("sqs").send_message(QueueUrl=url, MessageBody="past it")
    with denied(f"arn:aws:iam::{ACCOUNT}:root", "sqs:SendMessage", queue, why):
        world.sqs.send_message(QueueUrl=url, MessageBody="past it")
    raw = {"RawMessageDelivery": "true"}
    world.sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue, Attributes=raw)
    world.sns.publish(TopicArn=topic, Message="through it")
    expect(world.received(url), ["through it"])


def named_in_policy(world):
    """Whom a queue's policy names needs nothing else; whom it names by the account does."""
    url, queue = world.queue("orders")
    ann, bob = world.user("ann"), world.user("bob")
    policy = document(
        {**allow("sqs:SendMessage", queue), "Principal": {"AWS": ann.arn}},
        {**allow("sqs:SendMessage", queue), "Principal": {"AWS": ACCOUNT}},
    )
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    with denied(bob.arn, "sqs:SendMessage", queue):
        bob.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    world.sqs.add_permission(
        QueueUrl=url, Label="more", AWSAccountIds=[ACCOUNT], Actions=["ReceiveMessage"]
    )
    with denied(bob.arn, "sqs:ReceiveMessage", queue):
        bob.client("sqs").receive_message(QueueUrl=url)
    expect(world.received(url), ["hello"])


def where_from(world):
    url, queue = world.queue("orders")
    ann = world.user("ann")
    here, elsewhere = ["127.0.0.0/8", "::1/128"], ["203.0.113.0/24"]
    why = "because no identity-based policy allows the {} action"
    for condition, is_let in (
        ({"IpAddress": {"aws:SourceIp": here}}, True),
        ({"IpAddress": {"aws:SourceIp": elsewhere}}, False),
        ({"NotIpAddress": {"aws:SourceIp": here}}, False),
        ({"StringEquals": {"aws:RequestedRegion": "eu-north-1"}}, False),
        ({"StringLike": {"aws:username": "principals-*-ann"}}, True),
        ({"StringEquals": {"aws:SourceVpce": "vpce-0123456789abcdef0"}}, False),
        ({"DateGreaterThan": {"aws:CurrentTime": "2999-01-01T00:00:00Z"}}, False),
    ):
        world.allow(ann.name, allow("sqs:SendMessage", Condition=condition))
        if is_let:
            ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
        else:
            with denied(ann.arn, "sqs:SendMessage", queue, why):
                ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")


def moves_need_both_ends(world):
    """A move task reads one queue and sends to another: both have to be allowed."""
    dead_url, dead = world.queue("dead")
    redrive = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": 1})
    _, source = world.queue("orders", RedrivePolicy=redrive)
    _, other = world.queue("other")
    takes = ["StartMessageMoveTask", "ReceiveMessage", "DeleteMessage", "GetQueueAttributes"]
    ann = world.user("ann", allow([f"sqs:{name}" for name in takes], dead))
    world.sqs.send_message(QueueUrl=dead_url, MessageBody="hello")
    start = ann.client("sqs").start_message_move_task
    with denied(ann.arn, "sqs:SendMessage", source):
        start(SourceArn=dead)
    with denied(ann.arn, "sqs:SendMessage", other):
        start(SourceArn=dead, DestinationArn=other)
    world.allow(ann.name, allow("sqs:SendMessage", other), policy="more")
    start(SourceArn=dead, DestinationArn=other)
    wait_until(lambda: world.is_empty(dead_url), "the message is moved")


def subscriptions_are_their_owners(world):
    """Without a grant nobody sees or ends a subscription, and with one they do."""
    topic = world.topic("news")
    _, queue = world.queue("orders")
    arn = world.sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=queue, ReturnSubscriptionArn=True
    )["SubscriptionArn"]
    ann = world.user("ann")
    sns = ann.client("sns")
    for call in (sns.get_subscription_attributes, sns.unsubscribe):
        with refused("AuthorizationError"):
            call(SubscriptionArn=arn)
    world.allow(ann.name, allow(["sns:GetSubscriptionAttributes", "sns:Unsubscribe"]))
    expect(sns.get_subscription_attributes(SubscriptionArn=arn)["Attributes"]["Endpoint"], queue)
    sns.unsubscribe(SubscriptionArn=arn)
    left = world.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    expect(left, [])


def statement_for(queue, topic):
    return {
        **allow("sqs:SendMessage", queue),
        "Principal": {"Service": "sns.amazonaws.com"},
        "Condition": {"ArnEquals": {"aws:SourceArn": topic}},
    }


def let_in(world, url, queue, topic):
    policy = document(statement_for(queue, topic))
    world.sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})


CHECKS = {
    "only these publish to a topic, and only those subscribe": publishers_and_subscribers,
    "a queue takes what one topic sends, and no other": one_topic_and_no_other,
    "a queue that only a topic sends to": only_through_the_topic,
    "a queue's policy lets in whom it names": named_in_policy,
    "conditions on where a request comes from, and when": where_from,
    "a move task needs permission at both ends": moves_need_both_ends,
    "a subscription is not everybody's": subscriptions_are_their_owners,
}
