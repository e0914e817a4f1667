"""Has messages pushed through APNs, FCM and ADM in small, and looks at what arrives, and what does not.

The contract with the runner is in conformance/README.md. The server and the services are this
program's own. The services verify what they are shown with PyJWT.
"""

import json
import signal
import sys
import time

from http2_server import CUT, HANG, LEAVE, REFUSE
from own_server import run
from services import complaint, google
from stage import Stage


class Hub:
    """An application of each platform, and devices with them."""

    def __init__(self, stage):
        self.stage = stage
        self.services = stage.services
        self.ledger = stage.services.ledger
        self.connect()
        self.applications = {
            platform: self.application(platform, "hotel", attributes)
            for platform, attributes in self.services.applications().items()
        }

    def connect(self):
        self.sns, self.sqs = (self.stage.client(service) for service in ("sns", "sqs"))

    def application(self, platform, name, attributes):
        created = self.sns.create_platform_application(
            Platform=platform, Name=name, Attributes=attributes
        )
        return created["PlatformApplicationArn"]

    def device(self, platform, token):
        return self.at(self.applications[platform], token)

    def at(self, application, token):
        created = self.sns.create_platform_endpoint(PlatformApplicationArn=application, Token=token)
        return created["EndpointArn"]

    def attribute(self, endpoint, name):
        return self.sns.get_endpoint_attributes(EndpointArn=endpoint)["Attributes"][name]

    def push(self, endpoint, message, attributes=None, **options):
        attributes = {
            f"AWS.SNS.MOBILE.{name}": {"DataType": "String", "StringValue": value}
            for name, value in (attributes or {}).items()
        }
        if not isinstance(message, str):
            texts = {name: json.dumps(value) for name, value in message.items()}
            message = json.dumps({"default": "not for this one", **texts})
            options["MessageStructure"] = "json"
        return self.sns.publish(
            TargetArn=endpoint, Message=message, MessageAttributes=attributes, **options
        )["MessageId"]


def equal(found, expected):
    assert found == expected, f"{found!r} is not {expected!r}"


def eventually(what, found, expected):
    deadline = time.monotonic() + 20
    while (value := found()) != expected:
        assert time.monotonic() < deadline, f"{what} is {value!r}, not {expected!r}"
        time.sleep(0.05)


def plain_texts(hub):
    """a plain text reaches apps of all platforms, as simply as each allows"""
    hub.push(hub.device("APNS", "00a1"), "Room 7 is ready, ü")
    message = hub.ledger.wait("00a1")
    equal(message["payload"], {"aps": {"alert": "Room 7 is ready, ü"}})
    equal(message["headers"]["apns-topic"], "com.example.hotel")
    equal(message["headers"]["apns-push-type"], "alert")
    hub.push(hub.device("APNS_SANDBOX", "00a2"), "sandbox")
    equal(hub.ledger.wait("00a2")["payload"], {"aps": {"alert": "sandbox"}})
    hub.push(hub.device("GCM", "pixel:1"), "Room 7 is ready, ü")
    equal(hub.ledger.wait("pixel:1")["data"], {"default": "Room 7 is ready, ü"})
    hub.push(hub.device("ADM", "amzn1.fire/1"), "Room 7 is ready, ü")
    equal(hub.ledger.wait("amzn1.fire/1")["data"], {"message": "Room 7 is ready, ü"})


