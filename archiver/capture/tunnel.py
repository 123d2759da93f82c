"""Connections through a relay of its own, for whoever speaks HTTP without a browser.

So the same rules hold: names are looked up once and pinned, `capture.resolve` and `capture.proxy` count, and the guard
judges the very address that is connected to.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from types import TracebackType
from typing import Self

import dns.asyncresolver

from archiver.capture.relay import Relay, parse_override
from archiver.config import CaptureSettings

_START_TIMEOUT_S = 10.0
_MAX_HOST_BYTES = 255  # RFC 1928 section 5


class RefusedByGuardError(Exception):
    """The guard refused every address of a host; the message says which."""


class NoConnectionError(Exception):
    """No connection came about; the message says why, and nothing of a proxy's password."""


class Tunnel:
    """A relay in a thread of its own while entered. One for each task: its answers to names are pinned.

    Raises `UsageError` for a rule that cannot be read, or a proxy that the guard could not watch over.
    """

    def __init__(self, settings: CaptureSettings, resolver: dns.asyncresolver.Resolver | None = None) -> None:
        self._relay = Relay(
            [parse_override(rule) for rule in settings.resolve],
            allow_private=settings.allow_private,
            proxy=settings.proxy,
            resolver=resolver,
        )

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="tunnel", daemon=True)
        self._thread.start()
        try:
            asyncio.run_coroutine_threadsafe(self._relay.__aenter__(), self._loop).result(_START_TIMEOUT_S)
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            asyncio.run_coroutine_threadsafe(self._relay.__aexit__(), self._loop).result()
        finally:
            self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def connect(self, host: str, port: int, timeout_s: float) -> socket.socket:
        """A connection to a host, in at most so many seconds.

        Raises `RefusedByGuardError`, `NoConnectionError`, and `TimeoutError`.
        """
        name = host.encode("ascii")
        if not 0 < len(name) <= _MAX_HOST_BYTES:
            raise NoConnectionError("its name is no host name")
        deadline = time.monotonic() + timeout_s
        connection = socket.create_connection(("127.0.0.1", self._relay.port), timeout=timeout_s)
        try:
            connection.sendall(b"\x05\x01\x00\x05\x01\x00\x03" + bytes([len(name)]) + name + struct.pack(">H", port))
            # Two bytes of greeting, then RFC 1928 section 6 with an IPv4 address, as the relay writes it.
            code = _exactly(connection, 12, deadline)[3]
        except BaseException:
            connection.close()
            raise
        if code:
            connection.close()
            refusal = self._relay.refusal(host, port)
            if refusal:
                raise RefusedByGuardError(refusal)
            raise NoConnectionError(self._relay.failure(host, port) or "no connection came about")
        return connection


def _exactly(connection: socket.socket, size: int, deadline: float) -> bytes:
    data = b""
    while len(data) < size:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError
        connection.settimeout(left_s)
        piece = connection.recv(size - len(data))
        if not piece:
            raise NoConnectionError("no connection came about")
        data += piece
    return data
