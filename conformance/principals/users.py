"""What users may do, and how long their access keys are good for."""

from world import ACCOUNT, allow, denied, deny, document, expect, refused

NOBODY = "The security token included in the request is invalid."


def nothing_at_first(world):
    ann = world.user("ann")
    url, arn = world.queue("orders")
    topic = world.topic("news")
    identity = ann.client("sts").get_caller_identity()
    expect((identity["Account"], identity["Arn"]), (ACCOUNT, ann.arn))
    expect(identity["UserId"][:4], "AIDA")
    with denied(ann.arn, "sqs:SendMessage", arn):
        ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    with denied(ann.arn, "sns:Publish", topic):
        ann.client("sns").publish(TopicArn=topic, Message="hello")
    with denied(ann.arn, "iam:CreateUser", ann.arn.replace("-ann", "-bob")):
        ann.client("iam").create_user(UserName=world.name("bob"))
    expect(world.is_empty(url), True)


def inline_policy(world):
    url, arn = world.queue("orders")
    other_url, other_arn = world.queue("others")
    ann = world.user("ann", allow("sqs:SendMessage", arn))
    sqs = ann.client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": "a", "MessageBody": "hello"}])
    senders = {message["Attributes"]["SenderId"] for message in world.messages(url)}
    expect(senders, {ann.client("sts").get_caller_identity()["UserId"]})
    with denied(ann.arn, "sqs:SendMessage", other_arn):
        # A batch is judged as its single form.
        entries = [{"Id": "a", "MessageBody": "hello"}]
        sqs.send_message_batch(QueueUrl=other_url, Entries=entries)
    with denied(ann.arn, "sqs:ReceiveMessage", arn):
        sqs.receive_message(QueueUrl=url)
    saved = world.iam.get_user_policy(UserName=ann.name, PolicyName="own")
    expect(saved["PolicyDocument"]["Statement"], [allow("sqs:SendMessage", arn)])
    expect(world.iam.list_user_policies(UserName=ann.name)["PolicyNames"], ["own"])
    world.iam.delete_user_policy(UserName=ann.name, PolicyName="own")
    with denied(ann.arn, "sqs:SendMessage", arn):
        sqs.send_message(QueueUrl=url, MessageBody="hello")


def explicit_deny(world):
    url, arn = world.queue("orders")
    topic = world.topic("news")
    ann = world.user("ann", deny(["sqs:DeleteQueue", "sns:DeleteTopic"]))
    for policy in ("AmazonSQSFullAccess", "AmazonSNSFullAccess"):
        attached = {"UserName": ann.name, "PolicyArn": f"arn:aws:iam::aws:policy/{policy}"}
        world.iam.attach_user_policy(**attached)
        world.finally_do(world.iam.detach_user_policy, **attached)
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    why = "with an explicit deny in an identity-based policy"
    with denied(ann.arn, "sqs:DeleteQueue", arn, why):
        ann.client("sqs").delete_queue(QueueUrl=url)
    with denied(ann.arn, "sns:DeleteTopic", topic, why):
        ann.client("sns").delete_topic(TopicArn=topic)
    expect(world.received(url), ["hello"])


def key_rotation(world):
    url, _ = world.queue("orders")
    ann = world.user("ann", allow(["sqs:*", "sns:ListTopics"]))
    old, iam = ann.key, world.iam
    old.client("sqs").send_message(QueueUrl=url, MessageBody="by the old key")
    new = world.key(ann.name)
    with refused("LimitExceeded", "Cannot exceed quota for AccessKeysPerUser: 2"):
        world.key(ann.name)
    named = {"UserName": ann.name, "AccessKeyId": old.id}
    iam.update_access_key(**named, Status="Inactive")
    for call in (old.client("sqs").list_queues, old.client("sns").list_topics):
        with refused("InvalidClientTokenId", NOBODY):
            call()
    status, body = old.by_query("ListQueues")
    expect((status, f"<Code>InvalidClientTokenId</Code><Message>{NOBODY}" in body), (403, True))
    status, body = new.by_query("ListQueues")
    expect((status, "<ListQueuesResult>" in body), (200, True))
    new.client("sqs").send_message(QueueUrl=url, MessageBody="by the new key")
    iam.update_access_key(**named, Status="Active")
    old.client("sqs").send_message(QueueUrl=url, MessageBody="by the old key again")
    used = iam.get_access_key_last_used(AccessKeyId=old.id)
    expect((used["UserName"], used["AccessKeyLastUsed"]["ServiceName"]), (ann.name, "sqs"))
    iam.delete_access_key(**named)
    with refused("InvalidClientTokenId", NOBODY):
        old.client("sts").get_caller_identity()
    listed = iam.list_access_keys(UserName=ann.name)["AccessKeyMetadata"]
    expect([(key["AccessKeyId"], key["Status"]) for key in listed], [(new.id, "Active")])


