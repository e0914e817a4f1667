"""Has text messages sent through an SMPP gateway, and looks at what phones get, and what they do not.

The contract with the runner is in conformance/README.md. The server is one of this program's own.
"""

import json
import re
import signal
import sys
import time

from botocore.exceptions import ClientError
from own_server import run
from stage import Stage

ROLE = "arn:aws:iam::000000000000:role/SNSLogs"


class Hub:
    """A server that sends text messages, and clients of it."""

    def __init__(self, stage):
        self.stage, self.gateway = stage, stage.gateway
        self.connect()

    def connect(self):
        self.sns, self.sqs = (self.stage.client(service) for service in ("sns", "sqs"))

    def restart(self, how=signal.SIGTERM, **changed):
        self.stage.restart(how, **changed)
        self.connect()

    def text(self, number, message, **attributes):
        """Publishes to a phone: the message's id."""
        names = {name.replace("_", "."): value for name, value in attributes.items()}
        return self.sns.publish(
            PhoneNumber=number,
            Message=message,
            MessageAttributes={
                name: {"DataType": "String", "StringValue": value}
                for name, value in names.items()
            },
        )["MessageId"]

    def subscribed(self, name, number, topic=None, **attributes):
        topic = self.sns.create_topic(Name=name, Attributes=topic or {})["TopicArn"]
        arn = self.sns.subscribe(
            TopicArn=topic, Protocol="sms", Endpoint=number, Attributes=attributes
        )["SubscriptionArn"]
        assert arn.startswith(topic), f"it has to be confirmed: {arn}"
        return topic

    def set(self, **attributes):
        self.sns.set_sms_attributes(attributes=attributes)

    def refusal(self, action, **members):
        try:
            answer = getattr(self.sns, action)(**members)
        except ClientError as error:
            return error.response["Error"]["Code"], error.response["Error"]["Message"]
        raise AssertionError(f"{action} was not refused: {answer}")


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def a_phone(hub):
    """a phone gets what is published to it, from whom it should come"""
    hub.text("+15550100001", "hello")
    message = hub.gateway.message("+15550100001")
    equal((message["submitted"], message["coding"], message["udh"]), ("hello", 0, None))
    equal((message["from"], message["to_ton"], message["to_npi"]), ("72000", 1, 1))
    equal((message["receipt"], message["priority"]), (1, 0))
    hub.text(
        "15550100001",
        "grüße €",
        AWS_SNS_SMS_SenderID="Hotel",
        AWS_SNS_SMS_SMSType="Transactional",
    )
    message = hub.gateway.message("+15550100001", 2)
    equal((message["submitted"], message["coding"]), ("grüße €", 0))
    equal((message["from"], message["from_ton"], message["priority"]), ("Hotel", 5, 1))


def long_texts(hub):
    """a long text arrives in parts that make it up again, in either alphabet"""
    for number, text, coding in (
        ("+15550100002", "a room with a view of the sea, and breakfast. " * 30, 0),
        ("+15550100003", "部屋は海が見えます。👩‍🚀 " * 60, 8),
    ):
        hub.text(number, text)
        first = hub.gateway.message(number)
        total = int(first["udh"][6:8], 16)
        hub.gateway.message(number, total)
        parts = hub.gateway.submitted(number)
        equal((len(parts), {part["coding"] for part in parts}), (total, {coding}))
        equal({part["udh"][:8] for part in parts}, {first["udh"][:8]})
        numbered = sorted(parts, key=lambda part: int(part["udh"][8:10], 16))
        equal("".join(part["submitted"] for part in numbered), text)
    code, text = hub.refusal("publish", PhoneNumber="+15550100002", Message="x" * 1601)
    equal((code, text), ("InvalidParameter", "Invalid parameter: Message too long"))


