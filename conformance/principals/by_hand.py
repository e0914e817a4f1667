"""The same by the AWS CLI, as somebody does it who sets a server up."""

import json
import os
import subprocess
import sys
from pathlib import Path

from world import ACCOUNT, ENDPOINT, Key, allow, document, expect


def aws(key, *words):
    """What a command answers; an AssertionError with what it says if it fails."""
    done = subprocess.run(
        [
            Path(sys.executable).parent / "aws",
            "--endpoint-url",
            ENDPOINT,
            "--output",
            "json",
            *words,
        ],
        env={
            **os.environ,
            "AWS_ACCESS_KEY_ID": key.id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            **({"AWS_SESSION_TOKEN": key.token} if key.token else {}),
            "AWS_MAX_ATTEMPTS": "1",
        },
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise AssertionError(done.stderr.strip())
    return json.loads(done.stdout or "{}")


def expect_refusal(text, key, *words):
    try:
        aws(key, *words)
    except AssertionError as refusal:
        expect(text in str(refusal) and text or str(refusal), text)
    else:
        raise AssertionError(f"{words} was allowed")


def user_and_role(world):
    root = world.root
    url, arn = world.queue("orders")
    name, role_name = world.name("ann"), world.name("sender")
    user = aws(root, "iam", "create-user", "--user-name", name)["User"]
    world.finally_do(world.iam.delete_user, UserName=name)
    made = aws(root, "iam", "create-access-key", "--user-name", name)["AccessKey"]
    own = Key(made["AccessKeyId"], made["SecretAccessKey"])
    world.finally_do(world.iam.delete_access_key, UserName=name, AccessKeyId=own.id)
    send = ["sqs", "send-message", "--queue-url", url, "--message-body", "hello"]
    expect_refusal(
        f"(AccessDenied) when calling the SendMessage operation: User: {user['Arn']} is not "
        f"authorized to perform: sqs:sendmessage on resource: {arn} because no identity-based "
        "policy allows the sqs:sendmessage action",
        own,
        *send,
    )
    trust = {
        "Effect": "Allow",
        "Principal": {"AWS": user["Arn"]},
        "Action": "sts:AssumeRole",
    }
    role = ["--role-name", role_name]
    made = aws(root, "iam", "create-role", *role, "--assume-role-policy-document", document(trust))
    world.finally_do(world.iam.delete_role, RoleName=role_name)
    policy = ["--policy-name", "send", "--policy-document"]
    allowed = document(allow("sqs:SendMessage", arn))
    aws(root, "iam", "put-role-policy", *role, *policy, allowed)
    world.finally_do(world.iam.delete_role_policy, RoleName=role_name, PolicyName="send")
    wanted = ["--role-arn", made["Role"]["Arn"], "--role-session-name", "shift"]
    session = Key.of_session(aws(own, "sts", "assume-role", *wanted)["Credentials"])
    identity = aws(session, "sts", "get-caller-identity")
    expect(identity["Arn"], f"arn:aws:sts::{ACCOUNT}:assumed-role/{role_name}/shift")
    aws(session, *send)
    expect(world.received(url), ["hello"])
    disabled = ["--user-name", name, "--access-key-id", own.id, "--status", "Inactive"]
    aws(root, "iam", "update-access-key", *disabled)
    expect_refusal("(InvalidClientTokenId)", own, *send)


CHECKS = {"a user and a role are set up by the AWS CLI": user_and_role}
