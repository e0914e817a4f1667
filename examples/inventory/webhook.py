"""A subscriber that is a web endpoint."""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from signatures import is_genuine


class Webhook:
    """Takes what a topic posts, if the topic's server has signed it."""

    def __init__(self, topic_arn, server, inbox):
        self.confirmed = threading.Event()
        # The newest message that was taken.
        self.latest = None
        self._topic_arn = topic_arn
        self._server = server
        self._inbox = inbox
        self._listener = Listener(("127.0.0.1", 0), self)
        self._listener.start()
        self.url = f"http://127.0.0.1:{self._listener.server_port}/stock-changes"

    def post(self, body):
        """Judges a post. Returns the status to answer with."""
        try:
            message = json.loads(body)
            # A genuine message can still be one of a topic that somebody else has made.
            if message["TopicArn"] != self._topic_arn or not is_genuine(message, self._server):
                return 403
        except (ValueError, KeyError, TypeError):
            return 400
        if message["Type"] == "SubscriptionConfirmation":
            urllib.request.urlopen(message["SubscribeURL"], timeout=10).close()
            self.confirmed.set()
        elif message["Type"] == "Notification":
            self._inbox.put(json.loads(message["Message"]))
            self.latest = message
        return 200

    def go_down(self):
        """From now on connections are refused. The port stays ours."""
        address = self._listener.server_address
        self._listener.stop()
        self._listener = Listener(address, self)

    def come_back(self):
        self._listener.start()

    def stop(self):
        self._listener.stop()


class Listener(ThreadingHTTPServer):
    """Has a port from the beginning, and listens on it once it is started."""

    def __init__(self, address, webhook):
        super().__init__(address, Handler, bind_and_activate=False)
        self.webhook = webhook
        self._thread = threading.Thread(target=self.serve_forever)
        self.server_bind()

    def start(self):
        self.server_activate()
        self._thread.start()

    def stop(self):
        if self._thread.is_alive():
            self.shutdown()
            self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.webhook.post(body))
        self.end_headers()

    def log_message(self, *_):
        """Nothing is written for each request."""
