"""Somebody between a client and a server, who changes what was signed."""

import http.client
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

ANSWER_SECONDS = 30
# Of one connection only, and so not passed on.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "expect"}


class Tampering:
    """A proxy for each way to change requests, in front of one server."""

    def __init__(self, endpoint):
        self._endpoint = endpoint
        self._lock = threading.Lock()
        self._proxies = {}

    def divert(self, request, change):
        """The same request by way of somebody who puts the words of `change` in others' place."""
        proxy = self._proxy(change)
        return {**request, "endpoint": proxy, "input": self._moved(request["input"], proxy)}

    def close(self):
        for server, _ in self._proxies.values():
            server.shutdown()
            server.server_close()

    def _moved(self, value, proxy):
        """Some SDKs send a request to the queue's URL."""
        if isinstance(value, str):
            return value.replace(self._endpoint, proxy)
        if isinstance(value, dict):
            return {key: self._moved(member, proxy) for key, member in value.items()}
        return value

    def _proxy(self, change):
        with self._lock:
            key = tuple(sorted(change.items()))
            if key not in self._proxies:
                server = ThreadingHTTPServer(("127.0.0.1", 0), handler(self._endpoint, change))
                threading.Thread(target=server.serve_forever, daemon=True).start()
                self._proxies[key] = server, f"http://127.0.0.1:{server.server_port}"
            return self._proxies[key][1]


def handler(endpoint, change):
    target = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP_BY_HOP}
            server = http.client.HTTPConnection(target.hostname, target.port, ANSWER_SECONDS)
            # With the host that was signed: only what the body says is another.
            server.request("POST", self.path, changed(body), headers)
            answer = server.getresponse()
            content = answer.read()
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in HOP_BY_HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)
            server.close()

        def log_message(self, *_):
            pass

    def changed(body):
        for old, new in change.items():
            body = body.replace(old.encode(), new.encode())
        return body

    return Handler
