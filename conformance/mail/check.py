"""Has mail sent through a mail server, and looks at what arrives, and what does not.

The contract with the runner is in conformance/README.md. The server is one of this program's own.
"""

import json
import re
import signal
import sys
import time
from email.utils import parsedate_to_datetime

import dkim

from mail_server import Mailbox, parsed
from own_server import run
from stage import FROM, PASSWORD, PUBLIC_URL, USER, Stage

# More than a line of mail may have, in every script, with lines that end a message for who is
# careless.
LONG = "Größe 混 👩‍🚀 " * 200 + "\n.\n..\n.dot\r\nFrom the sea\n\n\n" + "x" * 5000


class Hub:
    """A topic, and people who subscribe to it."""

    def __init__(self, stage):
        self.stage = stage
        self.mailbox = stage.mailbox
        self.connect()

    def connect(self):
        self.sns, self.sqs = (self.stage.client(service) for service in ("sns", "sqs"))

    def topic(self, name, **attributes):
        return self.sns.create_topic(Name=name, Attributes=attributes)["TopicArn"]

    def subscribed(self, topic, address, protocol="email", attributes=None):
        """Subscribes an address, and confirms by the button that its mail leads to."""
        arn = self.sns.subscribe(
            TopicArn=topic,
            Protocol=protocol,
            Endpoint=address,
            Attributes=attributes or {},
            ReturnSubscriptionArn=True,
        )["SubscriptionArn"]
        mail = parsed(self.mailbox.wait(address))
        if protocol == "email":
            status, _, page = self.stage.request(link(mail, "/confirmation.html"), "")
            assert status == 200 and "Subscription confirmed" in page, page
        else:
            token = json.loads(text_of(mail))["Token"]
            self.sns.confirm_subscription(TopicArn=topic, Token=token)
        assert self.attribute(arn, "PendingConfirmation") == "false"
        return arn

    def attribute(self, arn, name):
        attributes = self.sns.get_subscription_attributes(SubscriptionArn=arn)
        return attributes["Attributes"][name]


def link(mail, path):
    (found,) = re.findall(rf"{re.escape(PUBLIC_URL + path)}\S+", text_of(mail))
    return found


def text_of(mail):
    return mail.get_content().replace("\r\n", "\n")


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def a_confirmation(hub):
    """a mail asks whether messages are wanted, and looking at its link changes nothing"""
    topic = hub.topic("asked", DisplayName="Hotel")
    subscribe = {"TopicArn": topic, "Protocol": "email", "Endpoint": "asked+1@inbox.example"}
    answer = hub.sns.subscribe(**subscribe)
    equal(answer["SubscriptionArn"], "pending confirmation")
    mail = parsed(hub.mailbox.wait("asked+1@inbox.example"))
    equal(mail["From"], f"AWS Notifications <{FROM}>")
    equal(mail["To"], "asked+1@inbox.example")
    equal(mail["Subject"], "AWS Notification - Subscription Confirmation")
    equal(mail["Auto-Submitted"], "auto-generated")
    equal(mail["List-Unsubscribe"], None)
    assert topic in text_of(mail), text_of(mail)
    url = link(mail, "/confirmation.html")
    assert "&Endpoint=asked%2B1@inbox.example" in url, url
    status, headers, page = hub.stage.request(url)
    equal(status, 200)
    equal(headers["Content-Type"], "text/html; charset=utf-8")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "form-action 'self'" in policy, policy
    assert '<form method="post">' in page and "asked+1@inbox.example" in page, page
    assert "<script" not in page and "http" not in page.replace("http-equiv", ""), page
    (subscription,) = hub.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    equal(subscription["SubscriptionArn"], "PendingConfirmation")
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"}
    equal(hub.stage.request(url, "", elsewhere)[0], 403)
    status, _, page = hub.stage.request(url.replace("Token=", "Token=0"), "")
    assert status == 400 and "it has expired" in page, page
    status, _, page = hub.stage.request(url, "")
    assert status == 200 and "Subscription confirmed" in page, page
    (subscription,) = hub.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    assert subscription["SubscriptionArn"].startswith(topic), subscription


