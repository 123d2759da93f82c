"""Serve the demo site on the loopback interface."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from archiver.demo.site import respond

_MAX_BODY = 1 << 20


class DemoServer:
    """Run the demo site on an ephemeral port of 127.0.0.1 for as long as a `with` block lasts."""

    def __init__(self) -> None:
        """Bind the port, so that it is known before serving begins."""
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), name="demo-site", daemon=True)

    @property
    def port(self) -> int:
        """Return the port that the server listens on."""
        return int(self._server.server_address[1])

    @property
    def resolve(self) -> tuple[str, ...]:
        """Return the rules that send the demo hosts to this server."""
        return (f"*.test:80=127.0.0.1:{self.port}",)

    def __enter__(self) -> Self:
        """Begin to serve."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop serving and give the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    """Handle each connection in a thread that does not hold up the exit."""

    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing about a client that went away."""


class _Handler(BaseHTTPRequestHandler):
    """Pass requests on to `respond` and send what it answers."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """Answer a GET request."""
        self._answer()

    def do_HEAD(self) -> None:
        """Answer a HEAD request."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a POST request."""
        self._answer()

    def version_string(self) -> str:
        """Name the server without the version of Python."""
        return "demo-site"

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def _answer(self) -> None:
        """Read the request to its end and send the response."""
        self._skip_body()
        host, target = self._addressed()
        response = respond(self.command, host, target)
        self.send_response(response.status)
        for name, value in response.fields:
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def _addressed(self) -> tuple[str, str]:
        """Return the host and target asked for, also when the target is a whole URL as sent to a proxy."""
        if not self.path.startswith("http://"):
            return self.headers.get("Host", ""), self.path
        parts = urlsplit(self.path)
        return parts.netloc, (parts.path or "/") + (f"?{parts.query}" if parts.query else "")

    def _skip_body(self) -> None:
        """Read the request body away, so that the connection can carry the next request."""
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not length.isdecimal() or int(length) > _MAX_BODY:
            self.close_connection = True
            return
        self.rfile.read(int(length))
