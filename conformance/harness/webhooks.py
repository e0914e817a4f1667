"""HTTP endpoints that topics deliver to, and the posts that arrived at them."""

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# How long a post may be on its way.
POST_SECONDS = 20


class Webhooks:
    """Endpoints below one loopback port: whatever path is posted to is one of its own.

    The first part of a path is the status that notifications are answered with; all else is 200.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._posts = {}
        webhooks = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                webhooks.posts(self.path).put({"headers": headers, "body": body})
                notified = headers.get("x-amz-sns-message-type") == "Notification"
                self.send_response(int(self.path.split("/")[1]) if notified else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path):
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def posts(self, path):
        with self._lock:
            return self._posts.setdefault(path, queue.Queue())

    def next_post(self, path):
        """The oldest post that was not asked for yet, or None if there is none in time."""
        try:
            return self.posts(path).get(timeout=POST_SECONDS)
        except queue.Empty:
            return None

    def close(self):
        self._server.shutdown()
        self._server.server_close()