def group(world):
    url, arn = world.queue("orders")
    ann, bob = world.user("ann"), world.user("bob")
    named = {"GroupName": world.name("senders")}
    world.iam.create_group(**named)
    world.finally_do(world.iam.delete_group, **named)
    policy = {**named, "PolicyName": "send"}
    world.iam.put_group_policy(**policy, PolicyDocument=document(allow("sqs:SendMessage", arn)))
    world.finally_do(world.iam.delete_group_policy, **policy)
    world.iam.add_user_to_group(**named, UserName=ann.name)
    world.finally_do(world.iam.remove_user_from_group, **named, UserName=ann.name)
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    with denied(bob.arn, "sqs:SendMessage", arn):
        bob.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    members = world.iam.get_group(**named)["Users"]
    expect([member["UserName"] for member in members], [ann.name])
    groups = world.iam.list_groups_for_user(UserName=ann.name)["Groups"]
    expect([group["GroupName"] for group in groups], [named["GroupName"]])
    world.iam.remove_user_from_group(**named, UserName=ann.name)
    with denied(ann.arn, "sqs:SendMessage", arn):
        ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")


def boundary(world):
    url, arn = world.queue("orders")
    ann = world.user("ann", allow("sqs:*"))
    boundary = world.policy("boundary", allow("sqs:SendMessage"))
    world.iam.put_user_permissions_boundary(UserName=ann.name, PermissionsBoundary=boundary)
    world.finally_do(world.iam.delete_user_permissions_boundary, UserName=ann.name)
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    why = "because no permissions boundary allows the {} action"
    with denied(ann.arn, "sqs:PurgeQueue", arn, why):
        ann.client("sqs").purge_queue(QueueUrl=url)
    world.iam.delete_user_permissions_boundary(UserName=ann.name)
    ann.client("sqs").purge_queue(QueueUrl=url)


def policy_versions(world):
    url, arn = world.queue("orders")
    ann = world.user("ann")
    policy = {"PolicyArn": world.policy("changing", allow("sqs:SendMessage"))}
    world.iam.attach_user_policy(UserName=ann.name, **policy)
    world.finally_do(world.iam.detach_user_policy, UserName=ann.name, **policy)
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    receives = document(allow("sqs:ReceiveMessage"))
    world.iam.create_policy_version(**policy, PolicyDocument=receives, SetAsDefault=True)
    with denied(ann.arn, "sqs:SendMessage", arn):
        ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    ann.client("sqs").receive_message(QueueUrl=url)
    with refused("DeleteConflict", "Cannot delete a policy attached to entities."):
        world.iam.delete_policy(**policy)
    world.iam.set_default_policy_version(**policy, VersionId="v1")
    world.iam.delete_policy_version(**policy, VersionId="v2")
    ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    entities = world.iam.list_entities_for_policy(**policy)["PolicyUsers"]
    expect([entity["UserName"] for entity in entities], [ann.name])


def refusals(world):
    ann = world.user("ann", allow("sqs:*"))
    with refused("EntityAlreadyExists", f"User with name {ann.name} already exists."):
        world.iam.create_user(UserName=ann.name)
    nobody = world.name("nobody")
    with refused("NoSuchEntity", f"The user with name {nobody} cannot be found."):
        world.iam.get_user(UserName=nobody)
    with refused("DeleteConflict"):
        world.iam.delete_user(UserName=ann.name)
    with refused("MalformedPolicyDocument"):
        world.iam.put_user_policy(
            UserName=ann.name, PolicyName="bad", PolicyDocument='{"Statement": [{}]}'
        )
    with refused("MalformedPolicyDocument"):
        # An identity's policy is about that identity, and names no principal.
        principal = {"Principal": "*", **allow("sqs:*")}
        world.iam.put_user_policy(
            UserName=ann.name, PolicyName="bad", PolicyDocument=document(principal)
        )
    expect(world.iam.list_user_policies(UserName=ann.name)["PolicyNames"], ["own"])


CHECKS = {
    "a user may do nothing until a policy says so": nothing_at_first,
    "an inline policy lets a user do what it says and no more": inline_policy,
    "an explicit deny is stronger than full access": explicit_deny,
    "an access key is disabled, rotated and deleted": key_rotation,
    "a group's policy holds for its members": group,
    "a permissions boundary bounds what policies allow": boundary,
    "a managed policy's default version is what holds": policy_versions,
    "what IAM cannot do it says in its own codes": refusals,
}
