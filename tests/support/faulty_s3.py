"""An HTTP proxy on loopback that spoils what passes between a client and an S3 server, by rule.

It forwards each request with its own Host field, so that the signature holds. A rule meets the requests of one
method whose path and query contain a text, so many times; the others pass unharmed.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import socket
import struct
import threading
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

#: What can go wrong. "before": the server never sees the request; "after": it has carried it out.
FAULTS = (
    "silence before",
    "silence after",
    "reset before",
    "reset after",
    "500 before",
    "500 after",
    "503 before",
    "409 before",
    "cut body",  # half of the answer's body, then the connection is closed in an orderly way
    "reset in body",
    "corrupt answer",
    "corrupt request",
    "no range",  # the answer does not say which range it is
    "not S3",
)
_ERROR = b"<?xml version='1.0'?><Error><Code>%s</Code><Message>made by a test</Message></Error>"
_ANSWERS = {
    "500": (500, b"InternalError"),
    "503": (503, b"SlowDown"),
    "409": (409, b"ConditionalRequestConflict"),
}


@dataclass
class Rule:
    """One fault. `times` counts down as it strikes."""

    fault: str
    method: str
    contains: str = ""
    times: int = 1
    skips: int = 0  # requests that it lets pass first

    def strikes(self, method: str, target: str) -> bool:
        if self.times == 0 or method != self.method or self.contains not in target:
            return False
        if self.skips:
            self.skips -= 1
            return False
        self.times -= 1
        return True


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""


class FaultyS3:
    """The proxy, in threads of its own."""

    def __init__(self, endpoint: str) -> None:
        self._server_address = urlsplit(endpoint).netloc
        self.rules: list[Rule] = []
        self.asked: list[tuple[str, str]] = []
        self.sent_bytes = 0  # of the bodies of answers
        self._lock = threading.Lock()
        self._leaving = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                with contextlib.suppress(ConnectionError):
                    super().handle_one_request()

            def do(self) -> None:
                outer._handle(self)

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = do

            def log_message(self, *_: object) -> None:
                pass

        self._http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._http.daemon_threads = True
        self._http.block_on_close = False
        self.endpoint = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._leaving.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def add(self, fault: str, method: str, contains: str = "", times: int = 1, skips: int = 0) -> Rule:
        assert fault in FAULTS
        rule = Rule(fault, method, contains, times, skips)
        self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all rules, and what was asked for."""
        with self._lock:
            self.rules.clear()
            self.asked.clear()
            self.sent_bytes = 0

    def _handle(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        with self._lock:
            self.asked.append((handler.command, handler.path))
            rule = next((rule for rule in self.rules if rule.strikes(handler.command, handler.path)), None)
        fault = rule.fault if rule else ""
        what, _, when = fault.partition(" ")
        if when == "before":
            return self._fail(handler, what)
        if fault == "corrupt request":
            body = _spoilt(body)
        answer = self._forward(handler, body)
        if when == "after":
            return self._fail(handler, what)
        if fault == "corrupt answer":
            answer = _Answer(answer.status, answer.headers, _spoilt(answer.body))
        if fault == "no range":
            answer = _Answer(200, [pair for pair in answer.headers if pair[0].lower() != "content-range"], answer.body)
        if fault == "not S3":
            answer = _Answer(200, [("Content-Type", "text/html")], b"<html><p>Welcome to the hotel</html")
        half = len(answer.body) // 2 if fault in ("cut body", "reset in body") else len(answer.body)
        self._send(handler, answer, half)
        if fault == "reset in body":
            _reset(handler)
        return None

    def _forward(self, handler: http.server.BaseHTTPRequestHandler, body: bytes) -> _Answer:
        connection = http.client.HTTPConnection(self._server_address, timeout=30)
        with contextlib.closing(connection):
            connection.putrequest(handler.command, handler.path, skip_host=True, skip_accept_encoding=True)
            for name, value in handler.headers.items():
                connection.putheader(name, value)
            connection.endheaders(body)
            with connection.getresponse() as answer:
                headers = [(name, value) for name, value in answer.getheaders() if name.lower() != "transfer-encoding"]
                return _Answer(answer.status, headers, answer.read())

    def _send(self, handler: http.server.BaseHTTPRequestHandler, answer: _Answer, send_bytes: int) -> None:
        handler.send_response_only(answer.status)
        has_length = False
        for name, value in answer.headers:
            has_length = has_length or name.lower() == "content-length"
            handler.send_header(name, value)
        if not has_length:
            handler.send_header("Content-Length", str(len(answer.body)))
        handler.end_headers()
        with self._lock:
            self.sent_bytes += len(answer.body[:send_bytes])
        handler.wfile.write(answer.body[:send_bytes])
        handler.wfile.flush()
        if send_bytes < len(answer.body):
            handler.close_connection = True

    def _fail(self, handler: http.server.BaseHTTPRequestHandler, what: str) -> None:
        if what == "silence":
            self._wait_for_leaving(handler.connection)
        elif what == "reset":
            _reset(handler)
        else:
            status, code = _ANSWERS[what]
            self._send(handler, _Answer(status, [("Content-Type", "application/xml")], _ERROR % code), 1 << 20)
        if what in ("silence", "reset"):
            handler.close_connection = True

    def _wait_for_leaving(self, connection: socket.socket) -> None:
        """Say nothing until the client gives up, or this is left."""
        connection.settimeout(0.05)
        while not self._leaving.is_set():
            try:
                if not connection.recv(1):
                    return
            except TimeoutError:
                continue
            except ConnectionError:
                return


def _spoilt(data: bytes) -> bytes:
    """The same with one bit turned, in its middle."""
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :] if data else data


def _reset(handler: http.server.BaseHTTPRequestHandler) -> None:
    """End the connection with RST, not FIN."""
    handler.close_connection = True
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    # rfile holds the socket open, too.
    handler.rfile.close()
    handler.connection.close()
