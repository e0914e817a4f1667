"""Roles, and what their sessions may do."""

import time

from world import ACCOUNT, REGION, Key, allow, denied, document, expect, get, refused

NOBODY = "The security token included in the request is invalid."


def trust(principal, **conditions):
    statement = {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": "sts:AssumeRole"}
    return {**statement, "Condition": conditions} if conditions else statement


def external_id(world):
    url, arn = world.queue("orders")
    ann, bob = world.user("ann"), world.user("bob")
    role = world.role(
        "sender",
        trust(ann.arn, StringEquals={"sts:ExternalId": "tide-7"}),
        allow("sqs:SendMessage", arn),
    )
    wanted = {"RoleArn": role, "RoleSessionName": "shift"}
    text = "User: {} is not authorized to perform: sts:AssumeRole on resource: " + role
    for user, more in ((ann, {}), (ann, {"ExternalId": "tide-8"}), (bob, {"ExternalId": "tide-7"})):
        with refused("AccessDenied", text.format(user.arn)):
            user.client("sts").assume_role(**wanted, **more)
    assumed = ann.client("sts").assume_role(**wanted, ExternalId="tide-7")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{world.name('sender')}/shift"
    expect(assumed["AssumedRoleUser"]["Arn"], session)
    key = Key.of_session(assumed["Credentials"])
    expect(key.id[:4], "ASIA")
    identity = key.client("sts").get_caller_identity()
    expect((identity["Arn"], identity["UserId"].split(":")[1]), (session, "shift"))
    key.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    with denied(session, "sqs:ReceiveMessage", arn):
        key.client("sqs").receive_message(QueueUrl=url)
    # The user has not become more by it.
    with denied(ann.arn, "sqs:SendMessage", arn):
        ann.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    (message,) = world.messages(url)
    expect((message["Body"], message["Attributes"]["SenderId"]), ("hello", identity["UserId"]))


def delegated_trust(world):
    """Trust in an account is trust in whom that account lets."""
    allowed, other = world.user("ann", allow("sts:AssumeRole")), world.user("bob")
    role = world.role("any", trust(f"arn:aws:iam::{ACCOUNT}:root"), MaxSessionDuration=3600)
    wanted = {"RoleArn": role, "RoleSessionName": "shift"}
    with refused("AccessDenied"):
        other.client("sts").assume_role(**wanted)
    with refused("ValidationError"):
        allowed.client("sts").assume_role(**wanted, DurationSeconds=7200)
    with refused("AccessDenied", "Roles may not be assumed by root accounts."):
        world.sts.assume_role(**wanted)
    missing = {**wanted, "RoleArn": role + "-missing"}
    with refused("AccessDenied"):
        allowed.client("sts").assume_role(**missing)
    allowed.client("sts").assume_role(**wanted, DurationSeconds=900)


def session_policy(world):
    url, arn = world.queue("orders")
    ann = world.user("ann")
    role = world.role("worker", trust(ann.arn), allow("sqs:*", arn))
    assumed = ann.client("sts").assume_role(
        RoleArn=role, RoleSessionName="shift", Policy=document(allow("sqs:ReceiveMessage"))
    )
    sqs = Key.of_session(assumed["Credentials"]).client("sqs")
    sqs.receive_message(QueueUrl=url)
    why = "because no session policy allows the {} action"
    with denied(assumed["AssumedRoleUser"]["Arn"], "sqs:SendMessage", arn, why):
        sqs.send_message(QueueUrl=url, MessageBody="hello")


def forged_sessions(world):
    ann = world.user("ann")
    role = world.role("worker", trust(ann.arn), allow(["sqs:*", "sns:*"]))
    wanted = {"RoleArn": role, "RoleSessionName": "shift"}
    key, other = (
        Key.of_session(ann.client("sts").assume_role(**wanted)["Credentials"]) for _ in range(2)
    )
    key.client("sqs").list_queues()
    last = {"A": "B"}.get(key.token[-8], "A")
    forged = key.token[:-8] + last + key.token[-7:]
    for wrong in (
        Key(key.id, key.secret),
        Key(key.id, key.secret, forged),
        Key(key.id, key.secret, other.token),
        Key(ann.key.id, ann.key.secret, key.token),
    ):
        for call in (wrong.client("sqs").list_queues, wrong.client("sns").list_topics):
            with refused("InvalidClientTokenId", NOBODY):
                call()
    mismatch = Key(key.id, other.secret, key.token).client("sqs")
    with refused("SignatureDoesNotMatch"):
        mismatch.list_queues()
    # A session lives no longer than its role does.
    world.iam.delete_role_policy(RoleName=world.name("worker"), PolicyName="own")
    session = f"arn:aws:sts::{ACCOUNT}:assumed-role/{world.name('worker')}/shift"
    with denied(session, "sns:ListTopics", f"arn:aws:sns:{REGION}:{ACCOUNT}:*"):
        key.client("sns").list_topics()
    world.iam.delete_role(RoleName=world.name("worker"))
    with refused("InvalidClientTokenId", NOBODY):
        key.client("sqs").list_queues()


def own_sessions(world):
    """A user's session is the user, and a federated one no more than both allow."""
    url, arn = world.queue("orders")
    ann = world.user("ann", allow(["sqs:*", "sts:GetFederationToken"]))
    sts = ann.client("sts")
    key = Key.of_session(sts.get_session_token()["Credentials"])
    expect(key.client("sts").get_caller_identity()["Arn"], ann.arn)
    key.client("sqs").send_message(QueueUrl=url, MessageBody="hello")
    given = sts.get_federation_token(Name="guest", Policy=document(allow("sqs:SendMessage")))
    guest = f"arn:aws:sts::{ACCOUNT}:federated-user/guest"
    expect(given["FederatedUser"]["Arn"], guest)
    sqs = Key.of_session(given["Credentials"]).client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    why = "because no session policy allows the {} action"
    with denied(guest, "sqs:ReceiveMessage", arn, why):
        sqs.receive_message(QueueUrl=url)
    world.iam.update_access_key(
        UserName=ann.name, AccessKeyId=ann.key.id, Status="Inactive"
    )
    with refused("InvalidClientTokenId", NOBODY):
        ann.client("sqs").list_queues()


def identity_proof(world):
    """A presigned GetCallerIdentity shows others who somebody is, for a while."""
    ann = world.user("ann")
    role = world.role("worker", trust(ann.arn))
    assumed = ann.client("sts").assume_role(RoleArn=role, RoleSessionName="shift")
    sts = Key.of_session(assumed["Credentials"]).client("sts")

    def url(seconds):
        return sts.generate_presigned_url(
            "get_caller_identity", ExpiresIn=seconds, HttpMethod="GET"
        )

    proof, brief = url(60), url(1)
    session = assumed["AssumedRoleUser"]["Arn"]
    status, body = get(proof)
    expect((status, f"<Arn>{session}</Arn>" in body), (200, True))
    status, body = get(proof.replace("GetCallerIdentity", "GetSessionToken"))
    expect((status, "<Code>SignatureDoesNotMatch</Code>" in body), (403, True))
    time.sleep(3)
    status, body = get(brief)
    expect((status, "Signature expired: " in body), (403, True))


def tagged_sessions(world):
    """Whose colour a session has may use the queues of that colour."""
    url, arn = world.queue("red")
    other_url, other_arn = world.queue("blue")
    world.sqs.tag_queue(QueueUrl=url, Tags={"colour": "red"})
    world.sqs.tag_queue(QueueUrl=other_url, Tags={"colour": "blue"})
    ann = world.user("ann")
    trusted = {**trust(ann.arn), "Action": ["sts:AssumeRole", "sts:TagSession"]}
    same = {"StringEquals": {"aws:ResourceTag/colour": "${aws:PrincipalTag/colour}"}}
    role = world.role("painter", trusted, allow("sqs:SendMessage", Condition=same))
    assumed = ann.client("sts").assume_role(
        RoleArn=role, RoleSessionName="shift", Tags=[{"Key": "colour", "Value": "red"}]
    )
    sqs = Key.of_session(assumed["Credentials"]).client("sqs")
    sqs.send_message(QueueUrl=url, MessageBody="hello")
    with denied(assumed["AssumedRoleUser"]["Arn"], "sqs:SendMessage", other_arn):
        sqs.send_message(QueueUrl=other_url, MessageBody="hello")


CHECKS = {
    "a role is assumed with its external id, and used": external_id,
    "trust in an account needs a policy of the user's too": delegated_trust,
    "a session policy narrows what a role may do": session_policy,
    "a session is refused without its own token, or after its role": forged_sessions,
    "a user's own session, and one of a federated user": own_sessions,
    "a presigned GetCallerIdentity proves who somebody is": identity_proof,
    "a session's tags open queues with the same tags": tagged_sessions,
}