def a_topic(hub):
    """a subscribed phone gets messages with the topic's name before them, if they pass its filter"""
    policy = json.dumps({"kind": ["news"]})
    topic = hub.subscribed(
        "rooms", "+1-555-010-0004", {"DisplayName": "Grand Hotel am See"}, FilterPolicy=policy
    )
    texts = json.dumps({"default": "for others", "sms": "room 7"})
    kind = {"kind": {"DataType": "String", "StringValue": "news"}}
    hub.sns.publish(TopicArn=topic, Message="not this")
    hub.sns.publish(
        TopicArn=topic, Message=texts, MessageStructure="json", MessageAttributes=kind
    )
    equal(hub.gateway.message("+15550100004")["submitted"], "Grand Hote> room 7")
    equal(len(hub.gateway.submitted("+15550100004")), 1)


def receipts(hub):
    """what became of a message stands in the delivery status log, the receipt included"""
    hub.set(DeliveryStatusIAMRole=ROLE, DeliveryStatusSuccessSamplingRate="100")
    sent = hub.text("+15550100005", "did it arrive?")
    message = hub.gateway.message("+15550100005")
    hub.stage.status_log(sent, 1)
    equal(hub.gateway.receipt(message), 0)
    (first_group, taken), (group, arrived) = hub.stage.status_log(sent, 2)
    equal({first_group, group}, {"sns/us-east-1/000000000000/DirectPublishToPhoneNumber"})
    for line in (taken, arrived):
        equal((line["status"], line["notification"]["messageId"]), ("SUCCESS", sent))
        equal(line["delivery"]["destination"], "+15550100005")
        equal(line["delivery"]["numberOfMessageParts"], 1)
    equal(taken["delivery"]["providerResponse"], f"accepted by the gateway as {message['id']}")
    assert arrived["delivery"]["dwellTimeMsUntilDeviceAck"] >= 0, arrived
    answer = arrived["delivery"]["providerResponse"]
    assert answer.startswith("Message has been accepted by phone carrier"), answer


def stop_words(hub):
    """a phone that answers STOP gets nothing, also after a crash, until it is opted in"""
    phone = "+15550100006"
    topic = hub.subscribed("stopped", phone)
    hub.sns.publish(TopicArn=topic, Message="first")
    hub.gateway.message(phone)
    equal(hub.gateway.says(phone, "Where is my room?"), 0)
    equal(hub.sns.check_if_phone_number_is_opted_out(phoneNumber=phone)["isOptedOut"], False)
    equal(hub.gateway.says(phone, " stop! "), 0)
    # It was answered: it is durable.
    hub.restart(signal.SIGKILL)
    equal(hub.sns.check_if_phone_number_is_opted_out(phoneNumber=phone)["isOptedOut"], True)
    equal(hub.sns.list_phone_numbers_opted_out()["phoneNumbers"], [phone])
    sent = [hub.text(phone, "no"), hub.sns.publish(TopicArn=topic, Message="no")["MessageId"]]
    groups = []
    for message_id in sent:
        ((group, line),) = hub.stage.status_log(message_id, 1)
        equal((line["status"], line["delivery"]["providerResponse"]), ("FAILURE", "Phone number is opted out"))
        groups.append(group.split("/", 3)[3])
    equal(groups, ["DirectPublishToPhoneNumber/Failure", "stopped/Failure"])
    hub.sns.opt_in_phone_number(phoneNumber=phone)
    equal(hub.sns.list_phone_numbers_opted_out().get("phoneNumbers", []), [])
    hub.text(phone, "welcome back")
    equal(hub.gateway.message(phone, 2)["submitted"], "welcome back")
    equal(hub.gateway.says(phone, "UNSUBSCRIBE"), 0)
    code, text = hub.refusal("opt_in_phone_number", phoneNumber=phone)
    equal(code, "InvalidParameter")
    assert "latest opt in is too recent" in text, text


