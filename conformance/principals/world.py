"""Users, roles, queues and topics of one check, which go when it ends."""

import contextlib
import json
import os
import secrets
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

ENDPOINT = os.environ["CONFORMANCE_ENDPOINT"]
ACCOUNT = os.environ["CONFORMANCE_ACCOUNT"]
OTHER_ACCOUNT = os.environ.get("CONFORMANCE_OTHER_ACCOUNT")
REGION = os.environ["AWS_REGION"]
WAIT_SECONDS = 20
PAUSE_SECONDS = 0.2

session = boto3.session.Session()
building = threading.Lock()


@dataclass(frozen=True)
class Key:
    """Credentials, and clients that use them."""

    id: str
    secret: str
    token: str = None

    def client(self, service):
        # A session is not safe to share while a client is built.
        with building:
            return session.client(
                service,
                endpoint_url=ENDPOINT,
                aws_access_key_id=self.id,
                aws_secret_access_key=self.secret,
                aws_session_token=self.token,
                config=Config(retries={"total_max_attempts": 1}),
            )

    def by_query(self, action, **given):
        """Asks SQS in its older protocol, as its SDKs do no more: the status and the body."""
        version = "2012-11-05"
        params = {"Action": action, "Version": version, **given}
        request = AWSRequest("GET", f"{ENDPOINT}/", params=params)
        credentials = Credentials(self.id, self.secret, self.token)
        SigV4Auth(credentials, "sqs", REGION).add_auth(request)
        return get(request.prepare().url, request.headers)

    @staticmethod
    def of_session(credentials):
        """Those that STS gives out."""
        names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
        return Key(*(credentials[name] for name in names))


def get(url, headers=()):
    """What a GET brings: its status and its body."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(urllib.request.Request(url, headers=dict(headers))) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def root_key(prefix):
    return Key(*(os.environ[prefix + name] for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY")))


@dataclass(frozen=True)
class User:
    name: str
    arn: str
    key: Key

    def client(self, service):
        return self.key.client(service)


class World:
    """What a check makes, by the root user of an account, and takes away again."""

    def __init__(self, closing, account=ACCOUNT, key_prefix="AWS_"):
        self._closing = closing
        self.prefix = f"principals-{secrets.token_hex(4)}"
        self.account = account
        self.root = root_key(key_prefix)
        services = ("iam", "kms", "sqs", "sns", "sts")
        self.iam, self.kms, self.sqs, self.sns, self.sts = map(self.root.client, services)

    def abroad(self):
        """The same in the other account."""
        return World(self._closing, OTHER_ACCOUNT, "CONFORMANCE_OTHER_")

    def name(self, name):
        return f"{self.prefix}-{name}"

    def finally_do(self, undo, **given):
        """At the end, unless the check has done it itself. What is made last goes first."""

        def attempt():
            with contextlib.suppress(ClientError):
                undo(**given)

        self._closing.callback(attempt)

    def user(self, name, *statements):
        """A user who may do what these statements say, with an access key."""
        given = {"UserName": self.name(name)}
        arn = self.iam.create_user(**given)["User"]["Arn"]
        self.finally_do(self.iam.delete_user, **given)
        if statements:
            self.allow(given["UserName"], *statements)
        return User(given["UserName"], arn, self.key(given["UserName"]))

    def key(self, user_name):
        key = self.iam.create_access_key(UserName=user_name)["AccessKey"]
        self.finally_do(
            self.iam.delete_access_key, UserName=user_name, AccessKeyId=key["AccessKeyId"]
        )
        return Key(key["AccessKeyId"], key["SecretAccessKey"])

    def allow(self, user_name, *statements, policy="own"):
        """Gives a user an inline policy."""
        given = {"UserName": user_name, "PolicyName": policy}
        self.iam.put_user_policy(**given, PolicyDocument=document(*statements))
        self.finally_do(self.iam.delete_user_policy, **given)

    def policy(self, name, *statements):
        """A managed policy: its ARN."""
        made = self.iam.create_policy(
            PolicyName=self.name(name), PolicyDocument=document(*statements)
        )
        arn = made["Policy"]["Arn"]
        self.finally_do(self.iam.delete_policy, PolicyArn=arn)
        return arn

    def role(self, name, trust, *statements, **attributes):
        """A role that `trust` lets others assume, and that may do what the statements say."""
        given = {"RoleName": self.name(name)}
        made = self.iam.create_role(
            **given, AssumeRolePolicyDocument=document(trust), **attributes
        )
        self.finally_do(self.iam.delete_role, **given)
        if statements:
            policy = {**given, "PolicyName": "own"}
            self.iam.put_role_policy(**policy, PolicyDocument=document(*statements))
            self.finally_do(self.iam.delete_role_policy, **policy)
        return made["Role"]["Arn"]

    def queue(self, name, **attributes):
        """A queue's URL and ARN."""
        url = self.sqs.create_queue(QueueName=self.name(name), Attributes=attributes)["QueueUrl"]
        self.finally_do(self.sqs.delete_queue, QueueUrl=url)
        return url, f"arn:aws:sqs:{REGION}:{self.account}:{self.name(name)}"

    def topic(self, name, **attributes):
        given = {"Name": self.name(name), "Attributes": attributes}
        arn = self.sns.create_topic(**given)["TopicArn"]
        self.finally_do(self.sns.delete_topic, TopicArn=arn)
        return arn

    def received(self, url):
        """The bodies in a queue, of which it waits for one."""
        return [message["Body"] for message in self.messages(url)]

    def messages(self, url):
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            answer = self.sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5, AttributeNames=["All"]
            )
            if "Messages" in answer:
                return answer["Messages"]
        return []

    def is_empty(self, url):
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)
        return all(answer["Attributes"][name] == "0" for name in names)


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action, resource="*", **more):
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action, resource="*", **more):
    return {"Effect": "Deny", "Action": action, "Resource": resource, **more}


@contextlib.contextmanager
def refused(code, text=None):
    """The block has to end in this error of a service."""
    try:
        yield
    except ClientError as error:
        got = error.response["Error"]
        expect((got["Code"], got["Message"] if text else None), (code, text))
    else:
        raise AssertionError(f"expected {code}, and it was allowed")


def denied(who, action, resource, why="because no identity-based policy allows the {} action"):
    """What SQS, SNS and the others say to a principal that may not: SQS writes actions small."""
    service, name = action.split(":")
    written = {"sqs": f"sqs:{name.lower()}", "sns": f"SNS:{name}"}.get(service, action)
    text = f"User: {who} is not authorized to perform: {written} on resource: {resource} "
    code = "AuthorizationError" if service == "sns" else "AccessDenied"
    return refused(code, text + why.format(written))


def expect(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


def wait_until(holds, what):
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"waited in vain until {what}")
        time.sleep(PAUSE_SECONDS)
