"""APNs, FCM and ADM in small: they look at who asks and at what they are asked as the real ones do,
keep what they take, and fail when they are told to.

By itself this runs them until its standard input ends:

    python services.py FOLDER

It writes FOLDER/applications.json, with the settings of the server and the attributes of platform
applications that these services know, and prints a line of JSON for each message that they take.
"""

import collections
import json
import re
import secrets
import ssl
import sys
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from http2_server import Answer, Http2Server, server_context
from issuer import Authority, private

WAIT_SECONDS = 60
BUNDLE_ID, TEAM_ID, KEY_ID, PROJECT = "com.example.hotel", "TEAM123456", "KEY1234567", "hotel-7"
SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
EMAIL = f"push@{PROJECT}.iam.example.com"
PUSH_TYPES = {"alert", "background", "voip", "location", "liveactivity", "widgets"}
# What HTTP v1 has in a message. It refuses what it does not know.
FCM_KEYS = {"token", "data", "notification", "android", "apns", "webpush", "fcm_options"}


class Ledger:
    """What every token got, and what becomes of the next messages to it."""

    def __init__(self, told=None):
        self._lock = threading.Lock()
        self._taken = collections.defaultdict(list)
        self._plans = collections.defaultdict(collections.deque)
        self._told = told

    def plan(self, token, *reactions):
        """Says what becomes of the next messages to a token, each once."""
        with self._lock:
            self._plans[token].extend(reactions)

    def next_plan(self, token):
        with self._lock:
            return self._plans[token].popleft() if self._plans[token] else None

    def take(self, service, token, message):
        with self._lock:
            self._taken[token].append(message)
        if self._told:
            self._told(service, token, message)

    def taken(self, token):
        with self._lock:
            return list(self._taken[token])

    def wait(self, token, count=1):
        """The last of so many messages to a token."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(taken := self.taken(token)) < count:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{token} got {len(taken)} of {count} messages")
            time.sleep(0.02)
        return taken[count - 1]


class Apns:
    """Apple's. A connection takes one request until it knows who asks."""

    def __init__(self, certificate, authority, ledger):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._ledger = ledger
        # The tokens that it was shown, in order, each once.
        self.shown = []
        context = server_context(certificate, clients=authority.file)
        self.server = Http2Server(context, self._handle, first_streams=1)

    def attributes(self):
        return {
            "PlatformPrincipal": KEY_ID,
            "PlatformCredential": private(self._key),
            "ApplePlatformTeamID": TEAM_ID,
            "ApplePlatformBundleID": BUNDLE_ID,
        }

    def _handle(self, request):
        token = unquote(request.path.removeprefix("/3/device/"))
        plan = self._ledger.next_plan(token)
        if plan is not None and not isinstance(plan, tuple):
            return plan
        answer = self._judge(request, token)
        return (answer, plan[1]) if plan else answer

    def _judge(self, request, token):
        if request.method != "POST":
            return complaint(405, "MethodNotAllowed")
        if not request.path.startswith("/3/device/"):
            return complaint(404, "BadPath")
        why = self._who(request)
        if why:
            return complaint(403, why)
        if not re.fullmatch(r"[0-9a-f]{2,200}", token):
            return complaint(400, "BadDeviceToken")
        headers = request.headers
        push_type = headers.get("apns-push-type")
        if push_type not in PUSH_TYPES:
            return complaint(400, "InvalidPushType")
        suffix = ".voip" if push_type == "voip" else ""
        if headers.get("apns-topic") != BUNDLE_ID + suffix:
            return complaint(400, "TopicDisallowed")
        priority = headers.get("apns-priority", "10")
        if priority not in {"1", "5", "10"} or (push_type == "background" and priority != "5"):
            return complaint(400, "BadPriority")
        if not re.fullmatch(r"\d{1,12}", headers.get("apns-expiration", "0")):
            return complaint(400, "BadExpirationDate")
        if not 0 < len(headers.get("apns-collapse-id", "x")) <= 64:
            return complaint(400, "BadCollapseId")
        try:
            uuid.UUID(headers.get("apns-id", ""))
        except ValueError:
            return complaint(400, "BadMessageId")
        if not request.body:
            return complaint(400, "PayloadEmpty")
        if len(request.body) > (5120 if suffix else 4096):
            return complaint(413, "PayloadTooLarge")
        payload = json.loads(request.body)
        shown = {name: text for name, text in headers.items() if name != "authorization"}
        self._ledger.take("APNS", token, {"payload": payload, "headers": shown})
        return Answer(200, headers={"apns-id": headers["apns-id"]})

    def _who(self, request):
        """Why the sender is not known, if that is so."""
        if request.certificate:
            subject = x509.load_der_x509_certificate(request.certificate).subject
            (name,) = subject.get_attributes_for_oid(NameOID.USER_ID)
            return None if name.value == BUNDLE_ID else "BadCertificate"
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind != "bearer":
            return "MissingProviderToken"
        if token not in self.shown:
            self.shown.append(token)
        try:
            header = jwt.get_unverified_header(token)
            if header["kid"] != KEY_ID:
                return "InvalidProviderToken"
            claims = jwt.decode(
                token,
                self._key.public_key(),
                algorithms=["ES256"],
                options={"require": ["iss", "iat"]},
            )
        except (jwt.InvalidTokenError, KeyError):
            return "InvalidProviderToken"
        if claims["iss"] != TEAM_ID:
            return "InvalidProviderToken"
        return "ExpiredProviderToken" if time.time() - claims["iat"] > 3600 else None


