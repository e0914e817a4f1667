"""A server over HTTP/2 that answers, leaves, refuses or says nothing, as it is told to."""

import asyncio
import contextlib
import itertools
import ssl
import threading
from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.events import DataReceived, RequestReceived, StreamEnded, StreamReset
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes


@dataclass
class Request:
    method: str
    path: str
    headers: dict
    body: bytes
    # What the other side showed of itself, in DER, if it did.
    certificate: bytes | None
    # Over which connection, from 1.
    connection: int


@dataclass
class Answer:
    status: int
    body: bytes = b""
    headers: dict = field(default_factory=dict)


# What else becomes of a request: the connection is cut, there is no answer, the stream is refused
# before anything was done, or there is an answer and then the server leaves (GOAWAY).
CUT, HANG, REFUSE, LEAVE = "cut", "hang", "refuse", "leave"


class Http2Server:
    """Serves from `start` to `stop`, at the same port each time."""

    def __init__(self, context, handler, first_streams=None, streams=100):
        """`handler` takes a Request and returns an Answer, or a tuple of one and LEAVE, or a word.

        `first_streams` is how many requests a connection takes until one was answered with 200.
        """
        self._context = context
        self._handler = handler
        self._first_streams = first_streams
        self._streams = streams
        self._numbers = itertools.count(1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._server = None
        self._open = set()
        self.port = 0

    def start(self):
        self._run(self._start())

    def stop(self):
        """Stops listening, and cuts what connections there are."""
        self._run(self._stop())

    def close(self):
        self.stop()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def connections(self):
        """How many there were."""
        return self._run(self._count())

    def _run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _start(self):
        self._server = await self._loop.create_server(
            lambda: _Connection(self), "127.0.0.1", self.port, ssl=self._context
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop(self):
        if self._server:
            self._server.close()
            self._server = None
        for connection in list(self._open):
            connection.transport.abort()

    async def _count(self):
        return self._accepted

    _accepted = 0


class _Connection(asyncio.Protocol):
    def __init__(self, server):
        self._server = server
        self._state = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._requests = {}
        self._is_known = False
        self.transport = None

    def connection_made(self, transport):
        self.transport = transport
        server = self._server
        server._open.add(self)
        self._number = next(server._numbers)
        server._accepted = self._number
        self._state.initiate_connection()
        self._allow(server._first_streams or server._streams)

    def connection_lost(self, _):
        self._server._open.discard(self)

    def data_received(self, data):
        try:
            events = self._state.receive_data(data)
        except ProtocolError:
            self._flush()
            self.transport.abort()
            return
        for event in events:
            self._take(event)
        self._flush()

    def _take(self, event):
        if isinstance(event, RequestReceived):
            self._requests[event.stream_id] = (dict(event.headers), bytearray())
        elif isinstance(event, DataReceived):
            self._requests[event.stream_id][1].extend(event.data)
            self._state.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, StreamEnded):
            self._answer(event.stream_id, *self._requests.pop(event.stream_id))
        elif isinstance(event, StreamReset):
            self._requests.pop(event.stream_id, None)

    def _answer(self, stream, headers, body):
        tls = self.transport.get_extra_info("ssl_object")
        request = Request(
            method=headers[":method"],
            path=headers[":path"],
            headers={name: text for name, text in headers.items() if not name.startswith(":")},
            body=bytes(body),
            certificate=tls.getpeercert(binary_form=True) if tls else None,
            connection=self._number,
        )
        reaction = self._server._handler(request)
        answer, then = reaction if isinstance(reaction, tuple) else (reaction, None)
        if answer == CUT:
            self.transport.abort()
        elif answer == REFUSE:
            self._state.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
        elif answer != HANG:
            fields = [(":status", str(answer.status)), *answer.headers.items()]
            self._state.send_headers(stream, fields, end_stream=not answer.body)
            if answer.body:
                self._state.send_data(stream, answer.body, end_stream=True)
            if answer.status == 200 and not self._is_known:
                self._is_known = True
                self._allow(self._server._streams)
        if then == LEAVE:
            self._state.close_connection(ErrorCodes.NO_ERROR, last_stream_id=stream)
            self._flush()
            self.transport.close()

    def _allow(self, streams):
        self._state.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: streams})
        self._flush()

    def _flush(self):
        with contextlib.suppress(OSError):
            self.transport.write(self._state.data_to_send())


def server_context(certificate, clients=None):
    """TLS with HTTP/2 only. `clients` is a file with an authority; its certificates are asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.set_alpn_protocols(["h2"])
    if clients:
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
    return context