def own_texts(hub):
    """each platform gets its own text, and old payloads for FCM arrive as those of HTTP v1"""
    old = {"data": {"room": 7}, "time_to_live": 60, "priority": "high", "collapse_key": "room"}
    texts = {
        "APNS": {"aps": {"content-available": 1}, "room": 7},
        "GCM": old,
        "ADM": {"data": {"room": "7"}, "consolidationKey": "room", "expiresAfter": 60},
    }
    hub.push(hub.device("APNS", "00b1"), texts)
    message = hub.ledger.wait("00b1")
    equal(message["payload"], texts["APNS"])
    equal(message["headers"]["apns-push-type"], "background")
    equal(message["headers"]["apns-priority"], "5")
    hub.push(hub.device("GCM", "pixel:2"), texts)
    message = hub.ledger.wait("pixel:2")
    equal(message["data"], {"room": "7"})
    android = message["android"]
    equal((android["priority"], android["collapse_key"]), ("HIGH", "room"))
    assert 30 < int(android["ttl"].removesuffix("s")) <= 60, android
    hub.push(hub.device("ADM", "amzn1.fire/2"), texts)
    message = hub.ledger.wait("amzn1.fire/2")
    equal((message["data"], message["consolidationKey"]), ({"room": "7"}, "room"))
    assert 30 < message["expiresAfter"] <= 60, message
    v1 = {"notification": {"title": "Hotel"}, "apns": {"payload": {"aps": {"badge": 3}}}}
    hub.push(hub.device("GCM", "pixel:3"), {"GCM": {"fcmV1Message": {"message": v1}}})
    equal(hub.ledger.wait("pixel:3"), {**v1, "token": "pixel:3"})


def attributes(hub):
    """attributes of a message become headers, and its time to live shrinks while it waits"""
    endpoint = hub.device("APNS", "00c1")
    said = {"APNS.TTL": "600", "APNS.PRIORITY": "5", "APNS.COLLAPSE_ID": "room 7"}
    before = time.time()
    hub.push(endpoint, "soon", said)
    headers = hub.ledger.wait("00c1")["headers"]
    equal((headers["apns-priority"], headers["apns-collapse-id"]), ("5", "room 7"))
    assert before + 590 < int(headers["apns-expiration"]) <= time.time() + 600, headers
    hub.push(endpoint, "once", {"APNS.TTL": "0"})
    equal(hub.ledger.wait("00c1", 2)["headers"]["apns-expiration"], "0")


def topics(hub):
    """a topic reaches apps of all platforms with one message"""
    topic = hub.sns.create_topic(Name="news")["TopicArn"]
    tokens = {"APNS": "00d1", "GCM": "pixel:4", "ADM": "amzn1.fire/4"}
    for platform, token in tokens.items():
        endpoint = hub.device(platform, token)
        hub.sns.subscribe(TopicArn=topic, Protocol="application", Endpoint=endpoint)
    hub.sns.publish(TopicArn=topic, Message="for all")
    equal(hub.ledger.wait("00d1")["payload"], {"aps": {"alert": "for all"}})
    equal(hub.ledger.wait("pixel:4")["data"], {"default": "for all"})
    equal(hub.ledger.wait("amzn1.fire/4")["data"], {"message": "for all"})


def gone(hub):
    """a token that leads nowhere disables its endpoint, and a publish to that says so"""
    unregistered = google(404, "NOT_FOUND", "UNREGISTERED")
    for platform, token, answer in (
        # APNs says since when: a token that was set later is not meant.
        ("APNS", "00e1", lambda: complaint(410, "Unregistered")),
        ("APNS", "00e2", lambda: complaint(400, "BadDeviceToken")),
        ("GCM", "pixel:gone", lambda: unregistered),
        ("ADM", "amzn1.gone", lambda: (400, {"reason": "Unregistered"})),
    ):
        endpoint = hub.device(platform, token)
        hub.ledger.plan(token, answer())
        hub.push(endpoint, "nobody there")
        eventually(f"Enabled of {token}", lambda at=endpoint: hub.attribute(at, "Enabled"), "false")
        try:
            hub.push(endpoint, "again")
            raise AssertionError(f"{token} was published to")
        except hub.sns.exceptions.EndpointDisabledException:
            pass
        equal(hub.ledger.taken(token), [])
        hub.sns.set_endpoint_attributes(EndpointArn=endpoint, Attributes={"Enabled": "true"})
        hub.push(endpoint, "back")
        hub.ledger.wait(token)


