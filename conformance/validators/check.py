"""Lets the validators that people use judge the signatures of a server's messages.

The contract with the runner is in conformance/README.md. The server has to be one of this program's
own, started with the `--public-url` that it is told about in docs/validating-signatures.md.
"""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sns_message_validator import SNSMessageValidator

import documented
from stage import Stage

HERE = Path(__file__).resolve().parent
TEXTS = {
    "plain": {"Message": "hello"},
    "with a subject": {"Message": "hello", "Subject": "Tide"},
    "in every script": {"Message": 'Größe 👩‍🚀 \u0007 "7" \\ \r\n\t', "Subject": "Pegelstände"},
}


@dataclass
class Sent:
    """A message as the server sent it."""

    name: str
    type: str
    version: str
    text: str

    def changed(self):
        """The same with something else where it was signed: what has to be refused."""
        message = json.loads(self.text)
        for key in ("Message", "Subject", "Timestamp", "TopicArn", "Token"):
            if key in message:
                yield f"{self.name}, other {key}", json.dumps({**message, key: message[key] + "x"})
        version = {"1": "2", "2": "1"}[self.version]
        yield f"{self.name}, other version", json.dumps({**message, "SignatureVersion": version})


def main():
    with Stage(os.environ["CONFORMANCE_BINARY"]) as stage:
        sent = [*collect(stage, "1"), *collect(stage, "2")]
        return 0 if all([check(stage, name, sent) for name in VALIDATORS]) else 1


def collect(stage, version):
    """Every kind of signed message, of a topic with this signature version."""
    sns, sqs = (stage.client(service) for service in ("sns", "sqs"))
    topic = sns.create_topic(Name=f"tides-{version}", Attributes={"SignatureVersion": version})
    arn = topic["TopicArn"]
    queue_arn = arn.replace(":sns:", ":sqs:")
    policy = let_in(arn, queue_arn)
    made = sqs.create_queue(QueueName=f"tides-{version}", Attributes={"Policy": policy})
    queue_url = stage.endpoint + urlsplit(made["QueueUrl"]).path
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=queue_arn)
    sns.subscribe(TopicArn=arn, Protocol="http", Endpoint=stage.webhook.url)

    def posted(name):
        text = stage.webhook.next_post()
        return Sent(f"{name}, version {version}", json.loads(text)["Type"], version, text)

    confirmation = posted("a subscription's confirmation")
    yield confirmation
    stage.fetch(json.loads(confirmation.text)["SubscribeURL"])
    for name, text in TEXTS.items():
        sns.publish(TopicArn=arn, **text)
        notification = posted(f"a notification {name}")
        yield notification
        received = sqs.receive_message(QueueUrl=queue_url, WaitTimeSeconds=5)["Messages"][0]
        sqs.delete_message(QueueUrl=queue_url, ReceiptHandle=received["ReceiptHandle"])
        yield Sent(f"a queue's {name}, {version}", "Notification", version, received["Body"])
    stage.fetch(json.loads(notification.text)["UnsubscribeURL"])
    yield posted("a subscription's end")


def let_in(topic_arn, queue_arn):
    """A queue's policy that lets a topic send to it."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def node(name):
    """A validator for Node: all messages in one process."""

    def outcomes(stage, texts):
        question = {
            "validator": name,
            "host": stage.host,
            "ca": stage.ca_path.read_text(),
            "messages": texts,
        }
        done = subprocess.run(
            ["node", HERE / "validate.js"],
            input=json.dumps(question),
            env={**os.environ, "NODE_EXTRA_CA_CERTS": str(stage.ca_path)},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        return json.loads(done.stdout)

    return outcomes


def python(make):
    """A validator in Python, made for the stage."""

    def outcomes(stage, texts):
        validate = make(stage)
        return [outcome(validate, text) for text in texts]

    def outcome(validate, text):
        try:
            validate(text)
        except Exception as error:  # each has exceptions of its own
            return f"{type(error).__name__} {error}"
        return ""

    return outcomes


def sns_message_validator(stage):
    # It fetches with `requests`, which takes its authorities from here.
    os.environ["REQUESTS_CA_BUNDLE"] = str(stage.ca_path)
    known = SNSMessageValidator(cert_url_regex=rf"^https://{stage.host}/")
    return lambda text: known.validate_message(json.loads(text))


def by_the_guide(stage):
    authority = stage.authority()
    return lambda text: documented.validate(text, stage.fetch, stage.host, authority)


# What judges, and whether it can judge a message at all.
VALIDATORS = {
    # It leaves the token out of what it says was signed when a subscription ends, and so refuses
    # the live service's messages too.
    "sns-validator": (node("sns-validator"), lambda sent: sent.type != "UnsubscribeConfirmation"),
    "sns-payload-validator": (node("sns-payload-validator"), lambda sent: True),
    # It knows the first version only.
    "aws-sns-message-validator": (python(sns_message_validator), lambda sent: sent.version == "1"),
    "the developer guide's steps": (python(by_the_guide), lambda sent: True),
}


def check(stage, name, sent):
    outcomes, judges = VALIDATORS[name]
    good = [(message.name, message.text) for message in sent if judges(message)]
    bad = [changed for message in sent if judges(message) for changed in message.changed()]
    return all(
        [
            report(f"{name} accepts what was sent", good, outcomes, stage, True),
            report(f"{name} refuses what was changed", bad, outcomes, stage, False),
        ]
    )


def report(what, messages, outcomes, stage, accepted):
    names, texts = zip(*messages, strict=True)
    try:
        judged = dict(zip(names, outcomes(stage, list(texts)), strict=True))
    except Exception as error:
        judged = {"all": f"{type(error).__name__} {error}"} if accepted else {"all": ""}
    wrong = [f"{key}: {reason}" for key, reason in judged.items() if (reason == "") != accepted]
    if wrong:
        print(f"not ok {what}: {' '.join('; '.join(wrong).split())}", flush=True)
    else:
        print(f"ok {what}", flush=True)
    return not wrong


if __name__ == "__main__":
    sys.exit(main())