def a_notification(hub):
    """a message arrives with every header, in every script"""
    topic = hub.topic("all-headers", DisplayName="Hôtel „Zur Post“, Zimmer")
    arn = hub.subscribed(topic, "guest@inbox.example")
    subject = "Ihre Buchung: " + "ü" * 60
    sent = hub.sns.publish(TopicArn=topic, Message=LONG, Subject=subject)["MessageId"]
    raw = hub.mailbox.wait("guest@inbox.example", 2)
    assert raw.isascii() and max(map(len, raw.split(b"\r\n"))) <= 998, "lines of mail are too long"
    assert b"\n" not in raw.replace(b"\r\n", b""), "a line break without its half"
    mail = parsed(raw)
    equal(mail["From"].addresses[0].display_name, "Hôtel „Zur Post“, Zimmer")
    equal(mail["From"].addresses[0].addr_spec, FROM)
    equal(mail["To"], "guest@inbox.example")
    equal(mail["Subject"], subject)
    equal(mail["Message-ID"], f"<{sent}.{arn.rsplit(':', 1)[1]}@tidings.example>")
    assert abs(parsedate_to_datetime(mail["Date"]).timestamp() - time.time()) < 60, mail["Date"]
    equal(mail["Auto-Submitted"], "auto-generated")
    equal(mail["MIME-Version"], "1.0")
    equal(mail.get_content_type(), "text/plain")
    equal(mail.get_content_charset(), "utf-8")
    url = f"{PUBLIC_URL}/unsubscribe.html?SubscriptionArn={arn}&Endpoint=guest@inbox.example"
    equal(mail["List-Unsubscribe"], f"<{url}>")
    equal(mail["List-Unsubscribe-Post"], "List-Unsubscribe=One-Click")
    text = text_of(mail)
    assert text.startswith(LONG.replace("\r\n", "\n") + "\n\n--\n"), text[-6000:]
    equal(link(mail, "/unsubscribe.html"), url)
    hub.sns.publish(TopicArn=topic, Message="short")
    mail = parsed(hub.mailbox.wait("guest@inbox.example", 3))
    equal(mail["Subject"], "AWS Notification Message")


def a_text_of_its_own(hub):
    """the message structure's text for mail is what mail has"""
    topic = hub.topic("structured")
    hub.subscribed(topic, "reader@inbox.example")
    hub.subscribed(topic, "program@inbox.example", "email-json")
    texts = {"default": "for all", "email": "for people", "email-json": "for programs"}
    hub.sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")
    mail = parsed(hub.mailbox.wait("reader@inbox.example", 2))
    assert text_of(mail).startswith("for people\n"), text_of(mail)
    equal(mail["From"], f"AWS Notifications <{FROM}>")
    mail = parsed(hub.mailbox.wait("program@inbox.example", 2))
    envelope = json.loads(text_of(mail))
    equal((envelope["Type"], envelope["Message"]), ("Notification", "for programs"))
    assert envelope["Signature"] and envelope["UnsubscribeURL"], envelope
    assert mail["List-Unsubscribe"], "email-json has no List-Unsubscribe"


def signatures(hub):
    """DKIM signatures of both kinds verify, and not when something was changed"""
    topic = hub.topic("signed")
    hub.subscribed(topic, "strict@inbox.example")
    hub.sns.publish(TopicArn=topic, Message=LONG, Subject="Überfällig")
    by_rsa = hub.mailbox.wait("strict@inbox.example", 2)
    ed = {"dkim_selector": "ed", "dkim_key": hub.stage.folder / "ed.pem"}
    ed = {name.replace("_", "-"): value for name, value in ed.items()}
    status, said = hub.stage.try_courier(to="edward@inbox.example", **ed)
    assert status == 0, said
    by_ed = hub.mailbox.wait("edward@inbox.example")
    for raw, algorithm in ((by_rsa, b"rsa-sha256"), (by_ed, b"ed25519-sha256")):
        assert b"a=" + algorithm in raw, raw[:500]
        assert verifies(hub, raw), f"{algorithm} does not verify"
        assert not verifies(hub, raw.replace(b"\r\n\r\n", b"\r\n\r\nmore ", 1)), "a changed body"
        assert not verifies(hub, raw.replace(b"To: ", b"To: x", 1)), "a changed header"
        assert not verifies(hub, b"From: boss@tidings.example\r\n" + raw), "a second sender"
    for name in (b"List-Unsubscribe: ", b"List-Unsubscribe-Post: "):
        assert not verifies(hub, by_rsa.replace(name, name + b"<https://evil.example>, ", 1)), name