def refusals(hub):
    """what the gateway refuses is in the dead-letter queue, and what it does not take now comes later"""
    queue = hub.sqs.create_queue(QueueName="dead-texts")["QueueUrl"]
    topic_prefix = hub.sns.create_topic(Name="refused")["TopicArn"].rsplit(":", 1)[0]
    queue_arn = topic_prefix.replace(":sns:", ":sqs:") + ":dead-texts"
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": queue_arn,
            }
        ],
    }
    hub.sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    redrive = json.dumps({"deadLetterTargetArn": queue_arn})
    topic = hub.subscribed("refused", "+15550100007", RedrivePolicy=redrive)
    # 0x0B: an invalid destination; 0x58: throttled; 0x14: the queue is full.
    hub.gateway.order(script=[0x0B])
    hub.sns.publish(TopicArn=topic, Message="nobody there", Subject="Room 7")
    received = hub.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    envelope = json.loads(received[0]["Body"])
    equal((envelope["Message"], envelope["Subject"]), ("nobody there", "Room 7"))
    hub.gateway.order(script=[0x58, 0x14])
    hub.text("+15550100008", "too much")
    hub.gateway.message("+15550100008", 3)
    time.sleep(1)
    actions = [message["action"] for message in hub.gateway.submitted("+15550100008")]
    equal(actions, [0x58, 0x14, "ok"])


def disconnects(hub):
    """a connection that breaks before the answer has the message sent again, and no other"""
    hub.gateway.order(script=["close"])
    hub.text("+15550100009", "broken off")
    hub.gateway.message("+15550100009", 2)
    hub.text("+15550100009", "and on")
    hub.gateway.message("+15550100009", 3)
    time.sleep(1)
    texts = [message["submitted"] for message in hub.gateway.submitted("+15550100009")]
    equal(texts, ["broken off", "broken off", "and on"])


def restarts(hub):
    """nothing that was published is missing after the gateway and the server were restarted"""
    phone, topic_phone, count = "+15550100010", "+15550100011", 60
    topic = hub.subscribed("counted", topic_phone)

    def publish(numbers):
        for number in numbers:
            hub.text(phone, f"number {number}")
            hub.sns.publish(TopicArn=topic, Message=f"number {number}")

    publish(range(20))
    hub.gateway.message(phone, 5)
    hub.gateway.kill()
    # Publish works while nobody is there to send.
    publish(range(20, 40))
    time.sleep(1)
    hub.gateway.start()
    hub.gateway.message(phone, 21)
    publish(range(40, count))
    hub.restart(signal.SIGKILL)
    for number in (phone, topic_phone):
        deadline = time.monotonic() + 90
        while len(found := numbers_of(hub, number)) < count:
            assert time.monotonic() < deadline, f"missing: {set(range(count)) - set(found)}"
            time.sleep(0.1)
        equal(sorted(found), list(range(count)))
        # Repeats are of what had no answer when somebody was stopped: two windows at most.
        repeats = sum(found.values()) - count
        assert repeats <= 20, f"{repeats} repeats to {number}"


def numbers_of(hub, phone):
    """How often each number came."""
    found = {}
    for message in hub.gateway.submitted(phone):
        number = int(re.fullmatch(r"number (\d+)", message["submitted"]).group(1))
        found[number] = found.get(number, 0) + 1
    return found


def the_sandbox(hub):
    """in the sandbox a number gets a code first, and messages once it is verified"""
    phone = "+15550100012"
    hub.restart(sandbox="true")
    equal(hub.sns.get_sms_sandbox_account_status()["IsInSandbox"], True)
    sent = hub.text(phone, "too early")
    ((_, line),) = hub.stage.status_log(sent, 1)
    assert "not verified" in line["delivery"]["providerResponse"], line
    hub.sns.create_sms_sandbox_phone_number(PhoneNumber=phone, LanguageCode="it-IT")
    text = hub.gateway.message(phone)["submitted"]
    code = re.fullmatch(r"Il suo codice di verifica è (\d{6})", text).group(1)
    wrong = str((int(code) + 1) % 1_000_000).rjust(6, "0")
    refused = hub.refusal(
        "verify_sms_sandbox_phone_number", PhoneNumber=phone, OneTimePassword=wrong
    )
    equal(refused[0], "VerificationException")
    hub.restart(signal.SIGKILL, sandbox="true")
    hub.sns.verify_sms_sandbox_phone_number(PhoneNumber=phone, OneTimePassword=code)
    numbers = hub.sns.list_sms_sandbox_phone_numbers()["PhoneNumbers"]
    equal(numbers, [{"PhoneNumber": phone, "Status": "Verified"}])
    hub.text(phone, "welcome")
    equal(hub.gateway.message(phone, 2)["submitted"], "welcome")
    refused = hub.refusal("delete_sms_sandbox_phone_number", PhoneNumber=phone)
    equal(refused[0], "UserError")