def moved(hub):
    """a registration that has become another one is followed"""
    endpoint = hub.device("ADM", "amzn1.old")
    hub.services.adm.moved["amzn1.old"] = "amzn1.new"
    hub.push(endpoint, "first")
    hub.ledger.wait("amzn1.old")
    eventually("Token", lambda: hub.attribute(endpoint, "Token"), "amzn1.new")
    hub.push(endpoint, "second")
    equal(hub.ledger.wait("amzn1.new")["data"], {"message": "second"})
    equal(len(hub.ledger.taken("amzn1.old")), 1)


def not_now(hub):
    """what fails for now is sent again, and arrives once"""
    busy = google(503, "UNAVAILABLE", "UNAVAILABLE", {"retry-after": "1"})
    later = {
        ("APNS", "00f1"): complaint(429, "TooManyRequests"),
        ("APNS", "00f2"): complaint(500, "InternalServerError"),
        ("APNS", "00f3"): REFUSE,
        ("APNS", "00f4"): HANG,
        ("GCM", "pixel:busy"): busy,
        ("GCM", "pixel:silent"): HANG,
        ("ADM", "amzn1.busy"): (503, {"reason": "ServiceUnavailable"}),
    }
    # What is cut are the connections, and whatever else is on them.
    cut = {("APNS", "00f5"): CUT, ("GCM", "pixel:cut"): CUT}
    for plans in (later, cut):
        for (platform, token), plan in plans.items():
            hub.ledger.plan(token, plan)
            hub.push(hub.device(platform, token), "patience")
        for _, token in plans:
            hub.ledger.wait(token)
    for number in range(5):
        # The answer comes, and then the service leaves.
        hub.ledger.plan("00f6", (None, LEAVE))
        hub.push(hub.device("APNS", "00f6"), f"number {number}")
        hub.ledger.wait("00f6", number + 1)
    time.sleep(1)
    for _, token in [*later, *cut]:
        equal((token, len(hub.ledger.taken(token))), (token, 1))


def tokens_that_end(hub):
    """an access token that has ended costs no message"""
    before = hub.services.google.count
    for name, platform, tokens in (
        ("pixel:5", "GCM", hub.services.google),
        ("amzn1.fire/5", "ADM", hub.services.adm),
    ):
        endpoint = hub.device(platform, name)
        hub.push(endpoint, "before")
        hub.ledger.wait(name)
        tokens.forget()
        hub.push(endpoint, "after")
        hub.ledger.wait(name, 2)
    assert hub.services.google.count <= before + 2, hub.services.google.count
    equal(len(hub.services.apns.shown), 2)


def certificates(hub):
    """a certificate opens APNs, one of another app does not, and the endpoint stays enabled"""
    good = hub.services.certificate_application()
    application = hub.application("APNS", "by-certificate", good)
    known = hub.sns.get_platform_application_attributes(PlatformApplicationArn=application)
    assert "AppleCertificateExpiryDate" in known["Attributes"], known
    assert good["PlatformCredential"] not in json.dumps(known), "a key is shown"
    hub.push(hub.at(application, "0071"), "by certificate")
    headers = hub.ledger.wait("0071")["headers"]
    equal(headers["apns-topic"], "com.example.hotel")
    other = hub.services.certificate_application("com.example.other")
    hub.sns.set_platform_application_attributes(
        PlatformApplicationArn=application, Attributes=other
    )
    endpoint = hub.at(application, "0072")
    hub.push(endpoint, "by another one's certificate")
    time.sleep(1)
    equal((hub.ledger.taken("0072"), hub.attribute(endpoint, "Enabled")), ([], "true"))
    hub.sns.set_platform_application_attributes(PlatformApplicationArn=application, Attributes=good)
    hub.push(endpoint, "mended")
    hub.ledger.wait("0072")