class Fcm:
    """Google's: it sends what comes with a token that `GoogleTokens` gave out."""

    def __init__(self, certificate, ledger, tokens):
        self._ledger = ledger
        self._tokens = tokens
        self.server = Http2Server(server_context(certificate), self._handle)

    def _handle(self, request):
        body = json.loads(request.body)
        token = body["message"].get("token")
        plan = self._ledger.next_plan(token)
        if plan is not None and not isinstance(plan, tuple):
            return plan
        answer = self._judge(request, body, token)
        return (answer, plan[1]) if plan else answer

    def _judge(self, request, body, token):
        if request.path != f"/v1/projects/{PROJECT}/messages:send":
            return Answer(404, b"<html>nothing here</html>")
        if not self._tokens.is_good(request.headers.get("authorization", "")):
            return google(401, "UNAUTHENTICATED", None)
        message = body["message"]
        data = message.get("data", {})
        android = message.get("android", {})
        is_good = (
            set(body) <= {"message", "validate_only"}
            and set(message) <= FCM_KEYS
            and isinstance(token, str)
            and all(isinstance(value, str) for value in data.values())
            and android.get("priority", "HIGH") in {"HIGH", "NORMAL"}
            and re.fullmatch(r"\d+s", android.get("ttl", "0s"))
        )
        if not is_good:
            return google(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT")
        self._ledger.take("GCM", token, message)
        name = f"projects/{PROJECT}/messages/{uuid.uuid4()}"
        return Answer(200, json.dumps({"name": name}).encode())


class Tokens:
    """Gives out access tokens over HTTP/1.1, and forgets them when it is told to."""

    def __init__(self, certificate):
        self._lock = threading.Lock()
        self._good = set()
        # How many it gave out.
        self.count = 0
        # What it answers instead, each once.
        self.plans = collections.deque()
        self._server = None
        self._certificate = certificate
        self.port = 0

    def start(self):
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status, answer = owner.handle(self.path, self.headers, body)
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._certificate)
        # Shaking hands is each connection's own business.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    close = stop

    def handle(self, path, headers, body):
        if self.plans:
            return self.plans.popleft()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        error = self.refusal(form)
        return (400, {"error": error}) if error else (200, self.grant())

    def grant(self):
        token = secrets.token_urlsafe()
        with self._lock:
            self._good.add(token)
            self.count += 1
        return {"access_token": token, "expires_in": 3599, "token_type": "Bearer"}

    def is_good(self, authorization):
        kind, _, token = authorization.partition(" ")
        with self._lock:
            return kind == "Bearer" and token in self._good

    def forget(self):
        with self._lock:
            self._good.clear()


class GoogleTokens(Tokens):
    """For statements that a service account signed."""

    def __init__(self, certificate):
        super().__init__(certificate)
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def uri(self):
        return f"https://localhost:{self.port}/token"

    def attributes(self):
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "k1",
            "private_key": private(self._key),
            "client_email": EMAIL,
            "token_uri": self.uri(),
        }
        return {"PlatformCredential": json.dumps(account)}

    def refusal(self, form):
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return "unsupported_grant_type"
        try:
            claims = jwt.decode(
                form.get("assertion", ""),
                self._key.public_key(),
                algorithms=["RS256"],
                audience=self.uri(),
                issuer=EMAIL,
                options={"require": ["iss", "aud", "iat", "exp"]},
            )
        except jwt.InvalidTokenError:
            return "invalid_grant"
        is_short = claims["exp"] - claims["iat"] <= 3600
        return None if is_short and claims.get("scope") == SCOPE else "invalid_scope"


