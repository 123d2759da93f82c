"""A web server on loopback for tests that logs exactly what it received and sent."""

from __future__ import annotations

import asyncio
import ssl
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import trustme

from tests.sites.http1 import Http1Connection
from tests.sites.http2 import Http2Connection
from tests.sites.model import Handler, Ledger, Peer, Request, Response, Served, Upgrade
from tests.sites.tls import Certificates, Fault, HostContext, make_ca_database

__all__ = ["Handler", "LocalWeb", "Request", "Response", "Served", "Upgrade", "make_ca_database"]

# Ends of connections that are the client's good right.
_PARTINGS = (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError, TimeoutError)


class LocalWeb:
    """Serves `sites` (host to handler, or one handler for all) over HTTP and HTTPS on 127.0.0.1.

    `faults` names hosts that show a bad certificate.
    """

    def __init__(
        self,
        sites: Mapping[str, Handler] | Handler,
        *,
        protocols: Sequence[str] = ("h2", "http/1.1"),
        ca: trustme.CA | None = None,
        faults: Mapping[str, Fault] | None = None,
    ) -> None:
        self._sites = sites
        self._ca = ca or trustme.CA()
        self._certificates = Certificates(self._ca, protocols, faults or {})
        self._ledger = Ledger()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="local web", daemon=True)
        self._folder = tempfile.TemporaryDirectory(prefix="local-web-")
        self.errors: list[BaseException | str] = []  # of handlers and of the loop; empty in a good test
        self.http_port = 0
        self.https_port = 0

    @property
    def log(self) -> list[Served]:
        return self._ledger.log

    @property
    def ca_path(self) -> Path:
        return Path(self._folder.name) / "ca.pem"

    @property
    def resolve(self) -> list[str]:
        """Rules that send every host's default ports here."""
        return [f"*:80=127.0.0.1:{self.http_port}", f"*:443=127.0.0.1:{self.https_port}"]

    def __enter__(self) -> Self:
        self._ca.cert_pem.write_to_path(self.ca_path)
        self._loop.set_exception_handler(self._note)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()

    def settle(self, seconds: float = 2.0) -> bool:
        """Wait until no answer is under way any more; whether that came true in time."""
        deadline = time.monotonic() + seconds
        while not all(served.over for served in list(self.log)):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    async def _listen(self) -> None:
        plain = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 20)
        context = self._certificates.listening_context()
        secure = await asyncio.start_server(self._connected, "127.0.0.1", 0, limit=1 << 20, ssl=context)
        self._servers = (plain, secure)
        self.http_port, self.https_port = (server.sockets[0].getsockname()[1] for server in self._servers)

    async def _stop(self) -> None:
        for server in self._servers:
            server.close()
        others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = _peer(writer)
        kind = Http2Connection if peer.alpn == "h2" else Http1Connection
        try:
            await kind((reader, writer), peer, self._ledger, self._handle).serve()
        except _PARTINGS:
            pass
        except asyncio.CancelledError:
            writer.transport.abort()  # this web is closing; nobody waits for what is still queued
        finally:
            writer.close()

    async def _handle(self, request: Request) -> Response | Upgrade:
        sites = self._sites
        handler = sites.get(request.host) if isinstance(sites, Mapping) else sites
        if handler is None:
            return Response(404, b"Not Found", [(b"Content-Type", b"text/plain")], b"No such host here.\n")
        try:
            return await handler(request)
        except Exception as error:  # noqa: BLE001 - any fault of a handler must reach the test
            self.errors.append(error)
            return Response(500, b"Internal Server Error", body=f"{error!r}\n".encode())

    def _note(self, _: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        error = context.get("exception")
        if not isinstance(error, _PARTINGS):
            self.errors.append(error if isinstance(error, BaseException) else str(context.get("message")))


def _peer(writer: asyncio.StreamWriter) -> Peer:
    """What there is to know of a connection."""
    client_port: int = writer.get_extra_info("peername")[1]
    server_port: int = writer.get_extra_info("sockname")[1]
    tls: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    if tls is None:
        return Peer("http", client_port, server_port)
    cipher = tls.cipher()
    leaf = tls.context.leaf_sha256 if isinstance(tls.context, HostContext) else None
    return Peer(
        "https",
        client_port,
        server_port,
        tls.version(),
        cipher[0] if cipher else None,
        tls.selected_alpn_protocol(),
        leaf,
    )