def restarts(hub):
    """nothing that was published is missing after the services and the server were restarted"""
    tokens = {"APNS": "0081", "GCM": "pixel:6", "ADM": "amzn1.fire/6"}
    endpoints = {platform: hub.device(platform, token) for platform, token in tokens.items()}
    count = 30

    def publish(numbers):
        for number in numbers:
            for endpoint in endpoints.values():
                hub.push(endpoint, f"number {number}")

    publish(range(10))
    for token in tokens.values():
        hub.ledger.wait(token, 3)
    hub.services.stop()
    publish(range(10, 20))
    time.sleep(1)
    hub.services.start()
    for token in tokens.values():
        hub.ledger.wait(token, 13)
    publish(range(20, count))
    hub.stage.stop(signal.SIGKILL)
    hub.stage.start()
    hub.connect()
    deadline = time.monotonic() + 90
    for platform, token in tokens.items():
        while set(found := numbers_of(hub, platform, token)) != set(range(count)):
            missing = set(range(count)) - set(found)
            assert time.monotonic() < deadline, f"{platform} misses {missing}"
            time.sleep(0.1)
        # Repeats are of what was under way when somebody was stopped.
        assert len(found) - count <= 32, f"{platform}: {len(found) - count} repeats"
    ids = [message["headers"]["apns-id"] for message in hub.ledger.taken(tokens["APNS"])]
    equal(len(set(ids)), count)


def numbers_of(hub, platform, token):
    def text(message):
        if platform == "APNS":
            return message["payload"]["aps"]["alert"]
        return message["data"]["default" if platform == "GCM" else "message"]

    return [int(text(message).split()[1]) for message in hub.ledger.taken(token)]


def explanations(hub):
    """unset, unreachable, misconfigured and refused are told apart"""
    known = hub.services.applications()
    tokens = {"APNS": "0091", "GCM": "pixel:9", "ADM": "amzn1.fire/9"}
    for platform, token in tokens.items():
        status, said = hub.stage.try_courier(platform, token, known[platform])
        assert status == 0 and "took it" in said, said
        equal(len(hub.ledger.taken(token)), 1)
    apns = known["APNS"]
    other = hub.services.certificate_application("com.example.other")
    nobody = "https://127.0.0.1:1"
    for given, changed, part in (
        ({**apns, "ApplePlatformTeamID": None}, {}, "ApplePlatformTeamID is missing"),
        ({**apns, "PlatformCredential": "hunter2"}, {}, "PlatformCredential is not a signing key"),
        ({**apns, "ApplePlatformTeamID": "TEAM999999"}, {}, "403 InvalidProviderToken"),
        (other, {}, "403 BadCertificate"),
        (apns, {"apns-url": nobody}, "Connection refused"),
        (apns, {"apns-url": "push.example.com"}, "apns-url has to be the URL of a server"),
        (apns, {"roots": None}, "UnknownIssuer"),
    ):
        status, said = hub.stage.try_courier("APNS", "0092", given, **changed)
        assert status != 0 and part in said, f"{part} in {said}"
        assert "hunter2" not in said and "BEGIN" not in said and "eyJ" not in said, said
    hub.ledger.plan("0093", complaint(410, "Unregistered"))
    status, said = hub.stage.try_courier("APNS", "0093", apns)
    assert status != 0 and "410 Unregistered" in said, said
    server_key = {"PlatformCredential": "AAAAexample:APA91b-old_key"}
    status, said = hub.stage.try_courier("GCM", "pixel:9", server_key)
    assert status != 0 and "JSON key file of a service account" in said, said
    equal(hub.ledger.taken("0092"), [])


CHECKS = [
    plain_texts,
    own_texts,
    attributes,
    topics,
    gone,
    moved,
    not_now,
    tokens_that_end,
    certificates,
    restarts,
    explanations,
]

if __name__ == "__main__":
    sys.exit(run(Stage, Hub, CHECKS))