def verifies(hub, raw):
    def record(name, timeout=5):
        return hub.stage.records.get(name.decode() if isinstance(name, bytes) else name)

    try:
        return dkim.verify(raw, dnsfunc=record)
    except dkim.DKIMException:
        return False


def leaving(hub):
    """one click unsubscribes, the page does so too, and a last mail undoes it"""
    topic = hub.topic("left")
    for address, body in (
        ("clicker@inbox.example", "List-Unsubscribe=One-Click"),
        ("presser@inbox.example", ""),
    ):
        arn = hub.subscribed(topic, address)
        hub.sns.publish(TopicArn=topic, Message="before")
        mail = parsed(hub.mailbox.wait(address, 2))
        url = mail["List-Unsubscribe"].strip("<>")
        status, _, page = hub.stage.request(url)
        assert status == 200 and "Unsubscribe" in page and address in page, page
        equal(hub.attribute(arn, "PendingConfirmation"), "false")
        status, _, page = hub.stage.request(url, body)
        assert status == 200 and "no more messages" in page, page
        equal(hub.sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"], [])
        mail = parsed(hub.mailbox.wait(address, 3))
        equal(mail["Subject"], "AWS Notification - Unsubscribe Confirmation")
        status, _, page = hub.stage.request(link(mail, "/confirmation.html"), "")
        assert status == 200, page
        equal(hub.attribute(arn, "PendingConfirmation"), "false")
        hub.sns.unsubscribe(SubscriptionArn=arn)
        status, _, page = hub.stage.request(PUBLIC_URL + "/unsubscribe.html?SubscriptionArn=x", "")
        assert status == 400 and "This link is wrong" in page, page


def refused_for_good(hub):
    """what the mail server refuses for good is in the dead-letter queue, as an envelope"""
    topic = hub.topic("dead")
    queue = hub.sqs.create_queue(QueueName="dead-letters")["QueueUrl"]
    queue = queue.replace(PUBLIC_URL, hub.stage.endpoint)
    queue_arn = topic.rsplit(":", 1)[0].replace(":sns:", ":sqs:") + ":dead-letters"
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
    redrive = {"RedrivePolicy": json.dumps({"deadLetterTargetArn": queue_arn})}
    hub.subscribed(topic, "gone@inbox.example", attributes=redrive)
    hub.mailbox.plan("gone@inbox.example", "550-5.1.1 nobody\r\n550 5.1.1 of this name")
    hub.sns.publish(TopicArn=topic, Message="too late", Subject="Room 7")
    received = hub.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"]
    envelope = json.loads(received[0]["Body"])
    equal((envelope["Message"], envelope["Subject"]), ("too late", "Room 7"))
    equal(len(hub.mailbox.mails("gone@inbox.example")), 1)


def not_now(hub):
    """what fails for now is sent again, and arrives once for each message"""
    topic = hub.topic("patient")
    plans = {
        "busy": ["451 4.7.1 later"],
        "denied": ["554 5.7.1 Relay access denied"],
        "cut": ["cut"],
        "slow": ["hang"],
        "thorough": ["ponder"],
        "well": [],
    }
    addresses = {f"{name}@inbox.example": plan for name, plan in plans.items()}
    for address, plan in addresses.items():
        hub.subscribed(topic, address)
        hub.mailbox.plan(address, *plan)
    hub.sns.publish(TopicArn=topic, Message="patience")
    hub.mailbox.wait("well@inbox.example", 2)
    for address in addresses:
        hub.mailbox.wait(address, 2)
    time.sleep(1)
    counts = {address: len(hub.mailbox.mails(address)) for address in addresses}
    equal(counts, dict.fromkeys(addresses, 2))


def restarts(hub):
    """nothing that was published is missing after the mail server and the server were restarted"""
    topic = hub.topic("counted")
    hub.subscribed(topic, "counter@inbox.example")
    count = 60

    def publish(numbers):
        for number in numbers:
            hub.sns.publish(TopicArn=topic, Message=f"number {number}")

    publish(range(20))
    hub.mailbox.wait("counter@inbox.example", 5)
    hub.mailbox.stop()
    publish(range(20, 40))
    time.sleep(1)
    hub.mailbox.start()
    hub.mailbox.wait("counter@inbox.example", 25)
    publish(range(40, count))
    hub.stage.stop(signal.SIGKILL)
    hub.stage.start()
    hub.connect()
    deadline = time.monotonic() + 90
    while len(found := numbers_of(hub)) < count:
        assert time.monotonic() < deadline, f"missing: {set(range(count)) - set(found)}"
        time.sleep(0.1)
    equal(sorted(found), list(range(count)))
    # Repeats are of what was under way when somebody was stopped, and are told by their Message-ID.
    ids = [ids for ids in found.values()]
    assert all(len(set(same)) == 1 for same in ids), ids
    repeats = sum(len(same) - 1 for same in ids)
    assert repeats <= 32, f"{repeats} repeats"


def numbers_of(hub):
    """The Message-IDs of each number's mails."""
    found = {}
    for raw in hub.mailbox.mails("counter@inbox.example")[1:]:
        mail = parsed(raw)
        number = int(re.match(r"number (\d+)\n", text_of(mail)).group(1))
        found.setdefault(number, []).append(mail["Message-ID"])
    return found


def ways_in(hub):
    """the mail server is told who we are, under TLS of either kind"""
    assert hub.mailbox.sessions, "nobody logged in"
    equal({name.split()[-1] for name in hub.mailbox.sessions}, {"TLS"})
    with Mailbox(hub.stage.context, USER, PASSWORD, implicit_tls=True) as mailbox:
        status, said = hub.stage.try_courier(server=f"smtps://127.0.0.1:{mailbox.port}")
        assert status == 0 and "took it: 250 2.0.0 queued" in said, said
        equal(parsed(mailbox.wait("tester@inbox.example"))["Subject"], "Test message")


def explanations(hub):
    """unset, unreachable, misconfigured and refused are told apart"""
    nothing = {name: None for name in ("user", "from", "roots", "dkim-selector", "dkim-key")}
    nothing |= {"server": None, "timeout-seconds": None}
    for changed, password, part in (
        (nothing, "", "no mail server is configured: set server in [email]"),
        ({"server": "smtp://127.0.0.1:1"}, PASSWORD, "127.0.0.1:1 cannot be reached"),
        ({}, "wrong", "answered AUTH with 535"),
        ({"roots": None}, PASSWORD, "TLS: invalid peer certificate"),
        ({"from": "nobody"}, PASSWORD, "is not an address that mail can come from"),
        ({"user": None}, PASSWORD, "email-user: there is a password, but no user"),
        ({"dkim-key": "/nowhere/key.pem"}, PASSWORD, "/nowhere/key.pem: it cannot be read"),
    ):
        status, said = hub.stage.try_courier(password=password, **changed)
        assert status == 1 and part in said, f"{part} in {said}"
        assert "s3cret" not in said and "wrong" not in said, said
    hub.mailbox.plan("full@inbox.example", "552 5.2.2 mailbox full")
    status, said = hub.stage.try_courier(to="full@inbox.example")
    assert status == 1 and "refused for good" in said and "552 5.2.2 mailbox full" in said, said
    not_ascii = (
        "Invalid parameter: Email address Reason: mail is sent to addresses in ASCII only; a domain has such"
        " a form (xn--…), what is before the @ has none"
    )
    for endpoint in ("nobody", "a b@inbox.example", "a@inbox.example>\r\nx", "ü@inbox.example"):
        try:
            hub.sns.subscribe(TopicArn=hub.topic("asked"), Protocol="email", Endpoint=endpoint)
            raise AssertionError(f"{endpoint} was taken")
        except hub.sns.exceptions.InvalidParameterException as error:
            said = not_ascii if endpoint.startswith("ü") else "Invalid parameter: Email address"
            equal(error.response["Error"]["Message"], said)


CHECKS = [
    a_confirmation,
    a_notification,
    a_text_of_its_own,
    signatures,
    leaving,
    refused_for_good,
    not_now,
    restarts,
    ways_in,
    explanations,
]

if __name__ == "__main__":
    sys.exit(run(Stage, Hub, CHECKS))