def the_limit(hub):
    """a month costs no more than its limit, whatever crashes, and a message no more than it may"""
    phone, limit = "+15550100013", 10
    terms = {"price": "0.1", "monthly_spend_limit": "1", "currency": "EUR"}
    hub.restart(**terms)
    equal(hub.sns.get_sms_attributes()["attributes"]["MonthlySpendLimit"], "1")
    dear = hub.text(phone, "x" * 161, AWS_SNS_SMS_MaxPrice="0.15")
    for number in range(4):
        hub.text(phone, f"number {number}")
    hub.gateway.message(phone, 4)
    hub.restart(signal.SIGKILL, **terms)
    sent = [hub.text(phone, f"number {number}") for number in range(4, 14)]
    reasons = [hub.stage.status_log(message_id, 1)[0][1] for message_id in (dear, *sent)]
    answers = [line["delivery"]["providerResponse"] for line in reasons]
    equal(answers[0], "This delivery would exceed max price")
    equal(reasons[0]["delivery"]["priceInUSD"], 0.2)
    found = len(hub.gateway.submitted(phone))
    # A crash may have counted one more than there was.
    assert limit - 1 <= found <= limit, f"{found} messages for 1.00 at 0.10"
    equal(answers.count("No quota left for account"), 14 - found)
    refused = hub.refusal("set_sms_attributes", attributes={"MonthlySpendLimit": "1.01"})
    assert "at most" in refused[1] and "EUR" in refused[1], refused


def explanations(hub):
    """unset, unreachable, misconfigured and refused are told apart, and a test message arrives"""
    hub.stage.stop()
    for changed, password, part in (
        (
            {"server": None, "system_id": None, "sender": None},
            "",
            "no gateway for text messages is configured: set server in [sms]",
        ),
        ({"server": "smpp://127.0.0.1:1"}, "x", "127.0.0.1:1 cannot be reached"),
        ({}, "wrong", "refuses the bind: invalid password"),
        ({"server": "http://127.0.0.1"}, "x", "a gateway is smpps://HOST or smpp://HOST"),
        ({"server": None}, "", "sms-server: other settings of text messages are there"),
        ({"system_id": None}, "", "sms-system-id: the gateway has to know who the server is"),
        ({}, "longer than 8", "may have 8 characters"),
    ):
        status, said = hub.stage.try_courier(password=password, **changed)
        assert status != 0 and part in said, f"{changed}: {said}"
    hub.gateway.order(script=[0x0B])
    status, said = hub.stage.try_courier()
    assert status != 0 and "refused for good" in said and "invalid destination" in said, said
    status, said = hub.stage.try_courier()
    assert status == 0 and "accepted by the gateway as" in said, said
    hub.gateway.message("+15550100199", 2)
    hub.stage.start(origination_numbers="+15550100/US,+4930123456")
    hub.connect()
    numbers = hub.sns.list_origination_numbers(MaxResults=1)
    equal(numbers["PhoneNumbers"][0]["PhoneNumber"], "+15550100")
    equal(numbers["PhoneNumbers"][0]["Iso2CountryCode"], "US")
    rest = hub.sns.list_origination_numbers(NextToken=numbers["NextToken"])
    equal([it["PhoneNumber"] for it in rest["PhoneNumbers"]], ["+4930123456"])


CHECKS = [
    a_phone,
    long_texts,
    a_topic,
    receipts,
    stop_words,
    refusals,
    disconnects,
    restarts,
    the_sandbox,
    the_limit,
    explanations,
]

if __name__ == "__main__":
    sys.exit(run(Stage, Hub, CHECKS))