class Adm(Tokens):
    """Amazon's: tokens for those who know a secret, and messages for those who have a token."""

    def __init__(self, certificate, ledger):
        super().__init__(certificate)
        self._ledger = ledger
        self._client = ("amzn1.application-oa2-client.7", "s3cret+/= pass")
        # Registrations that have become others.
        self.moved = {}

    def attributes(self):
        principal, credential = self._client
        return {"PlatformPrincipal": principal, "PlatformCredential": credential}

    def refusal(self, form):
        known = (form.get("client_id"), form.get("client_secret")) == self._client
        is_right = form.get("grant_type") == "client_credentials"
        is_right = is_right and form.get("scope") == "messaging:push"
        return None if known and is_right else "invalid_client"

    def handle(self, path, headers, body):
        found = re.fullmatch(r"/messaging/registrations/([^/]+)/messages", path)
        if not found:
            return super().handle(path, headers, body)
        token = unquote(found.group(1))
        plan = self._ledger.next_plan(token)
        if plan:
            return plan
        if not self.is_good(headers.get("Authorization", "")):
            return 401, {"reason": "AccessTokenExpired"}
        message = json.loads(body)
        values = message.get("data", {}).values()
        kind = "com.amazon.device.messaging.ADMMessage@1.0"
        if headers.get("X-Amzn-Type-Version") != kind or not all(
            isinstance(value, str) for value in values
        ):
            return 400, {"reason": "InvalidData"}
        if not 1 <= message.get("expiresAfter", 1) <= 2_678_400:
            return 400, {"reason": "InvalidExpiration"}
        self._ledger.take("ADM", token, message)
        return 200, {"registrationID": self.moved.get(token, token)}


class PushServices:
    """All of them, from `with PushServices(folder) as services` to its end."""

    def __init__(self, folder, told=None):
        self.authority = Authority(folder)
        certificate = self.authority.server()
        self.ledger = Ledger(told)
        self.google = GoogleTokens(certificate)
        self.apns = Apns(certificate, self.authority, self.ledger)
        self.fcm = Fcm(certificate, self.ledger, self.google)
        self.adm = Adm(certificate, self.ledger)
        self._all = [self.apns.server, self.fcm.server, self.google, self.adm]

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        for service in self._all:
            service.close()

    def start(self):
        """At the ports that they had before, if they had any."""
        for service in self._all:
            service.start()

    def stop(self):
        for service in self._all:
            service.stop()

    def settings(self):
        """The table [push]."""
        at = "https://localhost:{}".format
        return {
            "apns-url": at(self.apns.server.port),
            "apns-sandbox-url": at(self.apns.server.port),
            "fcm-url": at(self.fcm.server.port),
            "fcm-token-url": self.google.uri(),
            "adm-url": at(self.adm.port),
            "adm-token-url": at(self.adm.port) + "/auth/O2/token",
            "roots": str(self.authority.file),
        }

    def applications(self):
        """The attributes of an application, by platform."""
        return {
            "APNS": self.apns.attributes(),
            "APNS_SANDBOX": self.apns.attributes(),
            "GCM": self.google.attributes(),
            "ADM": self.adm.attributes(),
        }

    def certificate_application(self, bundle_id=BUNDLE_ID):
        """The attributes of one that shows APNs a certificate."""
        certificate, key = self.authority.app(bundle_id)
        return {"PlatformPrincipal": certificate, "PlatformCredential": key}


def complaint(status, reason):
    said = {"reason": reason}
    if status == 410:
        said["timestamp"] = int(time.time() * 1000)
    return Answer(status, json.dumps(said).encode())


def google(status, canonical, code, headers=None):
    kind = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
    details = [{"@type": kind, "errorCode": code}] if code else []
    error = {"code": status, "status": canonical, "message": canonical, "details": details}
    return Answer(status, json.dumps({"error": error}).encode(), headers or {})


def main(folder):
    def told(service, token, message):
        print(json.dumps({"service": service, "token": token, "message": message}), flush=True)

    with PushServices(folder, told) as services:
        written = {"settings": services.settings(), "applications": services.applications()}
        (folder / "applications.json").write_text(json.dumps(written, indent=2))
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
